"""Word expansion: tilde, parameters, command substitution, arithmetic, fields, pathnames, quote removal.

Spec: POSIX.1-2017 XCU 2.6; where it leaves a choice, what dash does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from pkg2image.maintscript.arithmetic import evaluate
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.fields import Fields, PatternText, Sink, Text, is_wild
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.limits import Meter
from pkg2image.maintscript.patterns import has_wildcards, without_prefix, without_suffix
from pkg2image.maintscript.state import DEFAULT_IFS, ShellError, State
from pkg2image.maintscript.syntax import (
    Arithmetic,
    CommandSubstitution,
    DoubleQuoted,
    Literal,
    Parameter,
    Part,
    Script,
    SingleQuoted,
    Tilde,
    Word,
)
from pkg2image.maintscript.tildes import as_assignment

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_FIELD_COST = 64  # what a field counts beside its characters
_PATTERN_COST = 16  # characters of text times pattern that are looked at for the price of one


class Substituting(Protocol):
    """What expansion needs of the shell."""

    state: State
    meter: Meter
    bash: bool

    @property
    def files(self) -> Files:
        """The files of the image."""

    def substitute(self, body: Script) -> str:
        """Run commands in a subshell and return what they print, without the line feeds at its end."""


class Expander:
    """Expands words in the current state of a shell."""

    def __init__(self, shell: Substituting) -> None:
        self._shell = shell
        self._expand: dict[type, Callable[..., None]] = {
            Literal: self._literal,
            SingleQuoted: self._single_quoted,
            DoubleQuoted: self._double_quoted,
            Tilde: self._tilde,
            Parameter: self._parameter,
            CommandSubstitution: self._substitution,
            Arithmetic: self._arithmetic,
        }

    def fields(self, words: Sequence[Word], *, assigning: bool = False) -> list[str]:
        """Return the fields that words become.

        Args:
            words: The words.
            assigning: Whether ``name=value`` is not split, as for ``export``.
        """
        found: list[str] = []
        for word in words:
            if assigning and (assignment := as_assignment(word)):
                found.append(f"{assignment.name}={self.text(assignment.value)}")
                continue
            if len(word.parts) == 1:
                part = word.parts[0]
                if type(part) is SingleQuoted or (type(part) is Literal and not is_wild(part.text)):
                    self._check_braces(part)
                    found.append(part.text)
                    continue
            found += self._fields(word)
        return found

    def _fields(self, word: Word) -> list[str]:
        shell = self._shell
        sink = Fields(shell.state.values.get("IFS", DEFAULT_IFS))
        self._parts(word.parts, sink)
        sink.end()
        shell.meter.spend(_FIELD_COST * len(sink.fields))
        found: list[str] = []
        for text, pattern in sink.fields:
            if is_wild(pattern) and "noglob" not in shell.state.options and has_wildcards(pattern):
                shell.meter.spend(len(pattern))
                found += shell.files.glob(pattern) or (text,)
            else:
                found.append(text)
        return found

    def text(self, word: Word) -> str:
        """Return a word as one text: neither split nor matched with files."""
        if len(word.parts) == 1 and isinstance(word.parts[0], (Literal, SingleQuoted)):
            return word.parts[0].text
        sink = Text()
        self._parts(word.parts, sink)
        return self._shell.meter.hold(sink.result)

    def pattern(self, word: Word) -> str:
        """Return a word as a pattern."""
        sink = PatternText()
        self._parts(word.parts, sink)
        return self._shell.meter.hold(sink.result)

    def _check_braces(self, part: Part) -> None:
        """Refuse what bash would expand and no other shell."""
        if self._shell.bash and isinstance(part, Literal) and re.search(r"\{.*(,|\.\.).*\}", part.text):
            raise NotUnderstoodError("brace expansion", line=part.line)

    def _parts(self, parts: Sequence[Part], sink: Sink, *, quoted: bool = False, inner: bool = False) -> None:
        for part in parts:
            self._expand[type(part)](part, sink, quoted=quoted, inner=inner)

    def _literal(self, part: Literal, sink: Sink, *, quoted: bool, inner: bool) -> None:
        self._check_braces(part)
        (sink.value if inner else sink.literal)(part.text, quoted=quoted)

    def _single_quoted(self, part: SingleQuoted, sink: Sink, *, quoted: bool, inner: bool) -> None:  # noqa: ARG002
        sink.literal(part.text, quoted=True)

    def _double_quoted(self, part: DoubleQuoted, sink: Sink, *, quoted: bool, inner: bool) -> None:  # noqa: ARG002
        # Without parameters "$@" is no field at all, but beside anything else an empty one, as in dash.
        nothing = not self._shell.state.positional and all(
            isinstance(each, Parameter) and each.name == "@" and not each.operator for each in part.parts
        )
        if not nothing or not part.parts:
            sink.literal("", quoted=True)
        for each in part.parts:
            if isinstance(each, Literal):
                sink.literal(each.text, quoted=True)
            else:
                self._expand[type(each)](each, sink, quoted=True, inner=False)

    def _tilde(self, part: Tilde, sink: Sink, *, quoted: bool, inner: bool) -> None:  # noqa: ARG002
        home = self._home(part.user)
        sink.literal(f"~{part.user}" if home is None else home, quoted=True)

    def _home(self, user: str) -> str | None:
        if not user:
            return self._shell.state.get("HOME")
        files = self._shell.files
        lines = files.text("/etc/passwd").splitlines() if files.is_file("/etc/passwd") else []
        fields = (line.split(":") for line in lines)
        return next((field[5] for field in fields if field[0] == user and len(field) > 5), None)

    def _substitution(self, part: CommandSubstitution, sink: Sink, *, quoted: bool, inner: bool) -> None:  # noqa: ARG002
        sink.value(self._shell.substitute(part.body), quoted=quoted)

    def _arithmetic(self, part: Arithmetic, sink: Sink, *, quoted: bool, inner: bool) -> None:  # noqa: ARG002
        expression = Text()
        self._parts(part.parts, expression, quoted=True)
        self._shell.meter.spend(len(expression.result))
        sink.value(str(evaluate(expression.result, self._shell.state)), quoted=quoted)

    # -- parameters -----------------------------------------------------------------------------------------------

    def _parameter(self, part: Parameter, sink: Sink, *, quoted: bool, inner: bool) -> None:  # noqa: ARG002
        name, operator = part.name, part.operator
        value = self._value(name)
        if operator in {"-", "=", "?", "+"}:
            if (value is None or (part.colon and not value)) == (operator == "+"):
                if operator == "+":
                    return
            elif operator in {"-", "+"}:
                self._parts(part.word.parts if part.word else (), sink, quoted=quoted, inner=True)
                return
            else:
                value = self._assigned(part) if operator == "=" else self._refused(part)
                sink.value(value, quoted=quoted)
                return
        elif value is None and "nounset" in self._shell.state.options and name not in {"@", "*"}:
            raise ShellError(f"{name}: parameter not set")
        if operator == "length":
            sink.value(str(len((value or "").encode("utf-8", "surrogateescape"))), quoted=quoted)
        elif operator in {"%", "%%", "#", "##"}:
            sink.value(self._trimmed(part, value or ""), quoted=quoted)
        elif name in {"@", "*"}:
            state = self._shell.state
            sink.several(state.positional, at=name == "@", quoted=quoted, separator=state.separator)
        elif value is not None:
            sink.value(value, quoted=quoted)

    def _value(self, name: str) -> str | None:
        state = self._shell.state
        if name in {"@", "*"}:
            value = state.separator.join(state.positional) if state.positional else None
        else:
            value = state.get(name)
        if value:
            self._shell.meter.spend(len(value))
        return value

    def _assigned(self, part: Parameter) -> str:
        if not _NAME.fullmatch(part.name):
            raise ShellError(f"{part.name}: bad variable name")
        value = self.text(part.word) if part.word else ""
        self._shell.state.set(part.name, value)
        return value

    def _refused(self, part: Parameter) -> str:
        reason = self.text(part.word) if part.word else ""
        raise ShellError(f"{part.name}: {reason or 'parameter not set'}")

    def _trimmed(self, part: Parameter, value: str) -> str:
        if part.name in {"@", "*"} or part.word is None:
            raise NotUnderstoodError(f"${{{part.name}{part.operator}...}}", line=part.line)
        pattern = self.pattern(part.word)
        self._shell.meter.spend(len(pattern) * len(value) // _PATTERN_COST)
        trim = without_prefix if part.operator.startswith("#") else without_suffix
        return trim(pattern, value, longest=len(part.operator) == 2)
