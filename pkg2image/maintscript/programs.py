"""Running programs: the native command of a name, or a shell script of the image; never anything else.

A native command stands for the program of its name in the directories of programs, whether or not the image has it:
many that scripts call belong to packages that only serve configuration. Whether a script finds it is another question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.presence import is_expected
from pkg2image.maintscript.session import Command, OfImage, Session
from pkg2image.maintscript.state import ShellError, new_state, stream_output
from pkg2image.rootfs.tree import Kind

if TYPE_CHECKING:
    from pkg2image.maintscript.process import ShellProcess

STANDARD_DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SHELLS = frozenset({"sh", "dash", "bash"})
_SHEBANG = re.compile(rb"#![ \t]*(?:/usr)?/bin/(?:env[ \t]+)?(?P<shell>[^\s/]+)[ \t]*(?P<options>[^\n]*)\n?")
_MAX_SCRIPT = 1024 * 1024
_CALL_WORK = 16 * 1024  # what a call counts before it has done anything
_PARSE_WORK = 64  # what a byte of a script counts


def find_program(session: Session, name: str, path: str | None) -> str | None:
    """Return the path of a program, or None when there is none.

    Args:
        session: Its commands and files.
        name: A name without slash, or a path.
        path: The value of PATH.
    """
    files = session.files
    if "/" in name:
        base = name.rpartition("/")[2]
        known = _is_native(session, base) and _is_standard(name) and is_expected(session, base)
        return name if known or _is_executable(files, name) else None
    directories = STANDARD_DIRECTORIES if path is None else path.split(":")
    for directory in directories:
        candidate = f"{directory or '.'}/{name}"
        if _is_executable(files, candidate):
            return candidate
    return f"/usr/bin/{name}" if _is_native(session, name) and is_expected(session, name) else None


def is_left_out(session: Session, path: str) -> bool:
    """Say whether a path is that of a program which a first installation has and this image does not need.

    Shells are not: who makes ``/bin/sh`` where it is missing makes what the image runs with.
    """
    base = path.rpartition("/")[2]
    return base in session.commands and _is_standard(path) and is_expected(session, base)


def run_program(shell: ShellProcess, words: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run a program in a child.

    Args:
        shell: The shell that calls it.
        words: Its name or path, and its arguments.
        environment: Exported to it.

    Raises:
        NotUnderstoodError: When there is neither a native command nor a shell script.
    """
    session = shell.session
    name = words[0]
    base = name.rpartition("/")[2]
    state = shell.state
    helper = state.helpers.get(name) or _native(session, name, base)
    if isinstance(helper, OfImage) and find_program(session, name, state.get("PATH")) is None:
        return _absent(shell, name)
    if helper is not None:
        session.files.toil(_CALL_WORK)
        invocation = shell.invocation((base, *words[1:]), environment)
        try:
            return helper(invocation)
        except FilesError as error:
            return invocation.fail(str(error))
    if base in _SHELLS and (name == base or _is_standard(name)):
        return _run_shell(shell, words, environment)
    path = find_program(session, name, state.get("PATH"))
    if path is None:
        return _not_found(shell, name)
    return _run_script(shell, path, words, environment)


def _native(session: Session, name: str, base: str) -> Command | None:
    """Return the native command of a program: by its path, or by its name where it is no script of the image."""
    own = session.commands.get(name)
    if own is not None or name == base or _is_standard(name):
        return own or session.commands.get(base)
    # A program in a directory of its own (``/usr/lib/<tuple>/glib-2.0/glib-compile-schemas``).
    known = session.commands.get(base)
    if known is None or not _is_executable(session.files, name):
        return None
    shebang = _SHEBANG.match(session.files.read(name))
    return None if shebang and shebang["shell"].decode("ascii", "replace") in _SHELLS else known


def _is_native(session: Session, name: str) -> bool:
    """Say whether a name stands for a program although the image may not have it."""
    return name in _SHELLS or (name in session.commands and not isinstance(session.commands[name], OfImage))


def _is_standard(path: str) -> bool:
    return path.rpartition("/")[0] in STANDARD_DIRECTORIES


def _is_executable(files: Files, path: str) -> bool:
    entry = files.lookup(path)
    return entry is not None and entry.kind is Kind.FILE and bool(entry.mode & 0o111)


def _not_found(shell: ShellProcess, name: str) -> int:
    """Answer for what is not there: a path is known not to exist, a name may be that of any program."""
    if name and ("/" not in name or _is_standard(name)):
        raise NotUnderstoodError(f"unknown command {name}")
    return _absent(shell, name)


def _absent(shell: ShellProcess, name: str) -> int:
    there = "/" in name and shell.files.exists(name)
    reason = "Permission denied" if there else "not found"
    stream_output(shell.state, 2).text(f"{shell.state.name}: {shell.line}: {name}: {reason}\n")
    return 126 if there else 127


def _run_script(shell: ShellProcess, path: str, words: tuple[str, ...], environment: dict[str, str]) -> int:
    entry = shell.files.lookup(path)
    if entry is None or entry.size > _MAX_SCRIPT:
        raise NotUnderstoodError(f"unknown command {words[0]}")
    data = shell.files.read(path)
    shebang = _SHEBANG.match(data)
    if shebang is None:
        raise NotUnderstoodError(f"unknown command {words[0]}")
    interpreter = shebang["shell"].decode("ascii", "replace")
    if interpreter not in {"sh", "dash"}:
        raise NotUnderstoodError(f"{words[0]} is a program for {interpreter}")
    options = shebang["options"].decode("utf-8", "surrogateescape").split()
    return _interpret(shell, data.decode("utf-8", "surrogateescape"), (path, *words[1:]), options, environment)


def _run_shell(shell: ShellProcess, words: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run ``sh [options] [file [arguments]]`` or ``sh -c text [name [arguments]]``."""
    arguments = list(words[1:])
    options: list[str] = []
    text = False
    while arguments and arguments[0][:1] == "-" and len(arguments[0]) > 1:
        option = arguments.pop(0)
        if option == "--":
            break
        text = text or "c" in option
        options.append(option.replace("c", ""))
    if not arguments:
        if text:
            raise ShellError("-c requires an argument")
        # The script comes from standard input.
        data = shell.state.streams[0].input.read_all() if 0 in shell.state.streams else b""
        return _interpret(shell, data.decode("utf-8", "surrogateescape"), words[:1], options, environment)
    first, *rest = arguments
    if text:
        return _interpret(shell, first, rest or words[:1], options, environment)
    try:
        content = shell.files.text(first)
    except FilesError as error:
        stream_output(shell.state, 2).text(f"{words[0]}: 0: cannot open {error}\n")
        return 2 if error.code == "ENOENT" else 126
    return _interpret(shell, content, (first, *rest), options, environment)


def _interpret(
    shell: ShellProcess,
    text: str,
    words: Sequence[str],
    options: list[str],
    environment: dict[str, str],
) -> int:
    """Interpret a text in a child; the first of the words is its name."""
    name, *arguments = words
    shell.files.toil(_PARSE_WORK * len(text))
    state = new_state(name, arguments, environment, shell.files.cwd)
    state.streams = dict(shell.state.streams)
    state.origin = name if "/" in name else shell.state.origin
    for option in options:
        for letter in option[1:]:
            if not state.set_flag(letter, on=option.startswith("-")):
                raise NotUnderstoodError(f"sh {option}")
    return shell.child(lambda: shell.run_text(text, state.origin), state)
