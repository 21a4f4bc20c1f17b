"""The builtins that change variables, positional parameters and options.

Spec: POSIX.1-2017 XCU 2.14; ``local`` as in dash 0.5.12.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Invocation
from pkg2image.maintscript.state import ShellError

if TYPE_CHECKING:
    from pkg2image.maintscript.calls import CallingShell

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def number(text: str) -> int:
    """Return an argument that has to be a number."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ShellError(f"Illegal number: {text}")
    return int(text)


def without_dashes(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return arguments without the ``--`` that may stand before them."""
    return arguments[1:] if arguments[:1] == ("--",) else arguments


def set_options(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``set``."""
    arguments = list(invocation.arguments)
    if not arguments:
        raise NotUnderstoodError("set without arguments")
    state = shell.state
    while arguments and arguments[0][:1] in {"-", "+"}:
        option = arguments.pop(0)
        if option in {"-", "--"}:
            if option == "--" or arguments:
                state.positional = tuple(arguments)
            return 0
        for letter in option[1:]:
            if letter == "o" and not arguments:
                raise NotUnderstoodError("set -o without a name")
            _switch(shell, arguments.pop(0) if letter == "o" else letter, on=option.startswith("-"))
    if arguments:
        state.positional = tuple(arguments)
    return 0


def _switch(shell: CallingShell, flag: str, *, on: bool) -> None:
    options = shell.state.options
    if shell.bash and flag == "pipefail":
        (options.add if on else options.discard)(flag)
    elif not shell.state.set_flag(flag, on=on):
        raise ShellError(f"Illegal option {'-' if on else '+'}{flag}")


def shift(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``shift``."""
    count = number(invocation.arguments[0]) if invocation.arguments else 1
    if count > len(shell.state.positional):
        raise ShellError("can't shift that many")
    shell.state.positional = shell.state.positional[count:]
    return 0


def unset(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``unset``."""
    names = list(invocation.arguments)
    functions = False
    while names and names[0].startswith("-"):
        option = names.pop(0)
        if option not in {"-v", "-f", "--"}:
            raise ShellError(f"Illegal option {option}")
        functions = option == "-f" or (functions and option == "--")
    for name in names:
        if functions:
            shell.state.functions.pop(name, None)
        else:
            shell.state.unset(_checked_name(name))
    return 0


def _check_dialect(shell: CallingShell, invocation: Invocation, name: str) -> None:
    """Refuse the options that only bash has."""
    if shell.bash and name.startswith("-"):
        raise NotUnderstoodError(f"{invocation.name} {name}")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ShellError(f"{name}: bad variable name")
    return name


def declare(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``export`` and ``readonly``."""
    state = shell.state
    marked = state.exported if invocation.name == "export" else state.readonly
    names = without_dashes(invocation.arguments)
    if not names or names == ("-p",):
        for name in sorted(marked):
            value = f"={quoted(state.values[name])}" if name in state.values else ""
            invocation.stdout.text(f"{invocation.name} {name}{value}\n")
        return 0
    for argument in names:
        name, equals, value = argument.partition("=")
        _check_dialect(shell, invocation, name)
        _checked_name(name)
        if equals:
            shell.set_variable(name, value)
        marked.add(name)
    return 0


def local(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``local``."""
    if not shell.state.functions_deep:
        raise ShellError("not in a function")
    arguments = invocation.arguments
    constant = shell.bash and arguments[:1] == ("-r",)
    for argument in arguments[1:] if constant else arguments:
        name, equals, value = argument.partition("=")
        if name == "-":
            raise NotUnderstoodError("local -")
        _check_dialect(shell, invocation, name)
        if constant and name in shell.state.readonly and not any(name in scope for scope in shell.state.scopes):
            raise NotUnderstoodError(f"local -r {name}, which is read-only already")
        shell.state.make_local(_checked_name(name))
        if constant:
            shell.state.readonly.discard(name)
        if equals:
            shell.set_variable(name, value)
        if constant:
            shell.state.readonly.add(name)
    return 0


def quoted(text: str) -> str:
    """Return text as a word of the shell, as dash prints it."""
    return "'" + text.replace("'", "'\"'\"'") + "'"
