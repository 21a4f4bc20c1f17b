"""Every byte of an image has a package and a reason."""

from __future__ import annotations

import pytest

from pkg2image.image.account import Sort, Total, account_of, totals
from pkg2image.image.reasons import Kept, Reasons
from tests.support.accounts import SLIM, contents, info


def test_files_of_a_slim_image_have_the_references_that_lead_to_them() -> None:
    account = account_of(SLIM)
    assert (account.name, account.slim, account.total) == ("app:latest", True, Total(5, 95_070))
    assert [(part.path, part.package, part.sort, part.reason) for part in account.parts] == [
        ("bin", "app", Sort.IMAGE, ("/bin is in every image",)),
        ("usr/bin/app", "app", Sort.APPLICATION, ("/usr/bin/app is started as app",)),
        *(
            (
                *(path, "libx1", Sort.LINKED),
                ("/usr/bin/app is linked with libx.so.1", "/usr/bin/app is started as app"),
            )
            for path in ("usr/lib/libx.so.1", "usr/lib/libx.so.1.2")
        ),
        ("usr/share/pkg2image/reasons.json", "", Sort.IMAGE, ()),
    ]
    assert [item.path for item in account.left_out] == [item.path for item in SLIM.inside.reasons.left_out]  # type: ignore[union-attr]


def test_files_of_other_images_have_the_reason_of_their_package() -> None:
    names = ("app", "lib", "need", "word", "base", "odd")
    account = account_of(
        contents(
            *(info(f"usr/bin/{name}", 1) for name in (*names, "made")),
            lists={name: f"/usr/bin/{name}\n" for name in names},
            packages={
                "app": "requested as app",
                "lib": "app Depends lib (>= 1)",
                "need": "needed for /bin/sh by usr/bin/lib",
                "word": "wanted by the recipe app: word",
                "base": "part of every image: accounts",
                "odd": "",
            },
        )
    )
    assert {part.path: part.sort for part in account.parts} == {
        "usr/bin/app": Sort.REQUESTED,
        "usr/bin/lib": Sort.DEPENDENCY,
        "usr/bin/need": Sort.NEEDED,
        "usr/bin/word": Sort.RECIPE,
        "usr/bin/base": Sort.IMAGE,
        "usr/bin/odd": Sort.UNKNOWN,
        "usr/bin/made": Sort.IMAGE,
    }
    reasons = {part.path: part.reason for part in account.parts}
    assert reasons["usr/bin/lib"] == ("lib: app Depends lib (>= 1)", "app: requested as app")
    assert reasons["usr/bin/need"] == ("need: needed for /bin/sh by usr/bin/lib",)
    assert reasons["usr/bin/made"] == ()
    assert not account.slim


def test_what_no_package_ships_has_what_made_it() -> None:
    image = contents(info("a", 1), info("made", 2), lists={"a": "/a\n"}, packages={"a": "requested as a"})
    account = account_of(image, {"a": "a postinst:3", "made": "recipe a"})
    assert [part.reason for part in account.parts] == [
        ("a: requested as a",),
        ("/made is made for the image: recipe a",),
    ]


def test_packages_that_want_each_other_end() -> None:
    account = account_of(contents(info("x"), lists={"a": "/x\n"}, packages={"a": "b Depends a", "b": "a Depends b"}))
    assert account.parts[0].reason == ("a: b Depends a", "b: a Depends b")


@pytest.mark.parametrize(
    ("kept", "sort"),
    [
        (Kept("", "is of the application: app"), Sort.APPLICATION),
        (Kept("", "is to be kept by /usr/share/x*"), Sort.ASKED),
        (Kept("", "is the licence of app"), Sort.BESIDE),
        (Kept("", "is made for the image: recipe app"), Sort.IMAGE),
        (Kept("usr/bin/app", "is linked with libx.so.1"), Sort.LINKED),
        (Kept("usr/bin/app", "is started by the loader"), Sort.LINKED),
        (Kept("usr/bin/app", "imports json"), Sort.LOADED),
        (Kept("usr/bin/app", "names libssl.so.3"), Sort.LOADED),
        (Kept("usr/bin/app", "names the directory /usr/share/app"), Sort.NAMED),
        (Kept("usr/bin/app", "names /etc/app.so.conf"), Sort.NAMED),
        (Kept("usr/bin/app", "comes with the licence of app"), Sort.BESIDE),
        (Kept("usr/bin/app", "does what nobody has thought of yet"), Sort.NAMED),
    ],
)
def test_sorts_of_references(kept: Kept, sort: Sort) -> None:
    (part,) = account_of(contents(info("x"), reasons=Reasons(slim=True, kept={"x": kept}))).parts
    assert part.sort is sort


def test_sums_of_groups_are_in_order_of_their_size() -> None:
    found = totals(account_of(SLIM).parts, lambda part: part.package)
    assert list(found.items()) == [("libx1", Total(2, 90_000)), ("app", Total(2, 5000)), ("", Total(1, 70))]
