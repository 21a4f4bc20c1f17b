"""Rectangles whose areas are as given sizes, together filling one rectangle, each as near to a square as may be.

Spec: M. Bruls, K. Huizing, J. van Wijk, "Squarified Treemaps" (2000).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a picture.

    Args:
        x: Left edge.
        y: Upper edge.
        width: To the right.
        height: Downwards.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Its area."""
        return self.width * self.height

    def within(self, margin: float, *, top: float = 0) -> Rectangle:
        """Return what is left of it inside a margin on all sides.

        Args:
            margin: Of each side.
            top: What else is needed above.
        """
        width, height = (max(0.0, side) for side in (self.width - 2 * margin, self.height - 2 * margin - top))
        return Rectangle(self.x + margin, self.y + margin + top, width, height)


def squares(sizes: Sequence[float], room: Rectangle) -> list[Rectangle]:
    """Divide a rectangle.

    Args:
        sizes: Greater than nothing; the shapes are best when none is greater than the one before it.
        room: What is divided.

    Returns:
        One rectangle for each size, in the same order. They touch, do not overlap, and fill the room.
    """
    total = sum(sizes)
    areas = [size * room.area / total for size in sizes] if room.area > 0 else []
    placed: list[Rectangle] = []
    while len(placed) < len(areas):
        row = _row(areas[len(placed) :], min(room.width, room.height))
        *rectangles, room = _laid(row, room, is_last=len(placed) + len(row) == len(areas))
        placed += rectangles
    return placed or [Rectangle(room.x, room.y, 0.0, 0.0) for _ in sizes]


def _row(areas: Sequence[float], side: float) -> list[float]:
    """Return the first areas: as many as make good shapes next to each other along a side."""
    row = [areas[0]]
    smallest = largest = together = areas[0]
    worst = _worst(smallest, largest, together, side)
    for area in areas[1:]:
        smallest, largest, together = min(smallest, area), max(largest, area), together + area
        worse = _worst(smallest, largest, together, side)
        if worse > worst:
            break
        worst = worse
        row.append(area)
    return row


def _worst(smallest: float, largest: float, together: float, side: float) -> float:
    """Return how long the longest shape of a row is for its width."""
    thickness = together / side
    return max(largest / thickness**2, thickness**2 / smallest)


def _laid(row: Sequence[float], room: Rectangle, *, is_last: bool) -> Iterator[Rectangle]:
    """Yield the rectangles of a row along the shorter side of the room, and then what is left of the room."""
    is_upright = room.width >= room.height
    side, deep = (room.height, room.width) if is_upright else (room.width, room.height)
    # The sum of many fractions is not quite the whole.
    together = sum(row)
    thickness = deep if is_last else min(deep, together / side)
    begin = 0.0
    for area in row:
        length = side * area / together
        if is_upright:
            yield Rectangle(room.x, room.y + begin, thickness, length)
        else:
            yield Rectangle(room.x + begin, room.y, length, thickness)
        begin += length
    if is_upright:
        yield Rectangle(room.x + thickness, room.y, room.width - thickness, room.height)
    else:
        yield Rectangle(room.x, room.y + thickness, room.width, room.height - thickness)
