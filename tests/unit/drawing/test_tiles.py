"""The files of an image as tiles: each is there once, in its package, and what is small is there together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkg2image.drawing.squares import Rectangle
from pkg2image.drawing.tiles import HEAD, Tile, tiles
from pkg2image.image.account import Sort
from tests.support.accounts import account

ROOM = Rectangle(0, 0, 1000, 600)
SOME = account(
    ("usr/bin/app", 40_000, "app"),
    ("usr/lib/app/a", 20_000, "app"),
    ("usr/lib/app/b", 10_000, "app"),
    ("usr/lib/libx.so.1", 30_000, "libx"),
    ("etc/made", 5000, ""),
    ("bin", 0, "base-files"),
)


def labels(found: list[Tile]) -> list[str]:
    return [f"{tile.label}:" if tile.head else tile.label for tile in found]


def is_in(inner: Rectangle, outer: Rectangle) -> bool:
    return (
        inner.x >= outer.x - 1e-6
        and inner.y >= outer.y - 1e-6
        and inner.x + inner.width <= outer.x + outer.width + 1e-6
        and inner.y + inner.height <= outer.y + outer.height + 1e-6
    )


def test_packages_and_in_them_their_files_the_largest_first() -> None:
    assert labels(list(tiles(SOME, ROOM))) == [
        "app:",
        "app",
        "a",
        "b",
        "libx:",
        "libx.so.1",
        "made for the image:",
        "made",
    ]


def test_files_lie_below_the_name_of_their_package() -> None:
    package = None
    for tile in tiles(SOME, ROOM):
        if tile.head:
            package = tile.place
            continue
        assert package
        assert is_in(tile.place, Rectangle(package.x, package.y + HEAD, package.width, package.height - HEAD))


def test_every_file_with_bytes_is_in_one_tile() -> None:
    found = list(tiles(SOME, ROOM))
    assert sorted(tile.part.path for tile in found if tile.part) == sorted(
        part.path for part in SOME.parts if part.size
    )
    assert sum(tile.size for tile in found if tile.head) == SOME.total.size


def test_what_could_not_be_seen_is_put_together() -> None:
    small = [(f"usr/share/x/{number}", 1, "app") for number in range(50)]
    found = list(tiles(account(("usr/bin/app", 10**6, "app"), *small), ROOM))
    assert labels(found) == ["app:", "app", "50 smaller files"]
    assert (found[-1].part, found[-1].files, found[-1].size) == (None, 50, 50)


def test_small_packages_are_put_together() -> None:
    small = [(f"usr/lib/{number}", 2, f"lib{number}") for number in range(7)]
    found = list(tiles(account(("usr/bin/app", 10**6, "app"), *small), ROOM))
    assert labels(found) == ["app:", "app", "7 smaller packages"]


def test_a_package_without_room_for_its_name_is_one_tile() -> None:
    tiny = [("usr/lib/x", 600, "libx"), ("usr/lib/y", 400, "liby"), ("usr/lib/z", 400, "liby")]
    found = list(tiles(account(("usr/bin/app", 10**6, "app"), *tiny), ROOM))
    assert labels(found) == ["app:", "app", "liby", "libx"]
    assert [(tile.files, tile.part and tile.part.path) for tile in found[2:]] == [(2, None), (1, "usr/lib/x")]


def test_the_sort_is_that_of_most_bytes() -> None:
    sorts = {"usr/lib/app/a": Sort.LOADED, "usr/lib/app/b": Sort.LOADED}
    parts = tuple(replace(part, sort=sorts.get(part.path, part.sort)) for part in SOME.parts)
    found = {tile.label: tile.sort for tile in tiles(replace(SOME, parts=parts), ROOM)}
    assert (found["a"], found["made"]) == (Sort.LOADED, Sort.APPLICATION)
    tiny = list(tiles(replace(SOME, parts=parts[:3]), Rectangle(0, 0, 30, 30)))
    assert [(tile.label, tile.sort) for tile in tiny] == [("app", Sort.APPLICATION)]


@pytest.mark.parametrize("nothing", [(), (("bin", 0, "base-files"),)])
def test_an_image_without_bytes_has_no_tiles(nothing: tuple[tuple[str, int, str], ...]) -> None:
    assert list(tiles(account(*nothing), ROOM)) == []
