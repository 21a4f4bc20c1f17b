"""The environment that a unit gives to its program, and where each variable comes from.

Spec: systemd.exec(5) ``Environment=``, ``EnvironmentFile=``, ``UnsetEnvironment=``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.analysis.commandline import expand_specifiers, split_words
from pkg2image.analysis.units import Unit, UnitError, read_text
from pkg2image.rootfs.tree import ReadContent, Tree

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPED_IN_QUOTES = '"\\`$'
_SHELL_LINE = re.compile(
    r"""(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=("[^"\\`]*"|'[^']*'|[^\s"'`;&|<>()\\]*)[ \t]*(?:#.*)?"""
)
_SHELL_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and where it is set.

    Args:
        value: Its value.
        origin: Path, and line where it is a unit's.
    """

    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class UnitEnvironment:
    """The environment of a unit.

    Args:
        variables: Name -> value and origin, in the order in which they are set.
        notes: What could not be followed, in sentences.
    """

    variables: Mapping[str, Variable]
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> Mapping[str, str]:
        """Name -> value."""
        return {name: variable.value for name, variable in self.variables.items()}


def environment_of(unit: Unit, tree: Tree, read: ReadContent) -> UnitEnvironment:
    """Return what a unit adds to the environment of its program; files win over what stands in the unit.

    Args:
        unit: The unit.
        tree: Where its files are.
        read: Reads them.
    """
    found: dict[str, Variable] = {}
    notes = []
    for each in unit.every("Environment"):
        try:
            words = split_words(each.value)
        except UnitError as error:
            notes.append(f"{each.origin}: Environment= cannot be followed: {error}")
            continue
        for match in filter(None, map(_ASSIGNMENT.fullmatch, words)):
            try:
                found[match[1]] = Variable(expand_specifiers(match[2], unit), each.origin)
            except UnitError as error:
                notes.append(f"the variable {match[1]} is not set ({each.origin}): {error}; say --env {match[1]}=VALUE")
    for each in unit.every("EnvironmentFile"):
        try:
            path = expand_specifiers(each.value.removeprefix("-"), unit)
        except UnitError as error:
            notes.append(f"{each.origin}: EnvironmentFile= cannot be followed: {error}")
            continue
        text = read_text(tree, read, path)
        if text is None and not each.value.startswith("-"):
            notes.append(f"{each.origin} wants the file {path}, which the image lacks")
        found.update({name: Variable(value, path) for name, value in parse_environment_file(text or "").items()})
    for each in unit.every("UnsetEnvironment"):
        for name in each.value.split():
            found.pop(name.partition("=")[0], None)
    return UnitEnvironment(found, tuple(notes))


class _FileReader:
    """Reads an environment file character by character.

    Args:
        found: Name -> value, filled while reading.
    """

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._state = "before key"
        self._key = ""
        self._value: list[str] = []
        self._kept = 0  # white space at the end of a value is dropped down to here

    def read(self, text: str) -> dict[str, str]:
        for character in text:
            self._take(character)
        if self._state not in {"before key", "key", "comment"}:
            self._push()
        return self.found

    def _take(self, character: str) -> None:
        match self._state:
            case "before key" | "key" | "comment":
                self._take_in_key(character)
            case "before value" | "value":
                self._take_in_value(character)
            case "escape":
                self._state = "value"
                self._append("" if character == "\n" else character, keep=True)
            case "single":
                self._state = "before value" if character == "'" else "single"
                self._append("" if character == "'" else character, keep=True)
            case "double":
                self._state = {'"': "before value", "\\": "double escape"}.get(character, "double")
                self._append("" if character in '"\\' else character, keep=True)
            case _:
                self._state = "double"
                escape = "" if character in _ESCAPED_IN_QUOTES else "\\"
                self._append("" if character == "\n" else escape + character, keep=True)

    def _take_in_key(self, character: str) -> None:
        if character == "\n":
            self._state, self._key = "before key", ""
        elif self._state == "before key" and character in "#;":
            self._state = "comment"
        elif self._state == "key" and character == "=":
            self._state = "before value"
        elif self._state == "key" or (self._state == "before key" and not character.isspace()):
            self._state, self._key = "key", self._key + character

    def _take_in_value(self, character: str) -> None:
        if character == "\n":
            self._push()
        elif character == "\\":
            self._state = "escape"
        elif self._state == "before value" and character in "\"'":
            self._state = "single" if character == "'" else "double"
        elif self._state == "value" or not character.isspace():
            self._state = "value"
            self._append(character)

    def _append(self, text: str, *, keep: bool = False) -> None:
        self._value.append(text)
        if keep or not text.isspace():
            self._kept = len(self._value)

    def _push(self) -> None:
        name = self._key.strip()
        if _NAME.fullmatch(name):
            self.found[name] = "".join(self._value[: self._kept])
        self._state, self._key, self._value, self._kept = "before key", "", [], 0


def parse_environment_file(text: str) -> dict[str, str]:
    """Read a file as ``EnvironmentFile=`` does: shell-like quotes and backslashes, but nothing is expanded.

    Args:
        text: What is in the file.
    """
    return _FileReader().read(text)


def read_shell_assignments(text: str) -> dict[str, str]:
    """Read the plain assignments at the beginning of lines of a shell script, as files of ``/etc/default`` have them.

    ``$NAME`` is what was assigned before, or empty. A line that is anything else is passed over.

    Args:
        text: What is in the file.
    """
    found: dict[str, str] = {}
    for line in text.split("\n"):
        match = _SHELL_LINE.fullmatch(line.rstrip())
        if match is None:
            continue
        value = match[2].strip("'") if match[2].startswith("'") else _expanded(match[2].strip('"'), found)
        if value is not None:
            found[match[1]] = value
    return found


def _expanded(text: str, known: Mapping[str, str]) -> str | None:
    """Return a text with its variables replaced, or None when a dollar sign stands for anything else."""
    if "$" in _SHELL_VARIABLE.sub("", text):
        return None
    return _SHELL_VARIABLE.sub(lambda match: known.get(match[1] or match[2], ""), text)
