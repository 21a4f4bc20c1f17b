"""``read`` and ``getopts``: builtins that take input apart.

Spec: POSIX.1-2017 XCU read, getopts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Invocation
from pkg2image.maintscript.state import DEFAULT_IFS, ShellError

if TYPE_CHECKING:
    from pkg2image.maintscript.calls import CallingShell

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_Char = tuple[str, bool]
_Separates = Callable[[int, set[str]], bool]


def read(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Read a line into variables."""
    names = list(invocation.arguments)
    raw = False
    while names and names[0].startswith("-") and names[0] != "-":
        option = names.pop(0)
        if option == "--":
            break
        if option == "-p" and names:
            names.pop(0)  # the prompt is shown only on a terminal
        elif option == "-r":
            raw = True
        else:
            raise NotUnderstoodError(f"read {option}")
    if not names:
        raise ShellError("arg count")
    for name in names:
        if not _NAME.fullmatch(name):
            raise ShellError(f"{name}: bad variable name")
    line, complete = _line(invocation, raw=raw)
    shell.meter.spend(len(line) + 1)
    values = _split(line, len(names), shell.state.values.get("IFS", DEFAULT_IFS))
    for name, value in zip(names, values, strict=True):
        shell.set_variable(name, value)
    return int(not complete)


def _line(invocation: Invocation, *, raw: bool) -> tuple[list[_Char], bool]:
    """Return the characters of a logical line, each with whether it was escaped, and whether it was ended."""
    found: list[_Char] = []
    while True:
        line = invocation.input.read_line().replace(b"\0", b"")
        text = line.decode("utf-8", "surrogateescape")
        complete = text.endswith("\n")
        characters = iter(text[:-1] if complete else text)
        goes_on = False
        for char in characters:
            if raw or char != "\\":
                found.append((char, False))
                continue
            escaped = next(characters, None)
            if escaped is None:
                goes_on = True
            else:
                found.append((escaped, True))
        if not (goes_on and complete):
            return found, complete


def _split(line: list[_Char], count: int, ifs: str) -> list[str]:
    """Split a line into as many values as there are names; the last one takes the rest."""
    blanks = {char for char in ifs if char in " \t\n"}
    marks = set(ifs)

    def separates(at: int, among: set[str]) -> bool:
        return at < len(line) and not line[at][1] and line[at][0] in among

    values: list[str] = []
    at = 0
    while separates(at, blanks):
        at += 1
    while len(values) < count - 1:
        start = at
        while at < len(line) and not separates(at, marks):
            at += 1
        values.append("".join(char for char, _ in line[start:at]))
        at = _after_separator(line, at, separates, blanks, marks)
    values.append(_rest(line, at, separates, blanks, marks))
    return values


def _after_separator(line: list[_Char], at: int, separates: _Separates, blanks: set[str], marks: set[str]) -> int:
    while separates(at, blanks):
        at += 1
    if separates(at, marks - blanks):
        at += 1
    while separates(at, blanks):
        at += 1
    return min(at, len(line))


def _rest(line: list[_Char], start: int, separates: _Separates, blanks: set[str], marks: set[str]) -> str:
    """Return what the last variable gets: without blanks at the end, and without a separator after its only field."""
    at = start
    while at < len(line) and not separates(at, marks):
        at += 1
    end = len(line)
    if _after_separator(line, at, separates, blanks, marks) == end:
        end = at
    while end > start and separates(end - 1, blanks):
        end -= 1
    return "".join(char for char, _ in line[start:end])


def getopts(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Parse the next option."""
    if len(invocation.arguments) < 2:
        raise ShellError("Usage: getopts optstring var [arg...]")
    options, name, *given = invocation.arguments
    state = shell.state
    arguments = given or list(state.positional)
    index = state.values.get("OPTIND", "1")
    at = int(index) - 1 if index.isdigit() and len(index) < 6 else 0
    if at < 0:
        at, state.letter = 0, 0
    word = arguments[at] if at < len(arguments) else ""
    if not state.letter and (len(word) < 2 or word[0] != "-" or word == "--"):
        state.values["OPTIND"] = str(at + (2 if word == "--" else 1))
        shell.set_variable(name, "?")
        return 1
    return _option(shell, invocation, (options, name), arguments, at)


def _option(shell: CallingShell, invocation: Invocation, spec: tuple[str, str], arguments: list[str], at: int) -> int:
    options, name = spec
    state = shell.state
    silent = options.startswith(":")
    word = arguments[at]
    state.letter = state.letter or 1
    letter = word[state.letter]
    state.letter += 1
    if state.letter >= len(word):
        rest, state.letter, at = "", 0, at + 1
    else:
        rest = word[state.letter :]
    place = options.find(letter)
    found = letter
    state.values.pop("OPTARG", None)
    if place < 0 or letter == ":":
        found = "?"
        if silent:
            state.values["OPTARG"] = letter
        else:
            invocation.stderr.text(f"Illegal option -{letter}\n")
    elif options[place + 1 : place + 2] == ":":
        if rest:
            state.values["OPTARG"], state.letter, at = rest, 0, at + 1
        elif at < len(arguments):
            state.values["OPTARG"], at = arguments[at], at + 1
        elif silent:
            state.values["OPTARG"], found = letter, ":"
        else:
            found = "?"
            invocation.stderr.text(f"No arg for -{letter} option\n")
    state.values["OPTIND"] = str(at + 1)
    shell.set_variable(name, found)
    return 0
