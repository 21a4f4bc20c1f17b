"""Marks by which a lock shows that it was edited, and where.

A lock is made, never written by hand: an edit would claim something that nobody has found out. So every paragraph ends
with a line of marks, two hexadecimal digits for each of its lines and then those of all of them together; those of the
head stand for the other paragraphs, too. This is against mistakes, not against villains: who wants to can compute them
anew, and gains nothing, for packages are believed by their hashes alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_EACH = 2
_TOGETHER = 16


def marks(lines: Sequence[str]) -> str:
    """Return the marks of some lines."""
    whole = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return "".join(_mark(line) for line in lines) + whole[:_TOGETHER]


def first_changed(lines: Sequence[str], found: str) -> int | None:
    """Return which of some lines does not fit their marks.

    Args:
        lines: As they are now.
        found: The marks as they are now.

    Returns:
        The position of the first line that was changed, or before which one was taken out; the number of lines when
        something after the last one is wrong; None when nothing was changed.
    """
    expected = marks(lines)
    if expected == found:
        return None
    each = [found[place : place + _EACH] for place in range(0, max(0, len(found) - _TOGETHER), _EACH)]
    for number, line in enumerate(lines):
        if number >= len(each) or _mark(line) != each[number]:
            return number
    return len(lines)


def _mark(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:_EACH]
