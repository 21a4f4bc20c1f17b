"""What the programs of dpkg have in common: the order in which they write paths, and their patterns."""

from __future__ import annotations

import re

from pkg2image.maintscript.failure import NotUnderstoodError

_BINS = 262139  # dpkg's table of file names, which its database files are written from


def table_order(path: str) -> int:
    """Return the sort key that gives paths dpkg's order: the bin of an FNV-1a hash (lib/dpkg/fsys-hash.c)."""
    value = 2166136261
    for byte in path.lstrip("/").encode("utf-8", "surrogateescape"):
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value % _BINS


def glob_expression(pattern: str) -> re.Pattern[str]:
    """Return a regular expression for an fnmatch(3) pattern without flags: ``*`` matches slashes too.

    Raises:
        NotUnderstoodError: When the pattern has brackets.
    """
    if set(pattern) & set("[]\\"):
        raise NotUnderstoodError(f"the pattern {pattern}")
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character, re.escape(character)) for character in pattern), re.DOTALL)
