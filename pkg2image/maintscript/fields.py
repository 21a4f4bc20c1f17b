"""Where expanded words go: into fields, into one text, into a pattern.

Spec: POSIX.1-2017 XCU 2.6.5 (field splitting).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from pkg2image.maintscript.patterns import quote_pattern

_WILD = frozenset("*?[")


class Sink(Protocol):
    """Takes what the parts of a word expand to."""

    def literal(self, text: str, *, quoted: bool) -> None:
        """Take characters of the script itself."""

    def value(self, text: str, *, quoted: bool) -> None:
        """Take the result of an expansion."""

    def several(self, values: Sequence[str], *, at: bool, quoted: bool, separator: str) -> None:
        """Take all positional parameters, for ``@`` or for ``*``."""


class Text:
    """Everything as one text, without quotes: assignments, subjects of ``case``, here-documents."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def literal(self, text: str, *, quoted: bool) -> None:  # noqa: ARG002
        """Take characters."""
        self._pieces.append(text)

    value = literal

    def several(self, values: Sequence[str], *, at: bool, quoted: bool, separator: str) -> None:  # noqa: ARG002
        """Take parameters joined."""
        self._pieces.append(separator.join(values))

    @property
    def result(self) -> str:
        """The text."""
        return "".join(self._pieces)


class PatternText(Text):
    """Everything as one pattern, in which what was quoted stands for itself."""

    __slots__ = ()

    def literal(self, text: str, *, quoted: bool) -> None:
        """Take characters."""
        self._pieces.append(quote_pattern(text) if quoted else text)

    value = literal

    def several(self, values: Sequence[str], *, at: bool, quoted: bool, separator: str) -> None:  # noqa: ARG002
        """Take parameters joined."""
        self.literal(separator.join(values), quoted=quoted)


class Fields:
    """Fields, each as text and as the pattern for pathname expansion.

    Args:
        ifs: The value of IFS, or the default one.
    """

    __slots__ = ("_delimiter", "_pattern", "_started", "_text", "fields")

    def __init__(self, ifs: str) -> None:
        self.fields: list[tuple[str, str]] = []
        self._delimiter = _delimiter(ifs)
        self._text = ""
        self._pattern = ""
        self._started = False

    def literal(self, text: str, *, quoted: bool) -> None:
        """Take characters; even none of them make a field."""
        self._started = True
        self._text += text
        self._pattern += quote_pattern(text) if quoted else text

    def value(self, text: str, *, quoted: bool) -> None:
        """Take a result, which is split at IFS unless it is quoted."""
        if quoted:
            self.literal(text, quoted=True)
            return
        at = 0
        for delimiter in self._delimiter.finditer(text) if self._delimiter else ():
            self._append(text[at : delimiter.start()])
            at = delimiter.end()
            # Blanks alone end a field that has begun; any other separator ends one in any case.
            if delimiter["hard"] is not None or self._started:
                self.end(force=True)
        self._append(text[at:])

    def _append(self, text: str) -> None:
        if text:
            self._started = True
            self._text += text
            self._pattern += text

    def several(self, values: Sequence[str], *, at: bool, quoted: bool, separator: str) -> None:
        """Take parameters: joined for ``"$*"``, else each a field of its own."""
        if quoted and not at:
            self.literal(separator.join(values), quoted=True)
            return
        for number, value in enumerate(values):
            if number:
                self.end(force=quoted)
            self.value(value, quoted=quoted)

    def end(self, *, force: bool = False) -> None:
        """End a field; nothing that was not quoted makes one only by force."""
        if self._started or force:
            self.fields.append((self._text, self._pattern))
            self._text = self._pattern = ""
            self._started = False


def is_wild(pattern: str) -> bool:
    """Say quickly whether a pattern may need pathname expansion."""
    return not _WILD.isdisjoint(pattern)


@lru_cache(maxsize=64)
def _delimiter(ifs: str) -> re.Pattern[str] | None:
    if not ifs:
        return None
    blanks = "".join(char for char in ifs if char in " \t\n")
    hard = "".join(re.escape(char) for char in ifs if char not in " \t\n")
    blank = f"[{blanks}]" if blanks else "(?!)"
    marks = f"[{hard}]" if hard else "(?!)"
    return re.compile(f"{blank}*(?P<hard>{marks}){blank}*|{blank}+")
