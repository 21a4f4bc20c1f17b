"""Where the parts of an image lie: the members of a plain tar, or the files of a directory."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from pkg2image.image.scan import CheckedTarInfo


class Container(Protocol):
    """Where the parts of an OCI or docker image lie: an archive or a directory."""

    def __contains__(self, path: str) -> bool:
        """Say whether there is a file of this name."""
        ...

    def names(self) -> Iterable[str]:
        """Return the names of all files."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Open a file.

        Raises:
            ValueError: When there is none of this name.
        """
        ...


class Archive:
    """The regular files of a plain tar, by name; the last of several with one name.

    Args:
        file: At its start, and open as long as this is used.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members: dict[str, tuple[int, int]] = {}
        with tarfile.open(fileobj=file, mode="r:", tarinfo=CheckedTarInfo) as tar:
            for member in tar:
                if member.isreg() and not member.issparse():
                    self._members[member.name.removeprefix("./")] = (member.offset_data, member.size)

    def __contains__(self, path: str) -> bool:
        return path in self._members

    def names(self) -> Iterable[str]:
        """Return the names of all files."""
        return self._members

    def open(self, path: str) -> BinaryIO:
        """Open a file; see `Container`."""
        if path not in self._members:
            raise ValueError(f"{path} is missing")
        return cast("BinaryIO", io.BufferedReader(_Slice(self._file, *self._members[path]), 1 << 20))


class _Slice(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._handle = file.fileno()
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._position))
        read = os.preadv(self._handle, [view[:count]], self._start + self._position) if count else 0
        self._position += read
        return read


class LayoutDirectory:
    """The files of an OCI layout that is a directory.

    Args:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names = tuple(
            str(path.relative_to(root)) for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()
        )

    def __contains__(self, path: str) -> bool:
        return path in self._names

    def names(self) -> Iterable[str]:
        """Return the names of all files."""
        return self._names

    def open(self, path: str) -> BinaryIO:
        """Open a file; see `Container`."""
        if path not in self._names:
            raise ValueError(f"{path} is missing")
        return (self._root / path).open("rb")
