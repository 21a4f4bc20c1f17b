"""Which programs a shell script calls: the command words of its syntax tree.

Only a name that stands there can be told. What the script defines itself, what the shell has built in, and what the
script asks for before it calls it (``command -v``, ``[ -x /usr/bin/x ]``) is no need.

Spec: POSIX.1-2017 XCU 2.9.1 "Simple Commands", 2.14 "Special Built-In Utilities".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise

from pkg2image.maintscript.syntax import DoubleQuoted, Function, Literal, Script, Simple, SingleQuoted, Word

_BUILTIN = frozenset(
    (
        *(".", ":", "[", "[[", "alias", "bg", "break", "builtin", "caller", "cd", "command", "continue", "declare"),
        *("dirs", "disown", "echo", "enable", "eval", "exec", "exit", "export", "false", "fc", "fg", "getopts", "hash"),
        *("help", "history", "jobs", "kill", "let", "local", "mapfile", "popd", "printf", "pushd", "pwd", "read"),
        *(
            "readarray",
            "readonly",
            "return",
            "set",
            "shift",
            "shopt",
            "source",
            "test",
            "times",
            "trap",
            "true",
            "type",
        ),
        *("typeset", "ulimit", "umask", "unalias", "unset", "wait"),
    )
)
_ASKING = frozenset({"command", "hash", "type", "which"})
_NAME = re.compile(r"/?[A-Za-z0-9_][A-Za-z0-9_.+/-]*|\[")
# Programs and built-in commands whose first argument that is no option is another program.
_STARTING = frozenset({"command", "env", "exec", "nice", "nohup", "setsid", "xargs"})
_TEST = frozenset({"[", "test"})
_TAKING_VALUES = {"exec": "a", "env": "uC", "nice": "n", "xargs": "aEILnPs"}


@dataclass(frozen=True, slots=True)
class ShellCalls:
    """What a script calls and knows.

    Args:
        programs: Name or path of each program that is called, with the first line that does, in the order of the names.
        known: What it defines as a function, or asks for before it calls it.
        sources: Files that it reads as a part of itself; None for one that only a running shell can tell.
    """

    programs: tuple[tuple[str, int], ...]
    known: frozenset[str]
    sources: tuple[str | None, ...]


def shell_calls(script: Script) -> ShellCalls:
    """Return what a script calls.

    Args:
        script: Its syntax tree.
    """
    called: dict[str, int] = {}
    known: set[str] = set()
    sources: set[str | None] = set()
    for node in _nodes(script):
        if isinstance(node, Function):
            known.add(node.name)
        elif isinstance(node, Simple) and node.words:
            words = [literal_text(word) for word in node.words]
            known.update(_asked_for(words))
            if words[0] in {".", "source"}:
                sources.update(words[1:2])
            for name in _started(words):
                called[name] = min(node.line, called.get(name, node.line))
    known |= {name.rpartition("/")[2] for name in known}
    programs = ((name, line) for name, line in sorted(called.items()) if name not in _BUILTIN)
    return ShellCalls(tuple(programs), frozenset(known), tuple(sorted(sources, key=lambda path: path or "")))


def literal_text(word: Word) -> str | None:
    """Return a word without its quotes, or None when only a running shell knows what it is."""
    found = []
    for part in word.parts:
        match part:
            case Literal() | SingleQuoted():
                found.append(part.text)
            case DoubleQuoted() if all(isinstance(inner, Literal) for inner in part.parts):
                found += [inner.text for inner in part.parts if isinstance(inner, Literal)]
            case _:
                return None
    return "".join(found)


def _nodes(node: object) -> Iterator[object]:
    """Yield a node and everything below it."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, tuple):
            waiting += here
        elif is_dataclass(here):
            yield here
            waiting += (getattr(here, field.name) for field in fields(here))


def _asked_for(words: list[str | None]) -> Iterator[str]:
    """Yield the programs whose presence a command asks for."""
    first, *rest = words
    if first in _ASKING:
        if first == "command" and not any(word in {"-v", "-V"} for word in rest):
            return
        yield from (word for word in rest if word and not word.startswith("-"))
    elif first in _TEST:
        for option, path in pairwise(rest):
            if option in {"-x", "-e", "-f", "-s"} and path:
                yield path


def _started(words: list[str | None]) -> Iterator[str]:
    """Yield the programs that a command starts: its name, and what that one is asked to start."""
    while words and words[0] is not None and _NAME.fullmatch(words[0]):
        name = words[0]
        yield name
        if name not in _STARTING or (name == "command" and any(word in {"-v", "-V"} for word in words)):
            return
        words = _after_options(name, words[1:])


def _after_options(name: str, words: list[str | None]) -> list[str | None]:
    taking = _TAKING_VALUES.get(name, "")
    while words and words[0] is not None and (words[0].startswith("-") or (name == "env" and "=" in words[0])):
        option = words[0]
        words = words[2:] if len(option) == 2 and option[1] in taking else words[1:]
    return words
