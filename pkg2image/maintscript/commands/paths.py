"""Commands about names of files: basename, dirname, readlink, realpath, which, ls, stat, dpkg-realpath."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from pkg2image.maintscript.commands.account_files import read_accounts
from pkg2image.maintscript.commands.destinations import base_name
from pkg2image.maintscript.commands.octets import octets
from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.commands.sorting import version_key
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.programs import find_program
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Entry, Kind, path_key

_BASENAME = Grammar("as:", {"multiple": "a", "suffix=": "s"}, permute=False)
_DIRNAME = Grammar()
_READLINK = Grammar(
    "femnqsv",
    {
        "canonicalize": "f",
        "canonicalize-existing": "e",
        "canonicalize-missing": "m",
        "no-newline": "n",
        "quiet": "q",
        "silent": "s",
        "verbose": "v",
    },
)
_REALPATH = Grammar(
    "emsqLP",
    {
        "canonicalize-existing": "e",
        "canonicalize-missing": "m",
        "strip": "s",
        "no-symlinks": "s",
        "quiet": "q",
        "relative-to=": "relative",
    },
)
_WHICH = Grammar("s")
_LS = Grammar(
    "1aAdlnrvLU",
    {"numeric-uid-gid": "n", "all": "a", "almost-all": "A", "directory": "d", "reverse": "r", "color?": "color"},
)
_HALF_A_YEAR = 31556952 // 2  # what GNU ls counts as recent, in seconds
_STAT = Grammar("c:L", {"format=": "c", "dereference": "L", "printf=": "printf"})
_DIRECTIVE = re.compile(r"%(.?)")
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_NAMES = {
    Kind.FILE: "regular file",
    Kind.DIRECTORY: "directory",
    Kind.SYMLINK: "symbolic link",
    Kind.CHARACTER: "character special file",
    Kind.BLOCK: "block special file",
    Kind.FIFO: "fifo",
}
_LETTERS = {
    Kind.FILE: "-",
    Kind.DIRECTORY: "d",
    Kind.SYMLINK: "l",
    Kind.CHARACTER: "c",
    Kind.BLOCK: "b",
    Kind.FIFO: "p",
}


def basename(invocation: Invocation) -> int:
    """``basename path [suffix]``, ``basename [-a] [-s suffix] path...``."""
    options = _BASENAME.parse(invocation.arguments)
    operands, suffix = list(options.operands), options.last("s")
    if not operands:
        return invocation.fail("missing operand")
    if suffix is None and "a" not in options:
        if len(operands) > 2:
            return invocation.fail(f"extra operand '{operands[2]}'")
        suffix = operands.pop() if len(operands) == 2 else None
    for path in operands:
        name = base_name(path)
        if suffix and name != suffix:
            name = name.removesuffix(suffix)
        invocation.stdout.text(f"{name}\n")
    return 0


def dirname(invocation: Invocation) -> int:
    """``dirname path...``."""
    operands = _DIRNAME.parse(invocation.arguments).operands
    if not operands:
        return invocation.fail("missing operand")
    for path in operands:
        above, slash, _ = path.rstrip("/").rpartition("/")
        root = "/" if path.startswith("/") else "."
        invocation.stdout.text(f"{(above.rstrip('/') if slash else '') or root}\n")
    return 0


def readlink(invocation: Invocation) -> int:
    """``readlink [-f | -e | -m] [-n] path...``."""
    options = _READLINK.parse(invocation.arguments)
    if not options.operands:
        return invocation.fail("missing operand")
    mode = options.latest("f", "e", "m")
    end = "" if "n" in options and len(options.operands) == 1 else "\n"
    status = 0
    for path in options.operands:
        try:
            target = invocation.files.readlink(path) if mode is None else _resolved(invocation.files, path, mode)
        except FilesError as error:
            status = invocation.fail(str(error)) if "v" in options else 1
            continue
        invocation.stdout.text(f"{target}{end}")
    return status


def realpath(invocation: Invocation) -> int:
    """``realpath [-e | -m] [-s] [-q] [--relative-to=directory] path...``."""
    options = _REALPATH.parse(invocation.arguments)
    files = invocation.files
    mode = options.latest("e", "m") or "f"
    relative = options.last("relative")
    if not options.operands:
        return invocation.fail("missing operand")
    status = 0

    def resolve(path: str) -> str:
        if "s" not in options:
            return _resolved(files, path, mode)
        absolute = posixpath.normpath(f"/{files.absolute(path)}").replace("//", "/")
        needed = {"e": absolute, "f": posixpath.dirname(absolute)}.get(mode, "/")
        if not files.exists(needed):
            raise FilesError("ENOENT", path)
        return absolute

    for path in options.operands:
        try:
            target = resolve(path)
            if relative is not None:
                target = posixpath.relpath(target, resolve(relative))
        except FilesError as error:
            status = 1 if "q" in options else invocation.fail(str(error))
            continue
        invocation.stdout.text(f"{target}\n")
    return status


def _resolved(files: Files, path: str, mode: str) -> str:
    """Return the absolute path without symlinks.

    Args:
        files: The files of the image.
        path: Any path.
        mode: What must exist: ``e`` everything, ``f`` all but the last component, ``m`` nothing.

    Raises:
        FilesError: When it does not.
    """
    if not path:
        raise FilesError("ENOENT", path)
    try:
        place = f"/{files.canonical(path)}"
    except FilesError as error:
        if mode != "m" or error.code == "ELOOP":
            raise
        above, _, name = files.absolute(path).rstrip("/").rpartition("/")
        place = posixpath.normpath(f"{_resolved(files, above or '/', mode)}/{name}")
    if mode == "e" and not files.exists(path):
        raise FilesError("ENOENT", path)
    if mode == "f" and not files.is_directory(posixpath.dirname(place)):
        raise FilesError("ENOENT", path)
    return place


def which(invocation: Invocation) -> int:
    """``which [-s] name...``: debianutils' version; it finds what ``command -v`` finds."""
    options = _WHICH.parse(invocation.arguments)
    status = 0 if options.operands else 1
    for name in options.operands:
        path = find_program(invocation.session, name, invocation.environment.get("PATH"))
        if path is None:
            status = 1
        elif "s" not in options:
            invocation.stdout.text(f"{path}\n")
    return status


