"""The tokens of a shell script, and the here-documents that lie between its lines.

Spec: POSIX.1-2017 XCU 2.3, 2.7.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from pkg2image.maintscript.cursor import Cursor
from pkg2image.maintscript.failure import ShellSyntaxError
from pkg2image.maintscript.syntax import (
    DoubleQuoted,
    Literal,
    Part,
    Redirection,
    RedirectionOperator,
    SingleQuoted,
    Tilde,
    Word,
)
from pkg2image.maintscript.words import CONTINUATION, Substitute, WordReader

WORD = "word"
REDIRECT = "redirection"
NEWLINE = "\n"
END = ""


def _operators(*operators: str) -> str:
    """Return a pattern of operators; a line continuation may stand between any two of their characters."""
    return "|".join(r"(?:\\\n)*+".join(map(re.escape, operator)) for operator in operators)


_TOKEN = re.compile(
    r"(?:[ \t]|\\\n)*+(?:\#[^\n]*+)?"
    r"(?:(?P<plain>[^ \t\n|&;<>()$`\\\"'~]++)(?=[ \t\n|&;()]|\Z)"
    r"|(?P<newline>\n)"
    rf"|(?P<fd>[0-9]*+)(?:\\\n)*+(?P<redirect>{_operators('<<-', '<<', '<&', '<>', '<', '>>', '>&', '>|', '>')})"
    rf"|(?P<operator>{_operators('&&', '||', ';;', '&', '|', ';', '(', ')')})"
    r"|)"
)
_EMPTY_LINES = re.compile(r"(?:[ \t]*+(?:\#[^\n]*+)?\n)*+")


@dataclass(frozen=True, slots=True)
class _Pending:
    """A here-document whose body has not come yet.

    Args:
        redirection: What its body belongs to.
        delimiter: The line that ends it.
        quoted: Whether the body is taken literally.
        tabs: Whether leading tabs are dropped.
    """

    redirection: Redirection
    delimiter: str
    quoted: bool
    tabs: bool


class TokenReader:
    """The tokens of a text, one at a time.

    Attributes:
        kind: `WORD`, `REDIRECT`, `NEWLINE`, `END` or the operator itself.
        word: The word, for `WORD`.
        name: The word as it may be reserved or name a function: None when any of it is quoted or expanded, and for
            other kinds.
        line: The line of the token.

    Args:
        cursor: The text; it stands behind the token that was read last.
        substitute: Reads the commands of a substitution.
    """

    __slots__ = ("_cursor", "_fd", "_operator", "_pending", "_start", "_words", "kind", "line", "name", "word")

    def __init__(self, cursor: Cursor, substitute: Substitute) -> None:
        self._cursor = cursor
        self._words = WordReader(cursor, substitute)
        self._pending: list[_Pending] = []
        self._start = cursor.position
        self._fd = ""
        self._operator = ""
        self.kind = END
        self.word = Word((), 1)
        self.name: str | None = None
        self.line = 1

    def advance(self) -> None:
        """Read the next token.

        Raises:
            ShellSyntaxError: No token starts here, or a here-document has no end.
        """
        cursor = self._cursor
        match = _TOKEN.match(cursor.text, cursor.position)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            self._advance_word(match.end() if match else cursor.position)
            return
        self.name = None
        self._start = match.start(kind)
        self.line = cursor.line_at(self._start)
        cursor.position = match.end()
        if kind == "plain":
            self.kind = WORD
            self.name = match[kind]
            self.word = Word((Literal(self.name, self.line),), self.line)
        elif kind == "newline":
            self.kind = NEWLINE
            self._end_line()
        elif kind == "operator":
            self.kind = match[kind].replace(CONTINUATION, "")
        else:
            self.kind = REDIRECT
            self._fd = match["fd"]
            self._operator = match[kind].replace(CONTINUATION, "")

    def skip_newlines(self) -> None:
        """Go on to the first token that is no newline."""
        while self.kind == NEWLINE:
            self.advance()

    def redirection(self) -> Redirection:
        """Return the redirection that starts with this token and go on to the next token.

        The body of a here-document follows only after the line, so its node is completed by `advance`.

        Raises:
            ShellSyntaxError: No word follows the operator, or it cannot end a here-document.
        """
        line = self.line
        operator = self._operator
        fd = int(self._fd) if self._fd else None
        if len(self._fd) > 1:
            raise self._cursor.failure("file descriptors above 9 mean different things to different shells")
        self.advance()
        if self.kind != WORD:
            raise self.unexpected()
        node = Redirection(fd, cast("RedirectionOperator", operator.removesuffix("-")), self.word, line)
        if node.operator == "<<":
            source = self._cursor.text[self._start : self._cursor.position]
            quoted = not {"'", '"', "\\"}.isdisjoint(source.replace(CONTINUATION, ""))
            self._pending.append(_Pending(node, self._delimiter(), quoted=quoted, tabs=operator == "<<-"))
        self.advance()
        return node

    def finish(self) -> None:
        """Say that the text ends behind this token.

        Raises:
            ShellSyntaxError: The body of a here-document has not come.
        """
        if self._pending:
            raise self._cursor.failure("here-document without a body")

    def unexpected(self) -> ShellSyntaxError:
        """Return the error for a token that may not stand here."""
        names = {WORD: f"word {self.name}" if self.name else "word", NEWLINE: "end of line", END: "end of the script"}
        shown = names.get(self.kind, self._operator if self.kind == REDIRECT else self.kind)
        return self._cursor.failure(f"unexpected {shown}", line=self.line)

    def _advance_word(self, start: int) -> None:
        """Read a word that is more than plain characters, or notice the end."""
        cursor = self._cursor
        cursor.position = self._start = start
        self.line = cursor.line_at(start)
        self.name = None
        self.kind = WORD if start < len(cursor.text) else END
        if self.kind == WORD:
            self.word = self._words.word()
            first = self.word.parts[0] if len(self.word.parts) == 1 else None
            self.name = first.text if isinstance(first, Literal) else None

    def _end_line(self) -> None:
        """Read the here-documents of the line that ends here, then skip lines without a token."""
        for pending in self._pending:
            body = self._body(pending)
            # Nobody has seen the node yet but the command under construction, so it is still being made here.
            object.__setattr__(pending.redirection, "target", body)
        self._pending.clear()
        match = _EMPTY_LINES.match(self._cursor.text, self._cursor.position)
        if match:
            self._cursor.position = match.end()

    def _body(self, pending: _Pending) -> Word:
        cursor = self._cursor
        first_line = cursor.line_at(cursor.position)
        lines: list[str] = []
        continued = False
        while cursor.position < len(cursor.text):
            end = cursor.text.find("\n", cursor.position) + 1 or len(cursor.text)
            line = cursor.text[cursor.position : end]
            cursor.position = end
            if not continued:
                line = line.lstrip("\t") if pending.tabs else line
                if line.removesuffix("\n") == pending.delimiter:
                    return self._document("".join(lines), first_line, quoted=pending.quoted)
            content = line.removesuffix("\n")
            continued = not pending.quoted and (len(content) - len(content.rstrip("\\"))) % 2 == 1
            lines.append(line)
        raise cursor.failure(f"here-document without its end {pending.delimiter}", line=first_line)

    def _document(self, text: str, line: int, *, quoted: bool) -> Word:
        if quoted:
            return Word((SingleQuoted(text, line),), line)
        return self._words.of(self._cursor.inner(text, line)).document()

    def _delimiter(self) -> str:
        """Return the word as the delimiter of a here-document: without quotes, not expanded."""
        return "".join(map(self._characters, self.word.parts))

    def _characters(self, part: Part) -> str:
        if isinstance(part, Literal | SingleQuoted):
            return part.text
        if isinstance(part, Tilde):
            return f"~{part.user}"
        if isinstance(part, DoubleQuoted):
            return "".join(map(self._characters, part.parts))
        raise self._cursor.failure("expansion in the delimiter of a here-document")
