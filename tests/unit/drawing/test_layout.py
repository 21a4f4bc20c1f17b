"""Where boxes stand: trees that grow to the right, the first child in the row of its parent."""

from __future__ import annotations

from pkg2image.drawing.graph import graph_of
from pkg2image.drawing.layout import HEIGHT, ROW, lay_out
from tests.unit.drawing.test_graph import PLAN


def test_what_brought_most_comes_first_and_children_stand_right_of_their_parents() -> None:
    boxes = lay_out(graph_of(PLAN).nodes).boxes
    columns = sorted({box.x for box in boxes})
    rows = sorted({box.y for box in boxes})
    assert [(columns.index(box.x), rows.index(box.y), box.node.name) for box in boxes] == [
        (0, 0, "server"),
        (1, 0, "libc"),
        (1, 1, "shell"),
        (1, 2, "extra"),
        (1, 3, "awk"),
        (1, 4, "debconf | debconf-2.0"),
        (0, 5, "recipe server"),
        (1, 5, "zone"),
        (0, 6, "every image"),
        (1, 6, "base"),
        (0, 7, "files of the image"),
    ]


def test_rows_are_apart_and_the_drawing_holds_them() -> None:
    layout = lay_out(graph_of(PLAN).nodes, top=100)
    rows = sorted({box.y for box in layout.boxes})
    assert rows == [rows[0] + ROW * number for number in range(8)]
    assert rows[0] > 100
    assert layout.height > rows[-1] + HEIGHT
    assert layout.width > max(box.x + box.width for box in layout.boxes)


def test_long_names_get_wide_boxes() -> None:
    boxes = {box.node.name: box for box in lay_out(graph_of(PLAN).nodes).boxes}
    assert boxes["awk"].width == boxes["debconf | debconf-2.0"].width > boxes["server"].width
