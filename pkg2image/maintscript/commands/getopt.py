"""``getopt``: the program that takes the options of a script apart.

Spec: getopt(1) of util-linux 2.38. What it would complain about is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Command, Invocation

_GRAMMAR = Grammar(
    "n:o:l:qs:",
    {"name=": "n", "options=": "o", "longoptions=": "l", "quiet": "q", "shell=": "s"},
    permute=False,
)


def getopt(invocation: Invocation) -> int:
    """``getopt [-n name] [-l long,...] [-o] short -- argument...``."""
    options = _GRAMMAR.parse(invocation.arguments)
    operands = list(options.operands)
    short = options.last("o")
    # Words that do not start with an option ask for the old form, which does not quote.
    old = not invocation.arguments or not invocation.arguments[0].startswith("-")
    if old or options.last("s") not in {None, "sh", "bash"} or (short is None and not operands):
        raise NotUnderstoodError(f"getopt {' '.join(invocation.arguments)}")
    letters = operands.pop(0) if short is None else short
    if letters[:1] in {"-", ":"}:
        raise NotUnderstoodError(f"getopt with the letters {letters}")
    long = {}
    for name in ",".join(options.all("l")).split(","):
        kind = "::" if name.endswith("::") else ":" if name.endswith(":") else ""
        if name:
            long[name.rstrip(":")] = f"={name.rstrip(':')}", kind
    grammar = Grammar(
        letters.removeprefix("+"),
        {name + {"": "", ":": "=", "::": "?"}[kind]: meaning for name, (meaning, kind) in long.items()},
        permute=not letters.startswith("+"),
    )
    found = grammar.parse(operands)
    with_value = _with_value(letters) | {meaning for meaning, kind in long.values() if kind}
    words = []
    for name, value in found.given:
        words.append(f"-{name.replace('=', '-', 1)}")
        if name in with_value:
            words.append(_quoted(value))
    invocation.stdout.text("".join(f" {word}" for word in (*words, "--", *map(_quoted, found.operands))) + "\n")
    return 0


def _with_value(letters: str) -> set[str]:
    return {letter for letter, following in pairwise(letters) if following == ":" != letter}


def _quoted(text: str) -> str:
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"


COMMANDS: Mapping[str, Command] = {"getopt": getopt}
"""Programs by name."""
