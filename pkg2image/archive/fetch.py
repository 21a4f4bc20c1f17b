"""From a plan to packages that were read: downloaded, verified, and taken apart once for ever.

Each package goes its whole way in one thread, so that some are downloaded while others are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.parallel import parallel_map
from pkg2image.deb.facts import DebFacts, FetchedDeb
from pkg2image.deb.facts_codec import dump_facts, load_facts
from pkg2image.deb.package import Package
from pkg2image.deb.reader import READER_VERSION, read_deb
from pkg2image.digest import Digest
from pkg2image.errors import MalformedPackageError, NetworkError, RequestError, TrustError
from pkg2image.plan import PlannedPackage
from pkg2image.progress import Reporter
from pkg2image.store import CorruptBlobError, Store

_RECORD = f"facts-{READER_VERSION}"
_CHUNK = 1 << 20
_SHOWN = 5
_SAFE_PATH = re.compile(r"(?!/)(?!(?:.*/)?\.{1,2}(?:/|$))[^\x00-\x1f\x7f]+")


class SupersededError(NetworkError):
    """A package of the plan is not on the mirror any more: the indexes have to be read again."""


def fetch_debs(
    packages: Sequence[PlannedPackage],
    *,
    store: Store,
    acquirer: Acquirer,
    jobs: int,
    offline: bool,
    reporter: Reporter,
) -> tuple[FetchedDeb, ...]:
    """Make sure that every package of a plan is in the store and was read.

    Args:
        packages: Of one plan.
        store: Has the packages, their data tars and their facts afterwards.
        acquirer: For those that are not there.
        jobs: How many packages are worked on at once.
        offline: Use only what the store and the local files have.
        reporter: Told about the bytes to download.

    Returns:
        The packages in the order of the plan.

    Raises:
        SupersededError: A package is gone from all its mirrors.
        NetworkError: A package cannot be downloaded, or is not in the store and ``offline`` is set.
        TrustError: A package does not have the hash that its index names.
        MalformedPackageError: A package is malformed, unsafe, or not the one that the index describes.
    """
    wanted = [planned.package for planned in packages]
    known = {package.sha256: facts for package in wanted if (facts := _kept_facts(package, store)) is not None}
    unread = list({package.sha256: package for package in wanted if package.sha256 not in known}.values())
    # The largest first, so that in the end no thread works on a huge one alone.
    unread.sort(key=lambda package: (-package.size, package.name))
    missing = [package for package in unread if not package.local_path and not store.has(_digest(package))]
    if missing and offline:
        raise _offline(missing)
    if missing:
        reporter.step("downloading packages", sum(package.size for package in missing))
    elif unread:
        reporter.step("reading packages")
    facts_of = parallel_map(lambda package: _obtain(package, store, acquirer, offline=offline), unread, jobs=jobs)
    known |= {package.sha256: facts for package, facts in zip(unread, facts_of, strict=True)}
    return tuple(FetchedDeb(package, _checked(package, known[package.sha256])) for package in wanted)


def _offline(missing: Sequence[Package]) -> NetworkError:
    names = sorted(map(str, missing))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return NetworkError(
        f"cannot download {', '.join(names[:_SHOWN])}{more}: --offline is set",
        hint="run once without --offline, with the same --cache-dir",
    )


def _digest(package: Package) -> Digest:
    try:
        return Digest("sha256", package.sha256)
    except ValueError:
        raise TrustError(
            f"cannot trust {package}: its index names no SHA-256",
            hint="ask the owner of the source for an index with SHA256 fields",
        ) from None


def _kept_facts(package: Package, store: Store) -> DebFacts | None:
    """Return the facts of a package that was read before and whose data is still there."""
    record = store.record(_RECORD, _digest(package).hex)
    if record is None:
        return None
    try:
        facts = load_facts(record)
    except MalformedPackageError:  # written by a version whose facts had other fields
        return None
    return facts if store.size(facts.data) == facts.data_size else None


def _obtain(package: Package, store: Store, acquirer: Acquirer, *, offline: bool) -> DebFacts:
    """Return the facts of a package that was not read yet, downloading it first where it is not in the store."""
    digest = _digest(package)
    if store.has(digest):
        try:
            return _read(package, digest, store)
        except CorruptBlobError:  # now out of the way
            if offline and not package.local_path:
                raise
    if package.local_path:
        store.insert(_local_chunks(package), expected=digest)
    else:
        _download(package, digest, store, acquirer)
    return _read(package, digest, store)


def _download(package: Package, digest: Digest, store: Store, acquirer: Acquirer) -> None:
    if _SAFE_PATH.fullmatch(package.filename) is None:
        raise MalformedPackageError(f"cannot download {package}: its Filename {package.filename[:120]!r} is not a path")
    path = quote(package.filename, safe="/+~:=@,")
    try:
        acquirer.fetch_blob([origin.uri + path for origin in package.origins], store, digest=digest, size=package.size)
    except NetworkError as error:
        if error.status not in {404, 410}:
            raise
        raise SupersededError(
            f"cannot download {package}: the mirror does not have it any more",
            url=error.url,
            status=error.status,
            hint="the repository was updated meanwhile; run the build again",
        ) from error


def _local_chunks(package: Package) -> Iterator[bytes]:
    try:
        with Path(package.local_path).open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise RequestError(f"cannot read the package {package.local_path}: {error.strerror}") from error


def _read(package: Package, digest: Digest, store: Store) -> DebFacts:
    """Read a package that is in the store, and keep its data tar and its facts."""
    expected = (package.name, package.version, package.architecture)
    with store.open(digest) as deb, store.writer() as writer:
        facts = read_deb(deb, writer, name=str(package), expect=expected)
        writer.commit(facts.data)
    store.put_record(_RECORD, digest.hex, dump_facts(facts))
    return facts


def _checked(package: Package, facts: DebFacts) -> DebFacts:
    """Return the facts after making sure that they are those of the planned package."""
    control = dict(facts.control)
    expected = {"Package": package.name, "Version": package.version, "Architecture": package.architecture}
    for field, wanted in expected.items():
        if (found := control.get(field, "")) != wanted:
            raise MalformedPackageError(f"cannot use {package}: its control file has the {field} {found[:120]!r}")
    return facts
