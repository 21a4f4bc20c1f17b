"""Parser of the POSIX shell: recursive descent, one token of lookahead.

Lists are read in loops and only nested constructs recurse, whose depth is bounded. What dash refuses is refused, and so
is whatever means something else to other shells; nothing is guessed.

Spec: POSIX.1-2017 XCU 2.4, 2.9, 2.10.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pkg2image.maintscript.cursor import Cursor
from pkg2image.maintscript.syntax import (
    AndOr,
    Assignment,
    Case,
    CaseArm,
    Command,
    Compound,
    Connective,
    For,
    Function,
    Group,
    If,
    IfArm,
    Pipeline,
    Redirection,
    Script,
    Simple,
    Subshell,
    While,
    Word,
)
from pkg2image.maintscript.tildes import as_assignment
from pkg2image.maintscript.tokens import END, NEWLINE, REDIRECT, WORD, TokenReader

_LONGEST = 4 * 1024 * 1024  # characters
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+")
_CONNECTIVES: dict[str, Connective] = {"&&": "&&", "||": "||"}
_CLOSING_WORDS = frozenset({"then", "else", "elif", "fi", "do", "done", "esac", "}"})
_CLOSING_KINDS = frozenset({END, ")", ";;"})
_NOT_COMMANDS = _CLOSING_WORDS | {"!", "in"}
# Defining a function of such a name is an error in dash and POSIX, unspecified elsewhere.
_SPECIAL_BUILTINS = frozenset(
    {"break", "continue", "eval", "exec", "exit", "export", "readonly", "return"}
) | frozenset({"set", "shift", "times", "trap", "unset"})


def parse(text: str, *, origin: str) -> Script:
    """Return the syntax tree of a shell script.

    Args:
        text: The whole script; ``latin-1`` or ``surrogateescape`` keep bytes that are no UTF-8.
        origin: What it is, for messages: ``<package> postinst``.

    Raises:
        ShellSyntaxError: It is not a program of the POSIX shell, or too large, or nested too deep.
    """
    cursor = Cursor(text, origin=origin)
    if len(text) > _LONGEST:
        raise cursor.failure(f"longer than {_LONGEST} characters")
    if "\0" in text:
        cursor.position = text.index("\0")
        raise cursor.failure("NUL character")
    return _substitute(cursor, END)


def _substitute(cursor: Cursor, closing: str) -> Script:
    return _Parser(cursor).whole(closing)


class _Parser:
    """Reads commands from a cursor up to their end or to a closing parenthesis."""

    __slots__ = ("_compounds", "_cursor", "_tokens")

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._tokens = TokenReader(cursor, _substitute)
        self._compounds: dict[str | None, Callable[[], Compound]] = {
            "{": self._group,
            "if": self._if,
            "for": self._for,
            "while": self._while,
            "until": self._while,
            "case": self._case,
        }

    def whole(self, closing: str) -> Script:
        """Return everything up to a closing token, which is the last that is read."""
        self._tokens.advance()
        script = self._sequence(may_be_empty=True)
        if self._tokens.kind != closing:
            raise self._tokens.unexpected()
        self._tokens.finish()
        return script

    def _sequence(self, *, may_be_empty: bool = False) -> Script:
        """Read and-or lists up to a token that closes something."""
        tokens = self._tokens
        line = tokens.line
        items: list[AndOr] = []
        tokens.skip_newlines()
        while not self._closes():
            items.append(self._and_or())
            if not items[-1].background:
                if tokens.kind == ";":
                    tokens.advance()
                elif tokens.kind != NEWLINE:
                    break
            tokens.skip_newlines()
        if not items and not may_be_empty:
            raise tokens.unexpected()
        return Script(tuple(items), items[0].line if items else line)

    def _closes(self) -> bool:
        tokens = self._tokens
        return tokens.name in _CLOSING_WORDS if tokens.kind == WORD else tokens.kind in _CLOSING_KINDS

    def _and_or(self) -> AndOr:
        tokens = self._tokens
        first = self._pipeline()
        rest: list[tuple[Connective, Pipeline]] = []
        while tokens.kind in _CONNECTIVES:
            connective = _CONNECTIVES[tokens.kind]
            tokens.advance()
            tokens.skip_newlines()
            rest.append((connective, self._pipeline()))
        background = tokens.kind == "&"
        if background:
            tokens.advance()
        return AndOr(first, tuple(rest), background, first.line)

    def _pipeline(self) -> Pipeline:
        tokens = self._tokens
        line = tokens.line
        negated = tokens.name == "!"
        if negated:
            tokens.advance()
        commands = [self._command()]
        while tokens.kind == "|":
            tokens.advance()
            tokens.skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated, line)

    def _command(self) -> Command:
        tokens = self._tokens
        if tokens.kind == "(" or tokens.name in self._compounds:
            return self._compound()
        if tokens.kind not in {WORD, REDIRECT} or tokens.name in _NOT_COMMANDS:
            raise tokens.unexpected()
        return self._simple()

    def _compound(self) -> Compound:
        tokens = self._tokens
        read = self._subshell if tokens.kind == "(" else self._compounds.get(tokens.name)
        if read is None:
            raise tokens.unexpected()
        self._cursor.enter()
        command = read()
        self._cursor.leave()
        return command

    def _simple(self) -> Simple | Function:
        tokens = self._tokens
        line = tokens.line
        name = tokens.name
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        while True:
            if tokens.kind == WORD:
                assignment = None if words else as_assignment(tokens.word)
                if assignment:
                    assignments.append(assignment)
                else:
                    words.append(tokens.word)
                tokens.advance()
            elif tokens.kind == REDIRECT:
                redirections.append(tokens.redirection())
            elif tokens.kind == "(" and len(words) == 1 and name and not assignments and not redirections:
                return self._function(name, line)
            else:
                return Simple(tuple(assignments), tuple(words), tuple(redirections), line)

    def _function(self, name: str, line: int) -> Function:
        """Read a definition from the parenthesis behind its name."""
        tokens = self._tokens
        if not _NAME.fullmatch(name) or name in _SPECIAL_BUILTINS:
            raise self._cursor.failure(f"{name} cannot name a function", line=line)
        tokens.advance()
        self._expect(")")
        tokens.skip_newlines()
        return Function(name, self._compound(), line)

    def _expect(self, closing: str) -> None:
        """Go over a reserved word or an operator that must be here."""
        tokens = self._tokens
        if closing not in {tokens.name, tokens.kind}:
            raise tokens.unexpected()
        tokens.advance()

    def _redirections(self) -> tuple[Redirection, ...]:
        redirections: list[Redirection] = []
        while self._tokens.kind == REDIRECT:
            redirections.append(self._tokens.redirection())
        return tuple(redirections)

    def _subshell(self) -> Subshell:
        line = self._tokens.line
        self._tokens.advance()
        body = self._sequence()
        self._expect(")")
        return Subshell(body, self._redirections(), line)

    def _group(self) -> Group:
        line = self._tokens.line
        self._tokens.advance()
        body = self._sequence()
        self._expect("}")
        return Group(body, self._redirections(), line)

    def _if(self) -> If:
        tokens = self._tokens
        line = tokens.line
        arms: list[IfArm] = []
        while tokens.name in {"if", "elif"} and (not arms or tokens.name == "elif"):
            arm_line = tokens.line
            tokens.advance()
            condition = self._sequence()
            self._expect("then")
            arms.append(IfArm(condition, self._sequence(), arm_line))
        orelse = None
        if tokens.name == "else":
            tokens.advance()
            orelse = self._sequence()
        self._expect("fi")
        return If(tuple(arms), orelse, self._redirections(), line)

    def _while(self) -> While:
        tokens = self._tokens
        line = tokens.line
        until = tokens.name == "until"
        tokens.advance()
        condition = self._sequence()
        body = self._loop_body()
        return While(condition, body, until, self._redirections(), line)

    def _loop_body(self) -> Script:
        self._expect("do")
        body = self._sequence()
        self._expect("done")
        return body

    def _for(self) -> For:
        tokens = self._tokens
        line = tokens.line
        tokens.advance()
        name = tokens.name
        if not name or not _NAME.fullmatch(name):
            raise tokens.unexpected()
        tokens.advance()
        tokens.skip_newlines()
        words = self._for_words() if tokens.name == "in" else None
        if tokens.kind == ";":
            tokens.advance()
        tokens.skip_newlines()
        body = self._loop_body()
        return For(name, words, body, self._redirections(), line)

    def _for_words(self) -> tuple[Word, ...]:
        tokens = self._tokens
        tokens.advance()
        words: list[Word] = []
        while tokens.kind == WORD:
            words.append(tokens.word)
            tokens.advance()
        if tokens.kind not in {";", NEWLINE}:
            raise tokens.unexpected()
        return tuple(words)

    def _case(self) -> Case:
        tokens = self._tokens
        line = tokens.line
        tokens.advance()
        if tokens.kind != WORD:
            raise tokens.unexpected()
        subject = tokens.word
        tokens.advance()
        tokens.skip_newlines()
        self._expect("in")
        tokens.skip_newlines()
        arms: list[CaseArm] = []
        while tokens.name != "esac":
            arms.append(self._case_arm())
            if tokens.kind != ";;":
                break
            tokens.advance()
            tokens.skip_newlines()
        self._expect("esac")
        return Case(subject, tuple(arms), self._redirections(), line)

    def _case_arm(self) -> CaseArm:
        tokens = self._tokens
        if tokens.kind == "(":
            tokens.advance()
        line = tokens.line
        patterns: list[Word] = []
        while tokens.kind == WORD:
            patterns.append(tokens.word)
            tokens.advance()
            if tokens.kind != "|":
                break
            tokens.advance()
            if tokens.kind != WORD:
                raise tokens.unexpected()
        if not patterns:
            raise tokens.unexpected()
        self._expect(")")
        return CaseArm(tuple(patterns), self._sequence(may_be_empty=True), line)
