"""Looking through tars that somebody hands to us: every member, every digest, within bounds.

This reads with the standard library's tar reader on purpose: what `pkg2image.image.tarwriter` writes is then judged by
a reader that shares nothing with it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
import stat
import tarfile
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from pkg2image.digest import Digest, sha256
from pkg2image.errors import RequestError
from pkg2image.rootfs.tree import Kind, path_key

MOST_CAPTURED = 64 << 20
"""Bytes of one document or captured file; what is larger is not an image of anybody."""

_MOST_TOGETHER = 256 << 20  # bytes of all captured files

_MOST_HEADER = 1 << 20  # a long name or a pax header
_MOST_MEMBERS = 5_000_000
_CAPABILITY = "security.capability"
_MAGIC = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.LNKTYPE: Kind.FILE,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.CHRTYPE: Kind.CHARACTER,
    tarfile.BLKTYPE: Kind.BLOCK,
    tarfile.DIRTYPE: Kind.DIRECTORY,
    tarfile.FIFOTYPE: Kind.FIFO,
}
_STAT_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHARACTER,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFIFO: Kind.FIFO,
}
_HEADER_TYPES = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One member of a tar.

    Args:
        path: As written, but without a slash at the end; the root is ``""``.
        kind: What it is; a hard link is a file.
        mode: Permission bits.
        uid: Owner.
        gid: Group.
        mtime: Seconds since the epoch.
        size: Bytes of content.
        target: Of symlinks and hard links, as written.
        hard_link: Whether it is another name of an earlier file.
        named: Whether the header names user or group, which nobody should.
        sha256: Of the content of a file, in hex, where somebody wanted to know it; empty for another name of a file.
        capabilities: The file capabilities, in hex as in their attribute, where somebody wanted to know them.
        sha1: Of the content, as `sha256`.
    """

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    mtime: int
    size: int = 0
    target: str = ""
    hard_link: bool = False
    named: bool = False
    sha256: str = ""
    capabilities: str = ""
    sha1: str = ""

    def render(self) -> dict[str, object]:
        """Return the file the way ``inspect --json`` shows it."""
        fields: dict[str, object] = {
            "path": f"/{self.path}",
            "type": "hardlink" if self.hard_link else self.kind.value,
            "mode": f"{self.mode:04o}",
            "uid": self.uid,
            "gid": self.gid,
            "size": self.size,
            "mtime": self.mtime,
        }
        return {**fields, "target": self.target} if self.target else fields


@dataclass(frozen=True, slots=True)
class Scan:
    """What is in a tar, compressed or not.

    Args:
        compression: ``gzip``, ``xz``, ``zstd`` or ``none``.
        digest: SHA-256 of the bytes as they are.
        size: Number of them.
        diff_id: SHA-256 of the uncompressed bytes.
        image_id: SHA-512 of the uncompressed bytes, where somebody wanted to know it.
        content_size: Number of these.
        files: Members in order, repeated ones too.
        captured: Path -> content of the files that were asked for; of a repeated one the last.
    """

    compression: str
    digest: Digest
    size: int
    diff_id: Digest
    image_id: Digest | None
    content_size: int
    files: tuple[FileInfo, ...]
    captured: Mapping[str, bytes]


class HashingReader(io.RawIOBase):
    """A stream that hashes and counts what is read from it.

    Args:
        file: What is read.
        algorithms: Names of the hashes.
    """

    def __init__(self, file: BinaryIO, *algorithms: str) -> None:
        super().__init__()
        self._file = file
        self._hashes = [hashlib.new(name) for name in algorithms]
        self.count = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes."""
        data = self._file.read(-1 if size is None else size)
        for seen in self._hashes:
            seen.update(data)
        self.count += len(data)
        return data

    def readinto(self, buffer: object, /) -> int:
        """Read into a buffer."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def drain(self) -> None:
        """Read to the end."""
        while self.read(1 << 20):
            pass

    def digests(self) -> tuple[Digest, ...]:
        """Return the digests of what was read so far."""
        return tuple(Digest(seen.name, seen.hexdigest()) for seen in self._hashes)


