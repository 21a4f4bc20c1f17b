"""The first lines of scripts: which programs the kernel, and ``env`` after it, start for them.

Spec: execve(2) "Interpreter scripts"; env(1) ``-S``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from pkg2image.deb.facts import FetchedDeb
from pkg2image.rootfs.tree import Entry, InlineContent, Kind, Tree

PROGRAM_DIRECTORIES = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")
"""Where a program without a path is looked for, in this order."""

_LINE = re.compile(rb"#![ \t]*(/[^\n]*)")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)


def known_interpreters(debs: Iterable[FetchedDeb]) -> Mapping[str, str]:
    """Return the shebang lines, without ``#!``, of all scripts of packages by the SHA-256 of their content, in hex."""
    return {entry.sha256: entry.interpreter for deb in debs for entry in deb.facts.entries if entry.interpreter}


def shebang(entry: Entry, known: Mapping[str, str]) -> str:
    """Return the shebang line of a file, empty when it has none.

    Args:
        entry: Any entry of a tree.
        known: Of the files of packages (`known_interpreters`); what was made for the image is looked at.
    """
    if isinstance(entry.content, InlineContent):
        match = _LINE.match(entry.content.data[:256])
        return match[1].strip().decode("utf-8", "surrogateescape") if match else ""
    return known.get(entry.content.sha256, "") if entry.content else ""


def programs_of(line: str) -> Iterator[str]:
    """Yield the programs that a shebang line starts: the interpreter, and what ``env`` is asked to start.

    Args:
        line: Without ``#!``. A program without a slash is to be looked for in the directories of programs.
    """
    words = line.split(None, 1)
    if words:
        yield words[0]
        if words[0].rpartition("/")[2] == "env":
            yield from _started_by_env(words[1].strip() if len(words) > 1 else "")


def _started_by_env(argument: str) -> Iterator[str]:
    # Without -S the kernel gives env the rest of the line as one word.
    words = [argument]
    if argument.startswith("-"):
        try:
            words = shlex.split(re.sub(r"^-v?S|^--split-string[= ]", "", argument))
        except ValueError:
            return
    for word in words:
        if word and not word.startswith("-") and not _ASSIGNMENT.fullmatch(word):
            yield word
            return


def find_program(tree: Tree, program: str) -> str | None:
    """Return the canonical path of a program, or None when the image has no such file that may be executed.

    Args:
        tree: Where to look.
        program: A path, or a name for which the directories of programs are searched.
    """
    candidates = (program,) if "/" in program else tuple(f"{place}/{program}" for place in PROGRAM_DIRECTORIES)
    for candidate in candidates:
        place = tree.reach(candidate)
        if place is not None and tree[place].kind is Kind.FILE and tree[place].mode & 0o111:
            return place
    return None


def started_modules(tree: Tree) -> frozenset[str]:
    """Return what the links in the directories of programs lead to: these files are programs wherever they lie."""
    found: set[str] = set()
    for directory in PROGRAM_DIRECTORIES:
        above = tree.reach(directory)
        for name in tree.children(above) if above is not None else ():
            if tree[f"{above}/{name}"].kind is Kind.SYMLINK:
                found.add(tree.reach(f"{above}/{name}") or "")
    return frozenset(found)
