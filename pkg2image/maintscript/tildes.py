"""Tildes and assignments: what the first characters of a word mean where it stands.

Spec: POSIX.1-2017 XCU 2.6.1, 2.9.1.
"""

from __future__ import annotations

import re

from pkg2image.maintscript.syntax import Assignment, Literal, Part, Tilde, Word

_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)=")
_VALUE_TILDE = re.compile(r"(?:\A|(?<=:))~([^/:]*+)")


def with_tilde(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the parts of a word with a leading tilde recognised.

    Args:
        parts: The parts as they were read. A tilde counts only when everything up to the first slash is unquoted.
    """
    first = parts[0] if parts else None
    if not isinstance(first, Literal) or not first.text.startswith("~"):
        return parts
    user, slash, rest = first.text[1:].partition("/")
    if len(parts) > 1 and not slash:
        return parts
    path = (Literal(slash + rest, first.line),) if slash else ()
    return (Tilde(user, first.line), *path, *parts[1:])


def as_assignment(word: Word) -> Assignment | None:
    """Return the assignment that a word is, or None.

    The parser does it before the command word; ``export``, ``readonly`` and ``local`` do it with their arguments.

    Args:
        word: Any word of a command.
    """
    first = word.parts[0] if word.parts else None
    match = _ASSIGNED.match(first.text) if isinstance(first, Literal) else None
    if match is None or not isinstance(first, Literal):
        return None
    rest = first.text[match.end() :]
    parts = (Literal(rest, first.line), *word.parts[1:]) if rest else word.parts[1:]
    return Assignment(match[1], Word(_value_with_tildes(parts), word.line), word.line)


def _value_with_tildes(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Recognise the tildes at the start of an assigned value and after its unquoted colons."""
    found: list[Part] = []
    for number, part in enumerate(parts):
        if isinstance(part, Literal) and "~" in part.text:
            found += _split_literal(part, first=number == 0, last=number == len(parts) - 1)
        else:
            found.append(part)
    return tuple(found)


def _split_literal(literal: Literal, *, first: bool, last: bool) -> list[Part]:
    pieces: list[Part] = []
    done = 0
    for match in _VALUE_TILDE.finditer(literal.text):
        starts = first or match.start() > 0
        ends = last or match.end() < len(literal.text)
        if starts and ends:
            pieces += _literal(literal, done, match.start())
            pieces.append(Tilde(match[1], literal.line))
            done = match.end()
    return pieces + _literal(literal, done, len(literal.text))


def _literal(literal: Literal, start: int, end: int) -> list[Part]:
    return [Literal(literal.text[start:end], literal.line)] if end > start else []
