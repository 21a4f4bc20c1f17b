"""The indexes of one suite: which ones there are, in which form to get them, and how they become databases.

An index is hashed before it is decompressed, and again uncompressed where the Release lists that too; nothing is made
of anything else.

Spec: Debian repository format, "Packages Indices", "Compression of indices", "by-hash".
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.documents import BelievedRelease
from pkg2image.archive.index import PackageIndex, build_index, has_index, keep_index, kept_index
from pkg2image.archive.parallel import read_ahead
from pkg2image.archive.release import FileRecord, Release
from pkg2image.archive.sources import Source
from pkg2image.deb.compression import decompress
from pkg2image.deb.limits import DEFAULT_LIMITS
from pkg2image.deb.place import Place
from pkg2image.digest import Digest
from pkg2image.errors import NetworkError, RequestError, TrustError
from pkg2image.store import CorruptBlobError, Store

_CHUNK = 1 << 18
_PIECE = 1 << 20
_MAX_INDEX = 1 << 31
_COMPRESSIONS = ("xz", "zst", "gz", "bz2", "lzma", "")
"""In the order of preference: the fewest bytes to download first; plain ones are often listed but not there."""


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


def choose_indexes(source: Source, release: Release, architecture: str) -> list[tuple[IndexFile, ...]]:
    """Return the indexes that a source has for an architecture, each in all forms that the Release lists, best first.

    Raises:
        RequestError: When there is no such component, or nothing for the architecture.

    Spec: Debian repository format, "Architectures" and "No-Support-for-Architecture-all".
    """
    chosen = []
    for component in source.components or ("",):
        if source.flat:
            paths = ["Packages"]
        else:
            paths = [f"{component}/binary-{architecture}/Packages"]
            if "all" in release.architectures and not release.no_support_for_architecture_all:
                paths.append(f"{component}/binary-all/Packages")
        found = [forms for path in paths if (forms := forms_of(release, component, path))]
        if not found and not source.flat:
            _explain_absence(source, release, component, architecture)
        chosen += found
    if not chosen:
        raise RequestError(f"cannot use {source} for {architecture}: its Release lists no index of packages")
    return chosen


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


def _explain_absence(source: Source, release: Release, component: str, architecture: str) -> None:
    """Raise when a component or architecture is unknown; return when the one only has nothing of the other."""
    # Debian's security archive lists "updates/main" and keeps it under "main".
    components = [name.removeprefix("updates/") for name in release.components]
    if component.removeprefix("updates/") not in components:
        raise RequestError(
            f"cannot use the component {component} of {source}: there is no such component",
            hint=f"it offers {', '.join(components)}" if components else None,
        )
    architectures = [name for name in release.architectures if name not in {"all", "source"}]
    if architecture not in architectures:
        raise RequestError(
            f"cannot use {source} for {architecture}: it has no packages for this architecture",
            hint=f"it offers {', '.join(architectures)}" if architectures else None,
        )


@dataclass(frozen=True, slots=True)
class SuiteIndexes:
    """The indexes of one suite for one architecture.

    Args:
        believed: The Release that vouches for them.
        architecture: The Debian architecture.
        store: Keeps what was downloaded, and the databases made of it.
        acquirer: For those that are not there.
        offline: Use only what the store has.
    """

    believed: BelievedRelease
    architecture: str
    store: Store
    acquirer: Acquirer
    offline: bool

    def missing_bytes(self) -> int:
        """Return how much there is to download, as far as one can tell beforehand.

        Raises:
            RequestError: When there is no such component, or nothing for the architecture.
        """
        return sum(
            forms[0].record.size
            for forms in self._chosen()
            if not any(has_index(self.store, key) for key in keys_of(forms)) and not self._at_hand(forms)
        )

    def load(self) -> list[tuple[str, PackageIndex]]:
        """Return each index with its component.

        Raises:
            RequestError: When there is no such component, or nothing for the architecture.
            NetworkError: When an index cannot be had, or is not in the store and ``offline`` is set.
            TrustError: When an index is not the one that the Release lists.
            MalformedPackageError: When it is, and malformed all the same.
        """
        return [(forms[0].component, self._load(forms)) for forms in self._chosen()]

    def _chosen(self) -> list[tuple[IndexFile, ...]]:
        return choose_indexes(self.believed.source, self.believed.release, self.architecture)

    def _at_hand(self, forms: Sequence[IndexFile]) -> list[IndexFile]:
        # Blobs are named by their SHA-256: of a form with nothing but a SHA-512 only the database is found again.
        return [form for form in forms if form.record.sha256 and self.store.has(form.record.digest)]

    def _load(self, forms: Sequence[IndexFile]) -> PackageIndex:
        """Return an index; one whose database was kept is not read before it is asked."""
        source = self.believed.source
        origin = source.public_uri + source.release_base.removeprefix(source.uri) + forms[-1].path
        if any(has_index(self.store, key) for key in keys_of(forms)):
            return PackageIndex(lambda: self._database(forms, origin), origin=origin)
        database = self._database(forms, origin)
        return PackageIndex(lambda: database, origin=origin)

    def _database(self, forms: Sequence[IndexFile], origin: str) -> bytes:
        """Return the kept database of an index, or one made of any form that is at hand or can be had."""
        for key in keys_of(forms):
            if (database := kept_index(self.store, key)) is not None:
                return database
        for form in self._at_hand(forms):
            try:
                return self._build(form, form.record.digest, origin)
            except CorruptBlobError:  # now out of the way
                continue
        if self.offline:
            raise NetworkError(
                f"cannot read {origin} offline: it is not in the store",
                hint="run once without --offline, with the same --cache-dir",
            )
        return self._download(forms, origin)

    def _download(self, forms: Sequence[IndexFile], origin: str) -> bytes:
        """Download the first form that is really there; mirrors may lack some that the Release lists."""
        missing: NetworkError | None = None
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
            database = build_index(read_ahead(checked(chunks, form.plain, origin)), origin=origin)
        keep_index(self.store, keys_of([form])[0], database)
        return database


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
