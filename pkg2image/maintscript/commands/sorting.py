"""``sort``, in the order of bytes.

Spec: POSIX.1-2017 sort; the manual of GNU coreutils 9.1. Keys with positions inside fields and the orders that depend
on the language (``-f`` apart) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from pkg2image.maintscript.commands.inputs import Inputs
from pkg2image.maintscript.commands.octets import joined, lines_of, octets
from pkg2image.maintscript.commands.options import Grammar, Options, number
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_GRAMMAR = Grammar(
    "urngVfbsk:t:o:cC",
    {
        "unique": "u",
        "reverse": "r",
        "numeric-sort": "n",
        "general-numeric-sort": "g",
        "version-sort": "V",
        "ignore-case": "f",
        "ignore-leading-blanks": "b",
        "stable": "s",
        "key=": "k",
        "field-separator=": "t",
        "output=": "o",
    },
)
_KEY = re.compile(r"(\d+)([bfgnrV]*)(?:,(\d+)([bfgnrV]*))?\Z", re.ASCII)
_NUMBER = re.compile(rb"[ \t]*(-?[0-9]*(?:\.[0-9]*)?)")
_FLOAT = re.compile(rb"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_UNUSUAL = re.compile(rb"[-+]?(?:0[xX]|inf|nan)", re.IGNORECASE)
_PRECISE = 18  # characters of a number that a long double surely holds
_FIELD = re.compile(rb"[ \t]*[^ \t]*")
_SUFFIX = re.compile(rb"(?:\.[A-Za-z~][A-Za-z0-9~]*)*\Z")
_Order = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    """One key: fields `first` to `last` (None: to the end of the line), and how they are compared."""

    first: int
    last: int | None
    flags: str

    def text(self, line: bytes, separator: bytes | None) -> bytes:
        """Return the part of a line that is compared."""
        if (self.first, self.last) == (1, None):
            return line
        if separator is not None:
            return separator.join(line.split(separator)[self.first - 1 : self.last])
        return b"".join(_FIELD.findall(line)[self.first - 1 : self.last])


def sort(invocation: Invocation) -> int:
    """``sort [-u] [-r] [-n | -g | -V] [-f] [-b] [-s] [-t c] [-k field[,field]]... [-o file] [file...]``."""
    options = _GRAMMAR.parse(invocation.arguments)
    if "c" in options or "C" in options:
        raise NotUnderstoodError("sort -c")
    inputs = Inputs(invocation, options.operands)
    lines = [line for _, data in inputs for line in lines_of(data)]
    if inputs.status:
        return 2
    result = _sorted(lines, options)
    output = options.last("o")
    if output is None:
        invocation.stdout.write(joined(result))
    else:
        invocation.files.write(output, joined(result))
    return 0


def _sorted(lines: list[bytes], options: Options) -> list[bytes]:
    flags = "".join(name for name in "bfgnrV" if name in options)
    given = options.last("t")
    separator = None if given is None else octets("\0" if given == r"\0" else given)
    if separator is not None and len(separator) != 1:
        raise NotUnderstoodError(f"sort: separator {given!r}")
    keys = [_parse_key(text, flags) for text in options.all("k")] or [_Key(1, None, flags)]
    if not ("u" in options or "s" in options) and (options.all("k") or set(flags) & set("bfgnV")):
        lines = sorted(lines, reverse="r" in flags)  # the last resort: whole lines
    elif "r" in flags and "s" not in options and "u" not in options:
        return sorted(lines, reverse=True)
    for key in reversed(keys):
        lines = sorted(lines, key=_order(key, separator), reverse="r" in key.flags)
    if "u" not in options:
        return lines
    unique: dict[_Order, bytes] = {}
    orders = [_order(key, separator) for key in keys]
    for line in lines:
        unique.setdefault(tuple(order(line) for order in orders), line)
    return list(unique.values())


def _parse_key(text: str, flags: str) -> _Key:
    match = _KEY.match(text)
    if match is None or int(match[1]) == 0:
        raise NotUnderstoodError(f"sort -k {text}")
    own = match[2] + (match[4] or "")
    last = number(match[3], "sort: field") if match[3] else None
    return _Key(int(match[1]), last, own or flags)


def _order(key: _Key, separator: bytes | None) -> Callable[[bytes], Any]:
    def order(line: bytes) -> Any:
        text = key.text(line, separator)
        if "n" in key.flags:
            return _numeric(text)
        if "g" in key.flags:
            return _general(text)
        if "b" in key.flags:
            text = text.lstrip(b" \t")
        if "f" in key.flags:
            text = text.upper()
        return version_key(text) if "V" in key.flags else text

    return order


def _numeric(text: bytes) -> Fraction:
    match = _NUMBER.match(text)
    digits = match[1].decode("ascii") if match else ""
    if not any(character.isdigit() for character in digits):
        return Fraction(0)
    if len(digits) > 1000:
        raise NotUnderstoodError("sort of a number with more than 1000 digits")
    sign = -1 if digits.startswith("-") else 1
    whole, _, fraction = digits.lstrip("-").partition(".")
    return sign * Fraction(int((whole + fraction) or "0"), 10 ** len(fraction))


def _general(text: bytes) -> tuple[int, Fraction]:
    """Return the order of a number as strtod(3) reads it; what is none comes before all numbers."""
    text = text.lstrip(b" \t\n\v\f\r")
    match = _FLOAT.match(text)
    if match is None:
        if _UNUSUAL.match(text):
            raise NotUnderstoodError("sort -g of what is no decimal number")
        return 0, Fraction(0)
    if len(match[0]) > _PRECISE or _UNUSUAL.match(text):
        raise NotUnderstoodError("sort -g of an unusual number")
    return 1, Fraction(match[0].decode("ascii"))


def _compare_versions(one: bytes, other: bytes) -> int:
    """Compare as GNU's filevercmp: hidden names come first; without suffixes, then with them, digits by value."""
    if _hidden(one) != _hidden(other):
        return -1 if _hidden(one) < _hidden(other) else 1
    result = _compare_parts(_SUFFIX.sub(b"", one), _SUFFIX.sub(b"", other))
    return result or _compare_parts(one, other) or (one > other) - (one < other)


def _hidden(name: bytes) -> int:
    special = (b"", b".", b"..")
    return special.index(name) if name in special else 3 if name.startswith(b".") else 4


def _compare_parts(one: bytes, other: bytes) -> int:
    for left, right in zip(_parts(one), _parts(other), strict=False):
        if left != right:
            return -1 if left < right else 1
    return 0


def _parts(text: bytes) -> list[tuple[tuple[int, ...], int]]:
    """Return texts (with their order) and numbers in turns; the end of everything sorts before all but ``~``."""
    pieces = re.findall(rb"([^0-9]*)([0-9]*)", text)
    return [(tuple(map(_rank, word)) + (0,), int(digits or b"0")) for word, digits in pieces] + [((0,), 0)]


def _rank(byte: int) -> int:
    if byte == ord("~"):
        return -1
    return byte if bytes((byte,)).isalpha() else byte + 256


version_key = cmp_to_key(_compare_versions)
"""The sort key of ``sort -V`` and ``ls -v`` for the bytes of a line or name."""

COMMANDS: Mapping[str, Command] = {"sort": sort}
