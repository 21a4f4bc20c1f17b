"""The page of sizes: whole without its script, every file in it, and nothing from elsewhere."""

from __future__ import annotations

import re

import pytest

from pkg2image.drawing.sizes import sizes_page
from pkg2image.image.account import account_of
from pkg2image.image.reasons import Left
from tests.support.accounts import SLIM, account
from tests.support.plans import PageReader

TEXT = sizes_page(account_of(SLIM)).decode()
HOSTILE = "</script><script>alert(1)</script><!--]]>&lt;\udce9\"'"


def test_the_data_has_the_files_with_all_their_reasons() -> None:
    data = PageReader(TEXT).data
    found = {part["path"]: [data["sentences"][number] for number in part["chain"]] for part in data["parts"]}
    assert found == {
        "/usr/bin/app": ["/usr/bin/app is started as app"],
        "/usr/lib/libx.so.1.2": ["/usr/bin/app is linked with libx.so.1", "/usr/bin/app is started as app"],
        "/usr/share/pkg2image/reasons.json": [],
    }
    assert len(data["sentences"]) == 2


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_tiles_know_their_file(name: str) -> None:
    data = PageReader(TEXT).data
    picture = re.search(rf'<svg [^>]*class="{name}".*?</svg>', TEXT, re.DOTALL)
    assert picture
    numbers = re.findall(r'data-n="(\d+)"', picture[0])
    drawn = {data["parts"][int(number)]["path"] for number in numbers}
    assert {"/usr/bin/app", "/usr/lib/libx.so.1.2"} <= drawn
    # Only one of the two pictures is seen, and titles are for those who can point.
    assert (picture[0].count("<title>") > 0) is (name == "wide")


def test_without_the_script_it_says_the_same_in_words() -> None:
    page = PageReader(re.sub(r"<script.*?</script>", "", TEXT, flags=re.DOTALL))
    text = " ".join(part for parts in page.texts.values() for part in parts)
    for words in (
        "5 files, 95.1 kB of 2 packages, slim",
        "libx1: 2 files, 90.0 kB",
        "/usr/lib/libx.so.1.2 ",
        "/usr/lib/libx.so.1 ",
        "libraries programs are linked with",
        "/usr/lib/libx.so.1.2\n90.0 kB, libx1\nlibraries programs are linked with\n/usr/bin/app is linked with libx.so",
        "development files",
        "manual pages",
    ):
        assert words in text


def test_names_that_do_not_fit_are_cut() -> None:
    page = PageReader(sizes_page(account((f"usr/lib/{'x' * 300}", 1000, "app"))).decode())
    assert any(text.endswith("x\u2026") for text in page.texts["text"])
    assert all(len(text) < 200 for text in page.texts["text"])


def test_nothing_of_a_package_gets_out_of_its_place() -> None:
    left = Left(f"usr/{HOSTILE}", 10, HOSTILE, HOSTILE, HOSTILE)
    text = sizes_page(account((f"usr/bin/{HOSTILE}", 1000, HOSTILE), left_out=(left,))).decode()
    page = PageReader(text)
    assert [tag for tag, _ in page.tags if tag in ("script", "style", "body")] == ["style", "body", "script", "script"]
    assert page.data["parts"][0]["path"] == f"/usr/bin/{HOSTILE}"


def test_it_asks_nobody_for_anything() -> None:
    assert set(re.findall(r'[^"\s]*://[^"\s]*', TEXT)) == {"http://www.w3.org/2000/svg"}
    for tag, attributes in PageReader(TEXT).tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "href", "style", "action"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not any(word in TEXT for word in ("@import", "url(", "innerHTML", "eval("))


def test_the_script_finds_what_it_asks_for() -> None:
    page = PageReader(TEXT)
    script = page.texts["script"][1]
    identifiers = [attributes["id"] or "" for _, attributes in page.tags if "id" in attributes]
    assert sorted(identifiers) == sorted(set(re.findall(r'getElementById\("(\w+)"\)', script)))
    assert set(re.findall(r"\bpart\.(\w+)", script)) == set(page.data["parts"][0])
    assert set(re.findall(r"\bdata\.(\w+)", script)) == set(page.data)


def test_every_sort_has_a_colour_in_light_and_in_the_dark() -> None:
    style = PageReader(TEXT).texts["style"][0]
    light, _, dark = style.partition("prefers-color-scheme: dark")
    for tag, attributes in PageReader(TEXT).tags:
        name = (attributes.get("class") or "").removeprefix("tile ").removeprefix("key ")
        if tag in ("g", "span") and name not in ("", "quiet"):
            (colour,) = re.findall(rf"\.{name}\b[^{{]*{{ --color: var\((--\w+)\)", style)
            assert f"{colour}: #" in light
            assert f"{colour}: #" in dark


def test_the_same_account_is_the_same_page() -> None:
    assert sizes_page(account_of(SLIM)).decode() == TEXT


def test_an_empty_image_has_a_page() -> None:
    assert "0 files, 0 B of 0 packages" in sizes_page(account()).decode()
