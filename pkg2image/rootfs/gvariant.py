"""GLib's values: their text form, which schemas are written in, becomes their binary form.

Types of values are always known here, so only what a type allows is parsed. Variants in text (``<...>``), whose type
would have to be guessed, are not understood.

Spec: GLib, "GVariant Text Format" and "GVariant Specification" (serialisation); little endian.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBERS = {"y": "B", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "h": "i", "d": "d"}
_KEYWORDS = {
    "boolean": "b",
    "byte": "y",
    "double": "d",
    "handle": "h",
    "int16": "n",
    "int32": "i",
    "int64": "x",
    "objectpath": "o",
    "signature": "g",
    "string": "s",
    "uint16": "q",
    "uint32": "u",
    "uint64": "t",
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[\[\](){},:])|(?P<string>b?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))|"""
    r"""(?P<word>[^\s\[\](){},:'"]+))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": ""}
_MAX_DEPTH = 32


class VariantError(Exception):
    """A type or text is not understood; the text says why. It never leaves the modules that compile schemas."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value in its binary form.

    Args:
        type: Type string.
        data: The bytes.
    """

    type: str
    data: bytes


def split_types(text: str) -> list[str]:
    """Split the types that stand one after another in a text.

    Raises:
        VariantError: When one is not a type.
    """
    types = []
    at = 0
    while at < len(text):
        end = _type_end(text, at, 0)
        types.append(text[at:end])
        at = end
    return types


def _type_end(text: str, at: int, depth: int) -> int:
    letter = text[at : at + 1]
    if depth > _MAX_DEPTH or not letter:
        raise VariantError(f"{text[:40]!r} is not a type")
    if letter in "am":
        return _type_end(text, at + 1, depth + 1)
    if letter in "({":
        closing = {"(": ")", "{": "}"}[letter]
        at += 1
        while text[at : at + 1] != closing:
            at = _type_end(text, at, depth + 1)
        return at + 1
    if letter not in "bsogv" and letter not in _NUMBERS:
        raise VariantError(f"{text[:40]!r} is not a type")
    return at + 1


def alignment(kind: str) -> int:
    """Return what a value's place is a multiple of."""
    match kind[0]:
        case "a" | "m":
            return alignment(kind[1:])
        case "(" | "{":
            return max((alignment(member) for member in split_types(kind[1:-1])), default=1)
        case "v":
            return 8
        case letter:
            return struct.calcsize(_NUMBERS.get(letter, "B"))


def fixed_size(kind: str) -> int | None:
    """Return the size of all values of a type; None when they differ."""
    if kind[0] in "amsogv":
        return None
    if kind[0] not in "({":
        return struct.calcsize(_NUMBERS.get(kind, "B"))
    size = 0
    for member in split_types(kind[1:-1]):
        own = fixed_size(member)
        if own is None:
            return None
        size = _aligned(size, alignment(member)) + own
    return _aligned(size, alignment(kind)) or 1


