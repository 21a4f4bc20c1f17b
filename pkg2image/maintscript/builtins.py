"""The builtins of the shell.

Spec: POSIX.1-2017 XCU 2.14 and the utilities that are builtins in dash 0.5.12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pkg2image.maintscript.conditions import evaluate_test
from pkg2image.maintscript.control import Exit, LoopControl, Return
from pkg2image.maintscript.dialect import define_alias
from pkg2image.maintscript.escapes import Format, unescape
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import FilesError
from pkg2image.maintscript.programs import find_program
from pkg2image.maintscript.reading import getopts, read
from pkg2image.maintscript.session import InPlace, Invocation, Output
from pkg2image.maintscript.state import ShellError, State
from pkg2image.maintscript.streams import Stream
from pkg2image.maintscript.variables import declare, local, number, quoted, set_options, shift, unset, without_dashes

if TYPE_CHECKING:
    from pkg2image.maintscript.calls import CallingShell

Builtin = Callable[["CallingShell", Invocation, bool], int]
"""Takes the shell, the call, and whether ``set -e`` is off for it."""

_SIGNALS = (
    *("EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE"),
    *("ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM"),
    *("PROF", "WINCH", "IO", "PWR", "SYS"),
)
_CONFMODULES = frozenset({"/usr/share/debconf/confmodule", "/usr/share/debconf/confmodule.sh"})
_PROTOCOL = 3  # the descriptor debconf is spoken to on
_MAX_SOURCED = 1024 * 1024


# -- control ------------------------------------------------------------------------------------------------------


def _true(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    return 0


def _false(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    return 1


def _exit(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    if invocation.arguments:
        raise Exit(number(invocation.arguments[0]) & 0xFF)
    state = shell.state
    raise Exit(state.status if state.ending is None else state.ending)


def _return(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    raise Return(number(invocation.arguments[0]) if invocation.arguments else shell.state.status)


def _leave_loops(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    levels = number(invocation.arguments[0]) if invocation.arguments else 1
    if levels < 1:
        raise ShellError(f"Illegal number: {levels}")
    levels = min(levels, shell.state.loops)
    if levels:
        raise LoopControl(levels, again=invocation.name == "continue")
    return 0


def _eval(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: FBT001
    text = " ".join(invocation.arguments)
    # `$?` of the commands in the text starts as that of the command before; nothing at all is a success.
    return shell.evaluate(text, tested=tested) if text.strip() else 0


def _trap(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    arguments = without_dashes(invocation.arguments)
    traps = shell.state.traps
    if not arguments:
        for signal in sorted(traps, key=_SIGNALS.index):
            invocation.stdout.text(f"trap -- {quoted(traps[signal])} {signal}\n")
        return 0
    action: str | None = None
    signals = arguments
    if len(arguments) > 1 and not arguments[0].isdigit():
        action, signals = arguments[0], arguments[1:]
    for signal in signals:
        name = _signal(signal)
        if name is None:
            invocation.stderr.text(f"trap: {signal}: bad trap\n")
            return 1
        if action is None or action == "-":
            traps.pop(name, None)
        else:
            traps[name] = action
    return 0


def _signal(text: str) -> str | None:
    if text.isdigit():
        return _SIGNALS[int(text)] if len(text) < 3 and int(text) < len(_SIGNALS) else None
    name = text.upper()
    return name if name in _SIGNALS else None


# -- commands -----------------------------------------------------------------------------------------------------


def _command(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: FBT001
    words = list(invocation.arguments)
    describe = ""
    while words and words[0].startswith("-") and words[0] != "-":
        option = words.pop(0)
        if option == "--":
            break
        if not set(option[1:]) <= set("pvV"):
            raise ShellError(f"Illegal option {option}")
        describe = next((letter for letter in option[1:] if letter != "p"), describe)
    if not words:
        return 0
    if describe:
        return _describe(shell, invocation, words[0], verbose=describe == "V")
    if words[0] == "exec":
        raise NotUnderstoodError("command exec")
    if words[0] in shell.builtins:
        return shell.builtin(words, tested=tested, fatal=False)
    return shell.run_program(words)


def _type(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    return max([_describe(shell, invocation, word, verbose=True) for word in invocation.arguments], default=0)


def _describe(shell: CallingShell, invocation: Invocation, name: str, *, verbose: bool) -> int:
    state = shell.state
    if name in state.functions or name in state.helpers:
        what = f"{name} is a shell function" if verbose else name
    elif name in shell.builtins:
        kind = "special shell builtin" if name in SPECIAL else "shell builtin"
        what = f"{name} is a {kind}" if verbose else name
    else:
        path = find_program(shell.session, name, state.get("PATH"))
        if path is None:
            if verbose:
                invocation.stdout.text(f"{name}: not found\n")
            return 127
        what = f"{name} is {path}" if verbose else path
    invocation.stdout.text(f"{what}\n")
    return 0


def _source(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    arguments = without_dashes(invocation.arguments)
    if not arguments:
        raise ShellError("arg count")
    path = arguments[0]
    if path in _CONFMODULES:
        return _start_debconf(shell.state, invocation)
    instead = invocation.session.commands.get(path)
    if isinstance(instead, InPlace):
        return instead(invocation)
    files = invocation.files
    if "/" not in path:
        directories = (shell.state.get("PATH") or "").split(":")
        candidates = (f"{directory or '.'}/{path}" for directory in directories)
        path = next((candidate for candidate in candidates if files.is_file(candidate)), "")
        if not path:
            raise ShellError(f"{arguments[0]}: not found")
    entry = files.lookup(path)
    if entry is not None and entry.size > _MAX_SOURCED:
        raise NotUnderstoodError(f"{path} is too large for a shell script")
    try:
        text = files.text(path)
    except FilesError as error:
        raise ShellError(f"cannot open {error}") from error
    return shell.source(text, path)


class _Protocol(Output):
    """Where debconf would listen; its commands do not come this way."""

    __slots__ = ()

    def write(self, data: bytes) -> None:
        raise NotUnderstoodError(f"speaking to debconf directly: {data[:40].decode('utf-8', 'replace')!r}")


def _start_debconf(state: State, invocation: Invocation) -> int:
    """Define debconf's commands; as in the real library, what is printed afterwards goes to standard error."""
    state.helpers = {**state.helpers, **invocation.session.debconf_commands}
    if 2 in state.streams:
        state.streams[1] = state.streams[2]
    state.streams[_PROTOCOL] = Stream.writing(_Protocol())
    return 0


