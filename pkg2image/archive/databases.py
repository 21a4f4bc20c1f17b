"""Index files of a suite, and the databases that are made of them: kept, or made of a form that can be had.

An index is hashed before it is decompressed, and again uncompressed where the Release lists that too; nothing is made
of anything else.

Spec: Debian repository format, "Compression of indices", "by-hash".
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.documents import BelievedRelease
from pkg2image.archive.parallel import read_ahead
from pkg2image.archive.release import FileRecord, Release
from pkg2image.deb.compression import decompress
from pkg2image.deb.limits import DEFAULT_LIMITS
from pkg2image.deb.place import Place
from pkg2image.digest import Digest, sha256
from pkg2image.errors import NetworkError, TrustError
from pkg2image.plan import ReadFile
from pkg2image.store import CorruptBlobError, MissingBlobError, Store

_CHUNK = 1 << 18
_PIECE = 1 << 20
_MAX_INDEX = 1 << 31
_COMPRESSIONS = ("xz", "zst", "gz", "bz2", "lzma", "")
"""In the order of preference: the fewest bytes to download first; plain ones are often listed but not there."""

MakeDatabase = Callable[[Iterable[bytes], str], bytes]
"""Makes a database of an uncompressed index, given where that comes from, for errors."""


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A Packages index in one of its forms.

    Args:
        component: What it is the index of.
        path: Relative to the Release, with the suffix of its compression.
        compression: ``xz`` and so on, empty for plain.
        record: Size and hash of this form.
        plain: Size and hash of the uncompressed index where the Release lists it.
    """

    component: str
    path: str
    compression: str
    record: FileRecord
    plain: FileRecord | None


