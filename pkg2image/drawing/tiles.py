"""The files of an image as tiles of a picture: packages, in them directories, in them files, as large as their bytes.

What would be too small to see is put together into one tile; what has no bytes has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from pkg2image.drawing.squares import Rectangle, squares
from pkg2image.image.account import NO_PACKAGE, Account, Part, Sort, totals

HEAD = 16
"""Pixels above the files of a package for its name."""

_SMALLEST = 30.0  # square pixels of a tile that can be pointed at
_ROOM_FOR_HEAD = (44.0, 40.0)  # width and height of a package from which on its name is above its files
_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the picture.

    Args:
        place: Where it is.
        label: A name for people.
        size: Bytes.
        files: How many.
        sort: Why most of it is there.
        part: The file, when it is one.
        head: Whether its name is above what is in it: of packages only.
    """

    place: Rectangle
    label: str
    size: int
    files: int
    sort: Sort
    part: Part | None = None
    head: bool = False


@dataclass(frozen=True, slots=True)
class _Group:
    """What is drawn in one rectangle: a package, a directory of one, a file, or several of these that are small."""

    name: str
    parts: Sequence[Part]
    merged: bool = False

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)


def tiles(account: Account, room: Rectangle) -> Iterator[Tile]:
    """Yield the tiles of an image: each package, and after it what is in it.

    Args:
        account: What the bytes of the image are for.
        room: The whole picture.
    """
    visible = [part for part in account.parts if part.size]
    packages = _grouped(visible, lambda part: part.package or NO_PACKAGE)
    for group, place in _placed(packages, room, "packages"):
        width, height = _ROOM_FOR_HEAD
        head = place.width >= width and place.height >= height
        only = group.parts[0] if len(group.parts) == 1 and not head else None
        yield Tile(place, group.name, group.size, len(group.parts), _main(group.parts), only, head)
        if head:
            yield from _within(group, place.within(_GAP, top=HEAD))


def _within(group: _Group, room: Rectangle) -> Iterator[Tile]:
    """Yield the tiles of the files of a package."""
    directories = _grouped(group.parts, lambda part: part.path.rpartition("/")[0])
    for directory, place in _placed(directories, room, "files"):
        files = [_Group(part.path.rpartition("/")[2], [part]) for part in directory.parts]
        if directory.merged:
            files = [directory]
        for file, spot in _placed(files, place.within(_GAP / 2), "files"):
            only = file.parts[0] if len(file.parts) == 1 else None
            yield Tile(spot.within(_GAP / 2), file.name, file.size, len(file.parts), _main(file.parts), only)


def _grouped(parts: Iterable[Part], key: Callable[[Part], str]) -> list[_Group]:
    groups: defaultdict[str, list[Part]] = defaultdict(list)
    for part in parts:
        groups[key(part)].append(part)
    return [_Group(name, found) for name, found in groups.items()]


def _placed(groups: Sequence[_Group], room: Rectangle, what: str) -> Iterator[tuple[_Group, Rectangle]]:
    """Return every group with its place, the largest first; those that nobody could see become one."""
    least = _SMALLEST * sum(group.size for group in groups) / room.area if room.area > 0 else inf
    small = [group for group in groups if group.size < least]
    if len(small) > 1:
        parts = [part for group in small for part in group.parts]
        name = f"{len(small) if what == 'packages' else len(parts)} smaller {what}"
        groups = [*(group for group in groups if group.size >= least), _Group(name, parts, merged=True)]
    ordered = sorted(groups, key=lambda group: (-group.size, group.name))
    return zip(ordered, squares([group.size for group in ordered], room), strict=True)


def _main(parts: Sequence[Part]) -> Sort:
    """Return the sort of reasons for which most of the bytes are there."""
    return Sort(next(iter(totals(parts, lambda part: part.sort))))
