r"""Shell patterns: ``*``, ``?``, ``[...]`` and quoted characters.

A pattern is text in which a backslash quotes the character after it. Matching works on bytes, as in dash, and takes
time proportional to text times pattern: the part between two stars is matched at its first place and never again.

Spec: POSIX.1-2017 XCU 2.13; ``[^`` is no negation, as in dash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_META = frozenset("*?[\\")
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_ANY = "."
_NEVER = r"(?!)"


def quote_pattern(text: str) -> str:
    """Return a pattern that matches exactly this text."""
    if _META.isdisjoint(text):
        return text
    return "".join(f"\\{char}" if char in _META else char for char in text)


def unquote_pattern(pattern: str) -> str:
    """Return a pattern without the backslashes that quote."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL) if "\\" in pattern else pattern


def has_wildcards(pattern: str) -> bool:
    """Say whether a pattern can match anything but one text."""
    return not _META.isdisjoint(pattern) and any(len(run) != 1 or run[0].text is None for run in _scan(_raw(pattern)))


def matches(pattern: str, text: str) -> bool:
    """Say whether a pattern matches a whole text."""
    if _META.isdisjoint(pattern):
        return pattern == text
    return _compiled(pattern).whole.fullmatch(_raw(text)) is not None


def without_prefix(pattern: str, text: str, *, longest: bool) -> str:
    """Return the text without the shortest or longest prefix that matches: ``${text#pattern}``, ``##``."""
    subject = _raw(text)
    compiled = _compiled(pattern)
    found = (compiled.longest_prefix if longest else compiled.shortest_prefix).match(subject)
    return _cooked(subject[found.end() :]) if found else text


def without_suffix(pattern: str, text: str, *, longest: bool) -> str:
    """Return the text without the shortest or longest suffix that matches: ``${text%pattern}``, ``%%``."""
    subject = _raw(text)
    compiled = _compiled(pattern)
    found = (compiled.longest_suffix if longest else compiled.shortest_suffix).match(subject[::-1])
    return _cooked(subject[: len(subject) - found.end()]) if found else text


def _raw(text: str) -> str:
    """Return one character per byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _cooked(raw: str) -> str:
    return raw if raw.isascii() else raw.encode("latin-1").decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class _One:
    """What one character must be; the text is None when it may be several."""

    regex: str
    text: str | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A pattern as regular expressions; those for suffixes read the text backwards."""

    whole: re.Pattern[str]
    shortest_prefix: re.Pattern[str]
    longest_prefix: re.Pattern[str]
    shortest_suffix: re.Pattern[str]
    longest_suffix: re.Pattern[str]


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> _Compiled:
    runs = _runs(_raw(pattern))
    backwards = [run[::-1] for run in runs[::-1]]
    longest = _expression(runs, longest=True)
    return _Compiled(
        re.compile(longest, re.DOTALL),
        re.compile(_expression(runs, longest=False), re.DOTALL),
        re.compile(longest, re.DOTALL),
        re.compile(_expression(backwards, longest=False), re.DOTALL),
        re.compile(_expression(backwards, longest=True), re.DOTALL),
    )


def _expression(runs: list[list[str]], *, longest: bool) -> str:
    first, *rest = ("".join(run) for run in runs)
    if not rest:
        return first
    # A run between two stars may always be taken at its first place, so it is never tried at another one.
    middle = "".join(f"(?>.*?{run})" for run in rest[:-1])
    return first + middle + (f".*{rest[-1]}" if longest else f"(?>.*?{rest[-1]})")


def _runs(pattern: str) -> list[list[str]]:
    """Return the expressions of single characters between the stars."""
    runs: list[list[str]] = [[]]
    for ones in _scan(pattern):
        if not ones:
            runs.append([])
        runs[-1] += [one.regex for one in ones]
    return runs


def _scan(pattern: str) -> list[list[_One]]:
    """Return a list of single characters, each in a list of its own; a star is an empty list."""
    found: list[list[_One]] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            found.append([])
            continue
        if char == "?":
            found.append([_One(_ANY, None)])
            continue
        if char == "[" and (bracket := _bracket(pattern, at)):
            regex, at = bracket
            found.append([_One(regex, None)])
            continue
        if char == "\\" and at < len(pattern):
            char = pattern[at]
            at += 1
        found.append([_One(re.escape(char), char)])
    return found


def _bracket(pattern: str, at: int) -> tuple[str, int] | None:
    """Return the expression of a bracket and where it ends, or None when it is never closed."""
    inverted = pattern.startswith("!", at)
    at += inverted
    members = ""
    first = True
    while first or not pattern.startswith("]", at):
        first = False
        if named := re.compile(r"\[:([a-z]+):\]").match(pattern, at):
            members += _CLASSES.get(named[1], "")
            at = named.end()
            continue
        low, at = _member(pattern, at)
        high = low
        if pattern.startswith("-", at) and not pattern.startswith("]", at + 1):
            high, at = _member(pattern, at + 1)
        if not low or not high:
            return None
        if low <= high:
            members += f"{re.escape(low)}-{re.escape(high)}"
    if not members:
        return (_ANY if inverted else _NEVER), at + 1
    return f"[{'^' if inverted else ''}{members}]", at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    if pattern.startswith("\\", at):
        at += 1
    return pattern[at : at + 1], at + 1
