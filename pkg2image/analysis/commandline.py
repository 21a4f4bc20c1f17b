r"""Command lines of units: words, quotes, prefixes, specifiers and variables, as systemd follows them.

No shell is involved, so there is no globbing, no command substitution and no ``${NAME:-default}``.

Spec: systemd.service(5) "COMMAND LINES", systemd.syntax(7) "QUOTING", systemd.unit(5) "SPECIFIERS", systemd.exec(5)
"ENVIRONMENT".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pkg2image.analysis.units import Unit, UnitError
from pkg2image.rootfs.dropins import DropInError, quoted_word

_PREFIXES = "@-:+!|"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"\$(\$|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_SPECIFIER = re.compile("%(.?)", re.DOTALL)
_UNIT_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
_MOST_WORDS = 4096
_SYSTEM: Mapping[str, str] = {
    "%": "%",
    "C": "/var/cache",
    "E": "/etc",
    "L": "/var/log",
    "S": "/var/lib",
    "T": "/tmp",  # noqa: S108 - of the image
    "V": "/var/tmp",  # noqa: S108 - of the image
    "g": "root",
    "G": "0",
    "h": "/root",
    "s": "/bin/sh",
    "t": "/run",
    "u": "root",
    "U": "0",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command of an ``Exec...=`` line.

    Args:
        words: Program and arguments; specifiers and variables are still in them.
        may_fail: ``-``: nobody minds its exit code.
        is_literal: ``:``: variables are not replaced.
        is_privileged: ``+``, ``!`` or ``!!``: not run as the user of the unit.
        origin: Path and line of the file.
    """

    words: tuple[str, ...]
    may_fail: bool
    is_literal: bool
    is_privileged: bool
    origin: str


def split_words(text: str) -> tuple[str, ...]:
    """Split a value at white space, without its quotes and with its escapes resolved.

    Raises:
        UnitError: When a quote is not closed, or there are too many words.
    """
    return tuple(word for word, _ in _split(text))


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield words, and whether they stand there without any quote or backslash."""
    at, count = 0, 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        begun = at
        word, at = _word(text, at)
        count += 1
        if count > _MOST_WORDS:
            raise UnitError("there are too many words on the line")
        yield word, text[begun:at] == word


def _word(text: str, at: int) -> tuple[str, int]:
    try:
        raw, at = quoted_word(text, at)
    except DropInError as error:
        raise UnitError(str(error)) from error
    # Escapes may stand for bytes, which only together are characters, or for what no argument can have.
    word = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "\0" in word:
        raise UnitError("a word has a NUL in it")
    return word, at


def split_commands(text: str, origin: str) -> tuple[Command, ...]:
    r"""Split the value of an ``Exec...=`` line; a word ``;`` is between commands, ``\;`` is a semicolon.

    Args:
        text: The value.
        origin: Path and line of the file.

    Raises:
        UnitError: When it cannot be split, or a command has no program.
    """
    commands, words = [], list[str]()
    for word, is_plain in (*_split(text), (";", True)):
        if word == ";" and is_plain:
            if words:
                commands.append(_command(words, origin))
            words = []
        else:
            words.append(";" if word == "\\;" else word)
    return tuple(commands)


def _command(words: list[str], origin: str) -> Command:
    program = words[0].lstrip(_PREFIXES)
    prefix = words[0][: len(words[0]) - len(program)]
    arguments = words[1:]
    if "@" in prefix:  # the word after the program is what it sees as its name
        arguments = arguments[1:]
    if not program:
        raise UnitError("a command has no program")
    return Command(
        (program, *arguments),
        may_fail="-" in prefix,
        is_literal=":" in prefix,
        is_privileged="+" in prefix or "!" in prefix,
        origin=origin,
    )


def expand_specifiers(text: str, unit: Unit) -> str:
    """Return a text with its specifiers replaced.

    Args:
        text: With ``%`` and letters.
        unit: Whose line it is.

    Raises:
        UnitError: When one is unknown, or only a running machine knows it (host name, machine id, kernel).
    """
    if "%" not in text:
        return text
    own = {
        "n": unit.name,
        "N": unit.stem,
        "p": unit.prefix,
        "P": _unit_unescaped(unit.prefix),
        "i": unit.instance,
        "I": _unit_unescaped(unit.instance),
        "j": unit.prefix.rpartition("-")[2],
        "J": _unit_unescaped(unit.prefix.rpartition("-")[2]),
        "f": f"/{_unit_unescaped(unit.instance or unit.prefix).lstrip('/')}",
        "y": f"/{unit.place}",
        "Y": f"/{unit.place.rpartition('/')[0]}",
    }

    def value(match: re.Match[str]) -> str:
        found = own.get(match[1], _SYSTEM.get(match[1]))
        if found is None:
            raise UnitError(f"%{match[1]} has no value before a machine runs")
        return found

    return _SPECIFIER.sub(value, text)


def _unit_unescaped(text: str) -> str:
    return _UNIT_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text.replace("-", "/"))


def expand_command(command: Command, unit: Unit, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that the program of a command is started with.

    Args:
        command: As it stands in the unit.
        unit: Whose command it is.
        environment: Variables of the unit; others are empty, as they are for systemd.

    Raises:
        UnitError: When a specifier has no value.
    """
    words = [expand_specifiers(word, unit) for word in command.words]
    if command.is_literal:
        return tuple(words)
    return (words[0], *(found for word in words[1:] for found in _expanded(word, environment)))


def _expanded(word: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    if word.startswith("$") and word[1:2] not in {"{", "$", ""}:  # a word of its own is split at white space
        return _loosely_split(environment.get(word[1:], ""))
    return (_BRACED.sub(lambda match: environment.get(match[2], "") if match[2] else "$", word),)


def _loosely_split(value: str) -> tuple[str, ...]:
    try:
        return split_words(value)
    except UnitError:
        return tuple(value.split())


def variables_of(command: Command) -> frozenset[str]:
    """Return the names of the variables that a command line is made with."""
    if command.is_literal:
        return frozenset()
    plain = (word[1:] for word in command.words[1:] if word.startswith("$") and _NAME.fullmatch(word[1:]))
    braced = (match[2] for word in command.words[1:] for match in _BRACED.finditer(word) if match[2])
    return frozenset((*plain, *braced))
