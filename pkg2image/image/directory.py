"""The root filesystem as a directory of this host: the one place where anything of an image is unpacked.

Names of packages become names on the host here, so everything happens relative to open directories of a new, private
directory, and no symlink is ever followed: not even a tree that broke its invariants could write elsewhere.

As root everything is as in the image. Otherwise owners, device nodes and privileged attributes cannot be set; files are
then owned by the user, lose their set-user-ID and set-group-ID bits (which would now lend the user's own rights), and
the output says so.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path

from pkg2image.digest import Digest
from pkg2image.image.content import ContentReader
from pkg2image.image.layer import render_entry
from pkg2image.image.model import Output
from pkg2image.image.target import new_directory
from pkg2image.image.tarwriter import TarEntry, tar_entries
from pkg2image.rootfs.tree import Content, Identities, Kind, Tree, parent_of
from pkg2image.store import Store

_NODE_TYPES = {Kind.CHARACTER: stat.S_IFCHR, Kind.BLOCK: stat.S_IFBLK, Kind.FIFO: stat.S_IFIFO}
_SET_ID = stat.S_ISUID | stat.S_ISGID


def write_directory(
    tree: Tree, *, identities: Identities, store: Store, path: Path, epoch: int, as_root: bool
) -> Output:
    """Write the root filesystem into a directory.

    Args:
        tree: The root filesystem.
        identities: Numbers of users and groups.
        store: Where content lies.
        path: The destination; it may exist when it is empty or an unchanged output of ours.
        epoch: Seconds; no file is younger.
        as_root: Whether this process may give files to others, that is, whether its effective user ID is 0.

    Returns:
        The output with the SHA-256 of its listing (path, type, mode, owner, content hash of every entry).

    Raises:
        OutputError: When the directory cannot be written or may not be replaced.
        TrustError: When content has changed in the store.
    """
    paths = chain(("",), (name for name, _ in tree.walk()))
    entries = tuple(tar_entries(tree, paths, identities=identities, epoch=epoch))
    listing = hashlib.sha256(b"".join(map(render_entry, entries))).hexdigest()
    with new_directory(path) as made, ContentReader(store) as reader, _open_root(made) as directories:
        unpacker = _Unpacker(directories, as_root=as_root)
        for entry in entries[1:]:
            unpacker.create(entry, reader.pieces)
        # from the bottom up, because a directory that is finished may no longer be writable
        for entry in reversed(entries):
            if entry.kind is Kind.DIRECTORY:
                unpacker.finish(entry, directories.at(entry.path))
    size = sum(entry.size for entry in entries)
    return Output("dir", path, Digest("sha256", listing), size, unpacker.notes())


class _Directories:
    """The open directories from the root to where entries are made now; each is opened below the one above it."""

    __slots__ = ("_handles", "_names")

    def __init__(self, root: int) -> None:
        self._handles = [root]
        self._names: list[str] = []

    def at(self, path: str) -> int:
        """Return the open directory at a path that was made before; valid until the next call."""
        names = path.split("/") if path else []
        same = takewhile(lambda pair: pair[0] == pair[1], zip(names, self._names, strict=False))
        shared = len(tuple(same))
        self._close(shared)
        for name in names[shared:]:
            handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self._handles[-1])
            self._handles.append(handle)
            self._names.append(name)
        return self._handles[-1]

    def close(self) -> None:
        """Close all but the root."""
        self._close(0)

    def _close(self, keep: int) -> None:
        while len(self._names) > keep:
            self._names.pop()
            os.close(self._handles.pop())


@contextmanager
def _open_root(path: Path) -> Iterator[_Directories]:
    root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    directories = _Directories(root)
    try:
        yield directories
    finally:
        directories.close()
        os.close(root)


@dataclass(slots=True)
class _Unpacker:
    """Creates entries and counts what could not be done."""

    directories: _Directories
    as_root: bool
    _devices: int = 0
    _attributes: int = 0
    _set_ids: int = 0

    def create(self, entry: TarEntry, pieces: Callable[[Content], Iterable[bytes]]) -> None:
        """Create one entry; owner, mode and time of directories are set by `finish` in the end."""
        parent, name = self.directories.at(parent_of(entry.path)), entry.path.rpartition("/")[2]
        match entry.kind:
            case Kind.DIRECTORY:
                os.mkdir(name, 0o700, dir_fd=parent)
            case Kind.SYMLINK:
                os.symlink(entry.target, name, dir_fd=parent)
                self._attributes += len(entry.xattrs)
                self._own(entry, parent, name)
            case Kind.FILE if entry.hard_link:
                self._link(entry, parent, name)
            case Kind.FILE:
                handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=parent)
                with os.fdopen(handle, "wb") as file:
                    for piece in pieces(entry.content) if entry.content else ():
                        file.write(piece)
                    file.flush()
                    self.finish(entry, handle)
            case _:
                self._node(entry, parent, name)

    def finish(self, entry: TarEntry, handle: int) -> None:
        """Set owner, mode, attributes and time of an open file or directory, in the order in which they survive."""
        mode = entry.mode
        if self.as_root:
            os.fchown(handle, entry.uid, entry.gid)
        elif entry.kind is Kind.FILE and mode & _SET_ID:
            mode &= ~_SET_ID
            self._set_ids += 1
        os.fchmod(handle, mode)
        for attribute, value in entry.xattrs:
            try:
                os.setxattr(handle, attribute, value)
            except OSError:  # not permitted, or not known to the file system
                self._attributes += 1
        os.utime(handle, (entry.mtime, entry.mtime))

    def notes(self) -> tuple[str, ...]:
        """Return what could not be done, in sentences."""
        notes = []
        if not self.as_root:
            notes.append("all files belong to the current user: only root can give files to others")
        if self._set_ids:
            notes.append(f"{self._set_ids} files lost their set-user-ID or set-group-ID bit with their owner")
        if self._devices:
            notes.append(f"{self._devices} device nodes were not made: only root can make them")
        if self._attributes:
            notes.append(f"{self._attributes} extended attributes could not be set")
        return tuple(notes)

    def _link(self, entry: TarEntry, parent: int, name: str) -> None:
        parent = os.dup(parent)
        try:
            first = self.directories.at(parent_of(entry.target))
            os.link(entry.target.rpartition("/")[2], name, src_dir_fd=first, dst_dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(parent)

    def _node(self, entry: TarEntry, parent: int, name: str) -> None:
        try:
            os.mknod(name, _NODE_TYPES[entry.kind] | 0o600, os.makedev(*entry.device), dir_fd=parent)
        except PermissionError:
            self._devices += 1
            return
        self._own(entry, parent, name)
        os.chmod(name, entry.mode, dir_fd=parent)

    def _own(self, entry: TarEntry, parent: int, name: str) -> None:
        if self.as_root:
            os.chown(name, entry.uid, entry.gid, dir_fd=parent, follow_symlinks=False)
        os.utime(name, (entry.mtime, entry.mtime), dir_fd=parent, follow_symlinks=False)
