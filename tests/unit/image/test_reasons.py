"""The document of reasons: what was said is read again, and what somebody else wrote does no harm."""

from __future__ import annotations

import json

import pytest

from pkg2image.image.reasons import Kept, Left, Reasons, SlimSizes, parse_reasons, render_reasons

LEFT = (
    Left("usr/share/man/man1/a.1.gz", 300, "app", "manual pages", "closure"),
    Left("usr/lib/caf\udce9", 0, "", "links to what is left out", "slim"),
    Left("usr/include/a.h", 20, "app", "development files", "slim"),
    Left("usr/include/b.h", 30, "app", "development files", "slim"),
)
KEPT = {
    "usr/bin/app": Kept("", "is started as app"),
    "usr/lib/libx.so": Kept("usr/bin/app", "is linked with libx.so"),
    "usr/lib/liby.so": Kept("usr/lib/libx.so", "is linked with liby.so"),
}


def test_what_is_written_is_read() -> None:
    found = parse_reasons(render_reasons(Reasons(slim=True, kept=KEPT, left_out=LEFT)))
    assert found is not None
    assert (found.slim, found.kept) == (True, KEPT)
    assert sorted(found.left_out, key=lambda item: item.path) == sorted(LEFT, key=lambda item: item.path)


def test_one_reason_is_written_once() -> None:
    document = json.loads(render_reasons(Reasons(left_out=LEFT)))
    assert document["slim"] is False
    assert document["kept"] == []
    assert [
        (group["by"], group["rule"], group["package"], group["files"])
        for group in document["dropped"]
        if len(group["files"]) > 1
    ] == [("slim", "development files", "app", [["/usr/include/a.h", 20], ["/usr/include/b.h", 30]])]


def test_the_order_of_what_is_known_does_not_show() -> None:
    turned = Reasons(slim=True, kept=dict(reversed(KEPT.items())), left_out=LEFT[::-1])
    assert render_reasons(turned) == render_reasons(Reasons(slim=True, kept=KEPT, left_out=LEFT))


def test_no_document_says_nothing() -> None:
    assert parse_reasons(b"") is None
    assert parse_reasons(b"[]") is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"slim": "yes", "kept": 1, "dropped": {}},
        {"kept": ["x", {"files": "x"}, {"files": [7, None]}]},
        {"dropped": [{"files": [["/x"], ["/x", -1], ["/x", "1"], [1, 1], "x", {}]}, 3]},
    ],
)
def test_what_is_of_no_form_is_left_out(document: object) -> None:
    assert parse_reasons(json.dumps(document).encode()) == Reasons()


def test_words_that_are_no_text_are_empty() -> None:
    document = {"kept": [{"why": 1, "files": ["/a"]}], "dropped": [{"by": [], "rule": None, "files": [["/b", 2]]}]}
    found = parse_reasons(json.dumps(document).encode())
    assert found == Reasons(kept={"a": Kept("", "")}, left_out=(Left("b", 2, "", "", ""),))


def test_what_is_not_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        parse_reasons(b"{")


def test_the_chain_leads_back_to_where_somebody_comes_in() -> None:
    assert list(Reasons(kept=KEPT).chain("usr/lib/liby.so")) == [
        "/usr/lib/libx.so is linked with liby.so",
        "/usr/bin/app is linked with libx.so",
        "/usr/bin/app is started as app",
    ]
    assert list(Reasons(kept=KEPT).chain("usr/lib/other")) == []


def test_a_circle_of_references_ends() -> None:
    circle = {"a": Kept("b", "is named by"), "b": Kept("a", "is named by")}
    assert list(Reasons(kept=circle).chain("a")) == ["/b is named by", "/a is named by"]


def test_what_is_left_in_words() -> None:
    sizes = SlimSizes(packages=31, files=412, of_files=3918, size=34_000_000, of_size=95_100_000)
    assert str(sizes) == "31 packages, 412 of 3,918 files, 34.0 MB of 95.1 MB"
    assert sizes.render() == {
        "packages": 31,
        "files": 412,
        "of_files": 3918,
        "size": 34_000_000,
        "of_size": 95_100_000,
    }