class CheckedTarInfo(tarfile.TarInfo):
    """A tar header whose claims about the size of other headers are bounded."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        """Read what belongs to a header; tarfile offers this method to subclasses, in all versions of Python.

        Raises:
            ReadError: When a name or a pax header is larger than any sane one.
        """
        if self.type in _HEADER_TYPES and self.size > _MOST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return cast("tarfile.TarInfo", cast("Any", super())._proc_member(tar))  # noqa: SLF001


@contextmanager
def reading(path: Path, what: str = "image") -> Iterator[None]:
    """Turn whatever foreign bytes make the standard library raise into one error.

    Raises:
        RequestError: Names the file and the reason.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise RequestError(f"cannot read the {what} {path}: there is no such file") from error
    except (
        *(tarfile.TarError, OSError, EOFError, ValueError, OverflowError, RecursionError),
        *(zlib.error, lzma.LZMAError, zstandard.ZstdError),
    ) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RequestError(f"cannot read the {what} {path}: {reason or type(error).__name__}") from error


def scan_tar(file: BinaryIO, capture: Container[str] = (), *, image_id: bool = False, deep: bool = False) -> Scan:
    """Read a tar to its end.

    Args:
        file: At its start; it must be able to go back there.
        capture: Paths of files whose content is wanted.
        image_id: Whether the SHA-512 is wanted, which takes as long as all the rest.
        deep: Whether the hash and the capabilities of every file are wanted.

    Raises:
        tarfile.TarError, OSError, ...: Whatever `reading` turns into an error of ours.
    """
    compression = compression_of(file)
    raw = HashingReader(file, "sha256")
    content = HashingReader(decompressor(raw, compression), "sha256", *(["sha512"] if image_id else []))
    captured: dict[str, bytes] = {}
    room = _MOST_TOGETHER
    files: list[FileInfo] = []
    with tarfile.open(fileobj=cast("BinaryIO", content), mode="r|", tarinfo=CheckedTarInfo) as tar:
        for member in tar:
            info = file_info(member)
            files.append(info)
            cast("Any", tar).members.clear()  # it would keep every header of the archive
            if len(files) > _MOST_MEMBERS:
                raise tarfile.ReadError("it has too many members")
            if member.isreg() and (deep or info.path in capture):
                wanted = info.path in capture and member.size <= min(MOST_CAPTURED, room)
                room -= member.size if wanted else 0
                hashes, data = _read_member(cast("BinaryIO", tar.extractfile(member)), keep=wanted, deep=deep)
                if wanted:
                    captured[info.path] = data
                if deep:
                    sha256, sha1 = hashes
                    files[-1] = replace(info, sha256=sha256, sha1=sha1, capabilities=_capabilities(member))
    content.drain()
    raw.drain()
    diff_id, *more = content.digests()
    return Scan(
        compression=compression,
        digest=raw.digests()[0],
        size=raw.count,
        diff_id=diff_id,
        image_id=more[0] if more else None,
        content_size=content.count,
        files=tuple(files),
        captured=captured,
    )


def _read_member(stream: BinaryIO, *, keep: bool, deep: bool) -> tuple[tuple[str, ...], bytes]:
    """Return SHA-256 and SHA-1 of a file where they are wanted, and its content where that is to be kept."""
    hashes = (hashlib.sha256(), hashlib.sha1(usedforsecurity=False)) if deep else ()
    kept = []
    while chunk := stream.read(1 << 20):
        for seen in hashes:
            seen.update(chunk)
        if keep:
            kept.append(chunk)
    return tuple(seen.hexdigest() for seen in hashes), b"".join(kept)


def _capabilities(member: tarfile.TarInfo) -> str:
    # Bytes that are not UTF-8 are escaped by the reader of pax headers.
    return member.pax_headers.get(f"SCHILY.xattr.{_CAPABILITY}", "").encode("utf-8", "surrogateescape").hex()


