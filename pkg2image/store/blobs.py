"""Blobs and records: see the package for what they promise."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Self

from pkg2image.digest import Digest
from pkg2image.errors import Pkg2ImageError, TrustError
from pkg2image.store.disk import Disk, make_directory

_KIND = re.compile(r"[a-z0-9][a-z0-9.-]*", re.ASCII)


class MissingBlobError(Pkg2ImageError):
    """A blob that is not in the store was asked for."""

    exit_code = 9

    def __init__(self, digest: Digest) -> None:
        super().__init__(f"cannot open {digest}: it is not in the store", hint="run the build again without --offline")
        self.digest = digest


class CorruptBlobError(TrustError):
    """A blob no longer has the digest that is its name; it was put into quarantine."""

    def __init__(self, digest: Digest, actual: str) -> None:
        super().__init__(
            f"cannot use {digest} of the store: its content now has the digest sha256:{actual}",
            hint="run the build again: the damaged blob was put aside",
        )
        self.digest = digest


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are in the store.

    Args:
        digest: Their SHA-256, which is their name.
        size: Bytes.
    """

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Space:
    """What some files take.

    Args:
        count: Files.
        size: Bytes.
    """

    count: int
    size: int


@dataclass(frozen=True, slots=True)
class StoreUsage:
    """What the store takes on the disk.

    Args:
        blobs: Content.
        records: Derived values.
        quarantined: Blobs that were found to be damaged.
        temporary: Files being written now, or left behind by a run that was killed.
    """

    blobs: Space
    records: Space
    quarantined: Space
    temporary: Space

    @property
    def size(self) -> int:
        """Bytes of everything."""
        return self.blobs.size + self.records.size + self.quarantined.size + self.temporary.size


