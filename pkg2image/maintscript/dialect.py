"""What stands outside of the plain language: aliases, and the conditions of bash.

Spec: POSIX.1-2017 XCU 2.3.1 (aliases, as dash expands them); bash(1), "Conditional Constructs".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pkg2image.maintscript.conditions import evaluate_test
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.parser import parse
from pkg2image.maintscript.patterns import matches
from pkg2image.maintscript.session import Invocation
from pkg2image.maintscript.syntax import Literal, Script, Simple, Word

if TYPE_CHECKING:
    from pkg2image.maintscript.calls import CallingShell

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_OF_FILES = frozenset({"-b", "-c", "-d", "-e", "-f", "-h", "-L", "-p", "-r", "-s", "-S", "-w", "-x"})
_OF_NUMBERS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})


@dataclass(frozen=True, slots=True)
class Alias:
    """Words that a name stands for.

    Args:
        words: Of a simple command.
        line: Where it was defined; it counts on later lines.
        origin: The script that did it.
    """

    words: tuple[Word, ...]
    line: int
    origin: str


def define_alias(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``alias name=value``.

    A shell expands an alias where it reads a command, before it runs anything of the line or the compound command
    around it. So aliases are understood when they are defined by a command of their own, under a name that means
    nothing else, and stand for a simple command.
    """
    state = shell.state
    if shell.bash or not invocation.arguments or not _is_alone(shell.script_read, invocation.line):
        raise NotUnderstoodError("the builtin alias")
    for argument in invocation.arguments:
        name, equals, value = argument.partition("=")
        taken = name in shell.builtins or name in state.functions or name in invocation.session.commands
        if not equals or taken or not _NAME.fullmatch(name) or value[-1:].isspace():
            raise NotUnderstoodError(f"alias {argument}")
        state.aliases = {**state.aliases, name: Alias(_simple(value, argument), invocation.line, state.origin)}
    return 0


def _is_alone(script: Script | None, line: int) -> bool:
    """Say whether a line of a script is a simple command of its own."""
    on_line = [item for item in script.items if item.line == line] if script else []
    return len(on_line) == 1 and not on_line[0].rest and isinstance(on_line[0].first.commands[0], Simple)


def _simple(value: str, argument: str) -> tuple[Word, ...]:
    items = parse(value, origin="alias").items
    if len(items) == 1 and not items[0].rest and not items[0].background and not items[0].first.negated:
        (command, *others) = items[0].first.commands
        if not others and isinstance(command, Simple) and not command.assignments and not command.redirections:
            return command.words
    raise NotUnderstoodError(f"alias {argument}")


def without_alias(shell: CallingShell, node: Simple) -> Simple:
    """Return a command with its alias expanded."""
    parts = node.words[0].parts if node.words else ()
    if len(parts) != 1 or not isinstance(parts[0], Literal):
        return node
    alias = shell.state.aliases.get(parts[0].text)
    if alias is None:
        return node
    if alias.origin != shell.state.origin:
        raise NotUnderstoodError(f"the alias {parts[0].text} of another script")
    return replace(node, words=alias.words + node.words[1:]) if node.line > alias.line else node


def opens_brackets(node: Simple) -> bool:
    """Say whether a command is ``[[``."""
    return bool(node.words) and node.words[0].parts == (Literal("[[", node.words[0].line),)


def evaluate_brackets(shell: CallingShell, node: Simple) -> int:
    """Run ``[[ ... ]]`` with one condition.

    Raises:
        NotUnderstoodError: When there is more than one, or an operator that is not supported.
    """
    words = list(node.words[1:])
    closed = bool(words) and words[-1].parts == (Literal("]]", words[-1].line),)
    negated = bool(words) and words[0].parts == (Literal("!", words[0].line),)
    words = words[int(negated) : -1]
    texts = [shell.expander.text(word) for word in words]
    match texts if closed and not node.redirections and not node.assignments else ():
        case [value] if value not in {"(", ")"}:
            result = bool(value)
        case ["-n", value]:
            result = bool(value)
        case ["-z", value]:
            result = not value
        case [operator, _] if operator in _OF_FILES:
            result = evaluate_test(shell.invocation(["test", *texts], {})) == 0
        case [value, "=" | "==", _]:
            result = matches(shell.expander.pattern(words[2]), value)
        case [value, "!=", _]:
            result = not matches(shell.expander.pattern(words[2]), value)
        case [left, operator, right] if operator in _OF_NUMBERS and (left + right).isdigit() and left and right:
            result = evaluate_test(shell.invocation(["test", *texts], {})) == 0
        case _:
            raise NotUnderstoodError("[[ of bash")
    return int(result == negated)