def ls(invocation: Invocation) -> int:
    """``ls [-1] [-a] [-A] [-d] [-r] [-v] [-l] [-n] [path...]`` in byte order; ``-l`` of single files only."""
    options = _LS.parse(invocation.arguments)
    if "U" in options or options.last("color") in {"", "always"}:
        raise NotUnderstoodError("ls -U or --color")
    files = invocation.files
    operands = options.operands or (".",)
    status = 0
    plain, directories = [], []
    order = _version_order if "v" in options else path_key
    for path in sorted(operands, key=order, reverse="r" in options):
        entry = files.lstat(path)
        if entry is None:
            status = invocation.fail(f"cannot access '{path}': No such file or directory", 2)
        elif "l" in options or "n" in options:
            plain.append(_long(files, path, entry, numeric="n" in options))
        elif "d" in options or not files.is_directory(path):
            plain.append(path)
        else:
            directories.append(path)
    invocation.stdout.text("".join(f"{path}\n" for path in plain))
    for index, path in enumerate(directories):
        if len(operands) > 1:
            invocation.stdout.text(f"{chr(10) if index or plain else ''}{path}:\n")
        hidden = options.latest("a", "A")
        names = [name for name in files.list(path) if hidden or not name.startswith(".")]
        names += [".", ".."] if hidden == "a" else []
        names.sort(key=order, reverse="r" in options)
        invocation.stdout.text("".join(f"{name}\n" for name in names))
    return status


def _version_order(path: str) -> Any:
    return version_key(path_key(path))


