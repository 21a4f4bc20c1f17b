"""Options of commands, taken apart as getopt_long(3) does.

A command names the options it implements; any other is refused, because what it would have meant is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkg2image.maintscript.failure import NotUnderstoodError


@dataclass(frozen=True, slots=True)
class Options:
    """What was given.

    Args:
        given: Options in their order, by canonical name, with their values (empty for those without).
        operands: Everything else.
    """

    given: tuple[tuple[str, str], ...]
    operands: tuple[str, ...]

    def __contains__(self, name: str) -> bool:
        """Say whether an option was given."""
        return any(given == name for given, _ in self.given)

    def last(self, name: str) -> str | None:
        """Return the value of the last one of this name, or None."""
        return next((value for given, value in reversed(self.given) if given == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of all of this name in order."""
        return tuple(value for given, value in self.given if given == name)

    def latest(self, *names: str) -> str | None:
        """Return which of some options that override each other was given last."""
        return next((given for given, _ in reversed(self.given) if given in names), None)


class Grammar:
    """The options a command implements.

    Args:
        short: As for getopt(3): letters, ``:`` behind those with a value, ``::`` behind those whose value is optional
            and attached.
        long: Name -> the letter it is another name of; a name for itself when it has no letter. A name with ``=`` at
            the end takes a value, with ``?`` at the end an optional one.
        permute: Whether options may follow operands, as GNU programs allow.
    """

    __slots__ = ("_long", "_permute", "_short")

    def __init__(self, short: str = "", long: dict[str, str] | None = None, *, permute: bool = True) -> None:
        self._permute = permute
        self._short: dict[str, str] = {}
        pieces = list(short)
        while pieces:
            letter, colons = pieces.pop(0), ""
            while pieces and pieces[0] == ":":
                colons += pieces.pop(0)
            self._short[letter] = colons
        self._long: dict[str, tuple[str, str]] = {}
        for name, meaning in (long or {}).items():
            kind = {"=": ":", "?": "::"}.get(name[-1], "")
            self._long[name.rstrip("=?")] = (meaning, kind)

    def parse(self, arguments: Sequence[str]) -> Options:
        """Take arguments apart.

        Raises:
            NotUnderstoodError: On an option that is not implemented or lacks its value.
        """
        given: list[tuple[str, str]] = []
        operands: list[str] = []
        pending = list(reversed(arguments))
        while pending:
            argument = pending.pop()
            if argument == "--":
                break
            if argument.startswith("--"):
                given.append(self._parse_long(argument, pending))
            elif argument.startswith("-") and len(argument) > 1:
                given += self._parse_short(argument, pending)
            else:
                operands.append(argument)
                if not self._permute:
                    break
        return Options(tuple(given), (*operands, *reversed(pending)))

    def _parse_long(self, argument: str, pending: list[str]) -> tuple[str, str]:
        name, equals, value = argument[2:].partition("=")
        candidates = [name] if name in self._long else [known for known in self._long if known.startswith(name)]
        if len({self._long[known] for known in candidates}) != 1:
            raise NotUnderstoodError(f"option --{name}")
        meaning, kind = self._long[candidates[0]]
        if bool(equals) and not kind:
            raise NotUnderstoodError(f"option {argument}: it takes no value")
        if kind == ":" and not equals:
            value = _required(argument, pending)
        return meaning, value

    def _parse_short(self, argument: str, pending: list[str]) -> list[tuple[str, str]]:
        given = []
        for index, letter in enumerate(argument[1:], 2):
            kind = self._short.get(letter)
            if kind is None:
                raise NotUnderstoodError(f"option -{letter}")
            if kind:
                value = argument[index:]
                given.append((letter, value or (_required(argument, pending) if kind == ":" else "")))
                break
            given.append((letter, ""))
        return given


def _required(argument: str, pending: list[str]) -> str:
    if not pending:
        raise NotUnderstoodError(f"option {argument}: its value is missing")
    return pending.pop()


def number(text: str, what: str) -> int:
    """Return a decimal number without sign.

    Raises:
        NotUnderstoodError: When it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise NotUnderstoodError(f"{what} {text!r} is no number")
    return int(text)
