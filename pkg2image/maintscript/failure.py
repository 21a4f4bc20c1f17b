"""How this room says that it does not understand a maintainer script."""

from __future__ import annotations


class NotUnderstoodError(Exception):
    """A script uses something that is not emulated exactly, so its transaction is rolled back.

    It is no `Pkg2ImageError`: it never leaves the room, whose transactions turn it into an entry of the report.

    Args:
        reason: What is not understood, lower case, without a period: ``unknown command mysqld``.
        line: The line of the script, from 1; None where the raiser does not know it and the interpreter fills it in.
        origin: The script, ``<package> postinst``; empty where the raiser does not know it.
    """

    def __init__(self, reason: str, *, line: int | None = None, origin: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.origin = origin

    def __str__(self) -> str:
        """Return ``<origin>:<line>: <reason>`` as far as it is known."""
        place = self.origin if self.line is None else f"{self.origin}:{self.line}"
        return f"{place}: {self.reason}" if place else self.reason


class ShellSyntaxError(NotUnderstoodError):
    """The text of a script is not a program of the POSIX shell, or nests deeper than is reasonable.

    Args:
        line: The line of the script, from 1.
        reason: What is wrong with it.
        origin: The script.
    """

    def __init__(self, line: int, reason: str, *, origin: str = "") -> None:
        super().__init__(reason, line=line, origin=origin)