def _aligned(size: int, to: int) -> int:
    return -(-size // to) * to


def string(text: str) -> Value:
    """Return a string as a value."""
    return Value("s", text.encode("utf-8", "surrogateescape") + b"\0")


def number(kind: str, value: float) -> Value:
    """Return a number as a value of a type.

    Raises:
        VariantError: When it is not in the range of the type.
    """
    try:
        return Value(kind, struct.pack("<" + _NUMBERS[kind], value if kind == "d" else int(value)))
    except (struct.error, OverflowError) as error:
        raise VariantError(f"{value} is not in the range of the type {kind}") from error


def variant(value: Value) -> Value:
    """Return a value with its type."""
    return Value("v", b"".join((value.data, b"\0", value.type.encode())))


def array(element: str, items: Sequence[Value]) -> Value:
    """Return an array of values of one type."""
    data, ends = _laid_out(items)
    if fixed_size(element) is None:
        data = _framed(data, ends)
    return Value(f"a{element}", data)


def structure(members: Sequence[Value], brackets: str = "()") -> Value:
    """Return a tuple, or with ``{}`` a dictionary entry."""
    kind = brackets[0] + "".join(member.type for member in members) + brackets[1]
    size = fixed_size(kind)
    data, ends = _laid_out(members)
    if size is not None:
        return Value(kind, data.ljust(size, b"\0"))
    # The end of the last member is where the ends begin; ends of members of a fixed size are known.
    varying = [end for end, member in zip(ends[:-1], members, strict=False) if fixed_size(member.type) is None]
    return Value(kind, _framed(data, varying[::-1]))


def maybe(kind: str, value: Value | None) -> Value:
    """Return a value that may be missing."""
    if value is None:
        return Value(f"m{kind}", b"")
    return Value(f"m{kind}", value.data if fixed_size(kind) is not None else value.data + b"\0")


def _laid_out(items: Sequence[Value]) -> tuple[bytes, list[int]]:
    data = bytearray()
    ends = []
    for item in items:
        data += bytes(_aligned(len(data), alignment(item.type)) - len(data)) + item.data
        ends.append(len(data))
    return bytes(data), ends


def _framed(data: bytes, ends: Sequence[int]) -> bytes:
    for width, code in ((1, "B"), (2, "H"), (4, "I")):
        if len(data) + width * len(ends) < 1 << (8 * width):
            return data + struct.pack(f"<{len(ends)}{code}", *ends)
    raise VariantError("a value is too large")


def parse(text: str, kind: str) -> Value:
    """Return the value of a text.

    Args:
        text: In the text format.
        kind: The type it has.

    Raises:
        VariantError: When it is not a value of this type.
    """
    if split_types(kind) != [kind]:
        raise VariantError(f"{kind[:40]!r} is not a type")
    parser = _Parser(text)
    value = parser.value(kind, 0)
    parser.expect("")
    return value


class _Parser:
    """Reads one text from its start to its end."""

    __slots__ = ("_next", "_tokens")

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text.strip())
        self._next = next(self._tokens)

    def take(self) -> str:
        token, self._next = self._next, next(self._tokens, "")
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise VariantError(f"{token or 'the end'!r} is missing")

    def value(self, kind: str, depth: int) -> Value:
        if depth > _MAX_DEPTH:
            raise VariantError("it is nested too deeply")
        if self._next.startswith("@") or self._next in _KEYWORDS:
            said = self.take()
            if _KEYWORDS.get(said, said[1:]) != kind:
                raise VariantError(f"{said} is not of the type {kind}")
        match kind[0]:
            case "a":
                return self._array(kind[1:], depth)
            case "(":
                return self._tuple(kind, depth)
            case "m":
                return self._maybe(kind[1:], depth)
            case _:
                return self._basic(kind)

    def _basic(self, kind: str) -> Value:
        word = self.take()
        if kind in "sog":
            return Value(kind, string(_unquoted(word)).data)
        if kind == "b" and word in {"true", "false"}:
            return Value("b", bytes((word == "true",)))
        if kind in _NUMBERS:
            return number(kind, _number(word, kind))
        raise VariantError(f"{word[:40]!r} is not understood as a value of the type {kind}")

    def _array(self, element: str, depth: int) -> Value:
        if element == "y" and self._next[:1] == "b" and self._next[1:2] in {"'", '"'}:
            data = _unquoted(self.take()[1:]).encode("latin-1", "replace") + b"\0"
            return Value("ay", data)
        is_dictionary = element[0] == "{" and self._next == "{"
        opening, closing = ("{", "}") if is_dictionary else ("[", "]")
        self.expect(opening)
        items: list[Value] = []
        while self._next != closing:
            if items:
                self.expect(",")
            items.append(self._entry(element, depth) if is_dictionary else self.value(element, depth + 1))
        self.expect(closing)
        return array(element, items)

    def _entry(self, kind: str, depth: int) -> Value:
        key, value = split_types(kind[1:-1])
        first = self.value(key, depth + 1)
        self.expect(":")
        return structure((first, self.value(value, depth + 1)), "{}")

    def _tuple(self, kind: str, depth: int) -> Value:
        self.expect("(")
        members: list[Value] = []
        types = split_types(kind[1:-1])
        for member in types:
            if members:
                self.expect(",")
            members.append(self.value(member, depth + 1))
        if len(types) == 1 and self._next == ",":
            self.take()
        self.expect(")")
        return structure(members)

    def _maybe(self, kind: str, depth: int) -> Value:
        if self._next == "nothing":
            self.take()
            return maybe(kind, None)
        if self._next == "just":
            self.take()
        return maybe(kind, self.value(kind, depth + 1))


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise VariantError(f"{text[at : at + 40]!r} is not understood")
        yield match[0].strip()
        at = match.end()
    yield ""


def _number(word: str, kind: str) -> float:
    try:
        if kind == "d":
            return float(word)
        sign, digits = (-1, word[1:]) if word[:1] == "-" else (1, word.removeprefix("+"))
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        return sign * int(digits, 8 if octal else 0)
    except ValueError as error:
        raise VariantError(f"{word[:40]!r} is not a number") from error


def _unquoted(word: str) -> str:
    if word[:1] not in {"'", '"'}:
        raise VariantError(f"{word[:40]!r} is not a string")
    return _ESCAPE.sub(_escape, word[1:-1])


def _escape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "uU" and len(code) > 1:
        point = int(code[1:], 16)
        if point > 0x10FFFF or 0xD800 <= point < 0xE000:
            raise VariantError(f"{match[0]} is not a character")
        return chr(point)
    return _LETTERS.get(code, code)
