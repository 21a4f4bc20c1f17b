"""The syntax of POSIX regular expressions with GNU's extensions, read into a tree.

Basic and extended expressions differ only in which characters need a backslash, so one reader serves grep, sed, awk,
expr and find. Everything is a set of bytes, as under ``LC_ALL=C``.

Spec: POSIX.1-2017, Base Definitions 9; the GNU extensions of regex(7) and of the manuals of grep and sed.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from enum import StrEnum

from pkg2image.maintscript.failure import NotUnderstoodError

_MAX_DEPTH = 40
_MAX_COUNT = 255  # RE_DUP_MAX of POSIX; more would only make patterns slow
ANY = frozenset(range(256))


def _set(characters: str) -> frozenset[int]:
    return frozenset(characters.encode("ascii"))


_WORD = _set(string.ascii_letters + string.digits + "_")
_SPACE = _set(" \t\n\r\f\v")
_CLASSES = {
    "alpha": _set(string.ascii_letters),
    "digit": _set(string.digits),
    "alnum": _set(string.ascii_letters + string.digits),
    "upper": _set(string.ascii_uppercase),
    "lower": _set(string.ascii_lowercase),
    "space": _SPACE,
    "blank": _set(" \t"),
    "punct": _set(string.punctuation),
    "print": frozenset(range(32, 127)),
    "graph": frozenset(range(33, 127)),
    "cntrl": frozenset((*range(32), 127)),
    "xdigit": _set(string.hexdigits),
}
_CONTROL = {"n": "\n", "t": "\t", "f": "\f", "v": "\v", "r": "\r", "a": "\a"}
_INTERVAL = "{"


class Dialect(StrEnum):
    """Who reads the expression: what a backslash may do differs."""

    BASIC = "basic"
    EXTENDED = "extended"
    AWK = "awk"
    """Extended, with the escapes of awk's strings also in brackets and, as in mawk, without intervals."""


class Place(StrEnum):
    """Assertions; the value is what Python calls them."""

    START = r"\A"
    END = r"\Z"
    EDGE = r"\b"
    INSIDE = r"\B"
    NOT_AFTER_WORD = r"(?<!\w)"
    NOT_BEFORE_WORD = r"(?!\w)"
    WORD_START = r"\b(?=\w)"
    WORD_END = r"\b(?<=\w)"


_PLACES = {
    "b": Place.EDGE,
    "B": Place.INSIDE,
    "<": Place.WORD_START,
    ">": Place.WORD_END,
    "`": Place.START,
    "'": Place.END,
}
_SETS = {"w": _WORD, "W": ANY - _WORD, "s": _SPACE, "S": ANY - _SPACE}