def scan_directory(root: Path, capture: Container[str] = (), *, deep: bool = False) -> Scan:
    """List a directory the way `scan_tar` lists a tar, in byte order; symlinks are not followed.

    Args:
        root: The directory.
        capture: Paths of files whose content is wanted.
        deep: Whether the hash and the capabilities of every file are wanted.

    Returns:
        A scan whose digest is that of the listing, and whose size is that of all files.
    """
    captured: dict[str, bytes] = {}
    names: dict[tuple[int, int], str] = {}
    files: list[FileInfo] = []
    for path in sorted(root.rglob("*"), key=lambda path: path_key(str(path.relative_to(root)))):
        name, status = str(path.relative_to(root)), path.lstat()
        kind = _STAT_KINDS.get(stat.S_IFMT(status.st_mode))
        if kind is None:
            raise ValueError(f"{name} is a socket")
        first = names.setdefault((status.st_dev, status.st_ino), name)
        files.append(
            FileInfo(
                path=name,
                kind=kind,
                mode=stat.S_IMODE(status.st_mode),
                uid=status.st_uid,
                gid=status.st_gid,
                mtime=int(status.st_mtime),
                size=status.st_size if kind is Kind.FILE and first == name else 0,
                target=str(path.readlink()) if kind is Kind.SYMLINK else "" if first == name else first,
                hard_link=first != name,
            )
        )
        if name in capture and kind is Kind.FILE and status.st_size <= MOST_CAPTURED:
            captured[name] = path.read_bytes()
    digest = sha256(repr(files).encode("utf-8", "surrogateescape"))
    size = sum(info.size for info in files)
    if deep:
        files = [_looked_into(root / info.path, info) for info in files]
    return Scan("none", digest, size, digest, None, size, tuple(files), captured)


def _looked_into(path: Path, info: FileInfo) -> FileInfo:
    if info.kind is not Kind.FILE or info.hard_link:
        return info
    with path.open("rb") as stream:
        (sha256, sha1), _ = _read_member(stream, keep=False, deep=True)
    attributes = os.listxattr(path, follow_symlinks=False)
    capabilities = os.getxattr(path, _CAPABILITY, follow_symlinks=False).hex() if _CAPABILITY in attributes else ""
    return replace(info, sha256=sha256, sha1=sha1, capabilities=capabilities)


def file_info(member: tarfile.TarInfo) -> FileInfo:
    """Return a member as we speak of it.

    Raises:
        ReadError: When it is of a type that no image may hold.
    """
    if member.type not in _KINDS or member.issparse():
        raise tarfile.ReadError(f"{member.name[:200]!r} is of the type {member.type!r}")
    return FileInfo(
        path="" if member.name == "." else member.name,
        kind=_KINDS[member.type],
        mode=stat.S_IMODE(member.mode),
        uid=member.uid,
        gid=member.gid,
        mtime=int(member.mtime),
        size=member.size if member.isreg() else 0,
        target=member.linkname,
        hard_link=member.islnk(),
        named=bool(member.uname or member.gname),
    )


def flatten(layers: Iterable[Iterable[FileInfo]]) -> tuple[FileInfo, ...]:
    """Return what layers come to when they are laid over each other, in byte order and without the root.

    Spec: OCI image-spec v1.1 layer.md "Applying Changesets", "Whiteouts".
    """
    found: dict[str, FileInfo] = {}
    for layer in layers:
        members = list(layer)
        for info in members:
            directory, _, name = info.path.rpartition("/")
            if name == ".wh..wh..opq":
                _drop(found, directory, keep_itself=True)
            elif name.startswith(".wh."):
                _drop(found, f"{directory}/{name[4:]}".lstrip("/"))
        for info in members:
            if info.path and not info.path.rpartition("/")[2].startswith(".wh."):
                if info.kind is not Kind.DIRECTORY and info.path in found and found[info.path].kind is Kind.DIRECTORY:
                    _drop(found, info.path)
                found[info.path] = info
    return tuple(found[path] for path in sorted(found, key=path_key))


def _drop(found: dict[str, FileInfo], path: str, *, keep_itself: bool = False) -> None:
    prefix = f"{path}/" if path else ""
    for name in [name for name in found if name.startswith(prefix) or (name == path and not keep_itself)]:
        del found[name]


def compression_of(file: BinaryIO) -> str:
    """Return the name of the compression of a file that is at its start, and leave it there."""
    head = file.read(6)
    file.seek(0)
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "none")


def decompressor(raw: HashingReader, compression: str) -> BinaryIO:
    """Return a stream of the uncompressed bytes."""
    source = cast("BinaryIO", raw)
    match compression:
        case "gzip":
            return cast("BinaryIO", gzip.GzipFile(fileobj=source))
        case "xz":
            return cast("BinaryIO", lzma.LZMAFile(source))
        case "zstd":
            return cast("BinaryIO", zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True))
        case _:
            return source