class BlobWriter:
    """A blob in the making; used as a context manager, and gone without a trace unless `commit` was called.

    Attributes:
        file: The temporary file; what was written may be read or mapped after a ``flush``.
    """

    __slots__ = ("_blobs", "_committed", "_disk", "_hash", "_path", "_size", "file")

    def __init__(self, disk: Disk, blobs: Path) -> None:
        self._disk = disk
        self._blobs = blobs
        self._hash = hashlib.sha256()
        self._size = 0
        self._committed = False
        with disk.failures("write a blob"):
            self.file, self._path = disk.temporary()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def write(self, data: bytes) -> int:
        """Append bytes.

        Raises:
            OutputError: When the disk is full or fails.
        """
        with self._disk.failures("write a blob", written=self._size):
            self.file.write(data)
        self._hash.update(data)
        self._size += len(data)
        return len(data)

    def hexdigest(self) -> str:
        """Return the SHA-256 of what was written so far in hex."""
        return self._hash.hexdigest()

    def commit(self, expected: Digest | None = None) -> Blob:
        """Make what was written a blob of the store.

        Args:
            expected: The digest it must have.

        Raises:
            TrustError: When it has another digest; nothing is stored then.
            OutputError: When the disk is full or fails.
        """
        digest = Digest("sha256", self.hexdigest())
        if expected is not None and expected != digest:
            raise TrustError(f"cannot store {expected}: the content has the digest {digest}")
        with self._disk.failures("write a blob", written=self._size):
            self._disk.place(self.file, self._path, _blob_path(self._blobs, digest), sync=True)
        self._committed = True
        return Blob(digest, self._size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A full disk may be noticed again while closing, when an error for it is already on its way.
        with suppress(OSError):
            self.file.close()
        if not self._committed:
            with suppress(OSError):
                self._path.unlink()


class Store:
    """The store of one directory, which is made when something is first written.

    Methods may be called from several threads, and by several processes on the same directory.

    Args:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._disk = Disk(root)
        self._blobs = root / "blobs"

    def writer(self) -> BlobWriter:
        """Begin a blob whose content comes bit by bit; use the result in a ``with`` statement.

        Raises:
            OutputError: When the store cannot be written.
        """
        return BlobWriter(self._disk, self._blobs)

    def insert(self, chunks: Iterable[bytes], *, expected: Digest | None = None) -> Blob:
        """Store the concatenation of chunks.

        Args:
            chunks: The content.
            expected: The digest it must have.

        Raises:
            TrustError: When it has another digest; nothing is stored then.
            OutputError: When the store cannot be written.
        """
        with self.writer() as writer:
            for chunk in chunks:
                writer.write(chunk)
            return writer.commit(expected)

    def path(self, digest: Digest) -> Path:
        """Return where a blob is or would be; what lies there is not verified.

        Raises:
            ValueError: For digests other than SHA-256.
        """
        return _blob_path(self._blobs, digest)

    def has(self, digest: Digest) -> bool:
        """Say whether a blob of this name exists; whether it is intact only `open` knows."""
        return self.size(digest) is not None

    def size(self, digest: Digest) -> int | None:
        """Return the size of a blob in bytes, or None when there is none of this name."""
        with self._disk.failures(f"look for {digest}"):
            self._disk.share()
            try:
                return self.path(digest).stat().st_size
            except FileNotFoundError:
                return None

    def open(self, digest: Digest) -> BufferedReader:
        """Open a blob after hashing all of it again.

        Returns:
            The open file at offset 0; the caller closes it.

        Raises:
            MissingBlobError: When there is none.
            CorruptBlobError: When its content changed; it was put into quarantine.
            OutputError: When it cannot be read.
        """
        file = self.open_unchecked(digest)
        try:
            with self._disk.failures(f"read {digest}"):
                actual = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
        except BaseException:
            file.close()
            raise
        if actual == digest.hex:
            return file
        file.close()
        self.quarantine(digest)
        raise CorruptBlobError(digest, actual)

    def open_unchecked(self, digest: Digest) -> BufferedReader:
        """Open a blob for a caller who verifies what is read.

        Raises:
            MissingBlobError: When there is none.
            OutputError: When it cannot be read.
        """
        path = self.path(digest)
        with self._disk.failures(f"read {digest}"):
            self._disk.share()
            try:
                file = path.open("rb")
            except FileNotFoundError:
                raise MissingBlobError(digest) from None
        # Pruning drops what was not used for long; a store that cannot be written is not pruned either.
        with suppress(OSError):
            os.utime(path)
        return file

    def quarantine(self, digest: Digest) -> None:
        """Put a damaged blob aside, so that it is made anew; a missing one is no error."""
        with self._disk.failures(f"put {digest} aside"):
            self._disk.share()
            make_directory(self.root / "quarantine")
            with suppress(FileNotFoundError):
                self.path(digest).replace(self.root / "quarantine" / digest.hex)

    def record(self, kind: str, key: str) -> bytes | None:
        """Return a derived value, or None when there is none or it is damaged (and now removed).

        Args:
            kind: What kind of value, for example ``facts-1``: lower-case letters, digits, dots and dashes.
            key: Any text that says everything the value depends on.
        """
        path = self._record_path(kind, key)
        with self._disk.failures(f"read a record of the kind {kind}"):
            self._disk.share()
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return None
            checksum, value = data[:32], data[32:]
            if checksum != _record_checksum(kind, key, value):
                with suppress(OSError):
                    path.unlink()
                return None
        with suppress(OSError):
            os.utime(path)
        return value

    def put_record(self, kind: str, key: str, value: bytes) -> None:
        """Keep a derived value, replacing the one before.

        Records are not synced: what a power cut leaves of one does not pass its checksum.

        Raises:
            OutputError: When the store cannot be written.
        """
        target = self._record_path(kind, key)
        with self._disk.failures(f"write a record of the kind {kind}", written=len(value)):
            file, path = self._disk.temporary()
            try:
                with file:
                    file.write(_record_checksum(kind, key, value) + value)
                    self._disk.place(file, path, target, sync=False)
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def usage(self) -> StoreUsage:
        """Return what the store takes on the disk."""
        with self._disk.failures("look at what is"):
            self._disk.share()
            return StoreUsage(*(_space(self._disk.files(part)) for part in ("blobs", "records", "quarantine", "tmp")))

    def prune(self, *, keep_bytes: int | None = None, older_than: float | None = None) -> StoreUsage:
        """Remove leftovers, and then what was not used for longest.

        Args:
            keep_bytes: Remove blobs and records, least recently used first, until no more than this is left.
            older_than: Remove what was last used before this time, in seconds since the epoch.

        Returns:
            What is left.

        Raises:
            OutputError: When another process uses the store.
        """
        with self._disk.alone("prune"):
            for part in ("quarantine", "tmp"):
                for _, _, path in self._disk.files(part):
                    path.unlink(missing_ok=True)
            files = sorted((*self._disk.files("blobs"), *self._disk.files("records")))
            left = sum(size for _, size, _ in files)
            for used, size, path in files:
                if (older_than is not None and used < older_than) or (keep_bytes is not None and left > keep_bytes):
                    path.unlink(missing_ok=True)
                    left -= size
            return self.usage()

    def clear(self) -> None:
        """Remove everything.

        Raises:
            OutputError: When another process uses the store.
        """
        with self._disk.alone("clear"):
            for part in ("blobs", "records", "quarantine", "tmp"):
                with suppress(FileNotFoundError):
                    shutil.rmtree(self.root / part)

    def close(self) -> None:
        """Let go of the lock; the store may be used again afterwards."""
        self._disk.close()

    def failures(self, action: str, *, written: int = 0) -> AbstractContextManager[None]:
        """Turn every `OSError` into an `OutputError` that names the store, for who reads open blobs.

        Args:
            action: What is being done, for the message.
            written: Bytes that were written so far, for the message about a full disk.
        """
        return self._disk.failures(action, written=written)

    def _record_path(self, kind: str, key: str) -> Path:
        if _KIND.fullmatch(kind) is None:
            msg = f"not a kind of records: {kind!r}"
            raise ValueError(msg)
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        return self.root / "records" / kind / name[:2] / name


def _blob_path(blobs: Path, digest: Digest) -> Path:
    if digest.algorithm != "sha256":
        msg = f"blobs are named by their SHA-256, not by {digest}"
        raise ValueError(msg)
    return blobs / "sha256" / digest.hex[:2] / digest.hex


def _record_checksum(kind: str, key: str, value: bytes) -> bytes:
    """Return the checksum of a record: a value in the wrong place is as wrong as a damaged one."""
    name = f"{kind}\0{len(key)}\0{key}\0".encode("utf-8", "surrogateescape")
    return hashlib.sha256(name + value).digest()


def _space(files: Iterable[tuple[float, int, Path]]) -> Space:
    sizes = [size for _, size, _ in files]
    return Space(len(sizes), sum(sizes))
