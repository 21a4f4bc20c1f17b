"""The language of sed, read into a list of commands.

Spec: POSIX.1-2017 sed; the manual of GNU sed 4.9. Refused are the commands that no maintainer script uses and that
would do something outside a pipe: ``e``, ``w``, ``W``, ``F``, ``l``, ``v``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pkg2image.maintscript.commands.regex import Regex, compile_regex
from pkg2image.maintscript.commands.regex_syntax import Dialect
from pkg2image.maintscript.failure import NotUnderstoodError

_PLAIN = frozenset("dDgGhHnNpPxz={}")
_ESCAPES = {"n": "\n", "t": "\t", "f": "\f", "v": "\v", "r": "\r", "a": "\a"}
_SPECIAL = frozenset(".*[]^$+?(){}|&")
_MAX_SCRIPT = 200_000  # bytes
_AT_MOST_ONE_ADDRESS = frozenset("=qQ")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a command applies.

    Args:
        kind: ``line``, ``last``, ``regex`` (None: the one used last), ``step`` (first~step), ``more`` (``+n``),
            ``multiple`` (``~n``); the last two only as the end of a range.
        number: Of a line, or n.
        step: Of ``step``.
        regex: Of ``regex``.
    """

    kind: str
    number: int = 0
    step: int = 0
    regex: Regex | None = None


@dataclass(frozen=True, slots=True)
class Substitution:
    """The operands of ``s``.

    Args:
        regex: None for the one used last.
        replacement: Bytes, numbers of groups (0: the whole match), and letters that change the case of what follows.
        occurrence: The first one to replace.
        every: Whether all later ones are replaced too.
        output: Whether the result is printed.
    """

    regex: Regex | None
    replacement: tuple[bytes | int | str, ...]
    occurrence: int = 1
    every: bool = False
    output: bool = False


@dataclass(frozen=True, slots=True)
class SedCommand:
    """One command.

    Args:
        name: Its letter.
        first: Address, or start of a range.
        last: End of a range.
        negated: Whether it applies where the addresses do not.
        text: Of ``a``, ``i``, ``c``; the file of ``r``.
        number: Exit status of ``q``; of ``{``, ``b``, ``t`` and ``T`` the index of the command to go on with.
        label: Of ``b``, ``t``, ``T`` and ``:``.
        table: Of ``y``.
        substitution: Of ``s``.
    """

    name: str
    first: Address | None = None
    last: Address | None = None
    negated: bool = False
    text: bytes = b""
    number: int = 0
    label: str = ""
    table: bytes = b""
    substitution: Substitution | None = None


def parse_script(script: str, *, extended: bool) -> tuple[SedCommand, ...]:
    """Read a script; one character of it is one byte.

    Raises:
        NotUnderstoodError: When it is wrong or uses what is not supported.
    """
    if len(script) > _MAX_SCRIPT:
        raise NotUnderstoodError(f"a sed script of {len(script)} bytes")
    reader = _Reader(script, Dialect.EXTENDED if extended else Dialect.BASIC)
    reader.read()
    return _with_targets(reader.commands)


def _with_targets(commands: list[SedCommand]) -> tuple[SedCommand, ...]:
    labels = {command.label: index for index, command in enumerate(commands) if command.name == ":"}
    labels[""] = len(commands)
    opened: list[int] = []
    for index, command in enumerate(commands):
        if command.name in "btT":
            if command.label not in labels:
                raise NotUnderstoodError(f"sed: no label {command.label!r}")
            commands[index] = replace(command, number=labels[command.label])
        elif command.name == "{":
            opened.append(index)
        elif command.name == "}":
            if not opened:
                raise NotUnderstoodError("sed: a } without {")
            start = opened.pop()
            commands[start] = replace(commands[start], number=index)
    if opened:
        raise NotUnderstoodError("sed: a { without }")
    return tuple(commands)


