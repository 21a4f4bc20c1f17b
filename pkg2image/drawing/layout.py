"""Where the boxes of a drawing stand: trees of reasons that grow to the right.

A closure has so many edges that no arrangement keeps them apart. The edge that brought a package in is one per package:
these form trees, and a tree can be drawn without crossings. Each column is one step further from the request, the
first child stands in the row of its parent, the others in rows below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkg2image.drawing.graph import Node, children_of

ROW = 26
HEIGHT = 20
GAP = 44
MARGIN = 12
_LETTER = 6.7  # width of a letter of the drawings' font
_ROOM = 96  # for the size, and around the words


@dataclass(frozen=True, slots=True)
class Box:
    """A node in its place.

    Args:
        node: What it shows.
        x: Left edge in pixels.
        y: Upper edge in pixels.
        width: In pixels; all boxes are `HEIGHT` high.
    """

    node: Node
    x: int
    y: int
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole drawing.

    Args:
        boxes: Every node once, from the top down and from left to right.
        width: In pixels.
        height: In pixels.
    """

    boxes: tuple[Box, ...]
    width: int
    height: int


def lay_out(nodes: Sequence[Node], *, top: int = 0) -> Layout:
    """Give every node of a graph its place.

    Args:
        nodes: Of a graph.
        top: Where the first row begins, in pixels.
    """
    cells = _cells(nodes)
    widths: dict[int, int] = {}
    for node, column, _ in cells:
        widths[column] = max(widths.get(column, 0), _ROOM + round(_LETTER * len(node.name)))
    lefts = [MARGIN]
    for column in range(len(widths)):
        lefts.append(lefts[-1] + widths[column] + GAP)
    rows = max((row for _, _, row in cells), default=-1) + 1
    return Layout(
        boxes=tuple(Box(node, lefts[column], top + MARGIN + row * ROW, widths[column]) for node, column, row in cells),
        width=lefts[-1] - (GAP if widths else 0) + MARGIN,
        height=top + 2 * MARGIN + rows * ROW,
    )


def _cells(nodes: Sequence[Node]) -> list[tuple[Node, int, int]]:
    """Return every node with its column and row."""
    children = children_of(nodes)
    cells: list[tuple[Node, int, int]] = []
    row = -1
    # A node, its column, and whether it begins a row: what stands first below another goes on in that one's row.
    waiting = [(node, 0, True) for node in reversed(children.get("", ()))]
    while waiting:
        node, column, begins = waiting.pop()
        row += begins
        cells.append((node, column, row))
        below = children.get(node.name, ())
        waiting += [(child, column + 1, child is not below[0]) for child in reversed(below)]
    return cells
