"""Syntax trees as bytes, to be kept and loaded again sooner than their scripts are parsed.

The form is JSON: a node is a list of the number of its kind and its fields in order, a tuple is a list that begins with
-1, and everything else is itself. The two shapes that most of a script consists of have shorter forms: a word of plain
characters, and a command that stands alone.

What a script does on a first installation is a small part of what it could do, so the commands of a body are made of
their JSON when somebody asks for them.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from pkg2image.maintscript import syntax
from pkg2image.maintscript.syntax import AndOr, Literal, Pipeline, Script, Word

_KINDS: tuple[type[Any], ...] = (
    *(syntax.Literal, syntax.SingleQuoted, syntax.DoubleQuoted, syntax.Tilde, syntax.Parameter),
    *(syntax.CommandSubstitution, syntax.Arithmetic, syntax.Word, syntax.Assignment, syntax.Redirection),
    *(syntax.Simple, syntax.Subshell, syntax.Group, syntax.IfArm, syntax.If, syntax.For, syntax.While),
    *(syntax.CaseArm, syntax.Case, syntax.Function, syntax.Pipeline, syntax.AndOr, syntax.Script),
)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _KINDS}
_SCRIPT = _NUMBERS[Script]
_TUPLE, _PLAIN_WORD, _LONE_COMMAND = -1, -2, -3
_DAMAGED = (AttributeError, IndexError, RecursionError, TypeError, ValueError)


class _KeptScript(Script):
    """A script whose commands are still to be made of their JSON."""

    __slots__ = ("_kept", "_made")
    _kept: object
    _made: tuple[AndOr, ...] | None

    def __init__(self, kept: object, line: int) -> None:
        for name, value in (("line", line), ("_kept", kept), ("_made", None)):
            object.__setattr__(self, name, value)

    @property
    def items(self) -> tuple[AndOr, ...]:
        """The and-or lists in order."""
        made = self._made
        if made is None:
            made = _node(self._kept)
            object.__setattr__(self, "_made", made)
        return made


def dump_script(script: Script) -> bytes:
    """Return a syntax tree as bytes, always the same for the same tree."""
    return json.dumps(_plain(script), separators=(",", ":")).encode()


def load_script(data: bytes) -> Script | None:
    """Return the syntax tree that bytes of `dump_script` stand for, or None when they are none."""
    try:
        script = _node(json.loads(data))
    except _DAMAGED:
        return None
    return script if isinstance(script, Script) else None


def _plain(value: object) -> object:
    match value:
        case Word((Literal(text, line),), same) if line == same:
            return [_PLAIN_WORD, text, line]
        case AndOr(Pipeline((command,), False, line), (), False, same) if line == same == command.line:
            return [_LONE_COMMAND, _plain(command)]
        case tuple():
            return [_TUPLE, *map(_plain, value)]
    number = _SCRIPT if isinstance(value, Script) else _NUMBERS.get(type(value))
    if number is None:
        return value
    return [number, *(_plain(getattr(value, name)) for name in _FIELDS[_KINDS[number]])]


def _node(value: Any) -> Any:
    if type(value) is not list:
        return value
    kind = value[0]
    if kind == _PLAIN_WORD:
        _, text, line = value
        return Word((Literal(text, line),), line)
    if kind == _SCRIPT:
        _, kept, line = value
        return _KeptScript(kept, line)
    items = [_node(item) if type(item) is list else item for item in value[1:]]
    if kind == _TUPLE:
        return tuple(items)
    if kind == _LONE_COMMAND:
        (command,) = items
        return AndOr(Pipeline((command,), False, command.line), (), False, command.line)
    return _KINDS[kind](*items)
