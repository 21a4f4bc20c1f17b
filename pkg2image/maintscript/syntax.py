"""The syntax tree of a shell script.

Every node is a value; ``line`` is the line of the script its first character stands on, from 1, so that a report can
name the place. Quotes, escapes, comments and line continuations are resolved: what a part says is what it means.

Spec: POSIX.1-2017 XCU 2.2 to 2.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

ParameterOperator = OneOf["", "-", "=", "?", "+", "%", "%%", "#", "##", "length"]
RedirectionOperator = OneOf["<", ">", ">>", ">|", "<>", "<&", ">&", "<<"]
Connective = OneOf["&&", "||"]


@dataclass(frozen=True, slots=True)
class Literal:
    """Characters that stand for themselves.

    Unquoted, they are subject to pathname expansion and are pattern characters in a pattern, and in the word of a
    parameter expansion also to field splitting; inside `DoubleQuoted` they are quoted. Never empty, and two of them
    never stand side by side.

    Args:
        text: The characters.
        line: Where they start.
    """

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class SingleQuoted:
    r"""Quoted characters: ``'text'``, or one character after a backslash outside of double quotes.

    Args:
        text: The characters without their quotes; may be empty.
        line: Where the quote opens.
    """

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class DoubleQuoted:
    r"""``"parts"``; also the whole body of a here-document whose delimiter is not quoted.

    Args:
        parts: `Literal` (escapes already resolved), `Parameter`, `CommandSubstitution` and `Arithmetic`; another
            `DoubleQuoted` only directly in the word of a `Parameter` (``"${x:-"y"}"``), where all of it stays quoted.
        line: Where the quote opens.
    """

    parts: tuple[Part, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Tilde:
    """An unquoted ``~`` or ``~user`` at the start of a word, of an assigned value, or after a ``:`` in such a value.

    Args:
        user: The login name; empty for the value of HOME.
        line: Where it stands.
    """

    user: str
    line: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name``, ``${name}`` or ``${name<operator>word}``.

    Args:
        name: A variable name, a decimal number, or one of ``@ * # ? - $ !``.
        operator: ``""`` for the value alone, ``"length"`` for ``${#name}``, else as written without the colon.
        colon: Whether an empty value counts as unset (``:-``, ``:=``, ``:?``, ``:+``).
        word: What follows the operator, perhaps without parts; None exactly for the operators ``""`` and ``"length"``.
            For ``- = ? +`` inside of `DoubleQuoted` its literals are quoted like the rest; for ``% %% # ##`` it is a
            pattern with quotes of its own wherever the expansion stands.
        line: Where the ``$`` stands.
    """

    name: str
    operator: ParameterOperator
    colon: bool
    word: Word | None
    line: int


@dataclass(frozen=True, slots=True)
class CommandSubstitution:
    """``$(body)`` or the same in backquotes.

    Args:
        body: The commands; perhaps none.
        line: Where it opens.
    """

    body: Script
    line: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((expression))``.

    Args:
        parts: The expression before its expansion: `Literal`, `Parameter`, `CommandSubstitution` and `Arithmetic`.
        line: Where it opens.
    """

    parts: tuple[Part, ...]
    line: int


Part = Literal | SingleQuoted | DoubleQuoted | Tilde | Parameter | CommandSubstitution | Arithmetic


@dataclass(frozen=True, slots=True)
class Word:
    """One word before its expansion.

    Args:
        parts: What it is made of; empty only for an assigned value or the word of a `Parameter`.
        line: Where it starts.
    """

    parts: tuple[Part, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=value`` before a command word, or alone.

    Args:
        name: The variable.
        value: What is assigned; without parts for an empty value.
        line: Where it stands.
    """

    name: str
    value: Word
    line: int


@dataclass(frozen=True, slots=True)
class Redirection:
    """``[fd]<operator>target``.

    Args:
        fd: The descriptor written before the operator, 0 to 9; None for the default one.
        operator: As written; ``"<<"`` also for ``<<-``.
        target: The file name or descriptor; of a here-document its body, with the leading tabs of ``<<-`` already
            gone: one `SingleQuoted` when the delimiter was quoted, else one `DoubleQuoted`.
        line: Where the operator stands.
    """

    fd: int | None
    operator: RedirectionOperator
    target: Word
    line: int


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, a command with arguments, redirections; at least one of them.

    Args:
        assignments: In order, all before the first word.
        words: The command name and its arguments.
        redirections: In order.
        line: Where the command starts.
    """

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Subshell:
    """``( body )``."""

    body: Script
    redirections: tuple[Redirection, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Group:
    """``{ body; }``."""

    body: Script
    redirections: tuple[Redirection, ...]
    line: int


@dataclass(frozen=True, slots=True)
class IfArm:
    """``if condition; then body`` or the same with ``elif``."""

    condition: Script
    body: Script
    line: int


@dataclass(frozen=True, slots=True)
class If:
    """``if ... fi``.

    Args:
        arms: The ``if`` and every ``elif``, in order.
        orelse: The commands of ``else``, or None.
        redirections: Those after ``fi``.
        line: Where ``if`` stands.
    """

    arms: tuple[IfArm, ...]
    orelse: Script | None
    redirections: tuple[Redirection, ...]
    line: int


@dataclass(frozen=True, slots=True)
class For:
    """``for name in words; do body; done``.

    Args:
        name: The variable.
        words: What it runs through; None without ``in``, which means ``"$@"``.
        body: The commands.
        redirections: Those after ``done``.
        line: Where ``for`` stands.
    """

    name: str
    words: tuple[Word, ...] | None
    body: Script
    redirections: tuple[Redirection, ...]
    line: int


@dataclass(frozen=True, slots=True)
class While:
    """``while condition; do body; done``.

    Args:
        condition: Run before each turn.
        body: The commands.
        until: Whether it is ``until``: the loop runs as long as the condition fails.
        redirections: Those after ``done``.
        line: Where the loop starts.
    """

    condition: Script
    body: Script
    until: bool
    redirections: tuple[Redirection, ...]
    line: int


@dataclass(frozen=True, slots=True)
class CaseArm:
    """``pattern | pattern) body ;;``.

    Args:
        patterns: At least one.
        body: The commands; perhaps none.
        line: Where the first pattern stands.
    """

    patterns: tuple[Word, ...]
    body: Script
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """``case subject in arms esac``."""

    subject: Word
    arms: tuple[CaseArm, ...]
    redirections: tuple[Redirection, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Function:
    """``name() body``.

    Args:
        name: A variable name, and not that of a special built-in.
        body: A compound command; its redirections are made whenever the function is called.
        line: Where the name stands.
    """

    name: str
    body: Compound
    line: int


Compound = Subshell | Group | If | For | While | Case
Command = Simple | Compound | Function


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``[!] command | command``.

    Args:
        commands: At least one.
        negated: Whether ``!`` stands before it.
        line: Where it starts.
    """

    commands: tuple[Command, ...]
    negated: bool
    line: int


@dataclass(frozen=True, slots=True)
class AndOr:
    """``first && pipeline || pipeline``, evaluated from the left.

    Args:
        first: The first pipeline.
        rest: The others, each with the connective before it.
        background: Whether ``&`` ends the list.
        line: Where it starts.
    """

    first: Pipeline
    rest: tuple[tuple[Connective, Pipeline], ...]
    background: bool
    line: int


@dataclass(frozen=True, slots=True)
class Script:
    """Commands one after the other: a whole script, or the body of a compound command.

    Args:
        items: The and-or lists in order; empty only for a whole script, a command substitution and an arm of a case.
        line: Where it starts.
    """

    items: tuple[AndOr, ...]
    line: int