# -- surroundings -------------------------------------------------------------------------------------------------


def _cd(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    arguments = list(invocation.arguments)
    physical = False
    while arguments and arguments[0] in {"-P", "-L", "--"}:
        option = arguments.pop(0)
        physical = option == "-P" or (physical and option == "--")
        if option == "--":
            break
    state, files = shell.state, invocation.files
    target = arguments[0] if arguments else state.get("HOME") or ""
    shown = target == "-"
    if shown:
        target = state.get("OLDPWD") or state.get("PWD") or "/"
    if state.get("CDPATH"):
        raise NotUnderstoodError("cd with CDPATH")
    path = f"/{files.canonical(target)}" if physical else _logical(files.absolute(target))
    entry = files.lookup(path)
    if not files.is_directory(path):
        raise ShellError(f"can't cd to {target}: {'no directory' if entry else 'no such file'}")
    state.set("OLDPWD", files.cwd)
    state.set("PWD", path)
    state.exported |= {"OLDPWD", "PWD"}
    files.cwd = path
    if shown:
        invocation.stdout.text(f"{path}\n")
    return 0


def _logical(path: str) -> str:
    """Return a path without ``.`` and ``..``, taken away as they are written."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts)


def _pwd(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    physical = "-P" in invocation.arguments
    cwd = invocation.cwd
    invocation.stdout.text(f"/{invocation.files.canonical(cwd)}\n" if physical else f"{cwd}\n")
    return 0


def _umask(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    arguments = without_dashes(invocation.arguments)
    files = invocation.files
    if not arguments:
        invocation.stdout.text(f"{files.umask:04o}\n")
        return 0
    if re.fullmatch(r"[0-7]{1,4}", arguments[0]):
        files.umask = int(arguments[0], 8) & 0o777
        return 0
    raise NotUnderstoodError(f"umask {arguments[0]}")


def _ulimit(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``ulimit -n 8192``: limits of processes mean nothing where there are none."""
    if len(invocation.arguments) < 2 or not invocation.arguments[-1].isdigit():
        raise NotUnderstoodError("ulimit that shows a limit")
    return 0


def _nothing(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    """Run ``hash`` and ``wait``, which have nothing to do without processes."""
    if invocation.arguments not in {(), ("-r",)}:
        raise NotUnderstoodError(f"{invocation.name} {invocation.arguments[0]}")
    return 0


def _refused(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    raise NotUnderstoodError(f"the builtin {invocation.name}")


# -- text ---------------------------------------------------------------------------------------------------------


def _echo(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    arguments = invocation.arguments
    end = b"\n"
    if arguments[:1] == ("-n",):
        arguments, end = arguments[1:], b""
    data, stopped = unescape(" ".join(arguments))
    invocation.stdout.write(data if stopped else data + end)
    return 0


def _bash_echo(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    arguments = list(invocation.arguments)
    newline, escapes = "\n", False
    while arguments and re.fullmatch(r"-[neE]+", arguments[0]):
        for letter in arguments.pop(0)[1:]:
            if letter == "n":
                newline = ""
            else:
                escapes = letter == "e"
    if escapes and any("\\" in argument for argument in arguments):
        raise NotUnderstoodError("echo -e with escapes")
    invocation.stdout.text(" ".join(arguments) + newline)
    return 0


def _printf(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    arguments = without_dashes(invocation.arguments)
    if not arguments:
        raise ShellError("usage: printf format [arg ...]")
    found = Format(arguments[0], arguments[1:], lambda text: invocation.stderr.text(f"printf: {text}\n"))
    for piece in found.render():
        invocation.stdout.write(piece)
    return int(found.failed)


def _test(shell: CallingShell, invocation: Invocation, tested: bool) -> int:  # noqa: ARG001, FBT001
    return evaluate_test(invocation, bash=shell.bash)


SPECIAL = frozenset(
    {":", ".", "break", "continue", "eval", "exec", "exit", "export", "local", "readonly", "return", "set", "shift"}
    | {"times", "trap", "unset"}
)
"""Builtins whose errors end the shell and whose assignments stay; functions do not hide them."""

ASSIGNING = frozenset({"export", "readonly", "local"})
"""Builtins whose arguments of the form ``name=value`` are not split."""

BUILTINS: Mapping[str, Builtin] = {
    ":": _true,
    ".": _source,
    "[": _test,
    "alias": define_alias,
    "break": _leave_loops,
    "cd": _cd,
    "chdir": _cd,
    "command": _command,
    "continue": _leave_loops,
    "echo": _echo,
    "eval": _eval,
    "exec": _refused,  # the interpreter runs it, because its redirections stay
    "exit": _exit,
    "export": declare,
    "false": _false,
    "getopts": getopts,
    "hash": _nothing,
    "local": local,
    "printf": _printf,
    "pwd": _pwd,
    "read": read,
    "readonly": declare,
    "return": _return,
    "set": set_options,
    "shift": shift,
    "test": _test,
    "trap": _trap,
    "true": _true,
    "type": _type,
    "ulimit": _ulimit,
    "umask": _umask,
    "unset": unset,
    "wait": _nothing,
    **dict.fromkeys(("bg", "fc", "fg", "jobs", "kill", "times", "unalias"), _refused),
}

BASH_BUILTINS: Mapping[str, Builtin] = {
    "echo": _bash_echo,
    "source": _source,
    **dict.fromkeys(("declare", "typeset", "let", "shopt", "mapfile", "readarray", "pushd", "popd"), _refused),
}
"""What differs in bash."""
