"""``expr`` and ``seq``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pkg2image.maintscript.commands.octets import octets, text_of
from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.commands.regex import compile_regex
from pkg2image.maintscript.commands.regex_syntax import Dialect
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation

_SEQ = Grammar("s:w", {"separator=": "s", "equal-width": "w"}, permute=False)
_INTEGER = re.compile(r"-?[0-9]+\Z", re.ASCII)
_MAX_DIGITS = 60
_MAX_NUMBERS = 100_000
_MAX_DEPTH = 50
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("|",),
    ("&",),
    ("<", "<=", "=", "==", "!=", ">=", ">"),
    ("+", "-"),
    ("*", "/", "%"),
)
_COMPARISONS: Mapping[str, Callable[[object, object], bool]] = {
    "<": lambda one, other: one < other,  # type: ignore[operator]
    "<=": lambda one, other: one <= other,  # type: ignore[operator]
    "=": lambda one, other: one == other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    ">=": lambda one, other: one >= other,  # type: ignore[operator]
    ">": lambda one, other: one > other,  # type: ignore[operator]
}


class _ExprError(Exception):
    """What expr reports and leaves with status 2."""


def expr(invocation: Invocation) -> int:
    """``expr`` with all operators of POSIX and ``match``, ``substr``, ``index``, ``length``."""
    arguments = invocation.arguments
    if arguments[:1] == ("--",):
        arguments = arguments[1:]
    if not arguments or arguments[0] in {"--help", "--version"}:
        raise NotUnderstoodError("expr without an expression")
    expression = _Expression(arguments, invocation.files)
    try:
        value = expression.evaluate()
    except _ExprError as error:
        return invocation.fail(str(error), 2)
    invocation.stdout.text(f"{value}\n")
    return 1 if _is_null(value) else 0


def _is_null(value: str) -> bool:
    return value == "" or (_INTEGER.match(value) is not None and value.lstrip("-").strip("0") == "")


class _Expression:
    """The words of an expression and a position in them."""

    def __init__(self, words: tuple[str, ...], files: Files) -> None:
        self._words = words
        self._files = files
        self._at = 0
        self._depth = 0

    def evaluate(self) -> str:
        """Return the value of all words."""
        value = self._level(0)
        if self._at < len(self._words):
            raise _ExprError(f"syntax error: unexpected argument {self._words[self._at]!r}")
        return value

    def _level(self, level: int) -> str:
        if level == len(_LEVELS):
            return self._matched()
        value = self._level(level + 1)
        while self._at < len(self._words) and self._words[self._at] in _LEVELS[level]:
            operator = self._next()
            value = self._apply(operator, value, self._level(level + 1))
        return value

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise _ExprError(f"syntax error: missing argument after {self._words[-1]!r}")
        self._at += 1
        return self._words[self._at - 1]

    def _apply(self, operator: str, one: str, other: str) -> str:
        if operator == "|":
            return one if not _is_null(one) else other if not _is_null(other) else "0"
        if operator == "&":
            return "0" if _is_null(one) or _is_null(other) else one
        if operator in _COMPARISONS:
            numeric = _INTEGER.match(one) and _INTEGER.match(other)
            compare = _COMPARISONS[operator]
            return str(int(compare(int(one), int(other)) if numeric else compare(octets(one), octets(other))))
        return str(_calculate(operator, _integer(one), _integer(other)))

    def _matched(self) -> str:
        value = self._primary()
        while self._at < len(self._words) and self._words[self._at] == ":":
            self._at += 1
            value = _match(value, self._primary(), self._files)
        return value

    def _primary(self) -> str:
        word = self._next()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstoodError("expr: nested too deeply")
        if word == "(":
            value = self._level(0)
            if self._at >= len(self._words) or self._next() != ")":
                raise _ExprError("syntax error: expecting ')'")
        elif word == "+":
            value = self._next()
        elif word in {"match", "substr", "index", "length"}:
            value = self._function(word)
        elif word == ")":
            raise _ExprError("syntax error: unexpected ')'")
        else:
            value = word
        self._depth -= 1
        return value

    def _function(self, name: str) -> str:
        text = self._primary()
        data = octets(text)
        if name == "length":
            return str(len(data))
        if name == "match":
            return _match(text, self._primary(), self._files)
        if name == "index":
            wanted = octets(self._primary())
            return str(next((at for at, byte in enumerate(data, 1) if byte in wanted), 0))
        start, length = self._primary(), self._primary()
        if not (_INTEGER.match(start) and _INTEGER.match(length)) or int(start) < 1 or int(length) < 1:
            return ""
        return text_of(data[int(start) - 1 : int(start) - 1 + int(length)])


def _integer(text: str) -> int:
    if _INTEGER.match(text) is None:
        raise _ExprError("non-integer argument")
    if len(text) > _MAX_DIGITS:
        raise NotUnderstoodError(f"expr: a number of {len(text)} digits")
    return int(text)


def _calculate(operator: str, one: int, other: int) -> int:
    if operator in {"/", "%"}:
        if other == 0:
            raise _ExprError("division by zero")
        quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
        return quotient if operator == "/" else one - quotient * other
    return {"+": one + other, "-": one - other, "*": one * other}[operator]


def _match(text: str, pattern: str, files: Files) -> str:
    """Return the first group, or the number of bytes matched at the start."""
    regex = compile_regex(octets(pattern), Dialect.BASIC)
    files.toil(regex.work(octets(text)))
    match = regex.search_at_start(octets(text))
    if regex.groups:
        return text_of(match.group(1)) if match else ""
    return str(match.end if match else 0)


def seq(invocation: Invocation) -> int:
    """``seq [-s text] [-w] [first [step]] last`` with whole numbers."""
    words = invocation.arguments
    # A negative number looks like an option, so options end before the first number.
    start = next((index for index, word in enumerate(words) if _INTEGER.match(word)), len(words))
    options = _SEQ.parse((*words[:start], "--", *words[start:]))
    operands = options.operands
    if not 1 <= len(operands) <= 3 or not all(_INTEGER.match(word) and len(word) < 16 for word in operands):
        raise NotUnderstoodError("seq of something else than whole numbers")
    first = int(operands[0]) if len(operands) > 1 else 1
    step = int(operands[1]) if len(operands) > 2 else 1
    last = int(operands[-1])
    if step == 0:
        return invocation.fail("invalid Zero increment value: '0'")
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if len(numbers) > _MAX_NUMBERS:
        raise NotUnderstoodError(f"seq of {len(numbers)} numbers")
    texts = [str(value) for value in numbers]
    if "w" in options:
        width = max(len(str(first)), len(str(last)))
        texts = [text.zfill(width) for text in texts]
    separator = options.last("s")
    if texts:
        invocation.stdout.text(("\n" if separator is None else separator).join(texts) + "\n")
    return 0


COMMANDS: Mapping[str, Command] = {"expr": expr, "seq": seq}
