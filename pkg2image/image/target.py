"""Where outputs go: files and directories that appear complete or not at all.

An output is written beside its destination under a temporary name, synced, and renamed. What already lies there is
only replaced when it is an earlier output of ours, or when the user insists. Modes do not depend on the umask.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pkg2image.errors import OutputError
from pkg2image.image.read import is_ours

_FILE_MODE = 0o644
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LONGEST_PREFIX = 100  # characters of the name that go into the temporary name, which must not get too long


def check_target(path: Path, *, directory: bool = False, force: bool = False) -> None:
    """Make sure that an output may be written, before any work is done for it.

    Args:
        path: The destination.
        directory: Whether the output is a directory.
        force: Whether something that is not ours may be replaced. A directory is never replaced by a file nor a file
            by a directory, and a directory that is not ours never at all: too much could be lost by one wrong word.

    Raises:
        OutputError: When it may not, or when the directory above does not exist or cannot be written.
    """
    with failures(path):
        if os.path.lexists(path):
            if directory:
                _check_directory(path)
            else:
                _check_file(path, force=force)
        _check_parent(path)


def _check_file(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a directory", hint="name a file with -o")
    if not path.is_file() and not path.is_symlink():
        raise OutputError(f"cannot write {path}: it is not a regular file", hint="name another file with -o")
    if not force and not is_ours(path):
        raise OutputError(
            f"cannot write {path}: it exists and is not an image made by pkg2image",
            hint="use --force to replace it, or name another file with -o",
        )


def _check_parent(path: Path) -> None:
    parent = path.parent
    if not parent.is_dir():
        raise OutputError(f"cannot write {path}: {parent} is not a directory", hint=f"make it with: mkdir -p {parent}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {path}: {parent} cannot be written", hint="name another place with -o")


def _check_directory(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        raise OutputError(f"cannot write {path}: it exists and is not a directory", hint="name another one with -o")
    if not is_ours(path) and any(path.iterdir()):
        raise OutputError(
            f"cannot write {path}: it is not empty and was not made by pkg2image, or was changed since",
            hint="remove it, or name another directory with -o",
        )


@contextmanager
def new_file(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """Write a file that replaces the destination when the block ends without an error.

    Args:
        path: The destination.
        force: As of `check_target`.

    Raises:
        OutputError: When the destination may not be replaced, or when the disk is full or fails.
    """
    check_target(path, force=force)
    with failures(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:_LONGEST_PREFIX]}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
                file.flush()
                os.fchmod(file.fileno(), _FILE_MODE)
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """Fill a directory that replaces the destination when the block ends without an error.

    Raises:
        OutputError: When the destination may not be replaced, or when the disk is full or fails.
    """
    check_target(path, directory=True)
    with failures(path):
        prefix = f".{path.name[:_LONGEST_PREFIX]}."
        temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=path.parent))
        try:
            made = temporary / "new"
            made.mkdir()
            yield made
            _put_in_place(made, path, aside=temporary / "old")
            _sync_directory(path.parent)
        finally:
            try:
                _remove_tree(temporary)
            except KeyboardInterrupt:
                _remove_tree(temporary)  # an interrupt must not leave half of it behind
                raise


def _put_in_place(made: Path, path: Path, *, aside: Path) -> None:
    if path.exists():
        path.rename(aside)
    try:
        made.rename(path)
    except BaseException:
        if aside.exists():
            aside.rename(path)
        raise


def _remove_tree(path: Path) -> None:
    """Remove a directory, also where directories in it may not be read or written."""
    for directory, names, _ in os.walk(path):
        for name in names:
            inner = Path(directory, name)
            if not inner.is_symlink():  # chmod would follow it out of the directory
                inner.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems cannot
            os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """Turn every `OSError` into an `OutputError` that names the destination."""
    try:
        yield
    except OSError as error:
        reason, hint = error.strerror or str(error), "name another place with -o"
        if error.errno in _NO_SPACE:
            disk = os.statvfs(path.parent)
            reason += f", {disk.f_bavail * disk.f_frsize} bytes available"
            hint = f"make room in {path.parent}, or name another place with -o"
        raise OutputError(f"cannot write {path}: {reason}", hint=hint) from error
