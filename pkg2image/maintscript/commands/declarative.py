"""systemd-sysusers and systemd-tmpfiles, as far as scripts call them for their own package.

Spec: systemd-sysusers(8), systemd-tmpfiles(8).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from pkg2image.errors import Pkg2ImageError
from pkg2image.maintscript.commands.options import Grammar
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.session import Command, Invocation, Noop
from pkg2image.rootfs.sysusers import apply_sysusers
from pkg2image.rootfs.tmpfiles import apply_tmpfiles
from pkg2image.rootfs.tree import Content, InlineContent, ReadContent, Tree

_SYSUSERS = Grammar("", {"root=": "root", "quiet": "quiet"})
_TMPFILES = Grammar("", {"root=": "root", "create": "create", "boot": "boot"})
_DIRECTORIES = ("/etc/{}", "/run/{}", "/usr/local/lib/{}", "/usr/lib/{}", "/lib/{}")


def _declare(call: Invocation) -> int:
    users = call.name == "systemd-sysusers"
    options = (_SYSUSERS if users else _TMPFILES).parse(call.arguments)
    if options.last("root") not in {None, "", "/"}:
        raise NotUnderstoodError(f"{call.name} for another root")
    if not users and "create" not in options:
        raise NotUnderstoodError(f"{call.name} without --create")
    only = tuple(_name(call, operand, "sysusers.d" if users else "tmpfiles.d") for operand in options.operands)
    if not only and not users:
        # All packages at once: the stage after the scripts does that, when all of them are configured.
        call.session.noops.append(Noop(" ".join((call.name, *call.arguments)), call.line))
        return 0
    apply = partial(apply_sysusers, ids=call.session.ids) if users else apply_tmpfiles
    tree = call.files.tree
    try:
        result, notes = apply(
            tree,
            read=_reader(call.files, tree),
            architecture=call.session.architecture,
            mtime=call.files.epoch,
            only=only,
        )
    except Pkg2ImageError as error:
        raise NotUnderstoodError(error.message) from error
    for path, entry in result.walk():
        if tree.get(path) is not entry:
            tree.put(path, entry)
    call.session.notes.extend(notes)
    return 0


def _name(call: Invocation, operand: str, kind: str) -> str:
    """Return the name of a file in the directories of a kind."""
    directory, _, name = operand.rpartition("/")
    if directory and directory not in {place.format(kind) for place in _DIRECTORIES}:
        raise NotUnderstoodError(f"{call.name} {operand}")
    return name


def _reader(files: Files, tree: Tree) -> ReadContent:
    """Return a function that reads contents through the limits of the script."""
    paths = {entry.content: path for path, entry in tree.walk() if entry.content is not None}

    def read(content: Content) -> bytes:
        return content.data if isinstance(content, InlineContent) else files.read(f"/{paths[content]}")

    return read


COMMANDS: Mapping[str, Command] = {"systemd-sysusers": _declare, "systemd-tmpfiles": _declare}
"""Programs by name."""
