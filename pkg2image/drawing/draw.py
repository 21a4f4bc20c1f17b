"""The drawings that there are, by name, and how they are known again."""

from __future__ import annotations

from pathlib import Path

from pkg2image.drawing import dot, page, svg
from pkg2image.drawing.dot import dot_text
from pkg2image.drawing.graph import graph_of
from pkg2image.drawing.html import html_text
from pkg2image.drawing.svg import svg_text
from pkg2image.plan import Plan

_WRITERS = {"dot": dot_text, "svg": svg_text, "html": html_text}
_MARKS = tuple(mark.encode() for mark in (dot.MARK, svg.MARK, page.MARK))
_HEAD = 200  # bytes among which the mark stands


def draw(plan: Plan, form: str) -> bytes:
    """Draw the closure of a plan, the same for the same plan.

    Args:
        plan: What to draw.
        form: ``dot``, ``svg`` or ``html``.

    Returns:
        A document in UTF-8.

    Raises:
        MalformedPackageError: When a field of a package cannot be read.
    """
    return _WRITERS[form](graph_of(plan)).encode()


def is_drawing(path: Path) -> bool:
    """Say whether a file is an earlier drawing, which the next one may replace.

    Raises:
        OSError: When it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return any(mark in head for mark in _MARKS)
