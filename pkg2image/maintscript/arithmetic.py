"""Arithmetic expansion: C's expressions on 64-bit integers.

Spec: POSIX.1-2017 XCU 2.6.4; what dash adds to it is nothing. ``++`` and ``--`` are two signs each, as in dash.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.state import ShellError, State

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|[0-9]+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator><<=|>>=|&&|\|\||[-+*/%&^|<>=!]=|<<|>>|[-+*/%&^|<>=!~?:()]))",
    re.ASCII,
)
_ASSIGNMENTS = frozenset({"=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|="})
_LEVELS = {
    **dict.fromkeys(("*", "/", "%"), 10),
    **dict.fromkeys(("+", "-"), 9),
    **dict.fromkeys(("<<", ">>"), 8),
    **dict.fromkeys(("<", ">", "<=", ">="), 7),
    **dict.fromkeys(("==", "!="), 6),
    "&": 5,
    "^": 4,
    "|": 3,
    "&&": 2,
    "||": 1,
}
_HIGH, _WRAP = 1 << 63, 1 << 64
_MAX_DEPTH = 20
_MAX_DIGITS = 40  # far beyond what fits; longer ones are clamped all the same


def _wrapped(value: int) -> int:
    return (value + _HIGH) % _WRAP - _HIGH


def _quotient(left: int, right: int) -> int:
    if right == 0:
        raise ShellError("arithmetic expression: division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_BINARY: dict[str, Callable[[int, int], int]] = {
    "*": lambda left, right: left * right,
    "/": _quotient,
    "%": lambda left, right: left - _quotient(left, right) * right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "<<": lambda left, right: left << (right & 63),
    ">>": lambda left, right: left >> (right & 63),
    "<": lambda left, right: int(left < right),
    ">": lambda left, right: int(left > right),
    "<=": lambda left, right: int(left <= right),
    ">=": lambda left, right: int(left >= right),
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "&": lambda left, right: left & right,
    "^": lambda left, right: left ^ right,
    "|": lambda left, right: left | right,
}
_UNARY: dict[str, Callable[[int], int]] = {
    "!": lambda value: int(not value),
    "-": lambda value: -value,
    "+": lambda value: value,
    "~": lambda value: ~value,
}


def evaluate(text: str, state: State) -> int:
    """Return the value of an expression whose parameters are expanded already.

    Args:
        text: The expression.
        state: Its variables are read and assigned.

    Raises:
        ShellError: When it is no expression.
    """
    return _Evaluation(_tokens(text), text, state).result()


def _clamped(value: int) -> int:
    return max(-_HIGH, min(value, _HIGH - 1))


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ShellError(f'arithmetic expression: expecting primary: "{text}"')
        kind = token.lastgroup or ""
        found.append((kind, token[kind]))
        at = token.end()
    return found


class _Evaluation:
    """Precedence climbing; what `&&`, `||` and `?:` leave out is parsed without effect."""

    def __init__(self, tokens: list[tuple[str, str]], text: str, state: State) -> None:
        self.tokens = tokens
        self.text = text
        self.state = state
        self.at = 0
        self.asleep = 0
        self.depth = 0

    def result(self) -> int:
        value = self.assignment()
        if self.at < len(self.tokens):
            raise self.error("expecting EOF")
        return value

    def error(self, what: str) -> ShellError:
        return ShellError(f'arithmetic expression: {what}: "{self.text}"')

    def peek(self) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        return text if kind == "operator" else ""

    def expect(self, operator: str) -> None:
        if self.peek() != operator:
            raise self.error(f"expecting '{operator}'")
        self.at += 1

    def assignment(self) -> int:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise NotUnderstoodError("arithmetic is nested too deep")
        value = self.assigned()
        self.depth -= 1
        return value

    def assigned(self) -> int:
        if self.at + 1 < len(self.tokens):
            (kind, name), (_, operator) = self.tokens[self.at : self.at + 2]
            if kind == "name" and operator in _ASSIGNMENTS:
                self.at += 2
                value = self.assignment()
                if self.asleep:
                    return value
                if operator != "=":
                    value = _wrapped(_BINARY[operator[:-1]](self.variable(name), value))
                self.state.set(name, str(value))
                return value
        return self.conditional()

    def conditional(self) -> int:
        condition = self.binary(1)
        if self.peek() != "?":
            return condition
        self.at += 1
        chosen = self.perhaps(self.assignment, awake=bool(condition))
        self.expect(":")
        # The third operand is a conditional, not an assignment, in the grammar of C.
        other = self.perhaps(self.conditional, awake=not condition)
        return chosen if condition else other

    def perhaps(self, part: Callable[[], int], *, awake: bool) -> int:
        self.asleep += not awake
        value = part()
        self.asleep -= not awake
        return value

    def binary(self, level: int) -> int:
        left = self.unary()
        while _LEVELS.get(self.peek(), 0) >= level:
            operator = self.peek()
            self.at += 1
            above = _LEVELS[operator] + 1
            if operator in {"&&", "||"}:
                decided = bool(left) == (operator == "||")
                right = self.perhaps(lambda above=above: self.binary(above), awake=not decided)  # type: ignore[misc]
                left = int(bool(left) if decided else bool(right))
                continue
            right = self.binary(above)
            if not self.asleep or operator not in {"/", "%"}:
                left = _wrapped(_BINARY[operator](left, right))
        return left

    def unary(self) -> int:
        signs = []
        while self.peek() in _UNARY:
            signs.append(self.peek())
            self.at += 1
        value = self.primary()
        for sign in reversed(signs):
            value = _wrapped(_UNARY[sign](value))
        return value

    def primary(self) -> int:
        if self.at >= len(self.tokens):
            raise self.error("expecting primary")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return self.number(text)
        if kind == "name":
            return 0 if self.asleep else self.variable(text)
        if text != "(":
            raise self.error("expecting primary")
        value = self.assignment()
        self.expect(")")
        return value

    def variable(self, name: str) -> int:
        value = self.state.get(name)
        sign, digits = 1, (value or "0").strip()
        if digits[:1] in {"-", "+"}:
            sign, digits = (-1 if digits[0] == "-" else 1), digits[1:]
        if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", digits):
            raise ShellError(f"Illegal number: {value}")
        return _clamped(sign * self.number(digits))

    def number(self, text: str) -> int:
        text = text[:_MAX_DIGITS]
        if text[:2] in {"0x", "0X"}:
            return _clamped(int(text, 16))
        if text.startswith("0") and set(text) & set("89"):
            raise self.error("expecting EOF")
        return _clamped(int(text, 8 if text.startswith("0") else 10))
