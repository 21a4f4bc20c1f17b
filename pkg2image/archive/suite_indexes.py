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
        found = [forms for path in paths if (forms := _forms(release, component, path))]
        if not found and not source.flat:
            _explain_absence(source, release, component, architecture)
        chosen += found
    if not chosen:
        raise RequestError(f"cannot use {source} for {architecture}: its Release lists no index of packages")
    return chosen


def _forms(release: Release, component: str, path: str) -> tuple[IndexFile, ...]:
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


def _load_index(forms: Sequence[IndexFile], believed: BelievedRelease, surroundings: _Surroundings) -> PackageIndex:
    """Return the database of an index: the kept one, or one that is made of any form that is at hand or can be had."""
    store = surroundings.store
    origin = (
        believed.source.public_uri + believed.source.release_base.removeprefix(believed.source.uri) + forms[-1].path
    )
    for key in _keys(forms):
        if (index := kept_index(store, key, origin=origin)) is not None:
            return index
    at_hand = [form for form in forms if form.record.sha256 and store.has(form.record.digest)]
    if not at_hand and surroundings.offline:
        raise NetworkError(
            f"cannot read {origin} offline: it was never downloaded",
            hint="run once without --offline, with the same --cache-dir",
        )
    for form in at_hand:
        try:
            return _build(form, form.record.digest, origin, store)
        except CorruptBlobError:
            if surroundings.offline:
                raise
    return _download(forms, believed, origin, surroundings)


def _missing_bytes(believed: BelievedRelease, surroundings: _Surroundings) -> int:
    """Return how much there is to download for a suite, as far as one can tell beforehand."""
    store = surroundings.store
    return sum(
        forms[0].record.size
        for forms in choose_indexes(believed.source, believed.release, surroundings.architecture)
        if not any(has_index(store, key) for key in _keys(forms))
        and not any(form.record.sha256 and store.has(form.record.digest) for form in forms)
    )


def _keys(forms: Iterable[IndexFile]) -> list[Digest]:
    """Return what the database of an index may be kept under: its own hash, or those of its compressed forms."""
    plain = [form.plain.digest for form in forms if form.plain is not None]
    return list(dict.fromkeys([*plain, *(form.record.digest for form in forms)]))


def _download(
    forms: Sequence[IndexFile], believed: BelievedRelease, origin: str, surroundings: _Surroundings
) -> PackageIndex:
    """Download the first form that is really there, and make the database of it."""
    missing: NetworkError | None = None
    for form in forms:
        try:
            blob = surroundings.acquirer.fetch_blob(
                _addresses(form, believed), surroundings.store, digest=form.record.digest, size=form.record.size
            )
        except NetworkError as error:
            if error.status not in {404, 410}:
                raise
            missing = missing or error
            continue
        return _build(form, blob.digest, origin, surroundings.store)
    raise missing or NetworkError(f"cannot download {origin}: the Release lists no form of it")


def _addresses(form: IndexFile, believed: BelievedRelease) -> list[str]:
    """Return where an index lies: by its hash, where it never changes, before its usual name."""
    source, release = believed.source, believed.release
    usual = source.release_base + form.path
    if source.by_hash == "force" or (source.by_hash == "yes" and release.acquire_by_hash):
        return [source.release_base + release.by_hash_path(form.path), usual]
    return [usual]


def _build(form: IndexFile, blob: Digest, origin: str, store: Store) -> PackageIndex:
    """Make the database of a form that is in the store, and keep it."""
    with store.open(blob) as stream:
        chunks = decompress(iter(lambda: stream.read(_CHUNK), b""), form.compression, Place(origin))
        database = build_index(read_ahead(_checked(chunks, form.plain, origin)), origin=origin)
    keep_index(store, _keys([form])[0], database)
    return PackageIndex(database, origin=origin)


def _checked(chunks: Iterable[bytes], plain: FileRecord | None, origin: str) -> Iterator[bytes]:
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
