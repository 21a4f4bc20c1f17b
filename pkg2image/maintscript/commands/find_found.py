"""The files that ``find`` comes to, and what ``-printf`` says about them.

Spec: the manual of GNU findutils 4.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pkg2image.maintscript.commands.destinations import base_name
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.rootfs.tree import Entry

_FORMAT = re.compile(r"%(.?)|\\(.?)", re.DOTALL)


@dataclass(slots=True)
class Found:
    """A file that an expression is applied to.

    Args:
        path: As find prints it.
        entry: What it is.
        start: The operand it was found under.
        prune: Set by ``-prune``: nothing below it is looked at.
    """

    path: str
    entry: Entry
    start: str
    prune: bool = False

    @property
    def name(self) -> str:
        """Its last component."""
        return base_name(self.path)


def formatted(template: str, found: Found) -> str:
    """Return what ``-printf`` prints for a file."""
    return _FORMAT.sub(lambda match: _directive(match, found), template)


def _directive(match: re.Match[str], found: Found) -> str:
    letter, escape = match.groups()
    if escape is not None:
        escapes = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
        if escape not in escapes:
            raise NotUnderstoodError(f"find -printf \\{escape}")
        return escapes[escape]
    above = found.path.rpartition("/")
    values = {
        "p": found.path,
        "f": found.name,
        "h": above[0] or ("/" if above[1] else "."),
        "P": found.path[len(found.start) :].lstrip("/"),
        "H": found.start,
        "u": found.entry.user,
        "g": found.entry.group,
        "m": f"{found.entry.mode:o}",
        "l": found.entry.target,
        "%": "%",
    }
    if letter not in values:
        raise NotUnderstoodError(f"find -printf %{letter}")
    return values[letter]
