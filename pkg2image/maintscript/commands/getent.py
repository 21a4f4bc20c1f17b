"""``getent`` of the databases that are files of the image."""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_NUMBERED = {"passwd": True, "group": True, "shadow": False, "gshadow": False}
"""Database -> whether a key that is a number is looked up in the third field."""

_GRAMMAR = Grammar(permute=False)


def getent(invocation: Invocation) -> int:
    """``getent passwd|group|shadow|gshadow [key...]``; status 2 when a key is not found."""
    operands = _GRAMMAR.parse(invocation.arguments).operands
    if not operands or operands[0] not in _NUMBERED:
        raise NotUnderstoodError(f"getent {' '.join(operands[:1])}")
    database, *keys = operands
    path = f"/etc/{database}"
    text = invocation.files.text(path) if invocation.files.exists(path) else ""
    rows = [line.split(":") for line in text.split("\n") if line and not line.startswith("#")]
    if not keys:
        invocation.stdout.text("".join(f"{':'.join(row)}\n" for row in rows))
        return 0
    status = 0
    for key in keys:
        number = key.isascii() and key.isdigit() and _NUMBERED[database]
        row = next((row for row in rows if (row[2:3] == [str(int(key))] if number else row[0] == key)), None)
        if row is None:
            status = 2
        else:
            invocation.stdout.text(f"{':'.join(row)}\n")
    return status


COMMANDS: Mapping[str, Command] = {"getent": getent}
