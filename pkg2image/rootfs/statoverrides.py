"""Owners and modes that dpkg gives to files of packages whatever the packages say.

Scripts set them for files that are there already or that are yet to be unpacked; dpkg reads its list of them before
every package.

Spec: dpkg-statoverride(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree

STATOVERRIDES = "var/lib/dpkg/statoverride"
"""Where dpkg keeps its list."""

_LINE = re.compile(r"(\S+) (\S+) ([0-7]{1,4}) /(.*)")


@dataclass(frozen=True, slots=True)
class StatOverride:
    """One line of dpkg's list.

    Args:
        user: Name, or ``#`` and a number.
        group: The same.
        mode: Permission bits.
        path: Absolute, without slash at the end.
    """

    user: str
    group: str
    mode: int
    path: str

    def __str__(self) -> str:
        """Return the line."""
        return f"{self.user} {self.group} {self.mode:o} {self.path}"

    def over(self, entry: Entry) -> Entry:
        """Return an entry with the owners and the mode of the override; links have no mode of their own."""
        mode = entry.mode if entry.kind is Kind.SYMLINK else self.mode
        return replace(entry, user=self.user.removeprefix("#"), group=self.group.removeprefix("#"), mode=mode)


def parse_statoverrides(data: bytes) -> tuple[StatOverride, ...]:
    """Return what the file ``var/lib/dpkg/statoverride`` says; lines of another form say nothing."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    found = (_LINE.fullmatch(line) for line in lines)
    return tuple(StatOverride(line[1], line[2], int(line[3], 8), f"/{line[4]}") for line in found if line)


def read_statoverrides(tree: Tree, read: ReadContent) -> tuple[StatOverride, ...]:
    """Return the overrides of a tree, in the order of dpkg's list."""
    entry = tree.lookup(STATOVERRIDES)
    return parse_statoverrides(read(entry.content)) if entry and entry.content else ()
