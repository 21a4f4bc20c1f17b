"""``test`` and ``[``.

The grammar is that of dash, whose handling of three and four arguments follows POSIX and whose other expressions are
read from the left; so ``-a``, ``-o``, ``!`` and parentheses mean here what they mean there.

Spec: POSIX.1-2017 XCU test; dash 0.5.12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.programs import is_left_out
from pkg2image.maintscript.session import Invocation, Session
from pkg2image.maintscript.state import ShellError
from pkg2image.rootfs.tree import Entry, Kind

_KINDS = {
    "-f": Kind.FILE,
    "-d": Kind.DIRECTORY,
    "-c": Kind.CHARACTER,
    "-b": Kind.BLOCK,
    "-p": Kind.FIFO,
}
_BITS = {"-u": 0o4000, "-g": 0o2000, "-k": 0o1000}
_UNARY = frozenset({*_KINDS, *_BITS, "-e", "-r", "-w", "-x", "-s", "-S", "-h", "-L", "-O", "-G", "-t", "-z", "-n"})
_NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
}
_BINARY = frozenset({*_NUMERIC, "=", "!=", "<", ">", "-nt", "-ot", "-ef"})
_TRUE_OF_PROGRAMS = frozenset({"-e", "-f", "-r", "-s", "-x"})
_OTHER = frozenset({"!", "-a", "-o", "(", ")"})
_MAX_NESTING = 50


def evaluate_test(invocation: Invocation, *, bash: bool = False) -> int:
    """Run ``test`` or ``[``.

    Args:
        invocation: The call.
        bash: Whether ``==`` is an operator, as in bash.

    Returns:
        0 for true, 1 for false.

    Raises:
        ShellError: When it is no expression.
    """
    arguments = list(invocation.arguments)
    if invocation.name == "[" and (not arguments or arguments.pop() != "]"):
        raise ShellError("missing ]")
    if bash:
        arguments = ["=" if argument == "==" and at > 0 else argument for at, argument in enumerate(arguments)]
    return int(not _Expression(arguments, invocation.session).value())


class _Expression:
    """A walk over the arguments with dash's one token of lookahead."""

    def __init__(self, arguments: Sequence[str], session: Session) -> None:
        self.words = arguments
        self.session = session
        self.at = 0
        self.depth = 0

    @property
    def files(self) -> Files:
        return self.session.files

    def value(self) -> bool:
        inverted = False
        words = self.words
        while True:
            if not words:
                return inverted
            if len(words) == 3 and words[1] in _BINARY:
                return self._evaluated(words, first="") != inverted
            if len(words) in {3, 4}:
                if words[0] == "(" and words[-1] == ")":
                    words = words[1:-1]
                    break
                if words[0] == "!":
                    inverted = not inverted
                    words = words[1:]
                    continue
            break
        return self._evaluated(words) != inverted

    def _evaluated(self, words: Sequence[str], first: str | None = None) -> bool:
        self.words = words
        result = self.either(self.token(0) if first is None else first)
        if self.at + 1 < len(self.words):
            raise ShellError(f"{self.words[self.at]}: unexpected operator")
        return result

    def word(self, at: int) -> str | None:
        return self.words[at] if at < len(self.words) else None

    def token(self, at: int) -> str | None:
        """Return an operator, the empty text for an operand, or None at the end."""
        word = self.word(at)
        if word is None or word not in _UNARY | _BINARY | _OTHER:
            return None if word is None else ""
        if word in _UNARY and self.is_operand(at):
            return ""
        if word == "(" and self.word(at + 1) is None:
            return ""
        return word

    def is_operand(self, at: int) -> bool:
        following = self.word(at + 1)
        if following is None:
            return True
        return self.word(at + 2) is not None and following in _BINARY

    def either(self, token: str | None) -> bool:
        self.depth += 1
        if self.depth > _MAX_NESTING:
            raise NotUnderstoodError("a test that nests too deep")
        result = False
        while True:
            result = self.both(token) or result
            if self.token(self.at + 1) != "-o":
                break
            self.at += 2
            token = self.token(self.at)
        self.depth -= 1
        return result

    def both(self, token: str | None) -> bool:
        result = True
        while True:
            result = self.negation(token) and result
            if self.token(self.at + 1) != "-a":
                return result
            self.at += 2
            token = self.token(self.at)

    def negation(self, token: str | None) -> bool:
        inverted = False
        while token == "!":  # noqa: S105
            token = self.token(self.at + 1)
            if token is not None:
                self.at += 1
            inverted = not inverted
        return self.primary(token) != inverted

    def primary(self, token: str | None) -> bool:
        if token is None:
            return False
        if token == "(":  # noqa: S105
            return self.parenthesis()
        if token in _UNARY:
            self.at += 1
            operand = self.word(self.at)
            if operand is None:
                raise ShellError(f"{token}: argument expected")
            return self.unary(token, operand)
        if self.token(self.at + 1) in _BINARY:
            return self.binary()
        return bool(self.word(self.at))

    def parenthesis(self) -> bool:
        self.at += 1
        token = self.token(self.at)
        if token == ")":  # noqa: S105
            return False
        result = self.either(token)
        self.at += 1
        if self.token(self.at) != ")":
            raise ShellError("closing paren expected")
        return result

    def binary(self) -> bool:
        left = self.words[self.at]
        operator = self.words[self.at + 1]
        self.at += 2
        right = self.word(self.at)
        if right is None:
            raise ShellError(f"{operator}: argument expected")
        if operator in _NUMERIC:
            return _NUMERIC[operator](_integer(left), _integer(right))
        if operator in {"=", "!="}:
            return (left == right) == (operator == "=")
        if operator in {"<", ">"}:
            low, high = (left, right) if operator == "<" else (right, left)
            return low.encode("utf-8", "surrogateescape") < high.encode("utf-8", "surrogateescape")
        return self.compared(operator, left, right)

    def compared(self, operator: str, left: str, right: str) -> bool:
        one, other = self.files.lookup(left), self.files.lookup(right)
        if operator == "-ef":
            return one is not None and other is not None and self.same(left, right, one, other)
        if operator == "-ot":
            one, other = other, one
        # What scripts write has one time, so an answer that hangs on it would be a guess.
        if one is not None and other is not None and {one.package, other.package} & {""}:
            raise NotUnderstoodError(f"the age of {left} and {right}")
        return one is not None and (other is None or one.mtime > other.mtime)

    def same(self, left: str, right: str, one: Entry, other: Entry) -> bool:
        linked = bool(one.inode) and one.inode == other.inode
        return linked or self.files.canonical(left) == self.files.canonical(right)

    def unary(self, operator: str, operand: str) -> bool:
        if operator in {"-z", "-n"}:
            return bool(operand) == (operator == "-n")
        if operator == "-t":
            _integer(operand)
            return False
        try:
            entry = self.files.lstat(operand) if operator in {"-h", "-L"} else self.files.lookup(operand)
        except FilesError:
            return False
        if entry is None:
            return operator in _TRUE_OF_PROGRAMS and is_left_out(self.session, operand)
        return _is(operator, entry)


def _is(operator: str, entry: Entry) -> bool:
    if operator in _KINDS:
        return entry.kind is _KINDS[operator]
    if operator in _BITS:
        return bool(entry.mode & _BITS[operator])
    answers = {
        "-h": entry.kind is Kind.SYMLINK,
        "-L": entry.kind is Kind.SYMLINK,
        "-s": entry.size > 0 or entry.kind is Kind.DIRECTORY,
        "-x": entry.kind is Kind.DIRECTORY or bool(entry.mode & 0o111),
        "-S": False,
        "-O": entry.user in {"root", "0"},
        "-G": entry.group in {"root", "0"},
    }
    return answers.get(operator, True)  # scripts run as root, who may read and write everything


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?[0-9]{1,18}\s*", text, re.ASCII):
        raise ShellError(f"Illegal number: {text}")
    return int(text)