@dataclass(slots=True)
class _Reader:
    """A position in a script."""

    text: str
    dialect: Dialect
    at: int = 0
    commands: list[SedCommand] = field(default_factory=list)

    def read(self) -> None:
        """Read all commands."""
        while True:
            self._skip(" \t\n;")
            if self.at >= len(self.text):
                return
            if self._peek() == "#":
                self._line()
            else:
                self.commands.append(self._command())

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip(self, characters: str) -> None:
        while self._peek() and self._peek() in characters:
            self.at += 1

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self.at += 1
        return True

    def _refusal(self, why: str) -> NotUnderstoodError:
        return NotUnderstoodError(f"sed script {self.text!r}: {why}")

    def _command(self) -> SedCommand:
        first, last = self._address(), None
        self._skip(" \t")
        if first is not None and self._take(","):
            self._skip(" \t")
            last = self._address(end=True)
            if last is None:
                raise self._refusal("the end of a range is missing")
        if first is not None and first.kind == "line" and first.number == 0 and (last is None or last.kind != "regex"):
            raise self._refusal("there is no line 0")
        self._skip(" \t")
        negated = False
        while self._take("!"):
            negated = True
            self._skip(" \t")
        name = self._peek()
        self.at += 1
        if last is not None and name in _AT_MOST_ONE_ADDRESS - {"="}:
            raise self._refusal(f"{name} takes one address")
        return self._operands(SedCommand(name, first, last, negated))

    def _address(self, *, end: bool = False) -> Address | None:
        character = self._peek()
        if character.isdigit():
            number = self._number()
            if not end and self._take("~"):
                return Address("step", number, step=self._number())
            return Address("line", number)
        if character == "$":
            self.at += 1
            return Address("last")
        if end and character and character in "+~":
            self.at += 1
            return Address("more" if character == "+" else "multiple", self._number())
        if character in {"/", "\\"}:
            self.at += 1 if character == "/" else 2
            pattern = self._delimited(self.text[self.at - 1 : self.at], regex=True)
            ignore_case = False
            while self._peek() and self._peek() in "IM":
                ignore_case = True
                if self._peek() == "M":
                    raise self._refusal("flag M")
                self.at += 1
            return Address("regex", regex=self._regex(pattern, ignore_case=ignore_case))
        return None

    def _number(self) -> int:
        start = self.at
        while self._peek() and self._peek() in "0123456789":
            self.at += 1
        if not 0 < self.at - start < 10:
            raise self._refusal("a number is missing")
        return int(self.text[start : self.at])

    def _regex(self, pattern: str, *, ignore_case: bool) -> Regex | None:
        if not pattern:
            return None
        return compile_regex(pattern.encode("latin-1"), self.dialect, ignore_case=ignore_case, bracket_escapes=True)

    def _delimited(self, delimiter: str, *, regex: bool) -> str:
        r"""Return the text up to the delimiter; ``\<delimiter>`` becomes the delimiter alone."""
        if delimiter in {"", "\n", "\\"}:
            raise self._refusal("a delimiter that cannot be one")
        pieces = []
        while not self._take(delimiter):
            character = self._peek()
            self.at += 1
            if character == "\\":
                following = self._peek()
                self.at += 1
                if regex and following == delimiter and following in _SPECIAL:
                    raise self._refusal("an escaped delimiter that means something itself")
                if regex and following == "\n":
                    raise self._refusal("a newline in a regular expression")
                plain = following == delimiter and (regex or following != "&")
                character = following if plain else "\\" + following
            elif character in {"", "\n"}:
                raise self._refusal("not terminated")
            pieces.append(character)
        return "".join(pieces)

    def _operands(self, command: SedCommand) -> SedCommand:
        name = command.name or "end"
        if name in {"a", "i", "c"}:
            return replace(command, text=self._inserted().encode("latin-1"))
        if name == "r":
            return replace(command, text=self._line().strip().encode("latin-1"))
        if name == ":" and command.first is not None:
            raise self._refusal(": takes no address")
        if name in {":", "b", "t", "T"}:
            command = replace(command, label=self._label())
        elif name == "s":
            command = replace(command, substitution=self._substitution())
        elif name == "y":
            command = replace(command, table=self._table())
        elif name in {"q", "Q"}:
            self._skip(" \t")
            command = replace(command, number=self._number() if self._peek().isdigit() else 0)
        elif name not in _PLAIN:
            raise self._refusal(f"command {command.name!r}")
        if name not in {"{", ":"}:
            self._end_of_command()
        return command

    def _end_of_command(self) -> None:
        self._skip(" \t")
        if self._peek() in {"", ";", "\n", "}", "#"}:
            return
        raise self._refusal(f"{self._peek()!r} behind a command")

    def _line(self) -> str:
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        line, self.at = self.text[self.at : end], end
        return line

    def _label(self) -> str:
        self._skip(" \t")
        start = self.at
        while self._peek() not in {"", ";", "\n", "}", " ", "\t"}:
            self.at += 1
        return self.text[start : self.at]

    def _inserted(self) -> str:
        """Return the text of ``a``, ``i`` or ``c``: up to a newline without backslash before it."""
        self._skip(" \t")
        if self._peek() == "\\":
            rest = self.text[self.at + 1 :].lstrip(" \t")
            # One line behind "a\" is GNU's way to keep leading blanks.
            self.at = len(self.text) - len(rest) + 1 if rest.startswith("\n") else self.at + 1
        if self._peek() in {"", "}"}:
            raise self._refusal("text is missing")
        pieces = []
        while (character := self._peek()) not in {"", "\n"}:
            self.at += 1
            if character == "\\":
                character = self._peek()
                self.at += 1
                if character.isalnum() and character not in _ESCAPES:
                    raise self._refusal(f"\\{character} in text")
                character = "\t" if character == "t" else character
                if character in _ESCAPES:
                    raise self._refusal(f"\\{character} in text")
            pieces.append(character)
        return "".join(pieces) + "\n"

    def _substitution(self) -> Substitution:
        delimiter = self._peek()
        self.at += 1
        pattern = self._delimited(delimiter, regex=True)
        replacement = self._replacement(self._delimited(delimiter, regex=False))
        occurrence, flags = 1, set()
        while (flag := self._peek()) and flag in "gpiI0123456789 \t":
            if flag in " \t":
                self.at += 1
            elif flag.isdigit():
                occurrence = self._number()
                if "number" in flags or occurrence == 0:
                    raise self._refusal("flags of s")
                flags.add("number")
            else:
                self.at += 1
                flags.add(flag.lower())
        if self._peek() and self._peek() in "mMew":
            raise self._refusal(f"flag {self._peek()} of s")
        regex = self._regex(pattern, ignore_case="i" in flags)
        highest = max((part for part in replacement if isinstance(part, int)), default=0)
        if regex is not None and highest > regex.groups:
            raise self._refusal(f"there is no group {highest}")
        return Substitution(regex, replacement, occurrence, every="g" in flags, output="p" in flags)

    def _replacement(self, text: str) -> tuple[bytes | int | str, ...]:
        parts: list[bytes | int | str] = []
        characters = iter(text)
        for character in characters:
            if character == "&":
                parts.append(0)
            elif character == "\\":
                following = next(characters, "")
                if following.isdigit():
                    parts.append(int(following))
                elif following and following in "LUluE":
                    parts.append(following)
                elif following in _ESCAPES:
                    parts.append(_ESCAPES[following].encode("latin-1"))
                elif following.isalnum() or not following:
                    raise self._refusal(f"\\{following} in a replacement")
                else:
                    parts.append(following.encode("latin-1"))
            else:
                parts.append(character.encode("latin-1"))
        return tuple(parts)

    def _table(self) -> bytes:
        delimiter = self._peek()
        self.at += 1
        source, target = (self._unescaped(self._delimited(delimiter, regex=False)) for _ in range(2))
        if len(source) != len(target):
            raise self._refusal("the texts of y differ in length")
        table = bytearray(range(256))
        for old, new in zip(reversed(source), reversed(target), strict=True):
            table[old] = new
        return bytes(table)

    def _unescaped(self, text: str) -> bytes:
        result = []
        characters = iter(text)
        for character in characters:
            if character != "\\":
                result.append(character)
                continue
            following = next(characters, "")
            if following != "\\" and following not in _ESCAPES:
                raise self._refusal(f"\\{following} in y")
            result.append(_ESCAPES.get(following, following))
        return "".join(result).encode("latin-1")
