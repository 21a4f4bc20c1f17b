"""Where cp, mv, ln and install put things: into a directory, or under another name."""

from __future__ import annotations

from collections.abc import Sequence

from pkg2image.maintscript.commands.options import Options
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Invocation
from pkg2image.rootfs.tree import Kind


def base_name(path: str) -> str:
    """Return the last component of a path, as basename(1)."""
    return path.rstrip("/").rpartition("/")[2] or path[:1]


def destinations(
    invocation: Invocation, options: Options, operands: Sequence[str], *, follow: bool = True
) -> list[tuple[str, str]]:
    """Return source and target of each operand.

    Args:
        invocation: Of the command, whose options ``-t`` and ``-T`` are looked at.
        options: The options given.
        operands: Its operands.
        follow: Whether a symlink to a directory counts as a directory.

    Raises:
        NotUnderstoodError: When the number of operands is wrong or the directory is none: these are mistakes
            that no script makes on purpose.
    """
    directory = options.last("t")
    sources = list(operands)
    if directory is None:
        if len(sources) < 2:
            raise NotUnderstoodError(f"{invocation.name}: missing operand")
        directory = sources.pop()
        entry = invocation.files.lookup(directory) if follow else invocation.files.lstat(directory)
        into = entry is not None and entry.kind is Kind.DIRECTORY and "T" not in options
        if not into and len(sources) > 1:
            raise NotUnderstoodError(f"{invocation.name}: target {directory!r} is not a directory")
        if not into:
            return [(sources[0], directory)]
    elif not invocation.files.is_directory(directory):
        raise NotUnderstoodError(f"{invocation.name}: target {directory!r} is not a directory")
    return [(source, f"{directory.rstrip('/')}/{base_name(source)}") for source in sources]