def _long(files: Files, path: str, entry: Entry, *, numeric: bool) -> str:
    # Link counts of directories and the width of columns depend on what else is there: they are refused.
    if entry.kind not in {Kind.FILE, Kind.SYMLINK} or entry.inode:
        raise NotUnderstoodError("ls -l of other than a plain file or symlink")
    user, group = _numbers(files, entry) if numeric else (entry.user, entry.group)
    # The clock of scripts stands at the epoch of the image: what is older than half a year shows its year.
    time = dt.datetime.fromtimestamp(entry.mtime, dt.UTC)
    recent = files.epoch - _HALF_A_YEAR < entry.mtime <= files.epoch
    date = f"{time:%b} {time.day:2} " + (f"{time:%H:%M}" if recent else f" {time.year}")
    size = len(octets(entry.target)) or entry.size
    arrow = f" -> {entry.target}" if entry.kind is Kind.SYMLINK else ""
    return f"{mode_text(entry)} 1 {user} {group} {size} {date} {path}{arrow}"


def dpkg_realpath(invocation: Invocation) -> int:
    """``dpkg-realpath path``: the canonical path of a path in the root; dpkg-realpath(1)."""
    match invocation.arguments:
        case (path,) if path and not path.startswith("-"):
            invocation.stdout.text(f"/{invocation.files.canonical(path)}\n")
            return 0
    raise NotUnderstoodError(f"dpkg-realpath {' '.join(invocation.arguments)}")


def stat(invocation: Invocation) -> int:
    """``stat [-L] -c format path...``; times, inodes and link counts are refused."""
    options = _STAT.parse(invocation.arguments)
    template, escapes = options.last("printf"), True
    if template is None:
        template, escapes = options.last("c"), False
    if template is None:
        raise NotUnderstoodError("stat without a format")
    status = 0
    for path in options.operands:
        entry = invocation.files.lookup(path) if "L" in options else invocation.files.lstat(path)
        if entry is None:
            status = invocation.fail(f"cannot statx '{path}': No such file or directory")
            continue
        text = _DIRECTIVE.sub(_directives(invocation, path, entry), _unescaped(template) if escapes else template)
        invocation.stdout.text(text if escapes else f"{text}\n")
    return status


def _unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        known = {"n": "\n", "t": "\t", "\\": "\\", '"': '"'}
        if match[1] not in known:
            raise NotUnderstoodError(f"stat: \\{match[1]} in a format")
        return known[match[1]]

    return _ESCAPE.sub(plain, text)


def _directives(invocation: Invocation, path: str, entry: Entry) -> Callable[[re.Match[str]], str]:
    values: dict[str, Callable[[], str]] = {
        "a": lambda: f"{entry.mode:o}",
        "A": lambda: mode_text(entry),
        "u": lambda: _numbers(invocation.files, entry)[0],
        "g": lambda: _numbers(invocation.files, entry)[1],
        "U": lambda: "UNKNOWN" if entry.user.isdigit() else entry.user,
        "G": lambda: "UNKNOWN" if entry.group.isdigit() else entry.group,
        "n": lambda: path,
        "N": lambda: f"'{path}' -> '{entry.target}'" if entry.kind is Kind.SYMLINK else f"'{path}'",
        "F": lambda: "regular empty file" if entry.kind is Kind.FILE and not entry.size else _NAMES[entry.kind],
        "%": lambda: "%",
    }
    if entry.kind is not Kind.DIRECTORY:
        values["s"] = lambda: str(len(octets(entry.target)) or entry.size)

    def expand(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise NotUnderstoodError(f"stat: %{match[1]}")
        return values[match[1]]()

    return expand


def _numbers(files: Files, entry: Entry) -> tuple[str, str]:
    accounts = read_accounts(files)
    user, group = accounts.user(entry.user), accounts.group(entry.group)
    return str(user.uid) if user else entry.user, str(group.gid) if group else entry.group


def mode_text(entry: Entry) -> str:
    """Return mode and kind as ``ls -l`` shows them."""
    text = [_LETTERS[entry.kind]]
    for shift, special, letter in ((6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")):
        bits = entry.mode >> shift & 7
        execute = "x" if bits & 1 else "-"
        if entry.mode & special:
            execute = letter if bits & 1 else letter.upper()
        text += ["r" if bits & 4 else "-", "w" if bits & 2 else "-", execute]
    return "".join(text)


COMMANDS: Mapping[str, Command] = {
    "basename": basename,
    "dirname": dirname,
    "readlink": readlink,
    "realpath": realpath,
    "which": which,
    "ls": ls,
    "dpkg-realpath": dpkg_realpath,
    "stat": stat,
}