@dataclass(frozen=True, slots=True)
class Bytes:
    """One byte out of a set."""

    values: frozenset[int]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place."""

    place: Place


@dataclass(frozen=True, slots=True)
class BackReference:
    """What a group matched."""

    group: int


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives, each a sequence; the whole expression is a group with number 0."""

    number: int
    alternatives: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Something several times; `most` is None for any number."""

    body: Node
    least: int
    most: int | None


Node = Bytes | Assertion | BackReference | Group | Repeat


def parse(pattern: bytes, dialect: Dialect, *, ignore_case: bool = False, bracket_escapes: bool = False) -> Group:
    r"""Read an expression.

    Args:
        pattern: The expression.
        dialect: Whose rules hold.
        ignore_case: Whether letters stand for both cases.
        bracket_escapes: Whether ``\n`` and its like mean control characters in brackets, as in sed.

    Raises:
        NotUnderstoodError: When it is wrong, or undefined by POSIX and not needed by real scripts.
    """
    reader = _Reader(pattern.decode("latin-1"), dialect, ignore_case, bracket_escapes)
    group = reader.group(0)
    if reader.at < len(reader.text):
        raise reader.refusal("unmatched )")
    return group


class _Reader:
    """A position in an expression."""

    def __init__(self, text: str, dialect: Dialect, fold: bool, bracket_escapes: bool) -> None:  # noqa: FBT001
        self.text = text
        self.at = 0
        self._basic = dialect is Dialect.BASIC
        self._awk = dialect is Dialect.AWK
        self._fold = fold
        self._bracket_escapes = bracket_escapes or self._awk
        self._groups = 0
        self._closed: set[int] = set()
        self._depth = 0

    def refusal(self, why: str) -> NotUnderstoodError:
        """Return the error for this expression."""
        return NotUnderstoodError(f"regular expression {self.text!r}: {why}")

    def group(self, number: int) -> Group:
        """Read alternatives up to the end or a closing parenthesis, which is not consumed."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self.refusal("nested too deeply")
        alternatives = [self._sequence()]
        while self._takes("|"):
            alternatives.append(self._sequence())
        self._depth -= 1
        return Group(number, tuple(alternatives))

    def _sequence(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while self.at < len(self.text) and not self._sees("|") and not (self._depth > 1 and self._sees(")")):
            quantified = self._quantifier() if self._may_repeat(nodes) else None
            if quantified is None:
                nodes.append(self._atom(first=not nodes))
            else:
                least, most = quantified
                nodes[-1] = self._repeat(nodes[-1], least, most)
        return tuple(nodes)

    def _may_repeat(self, nodes: list[Node]) -> bool:
        if nodes and not isinstance(nodes[-1], Assertion):
            return True
        if not self._basic and self.text[self.at] in "*+?{" and not (self._awk and self.text[self.at] == _INTERVAL):
            raise self.refusal("nothing to repeat")
        return False

    def _repeat(self, body: Node, least: int, most: int | None) -> Node:
        if isinstance(body, Repeat):
            if (body.least, body.most) == (0, None):
                return body
            raise self.refusal("a repetition of a repetition")
        return Repeat(body, least, most)

    def _quantifier(self) -> tuple[int, int | None] | None:
        if self.text[self.at] == "*":
            self.at += 1
            return 0, None
        for character, bounds in (("+", (1, None)), ("?", (0, 1))):
            if self._takes(character):
                return bounds
        if not self._awk and self._takes(_INTERVAL):
            return self._interval()
        return None

    def _interval(self) -> tuple[int, int | None]:
        end = self.text.find("\\}" if self._basic else "}", self.at)
        low, comma, high = self.text[self.at : max(end, 0)].partition(",")
        numbers = [text for text in (low, high) if text]
        if end < 0 or not all(text.isascii() and text.isdigit() and len(text) < 4 for text in numbers):
            raise self.refusal("not an interval")
        least = int(low or 0) if (low or comma) else -1
        most = (int(high) if high else None) if comma else least
        if least < 0 or least > _MAX_COUNT or (most is not None and not least <= most <= _MAX_COUNT):
            raise self.refusal("not an interval")
        self.at = end + (2 if self._basic else 1)
        return least, most

    def _sees(self, special: str) -> bool:
        return self.text.startswith(f"\\{special}" if self._basic else special, self.at)

    def _takes(self, special: str) -> bool:
        if not self._sees(special):
            return False
        self.at += 2 if self._basic else 1
        return True

    def _atom(self, *, first: bool) -> Node:
        if self._takes("("):
            return self._parenthesised()
        character = self.text[self.at]
        self.at += 1
        match character:
            case "\\":
                return self._escape()
            case "[" | ".":
                return Bytes(ANY if character == "." else self._bracket())
            case "^" if first or not self._basic:
                return Assertion(Place.START)
            case "$" if not self._basic or self._ends():
                return Assertion(Place.END)
        if self._awk and character == _INTERVAL and self.text[self.at : self.at + 1].isdigit():
            raise self.refusal("an interval, about which awks differ")
        return self._literal(character)

    def _parenthesised(self) -> Group:
        self._groups += 1
        body = self.group(self._groups)
        if not self._takes(")"):
            raise self.refusal("unmatched (")
        self._closed.add(body.number)
        return body

    def _ends(self) -> bool:
        return self.at == len(self.text) or self._sees(")") or self._sees("|")

    def _literal(self, character: str) -> Bytes:
        return Bytes(self._folded(frozenset({ord(character)})))

    def _folded(self, values: frozenset[int]) -> frozenset[int]:
        if not self._fold:
            return values
        letters = bytes(values)
        return values | frozenset(letters.lower()) | frozenset(letters.upper())

    def _escape(self) -> Node:
        if self.at == len(self.text):
            raise self.refusal("a backslash at the end")
        character = self.text[self.at]
        self.at += 1
        node = None if self._awk else self._gnu_escape(character)
        if node is not None:
            return node
        control = _CONTROL.get(character) if self._bracket_escapes else None
        if control is None and (character.isalnum() or (self._basic and character in "(){}+?|")):
            raise self.refusal(f"\\{character} here")
        return self._literal(control or character)

    def _gnu_escape(self, character: str) -> Node | None:
        if character in _PLACES:
            return Assertion(_PLACES[character])
        if character in _SETS:
            return Bytes(_SETS[character])
        return self._back_reference(int(character)) if character in "123456789" else None

    def _back_reference(self, number: int) -> BackReference:
        if number not in self._closed:
            raise self.refusal(f"\\{number} before the end of its group")
        if self._fold:
            raise self.refusal("a back-reference that ignores case")
        return BackReference(number)

    def _bracket(self) -> frozenset[int]:
        negated = self.text.startswith("^", self.at)
        self.at += negated
        start = self.at
        values: set[int] = set()
        while not (self.text.startswith("]", self.at) and self.at > start):
            values |= self._bracket_item()
        self.at += 1
        folded = self._folded(frozenset(values))
        return ANY - folded if negated else folded

    def _bracket_item(self) -> set[int]:
        if self.text.startswith("[:", self.at):
            end = self.text.find(":]", self.at)
            name = self.text[self.at + 2 : end] if end > 0 else ""
            if name not in _CLASSES:
                raise self.refusal(f"unknown class [:{name}:]")
            self.at = end + 2
            return set(_CLASSES[name])
        low = self._bracket_character()
        if not self.text.startswith("-", self.at) or self.text.startswith("-]", self.at):
            return {low}
        self.at += 1
        high = self._bracket_character()
        if high < low:
            raise self.refusal("a range that is empty")
        return set(range(low, high + 1))

    def _bracket_character(self) -> int:
        if self.at >= len(self.text):
            raise self.refusal("unmatched [")
        character = self.text[self.at]
        self.at += 1
        if character == "[" and self.text[self.at : self.at + 1] in {".", "=", ":"}:
            raise self.refusal("a collating element")
        if character == "\\" and self._bracket_escapes and self.at < len(self.text):
            following = self.text[self.at]
            if following in _CONTROL:
                self.at += 1
                return ord(_CONTROL[following])
            if self._awk:
                if following.isalnum():
                    raise self.refusal(f"\\{following} in brackets")
                self.at += 1
                return ord(following)
        return ord(character)
