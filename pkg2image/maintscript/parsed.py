"""Maintainer scripts as syntax trees: parsed once, kept for the next image.

Spec: Debian Policy 10.4 (scripts); execve(2), "Interpreter scripts".
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Protocol

from pkg2image.digest import sha256
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.parser import parse
from pkg2image.maintscript.storage import dump_script, load_script
from pkg2image.maintscript.syntax import Script

_SHEBANG = re.compile(rb"#![ \t]*(?:/usr)?/bin/(?:env[ \t]+)?(sh|dash|bash)(?:[ \t]+-([a-z]+))?[ \t]*\r?")
_FLAGS = frozenset("eux")

GRAMMAR = ("cursor", "parser", "storage", "syntax", "tildes", "tokens", "words")
"""The modules that decide what a kept syntax tree looks like: one that others have made is not read."""


class Records(Protocol):
    """Where syntax trees are kept: the store."""

    def record(self, kind: str, key: str) -> bytes | None:
        """Return what was kept, or None."""

    def put_record(self, kind: str, key: str, value: bytes) -> None:
        """Keep something."""


class ParsedScripts:
    """Scripts and their syntax trees.

    Args:
        records: Where trees are kept for other runs; None keeps them for this one only.
    """

    __slots__ = ("_kind", "_records", "_scripts")

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self._kind = _kind() if records else ""
        self._scripts: dict[str, Script] = {}

    def script(self, data: bytes, origin: str) -> Script:
        """Return the syntax tree of a script.

        Args:
            data: The script with its first line.
            origin: What it is, for messages: ``<package> postinst``.

        Raises:
            NotUnderstoodError: When it is no script of a shell, or a wrong one.
        """
        key = sha256(data).hex
        if key not in self._scripts:
            self._scripts[key] = self._kept(key) or self._parse(key, data, origin)
        return self._scripts[key]

    def _kept(self, key: str) -> Script | None:
        record = self._records.record(self._kind, key) if self._records else None
        return None if record is None else load_script(record)

    def _parse(self, key: str, data: bytes, origin: str) -> Script:
        script = parse(_shell_text(data), origin=origin)
        if self._records:
            self._records.put_record(self._kind, key, dump_script(script))
        return script


@cache
def _kind() -> str:
    """Return the kind of records that the parser as it is now makes and reads."""
    sources = (files(__package__).joinpath(f"{name}.py").read_bytes() for name in GRAMMAR)
    return f"script-{sha256(b''.join(sources)).hex[:16]}"


def shell_of(data: bytes) -> str:
    """Return the name of the shell that the first line of a script asks for, empty when it is none."""
    found = _SHEBANG.fullmatch(data.partition(b"\n")[0])
    return found[1].decode() if found else ""


def _shell_text(data: bytes) -> str:
    """Return the text of a script, with the options of its first line in place of that line.

    Raises:
        NotUnderstoodError: When it is no script of a shell.
    """
    first, _, rest = data.partition(b"\n")
    found = _SHEBANG.fullmatch(first)
    if not found:
        what = f"a script of {first[2:].decode('ascii', 'replace').strip()[:60]}" if first[:2] == b"#!" else "no script"
        raise NotUnderstoodError(f"it is {what}, not of a POSIX shell", line=1)
    if b"\0" in data:
        raise NotUnderstoodError("it has zero bytes", line=1)
    options = (found[2] or b"").decode()
    if not set(options) <= _FLAGS:
        raise NotUnderstoodError(f"its shell is called with -{options}", line=1)
    return (f"set -{options}" if options else "") + "\n" + rest.decode("utf-8", "surrogateescape")
