"""What a container of an unpacked image may write: copies of its volumes, ``/run`` and ``/tmp``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

_SCRATCH = ("/run", "/tmp")  # noqa: S108 - of the container
_MOST_LINKS = 40  # as the kernel has it


def writable_places(rootfs: Path, volumes: Sequence[str], directory: Path) -> tuple[tuple[str, Path], ...]:
    """Make the directories that a container may write, with what the image has there and its owners.

    Args:
        rootfs: The unpacked image.
        volumes: Paths of its volumes.
        directory: Where they are made; private, and not there yet.

    Returns:
        Path in the container and directory of the host, every path after those above it.
    """
    directory.mkdir(mode=0o700)
    paths = sorted({real_path(rootfs, path) for path in (*_SCRATCH, *volumes)} - {"/"})
    made = []
    for number, path in enumerate(paths):
        source, target = rootfs / path[1:], directory / str(number)
        if source.is_dir():
            copy_tree(source, target)
        else:
            target.mkdir(mode=0o755)
        made.append((path, target))
    return tuple(made)


def real_path(rootfs: Path, path: str) -> str:
    """Return where a path of the image leads to, its symlinks followed inside the image only.

    Args:
        rootfs: The unpacked image.
        path: Absolute path in it; what does not exist is taken as it is written.
    """
    waiting = path.split("/")[::-1]
    names: list[str] = []
    links = 0
    while waiting:
        name = waiting.pop()
        if name in {"", "."}:
            continue
        if name == "..":
            names = names[:-1]
            continue
        here = rootfs.joinpath(*names, name)
        if here.is_symlink() and links < _MOST_LINKS:
            links += 1
            target = str(here.readlink())
            if target.startswith("/"):
                names = []
            waiting.extend(target.split("/")[::-1])
        else:
            names.append(name)
    return "/" + "/".join(names)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a directory as root, with owners, modes and times; symlinks stay what they are."""
    shutil.copytree(source, target, symlinks=True, copy_function=_copy, ignore=_special)
    for directory, _, _ in os.walk(target):
        _own(source / Path(directory).relative_to(target), Path(directory))


def _copy(source: str, target: str) -> None:
    shutil.copy2(source, target, follow_symlinks=False)
    _own(Path(source), Path(target))


def _own(source: Path, target: Path) -> None:
    status = source.lstat()
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not target.is_symlink():
        target.chmod(status.st_mode & 0o7777)  # which chown(2) may have taken bits from


def _special(directory: str, names: list[str]) -> list[str]:
    """Return the names that are nothing to copy: FIFOs and the like."""
    paths = {name: Path(directory, name) for name in names}
    return [name for name, path in paths.items() if not (path.is_symlink() or path.is_dir() or path.is_file())]
