"""The words of a shell script: quotes, escapes and expansions.

The characters between two marks that mean something are taken in one step by a regular expression; which marks mean
something depends on what is being read, so each kind of text has a `_Context`.

Spec: POSIX.1-2017 XCU 2.2, 2.6; where that leaves a choice, what dash does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from pkg2image.maintscript.cursor import Cursor
from pkg2image.maintscript.syntax import (
    Arithmetic,
    CommandSubstitution,
    DoubleQuoted,
    Literal,
    Parameter,
    ParameterOperator,
    Part,
    Script,
    SingleQuoted,
    Word,
)
from pkg2image.maintscript.tildes import with_tilde

Substitute = Callable[[Cursor, str], Script]
"""Reads commands up to a closing parenthesis (which is consumed) or, for the empty string, up to the end."""

CONTINUATION = "\\\n"
_CONTINUED = r"(?:\\\n)*+"

_DOLLAR = re.compile(
    rf"\${_CONTINUED}(?:"
    r"(?P<name>[A-Za-z_](?:[A-Za-z0-9_]|\\\n)*+)"
    r"|(?P<special>[0-9@*#?$!-])"
    r"|(?P<brace>\{)"
    rf"|(?P<arithmetic>\({_CONTINUED}\()"
    r"|(?P<command>\()"
    r"|(?P<foreign>\[))"
)
_BRACED = re.compile(
    r"\#(?P<length>[A-Za-z_][A-Za-z0-9_]*+|[0-9]++|[#?$!-])(?=\})"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*+|[0-9]++|[@*#?$!-])(?:(?P<colon>:)?(?P<default>[-=?+])|(?P<trim>%%|%|\#\#|\#))?"
)
_ARITHMETIC_END = re.compile(rf"\){_CONTINUED}\)")
_BACKQUOTED = re.compile(r"`([^`\\]*+(?:\\.[^`\\]*+)*+)`", re.DOTALL)
_BACKQUOTE_ESCAPE = re.compile(r"\\([$`\\])")
_QUOTED_BACKQUOTE_ESCAPE = re.compile(r'\\([$`\\"])')


@dataclass(frozen=True, slots=True)
class _Context:
    """How the characters of one kind of text are taken.

    Args:
        run: Matches the characters without a meaning, perhaps none.
        ends: The marks that end the text and are not consumed; the empty string is the end of the script.
        escapable: What a backslash takes the meaning of; empty where it quotes any character.
        quoted: Whether the text is quoted like that in double quotes.
    """

    run: re.Pattern[str]
    ends: frozenset[str]
    escapable: str
    quoted: bool


_WORD = _Context(re.compile(r"[^ \t\n|&;<>()$`\\\"']*+"), frozenset(" \t\n|&;<>()") | {""}, "", quoted=False)
_BRACED_WORD = _Context(re.compile(r"[^}$`\\\"']*+"), frozenset("}"), "", quoted=False)
_DOUBLE_QUOTED = _Context(re.compile(r"[^\"$`\\]*+"), frozenset('"'), '$`"\\', quoted=True)
_QUOTED_BRACED_WORD = _Context(re.compile(r"[^}\"$`\\]*+"), frozenset("}"), '$`"\\}', quoted=True)
_DOCUMENT = _Context(re.compile(r"[^$`\\]*+"), frozenset({""}), "$`\\", quoted=True)
_ARITHMETIC = _Context(re.compile(r"[^()$`\\]*+"), frozenset("()"), "$`\\", quoted=True)


class _Parts:
    """Parts under construction; characters that follow each other become one literal."""

    __slots__ = ("_characters", "_line", "_parts")

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._characters: list[str] = []
        self._line = 0

    def text(self, characters: str, line: int) -> None:
        """Add characters that stand for themselves."""
        if not self._characters:
            self._line = line
        self._characters.append(characters)

    def part(self, part: Part) -> None:
        """Add anything else."""
        self._flush()
        self._parts.append(part)

    def finish(self) -> tuple[Part, ...]:
        """Return all parts."""
        self._flush()
        return tuple(self._parts)

    def _flush(self) -> None:
        if self._characters:
            self._parts.append(Literal("".join(self._characters), self._line))
            self._characters.clear()


class WordReader:
    """Reads words from where a cursor stands.

    Args:
        cursor: The text.
        substitute: Reads the commands of a substitution.
    """

    __slots__ = ("_cursor", "_substitute")

    def __init__(self, cursor: Cursor, substitute: Substitute) -> None:
        self._cursor = cursor
        self._substitute = substitute

    def of(self, cursor: Cursor) -> WordReader:
        """Return a reader of another text that is part of the same script."""
        return WordReader(cursor, self._substitute)

    def word(self) -> Word:
        """Return the word that starts at the cursor.

        Raises:
            ShellSyntaxError: A quote or expansion has no end, or an expansion is none of the POSIX shell.
        """
        line = self._line()
        return Word(with_tilde(self._parts(_WORD)), line)

    def document(self) -> Word:
        """Return the rest of the text as the body of a here-document.

        Raises:
            ShellSyntaxError: As for `word`.
        """
        line = self._line()
        return Word((DoubleQuoted(self._parts(_DOCUMENT), line),), line)

    def _line(self) -> int:
        return self._cursor.line_at(self._cursor.position)

    def _parts(self, context: _Context) -> tuple[Part, ...]:
        parts = _Parts()
        self._fill(parts, context)
        return parts.finish()

    def _fill(self, parts: _Parts, context: _Context) -> None:
        """Read up to a mark that ends the context."""
        cursor = self._cursor
        text = cursor.text
        while True:
            start = cursor.position
            run = context.run.match(text, start)
            if run and run.end() > start:
                parts.text(run[0], cursor.line_at(start))
                cursor.position = run.end()
            mark = text[cursor.position : cursor.position + 1]
            if mark in context.ends:
                return
            self._special(mark, parts, context)

    def _special(self, mark: str, parts: _Parts, context: _Context) -> None:
        """Read what a mark introduces."""
        if mark == "\\":
            self._escape(parts, context)
        elif mark == "$":
            self._dollar(parts, context)
        elif mark == "`":
            parts.part(self._backquoted(context))
        elif mark == '"':
            parts.part(self._double_quoted())
        elif mark == "'":
            parts.part(self._single_quoted())
        else:
            raise self._cursor.failure(f"missing {' or '.join(sorted(context.ends))} at the end of the script")

    def _escape(self, parts: _Parts, context: _Context) -> None:
        cursor = self._cursor
        line = self._line()
        character = cursor.text[cursor.position + 1 : cursor.position + 2]
        if character == "\n":
            cursor.position += 2
        elif not context.escapable:
            # At the very end of the script the backslash stands for itself.
            cursor.position += 1 + len(character)
            parts.part(SingleQuoted(character or "\\", line))
        elif character and character in context.escapable:
            cursor.position += 2
            parts.text(character, line)
        else:
            cursor.position += 1
            parts.text("\\", line)

    def _single_quoted(self) -> SingleQuoted:
        cursor = self._cursor
        line = self._line()
        end = cursor.text.find("'", cursor.position + 1)
        if end < 0:
            raise cursor.failure("unterminated single quotes")
        text = cursor.text[cursor.position + 1 : end]
        cursor.position = end + 1
        return SingleQuoted(text, line)

    def _double_quoted(self) -> DoubleQuoted:
        cursor = self._cursor
        line = self._line()
        cursor.enter()
        cursor.position += 1
        parts = self._parts(_DOUBLE_QUOTED)
        cursor.position += 1
        cursor.leave()
        return DoubleQuoted(parts, line)

    def _backquoted(self, context: _Context) -> CommandSubstitution:
        """Read a substitution in backquotes, whose text is unescaped before it is read as commands."""
        cursor = self._cursor
        line = self._line()
        match = _BACKQUOTED.match(cursor.text, cursor.position)
        if not match:
            raise cursor.failure("unterminated backquotes")
        escape = _QUOTED_BACKQUOTE_ESCAPE if context.quoted else _BACKQUOTE_ESCAPE
        cursor.enter()
        body = self._substitute(cursor.inner(escape.sub(r"\1", match[1]), line), "")
        cursor.leave()
        cursor.position = match.end()
        return CommandSubstitution(body, line)

    def _dollar(self, parts: _Parts, context: _Context) -> None:
        cursor = self._cursor
        line = self._line()
        match = _DOLLAR.match(cursor.text, cursor.position)
        if not match:
            cursor.position += 1
            if not context.quoted and cursor.text.startswith(("'", '"'), cursor.position):
                raise cursor.failure("quotes after a dollar sign mean different things to different shells")
            parts.text("$", line)
            return
        cursor.position = match.end()
        kind = match.lastgroup
        if kind in {"name", "special"}:
            parts.part(Parameter(match[kind].replace(CONTINUATION, ""), "", colon=False, word=None, line=line))
        elif kind == "brace":
            parts.part(self._braced(context, line))
        elif kind == "command":
            parts.part(self._command(line))
        elif kind == "arithmetic":
            parts.part(self._arithmetic(line))
        else:
            raise cursor.failure("arithmetic in brackets is not of the POSIX shell")

    def _command(self, line: int) -> CommandSubstitution:
        self._cursor.enter()
        body = self._substitute(self._cursor, ")")
        self._cursor.leave()
        return CommandSubstitution(body, line)

    def _arithmetic(self, line: int) -> Arithmetic:
        cursor = self._cursor
        cursor.enter()
        parts = _Parts()
        open_parentheses = 0
        while True:
            self._fill(parts, _ARITHMETIC)
            mark = cursor.text[cursor.position]
            if mark == ")" and not open_parentheses:
                break
            open_parentheses += 1 if mark == "(" else -1
            parts.text(mark, self._line())
            cursor.position += 1
        end = _ARITHMETIC_END.match(cursor.text, cursor.position)
        if not end:
            raise cursor.failure("missing )) of an arithmetic expansion")
        cursor.position = end.end()
        cursor.leave()
        return Arithmetic(parts.finish(), line)

    def _braced(self, context: _Context, line: int) -> Parameter:
        """Read an expansion from behind its opening brace."""
        cursor = self._cursor
        match = _BRACED.match(cursor.text, cursor.position)
        if not match:
            raise cursor.failure("expansion that is not of the POSIX shell")
        cursor.position = match.end()
        operator = match["default"] or match["trim"]
        word = self._operand(context, pattern=match["default"] is None) if operator else None
        if not cursor.text.startswith("}", cursor.position):
            raise cursor.failure("expansion that is not of the POSIX shell")
        cursor.position += 1
        if match["length"]:
            return Parameter(match["length"], "length", colon=False, word=None, line=line)
        known = cast("ParameterOperator", operator or "")
        return Parameter(match["name"], known, colon=match["colon"] is not None, word=word, line=line)

    def _operand(self, context: _Context, *, pattern: bool) -> Word:
        """Read the word behind an operator; a pattern has quotes of its own even inside of double quotes."""
        cursor = self._cursor
        line = self._line()
        cursor.enter()
        quoted = context.quoted and not pattern
        parts = self._parts(_QUOTED_BRACED_WORD if quoted else _BRACED_WORD)
        cursor.leave()
        return Word(parts if quoted else with_tilde(parts), line)