def forms_of(release: Release, component: str, path: str) -> tuple[IndexFile, ...]:
    """Return an index in all forms that a Release lists, best first; nothing when it lists none.

    Args:
        release: What vouches for it.
        component: What it is the index of.
        path: Relative to the Release, without the suffix of a compression.
    """
    plain = release.files.get(path)
    paths = [(f"{path}.{compression}" if compression else path, compression) for compression in _COMPRESSIONS]
    return tuple(
        IndexFile(component, form, compression, release.files[form], plain)
        for form, compression in paths
        if form in release.files
    )


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of the indexes of one suite.

    Args:
        believed: The Release that vouches for the indexes.
        store: Keeps what was downloaded, and the databases made of it.
        acquirer: For indexes that are not there.
        offline: Use only what the store has.
        kind: What the databases are kept as: another one for each version of what is in them.
        make: Makes one.
    """

    believed: BelievedRelease
    store: Store
    acquirer: Acquirer
    offline: bool
    kind: str
    make: MakeDatabase

    def missing_bytes(self, chosen: Iterable[Sequence[IndexFile]]) -> int:
        """Return how much there is to download, as far as one can tell beforehand.

        Args:
            chosen: Indexes, each in all its forms.
        """
        return sum(forms[0].record.size for forms in chosen if not self.is_kept(forms) and not self._at_hand(forms))

    def is_kept(self, forms: Sequence[IndexFile]) -> bool:
        """Say whether the database of an index was kept; whether it is intact only `database` knows."""
        return any(has_database(self.store, self.kind, key) for key in keys_of(forms))

    def origin(self, forms: Sequence[IndexFile]) -> str:
        """Return what an index is called in messages: its address without credentials."""
        return self.believed.source.public_release_base + forms[-1].path

    def read_file(self, forms: Sequence[IndexFile]) -> ReadFile:
        """Return what is read when an index is: the same, in whatever form it comes."""
        plain = next((form.plain for form in forms if form.plain is not None), None)
        best = forms[0]
        if plain is None:
            return ReadFile(self.believed.source.public_release_base + best.path, best.record.digest)
        suffix = f".{best.compression}" if best.compression else ""
        return ReadFile(self.believed.source.public_release_base + best.path.removesuffix(suffix), plain.digest)

    def database(self, forms: Sequence[IndexFile]) -> bytes:
        """Return the kept database of an index, or one made of any form that is at hand or can be had.

        Args:
            forms: The index in all its forms, best first.

        Raises:
            NetworkError: When it cannot be had, or is not in the store and ``offline`` is set.
            TrustError: When it is not the one that the Release lists.
            MalformedPackageError: When it is, and malformed all the same.
        """
        for key in keys_of(forms):
            if (database := kept_database(self.store, self.kind, key)) is not None:
                return database
        for form in self._at_hand(forms):
            try:
                return self._build(form, form.record.digest, self.origin(forms))
            except CorruptBlobError:  # now out of the way
                continue
        if self.offline:
            raise NetworkError(
                f"cannot read {self.origin(forms)} offline: it is not in the store",
                hint="run once without --offline, with the same --cache-dir",
            )
        return self._download(forms)

    def _at_hand(self, forms: Sequence[IndexFile]) -> list[IndexFile]:
        # Blobs are named by their SHA-256: of a form with nothing but a SHA-512 only the database is found again.
        return [form for form in forms if form.record.sha256 and self.store.has(form.record.digest)]

    def _download(self, forms: Sequence[IndexFile]) -> bytes:
        """Download the first form that is really there; mirrors may lack some that the Release lists."""
        missing: NetworkError | None = None
        origin = self.origin(forms)
        for form in forms:
            addresses, record = addresses_of(form, self.believed), form.record
            try:
                blob = self.acquirer.fetch_blob(addresses, self.store, digest=record.digest, size=record.size)
            except NetworkError as error:
                if error.status not in {404, 410}:
                    raise
                missing = missing or error
            else:
                return self._build(form, blob.digest, origin)
        raise missing or NetworkError(f"cannot download {origin}: the Release lists no form of it")

    def _build(self, form: IndexFile, blob: Digest, origin: str) -> bytes:
        """Make the database of a form that is in the store, and keep it."""
        with self.store.open(blob) as stream:
            chunks = uncompressed(iter(lambda: stream.read(_CHUNK), b""), form.compression, origin=origin)
            database = self.make(read_ahead(checked(chunks, form.plain, origin)), origin)
        keep_database(self.store, self.kind, keys_of([form])[0], database)
        return database


def kept_database(store: Store, kind: str, key: Digest) -> bytes | None:
    """Return the database that was made of an index, or None when there is none or it is damaged.

    Args:
        store: Where it was kept.
        kind: As what.
        key: What identifies the index: the digest of its uncompressed or compressed form.
    """
    record = store.record(kind, str(key))
    if record is None:
        return None
    digest = Digest.parse(record.decode())
    try:
        with store.open_unchecked(digest) as stream:
            database = stream.read()
    except MissingBlobError:
        return None
    # Hashed where it is used: twenty megabytes are read once.
    if sha256(database) != digest:
        store.quarantine(digest)
        return None
    return database


def has_database(store: Store, kind: str, key: Digest) -> bool:
    """Say whether a database was kept for an index; whether it is intact only `kept_database` knows."""
    record = store.record(kind, str(key))
    return record is not None and store.has(Digest.parse(record.decode()))


def keep_database(store: Store, kind: str, key: Digest, database: bytes) -> None:
    """Put a database into the store.

    Args:
        store: Where it goes.
        kind: As what.
        key: What identifies the index that it was made of.
        database: What was made of it.
    """
    blob = store.insert((database,))
    store.put_record(kind, str(key), str(blob.digest).encode())


def keys_of(forms: Iterable[IndexFile]) -> list[Digest]:
    """Return what the database of an index may be kept under: its own hash, or those of its compressed forms."""
    plain = [form.plain.digest for form in forms if form.plain is not None]
    return list(dict.fromkeys([*plain, *(form.record.digest for form in forms)]))


def addresses_of(form: IndexFile, believed: BelievedRelease) -> list[str]:
    """Return where an index lies: by its hash, where it never changes, before its usual name."""
    source, release = believed.source, believed.release
    usual = source.release_base + form.path
    if source.by_hash == "force" or (source.by_hash == "yes" and release.acquire_by_hash):
        return [source.release_base + release.by_hash_path(form.path), usual]
    return [usual]


def uncompressed(chunks: Iterable[bytes], compression: str, *, origin: str) -> Iterator[bytes]:
    """Yield an uncompressed index in bounded pieces.

    Unlike the members of a package, xz and bz2 indexes may be several streams in a row: Ubuntu's are.

    Args:
        chunks: The compressed index, its hash already checked.
        compression: ``xz``, ``zst``, ``gz``, ``bz2``, ``lzma``, or empty for none.
        origin: What is read, for errors.

    Raises:
        MalformedPackageError: When it is not compressed like that, or ends too early.

    Spec: The .xz File Format 1.2, sections 2.1.1 and 2.2 "Stream Padding".
    """
    match compression:
        case "xz":
            return _streams(chunks, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, DEFAULT_LIMITS.xz_memory), origin)
        case "bz2":
            return _streams(chunks, bz2.BZ2Decompressor, origin)
        case _:
            return decompress(chunks, compression, Place(origin))


def _streams(
    chunks: Iterable[bytes], new: Callable[[], lzma.LZMADecompressor | bz2.BZ2Decompressor], origin: str
) -> Iterator[bytes]:
    decoder: lzma.LZMADecompressor | bz2.BZ2Decompressor | None = new()
    for chunk in chunks:
        rest = chunk
        while rest or (decoder is not None and not decoder.needs_input):
            if decoder is None:
                rest = rest.lstrip(b"\0")
                decoder = new() if rest else None
                continue
            try:
                yield decoder.decompress(rest, _PIECE)
            except (lzma.LZMAError, OSError, ValueError, MemoryError) as error:
                raise Place(origin).error(f"it cannot be decompressed: {error}") from error
            rest = decoder.unused_data if decoder.eof else b""
            decoder = None if decoder.eof else decoder
    if decoder is not None:
        raise Place(origin).error("the compressed data ends too early")


def checked(chunks: Iterable[bytes], plain: FileRecord | None, origin: str) -> Iterator[bytes]:
    """Pass an uncompressed index on, and insist at its end that it is the one that the Release lists.

    Raises:
        TrustError: When it is not, or is longer than any index.
    """
    limit = plain.size if plain is not None else _MAX_INDEX
    algorithm = plain.digest.algorithm if plain is not None else "sha256"
    check, size = hashlib.new(algorithm), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TrustError(f"cannot trust {origin}: it is longer than {limit} bytes when uncompressed")
        check.update(chunk)
        yield chunk
    if plain is not None and (size, check.hexdigest()) != (plain.size, plain.digest.hex):
        raise TrustError(f"cannot trust {origin}: uncompressed it is not what its Release lists")
