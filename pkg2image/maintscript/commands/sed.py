"""sed over the files of the image."""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.maintscript.commands.octets import octets, text_of
from pkg2image.maintscript.commands.options import Grammar, Options
from pkg2image.maintscript.commands.sed_machine import Machine
from pkg2image.maintscript.commands.sed_script import SedCommand, parse_script
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError
from pkg2image.maintscript.session import Command, Invocation
from pkg2image.rootfs.tree import Kind

_WITHOUT_LINES = frozenset("sypdbtTqQ:{}")  # commands that do not care what separates lines

_GRAMMAR = Grammar(
    "ne:f:Eri::suz",
    {
        "quiet": "n",
        "silent": "n",
        "expression=": "e",
        "file=": "f",
        "regexp-extended": "E",
        "in-place?": "i",
        "separate": "s",
        "unbuffered": "u",
        "null-data": "z",
    },
)


def sed(invocation: Invocation) -> int:
    """``sed [-n] [-E] [-z] [-i[suffix]] [-s] [-e script] [-f file] [script] [file...]``."""
    options = _GRAMMAR.parse(invocation.arguments)
    operands = list(options.operands)
    pieces = [_script_piece(invocation, name, value) for name, value in options.given if name in "ef"]
    if not pieces:
        if not operands:
            raise NotUnderstoodError("sed without a script")
        pieces = [operands.pop(0)]
    script = octets("\n".join(pieces)).decode("latin-1")
    program = parse_script(script, extended="E" in options or "r" in options)
    quiet = "n" in options or script.startswith("#n\n")
    end = b"\n"
    if "z" in options:
        end = b"\0"
        if unusual := {command.name for command in program} - _WITHOUT_LINES:
            raise NotUnderstoodError(f"sed -z with {' '.join(sorted(unusual))}")
    if "i" in options:
        return _edit(invocation, program, operands, options, quiet=quiet, end=end)
    sources, status = _sources(invocation, operands)
    groups = [[source] for source in sources] if "s" in options else [sources]
    for group in groups:
        run = Machine(invocation.files, program, group, quiet=quiet, end=end)
        run.execute()
        invocation.stdout.write(run.output)
        if run.quit_status is not None:
            return run.quit_status or status
    return status


def _script_piece(invocation: Invocation, name: str, value: str) -> str:
    if name == "e":
        return value
    text = text_of(invocation.stdin if value == "-" else invocation.files.read(value))
    return text.removesuffix("\n")


def _sources(invocation: Invocation, operands: list[str]) -> tuple[list[bytes], int]:
    sources, status = [], 0
    for operand in operands or ["-"]:
        try:
            sources.append(invocation.stdin if operand == "-" else invocation.files.read(operand))
        except FilesError as error:
            if error.code == "EISDIR":
                invocation.stderr.text(f"sed: read error on {error}\n")
                return sources, 4
            invocation.stderr.text(f"sed: can't read {error}\n")
            status = 2
    return sources, status


def _edit(
    invocation: Invocation,
    program: tuple[SedCommand, ...],
    operands: list[str],
    options: Options,
    *,
    quiet: bool,
    end: bytes,
) -> int:
    suffix = options.last("i") or ""
    if "*" in suffix or "/" in suffix:
        raise NotUnderstoodError(f"sed -i with the suffix {suffix!r}")
    status = 0
    for path in operands:
        entry = invocation.files.lookup(path)
        if entry is None:
            invocation.stderr.text(f"sed: can't read {path}: No such file or directory\n")
            status = 2
            continue
        if entry.kind is not Kind.FILE:
            invocation.stderr.text(f"sed: couldn't edit {path}: not a regular file\n")
            status = 4
            continue
        run = Machine(invocation.files, program, [invocation.files.read(path)], quiet=quiet, end=end)
        run.execute()
        _replace(invocation.files, path, run.output, suffix)
        if run.quit_status is not None:
            return run.quit_status or status
    return status


def _replace(files: Files, path: str, data: bytes, suffix: str) -> None:
    """Put a new file in place of the old one, as sed does: a symlink becomes a file, other hard links keep the old."""
    old = files.lookup(path)
    place = files.lstat(path)
    if old is None or place is None:
        return
    if suffix:
        files.copy(path, path + suffix, preserve=True)
    if place.kind is Kind.SYMLINK or place.inode:
        files.remove(path)
    files.write(path, data)
    files.chown(path, old.user, old.group)
    files.chmod(path, old.mode)


COMMANDS: Mapping[str, Command] = {"sed": sed}
