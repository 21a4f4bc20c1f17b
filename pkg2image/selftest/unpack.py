"""An image as a directory of this machine, for the time of a test.

Names out of the image become names on the host here. Everything happens relative to open directories below a new,
private one, and no symlink is ever followed, so a member can only end up inside it. An image that has a member below a
symlink is refused; none of ours has.

Spec: OCI image-spec v1.1 layer.md "Applying Changesets", "Whiteouts"; appc spec 0.8.11 aci.md "Image Layout".
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from pkg2image.errors import OutputError
from pkg2image.image.container import Archive, Container, LayoutDirectory
from pkg2image.image.read import ImageContents
from pkg2image.image.scan import (
    CheckedTarInfo,
    FileInfo,
    HashingReader,
    compression_of,
    decompressor,
    file_info,
    reading,
)
from pkg2image.rootfs.tree import Kind

_PIECE = 1 << 20
_ROOTFS = "rootfs/"
_XATTR = "SCHILY.xattr."
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class _Member:
    """A file of an image on its way to the disk.

    Args:
        info: What it is.
        xattrs: Extended attributes by name.
        data: Where its content is read from.
    """

    info: FileInfo
    xattrs: Mapping[str, bytes] = field(default_factory=dict)
    data: IO[bytes] | None = None


def unpack(contents: ImageContents, root: Path) -> None:
    """Unpack an image as root, with its owners and modes; devices are left to the runtime.

    Args:
        contents: The image, as it was read.
        root: A private directory that does not exist yet.

    Raises:
        RequestError: When the image is broken, or a member is where none can be.
        OutputError: When there is no room for it.
    """
    root.mkdir(mode=0o755)
    needed, free = sum(layer.scan.content_size for layer in contents.layers), shutil.disk_usage(root).free
    if needed > free:
        raise OutputError(
            f"cannot unpack {contents.path}: it needs {needed} bytes below {root.parent}, and {free} are free",
            hint="make room, or set TMPDIR to another directory",
        )
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with reading(contents.path):
            _unpack(contents, _Place(handle))
    finally:
        os.close(handle)


def _unpack(contents: ImageContents, place: _Place) -> None:
    path = contents.path
    if contents.format == "dir":
        place.add(_of_directory(path, contents.files))
        return
    if path.is_dir():
        _unpack_layers(contents, LayoutDirectory(path), place)
        return
    with path.open("rb") as file:
        if contents.format in {"oci", "docker"}:
            _unpack_layers(contents, Archive(file), place)
        else:
            place.add(_of_tar(file, _ROOTFS if contents.format == "aci" else ""))


def _unpack_layers(contents: ImageContents, container: Container, place: _Place) -> None:
    for layer in contents.layers:
        # What a layer removes is of the layers below it, wherever in the layer it says so.
        for info in layer.scan.files:
            place.remove_whited_out(info.path)
        with container.open(layer.path) as file:
            place.add(member for member in _of_tar(file, "") if not _name(member.info.path).startswith(_WHITEOUT))


def _of_tar(file: BinaryIO, prefix: str) -> Iterator[_Member]:
    stream = decompressor(HashingReader(file), compression_of(file))
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=CheckedTarInfo) as tar:
        for member in tar:
            info = file_info(member)
            cast("Any", tar).members.clear()
            path = info.path.removeprefix("./")
            if not path.startswith(prefix) or path == prefix:
                continue
            target = info.target.removeprefix("./").removeprefix(prefix) if info.hard_link else info.target
            xattrs = {
                name.removeprefix(_XATTR): value.encode("utf-8", "surrogateescape")
                for name, value in member.pax_headers.items()
                if name.startswith(_XATTR)
            }
            data = tar.extractfile(member) if member.isreg() else None
            yield _Member(replace(info, path=path.removeprefix(prefix), target=target), xattrs, data)


def _of_directory(root: Path, files: Iterable[FileInfo]) -> Iterator[_Member]:
    for info in files:
        path = root / info.path
        xattrs = {}
        if info.kind in {Kind.FILE, Kind.DIRECTORY}:
            xattrs = {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path)}
        if info.kind is Kind.FILE and not info.hard_link:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as file:
                yield _Member(info, xattrs, file)
        else:
            yield _Member(info, xattrs)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


@dataclass(slots=True)
class _Place:
    """The directory that files are put into.

    Args:
        root: It, open.
    """

    root: int

    def add(self, members: Iterable[_Member]) -> None:
        """Put files there, in their order; what comes later replaces what was there."""
        directories: dict[str, FileInfo] = {}
        for member in members:
            if member.info.kind is Kind.DIRECTORY:
                directories[member.info.path] = member.info
            self._add(member)
        # Times and modes last and from the bottom up: a finished directory may be read-only.
        for path in sorted(directories, reverse=True):
            with self._directory(path) as handle:
                _finish(directories[path], handle)

    def remove_whited_out(self, path: str) -> None:
        """Remove what a whiteout names, when the path is one of a whiteout."""
        directory, name = path.rpartition("/")[0], _name(path)
        if not name.startswith(_WHITEOUT):
            return
        try:
            with self._directory(directory) as handle:
                if name == _OPAQUE:
                    for each in os.listdir(handle):  # noqa: PTH208 - a handle has no path
                        _remove(each, handle)
                else:
                    _remove(_plain(name.removeprefix(_WHITEOUT)), handle)
        except FileNotFoundError:
            return  # nothing to remove

    def _add(self, member: _Member) -> None:
        info = member.info
        if not info.path:
            return
        with self._directory(info.path.rpartition("/")[0], make=True) as parent:
            name = _plain(_name(info.path))
            if info.kind is not Kind.DIRECTORY or not _is_directory(name, parent):
                _remove(name, parent)
            match info.kind:
                case Kind.DIRECTORY:
                    if not _is_directory(name, parent):
                        os.mkdir(name, 0o755, dir_fd=parent)
                case Kind.SYMLINK:
                    os.symlink(info.target, name, dir_fd=parent)
                    os.chown(name, info.uid, info.gid, dir_fd=parent, follow_symlinks=False)
                case Kind.FILE if info.hard_link:
                    with self._directory(info.target.rpartition("/")[0]) as first:
                        source = _plain(_name(info.target))
                        os.link(source, name, src_dir_fd=first, dst_dir_fd=parent, follow_symlinks=False)
                case Kind.FILE:
                    _write(member, name, parent)
                case Kind.FIFO:
                    os.mkfifo(name, 0o600, dir_fd=parent)
                    os.chown(name, info.uid, info.gid, dir_fd=parent, follow_symlinks=False)
                    os.chmod(name, info.mode, dir_fd=parent)
                case _:
                    pass  # a device, which the runtime makes where it is allowed

    @contextmanager
    def _directory(self, path: str, *, make: bool = False) -> Iterator[int]:
        """Open a directory below the root, step by step; with `make` those on the way are made."""
        handle = os.dup(self.root)
        try:
            for name in map(_plain, path.split("/") if path else ()):
                if make and not _exists(name, handle):
                    os.mkdir(name, 0o755, dir_fd=handle)
                below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)


def _plain(name: str) -> str:
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise ValueError(f"{name!r} cannot be the name of a file")
    return name


def _write(member: _Member, name: str, parent: int) -> None:
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=parent)
    with os.fdopen(handle, "wb") as file:
        while data := member.data.read(_PIECE) if member.data else b"":
            file.write(data)
        file.flush()
        _finish(member.info, handle)
        for attribute, value in member.xattrs.items():
            with suppress(OSError):  # the file system below the temporary directory may know none
                os.setxattr(handle, attribute, value)


def _finish(info: FileInfo, handle: int) -> None:
    os.fchown(handle, info.uid, info.gid)
    os.fchmod(handle, info.mode)
    os.utime(handle, (info.mtime, info.mtime))


def _status(name: str, parent: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _exists(name: str, parent: int) -> bool:
    return _status(name, parent) is not None


def _is_directory(name: str, parent: int) -> bool:
    status = _status(name, parent)
    return status is not None and stat.S_ISDIR(status.st_mode)


def _remove(name: str, parent: int) -> None:
    if _is_directory(name, parent):
        shutil.rmtree(name, dir_fd=parent)
    elif _exists(name, parent):
        os.unlink(name, dir_fd=parent)
