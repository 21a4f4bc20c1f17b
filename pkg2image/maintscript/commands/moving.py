"""``mv`` and ``ln``.

Spec: POSIX.1-2017 mv, ln; the manual of GNU coreutils 9.1. Backups and questions are refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from pkg2image.maintscript.commands.destinations import base_name, destinations
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Entry, Kind

_TARGETS = {"no-target-directory": "T", "target-directory=": "t", "verbose": "v", "force": "f"}
_MV = Grammar("fnTt:uvZ", {**_TARGETS, "no-clobber": "n", "update": "u", "context": "Z"})
_LN = Grammar(
    "sfnTt:vrLP",
    {
        **_TARGETS,
        "symbolic": "s",
        "no-dereference": "n",
        "relative": "r",
        "logical": "L",
        "physical": "P",
    },
)


def mv(invocation: Invocation) -> int:
    """``mv [-f] [-n] [-T] [-t directory] [-v] source... target``."""
    options = _MV.parse(invocation.arguments)
    status = 0
    for source, target in destinations(invocation, options, options.operands):
        status |= _move(invocation, options, source, target)
    return status


def _move(invocation: Invocation, options: Options, source: str, target: str) -> int:
    files = invocation.files
    entry, old = files.lstat(source), files.lstat(target)
    if entry is None:
        return invocation.fail(f"cannot stat '{source}': No such file or directory")
    if old is not None:
        if options.latest("n", "f") == "n":
            return 0
        if "u" in options:
            raise NotUnderstoodError("mv -u of a file that exists")
        obstacle = _obstacle(files, (source, entry), (target, old))
        if obstacle:
            return invocation.fail(obstacle)
    try:
        files.rename(source, target)
    except FilesError as error:
        why = f"to a subdirectory of itself, '{target}'" if error.code == "EINVAL" else f"to '{target}': {error.reason}"
        return invocation.fail(f"cannot move '{source}' {why}")
    if "v" in options:
        invocation.stdout.text(f"renamed '{source}' -> '{target}'\n")
    return 0


def _obstacle(files: Files, source: tuple[str, Entry], target: tuple[str, Entry]) -> str:
    """Return why one file cannot take the place of another, empty when it can."""
    (path, entry), (goal, old) = source, target
    if files.place_of(path) == files.place_of(goal):
        return f"'{path}' and '{goal}' are the same file"
    if entry.inode and entry.inode == old.inode:
        raise NotUnderstoodError("mv of one hard link over another")
    is_directory, was_directory = entry.kind is Kind.DIRECTORY, old.kind is Kind.DIRECTORY
    if is_directory and not was_directory:
        return f"cannot overwrite non-directory '{goal}' with directory '{path}'"
    if was_directory and not is_directory:
        return f"cannot overwrite directory '{goal}' with non-directory"
    return ""


def ln(invocation: Invocation) -> int:
    """``ln [-s] [-f] [-n] [-r] [-T] [-t directory] [-v] target... name``."""
    options = _LN.parse(invocation.arguments)
    operands = options.operands
    if len(operands) == 1 and "t" not in options and "T" not in options:
        pairs = [(operands[0], f"./{base_name(operands[0])}")]
    else:
        pairs = destinations(invocation, options, operands, follow="n" not in options)
    status = 0
    for target, name in pairs:
        status |= _link(invocation, options, target, name)
    return status


def _link(invocation: Invocation, options: Options, target: str, name: str) -> int:
    files = invocation.files
    symbolic = "s" in options
    if symbolic and "r" in options:
        above = files.canonical(posixpath.dirname(name) or ".")
        target = posixpath.relpath(f"/{files.canonical(target)}", f"/{above}")
    try:
        problem = "" if symbolic else _not_linkable(files, options, target)
        problem = problem or _make_room(files, target, name, options)
        if problem:
            return invocation.fail(problem)
        (files.symlink if symbolic else files.link)(target, name)
    except FilesError as error:
        kind = "symbolic" if symbolic else "hard"
        return invocation.fail(f"failed to create {kind} link '{name}': {error.reason}")
    if "v" in options:
        invocation.stdout.text(f"'{name}' {'->' if symbolic else '=>'} '{target}'\n")
    return 0


def _not_linkable(files: Files, options: Options, target: str) -> str:
    if "r" in options or options.latest("L", "P") == "L":
        raise NotUnderstoodError("ln -r or -L of a hard link")
    source = files.lstat(target)
    if source is None:
        return f"failed to access '{target}': No such file or directory"
    return f"{target}: hard link not allowed for directory" if source.kind is Kind.DIRECTORY else ""


def _make_room(files: Files, target: str, name: str, options: Options) -> str:
    """Remove what is in the way with ``-f``; return why that cannot be done, or nothing."""
    old = files.lstat(name)
    if old is None or "f" not in options:
        return ""
    if old.kind is Kind.DIRECTORY:
        return f"{name}: cannot overwrite directory"
    if "s" not in options and files.place_of(target) == files.place_of(name):
        return f"'{target}' and '{name}' are the same file"
    files.remove(name)
    return ""


COMMANDS: Mapping[str, Command] = {"mv": mv, "ln": ln}
