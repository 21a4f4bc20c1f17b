"""Shell syntax trees as text, and trees without the lines: what a parser must undo."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from pkg2image.maintscript import syntax


def without_lines(node: Any) -> Any:
    """Return a node with every line set to 0, so that trees compare by structure."""
    if isinstance(node, tuple):
        return tuple(map(without_lines, node))
    if not dataclasses.is_dataclass(node) or isinstance(node, type):
        return node
    values = {field.name: without_lines(getattr(node, field.name)) for field in dataclasses.fields(node)}
    return type(node)(**{**values, "line": 0})


def render(script: syntax.Script) -> str:
    """Return a script with this tree, one list a line."""
    writer = _Writer()
    writer.sequence(script)
    return "".join(writer.text)


class _Writer:
    """Text under construction, and the here-documents to write at the next end of a line."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self._documents: list[tuple[str, str]] = []

    def sequence(self, script: syntax.Script) -> None:
        for item in script.items:
            self._pipeline(item.first)
            for connective, pipeline in item.rest:
                self.text.append(f" {connective} ")
                self._pipeline(pipeline)
            if item.background:
                self.text.append(" &")
            self._newline()

    def _newline(self) -> None:
        self.text.append("\n")
        for delimiter, body in self._documents:
            self.text.append(f"{body}{delimiter}\n")
        self._documents.clear()

    def _pipeline(self, pipeline: syntax.Pipeline) -> None:
        self.text.append("! " if pipeline.negated else "")
        for number, command in enumerate(pipeline.commands):
            self.text.append(" | " if number else "")
            self._command(command)

    def _command(self, command: syntax.Command) -> None:
        if isinstance(command, syntax.Simple):
            for assignment in command.assignments:
                self.text.append(f"{assignment.name}={_word(assignment.value)} ")
            self.text += [f"{_word(word)} " for word in command.words]
            self._redirections(command.redirections)
        elif isinstance(command, syntax.Function):
            self.text.append(f"{command.name}() ")
            self._command(command.body)
        else:
            self._compound(command)
            self._redirections(command.redirections)

    def _compound(self, command: syntax.Compound) -> None:
        if isinstance(command, syntax.Subshell):
            self._clause("(", command.body, ")")
        elif isinstance(command, syntax.Group):
            self._clause("{", command.body, "}")
        elif isinstance(command, syntax.If):
            for number, arm in enumerate(command.arms):
                self._clause("elif" if number else "if", arm.condition, "then")
                self._clause("", arm.body, "")
            if command.orelse:
                self._clause("else", command.orelse, "")
            self.text.append("fi ")
        elif isinstance(command, syntax.While):
            self._clause("until" if command.until else "while", command.condition, "do")
            self._clause("", command.body, "done")
        elif isinstance(command, syntax.For):
            self.text.append(f"for {command.name} ")
            if command.words is not None:
                self.text.append(f"in {' '.join(map(_word, command.words))}")
            # No end of a line: dash does not read the here-documents that would follow it.
            self.text.append("; ")
            self._clause("do", command.body, "done")
        else:
            self._case(command)

    def _case(self, command: syntax.Case) -> None:
        self.text.append(f"case {_word(command.subject)} in ")
        for arm in command.arms:
            self.text.append(f"({' | '.join(map(_word, arm.patterns))}) ")
            self._clause("", arm.body, ";;")
        self.text.append("esac ")

    def _clause(self, start: str, body: syntax.Script, end: str) -> None:
        self.text.append(f"{start} ")
        self.sequence(body)
        self.text.append(f"{end} ")

    def _redirections(self, redirections: Iterable[syntax.Redirection]) -> None:
        for redirection in redirections:
            fd = "" if redirection.fd is None else redirection.fd
            if redirection.operator == "<<":
                self._document(fd, redirection.target.parts[0])
            else:
                self.text.append(f" {fd}{redirection.operator}{_word(redirection.target)} ")

    def _document(self, fd: int | str, part: syntax.Part) -> None:
        quoted = isinstance(part, syntax.SingleQuoted)
        body = part.text if isinstance(part, syntax.SingleQuoted) else _quoted(getattr(part, "parts", ()), "$`\\")
        delimiter = "END"
        while delimiter in body:
            delimiter += "X"
        self.text.append(f"{fd}<<'{delimiter}' " if quoted else f"{fd}<<{delimiter} ")
        self._documents.append((delimiter, body))


def _word(word: syntax.Word) -> str:
    return "".join(_part(part) for part in word.parts)


def _part(part: syntax.Part) -> str:
    if isinstance(part, syntax.Literal):
        return part.text
    if isinstance(part, syntax.SingleQuoted):
        return f"'{part.text}'" if len(part.text) != 1 or part.text == "\n" else f"\\{part.text}"
    if isinstance(part, syntax.DoubleQuoted):
        return f'"{_quoted(part.parts, chr(34) + "$`" + chr(92))}"'
    if isinstance(part, syntax.Tilde):
        return f"~{part.user}"
    return _expansion(part, quoted=False)


def _quoted(parts: Iterable[syntax.Part], escaped: str) -> str:
    """Return parts as they stand between double quotes or in a here-document."""
    shown = []
    for part in parts:
        if isinstance(part, syntax.Literal):
            shown.append("".join(f"\\{character}" if character in escaped else character for character in part.text))
        elif isinstance(part, syntax.DoubleQuoted):
            shown.append(_part(part))
        elif not isinstance(part, syntax.SingleQuoted | syntax.Tilde):
            shown.append(_expansion(part, quoted=True))
    return "".join(shown)


def _expansion(part: syntax.Parameter | syntax.CommandSubstitution | syntax.Arithmetic, *, quoted: bool) -> str:
    if isinstance(part, syntax.CommandSubstitution):
        return f"$( {render(part.body)})"
    if isinstance(part, syntax.Arithmetic):
        return f"$(({_quoted(part.parts, '$`' + chr(92))}))"
    if part.operator == "length":
        return f"${{#{part.name}}}"
    word = part.word or syntax.Word((), 0)
    plain = not quoted or part.operator in {"%", "%%", "#", "##"}
    operand = _word(word) if plain else _quoted(word.parts, '"$`\\}')
    return f"${{{part.name}{':' if part.colon else ''}{part.operator}{operand}}}"
