"""From a plan to packages that were read: downloaded, verified, and taken apart once for ever.

Each package goes its whole way in one thread, so that some are downloaded while others are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

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
_SHA512 = "sha512-1"
_CHUNK = 1 << 20
_SHOWN = 5
RELEASE_DATE = "{date}"
"""What stands for the date of a Release in the address of a snapshot archive."""

_OF_THE_INDEX = ("Filename", "Size", "SHA256")
_SNAPSHOT = "%Y%m%dT%H%M%SZ"
_DAY = 24 * 3600
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
    elsewhere: Sequence[str] = (),
    whole: bool = False,
) -> tuple[FetchedDeb, ...]:
    """Make sure that every package of a plan is in the store and was read.

    Args:
        packages: Of one plan.
        store: Has the packages, their data tars and their facts afterwards.
        acquirer: For those that are not there.
        jobs: How many packages are worked on at once.
        offline: Use only what the store and the local files have.
        reporter: Told about the bytes to download.
        elsewhere: Bases of other places that may have packages, looked at when their own repositories fail; in them
            ``{date}`` stands for the date of the package's Release, as snapshot archives write it. What comes from
            there is believed by its hash, like everything else.
        whole: Whether the packages themselves must be in the store, which those that were read need not be.

    Returns:
        The packages in the order of the plan; each has the fields of its own control file.

    Raises:
        SupersededError: A package is gone from all its mirrors.
        NetworkError: A package cannot be downloaded, or is not in the store and ``offline`` is set.
        TrustError: A package does not have the hash that its index names.
        MalformedPackageError: A package is malformed, unsafe, or not the one that the index describes.
    """
    wanted = [planned.package for planned in packages]
    known = {
        package.sha256: found
        for package in wanted
        if (found := _kept(package, store)) is not None and (not whole or store.has(_digest(package)))
    }
    unread = list({package.sha256: package for package in wanted if package.sha256 not in known}.values())
    # The largest first, so that in the end no thread works on a huge one alone.
    unread.sort(key=lambda package: (-package.size, package.name))
    missing = [package for package in unread if not package.local_path and not store.has(_digest(package))]
    if offline:
        elsewhere = [base for base in elsewhere if base.startswith("file:")]
    places = _Places(tuple(elsewhere), offline=offline)
    if offline and (nowhere := [package for package in missing if not places.has(package)]):
        raise _offline(nowhere)
    if missing:
        reporter.step("downloading packages", sum(package.size for package in missing))
    elif unread:
        reporter.step("reading packages")
    read = parallel_map(lambda package: _obtain(package, store, acquirer, places), unread, jobs=jobs)
    known |= {package.sha256: each for package, each in zip(unread, read, strict=True)}
    return tuple(_fetched(package, *known[package.sha256]) for package in wanted)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a package can be had.

    Args:
        elsewhere: As of `fetch_debs`.
        offline: Whether its own repositories are out of bounds.
    """

    elsewhere: tuple[str, ...]
    offline: bool

    def urls(self, package: Package) -> list[str]:
        """Return the addresses of a package, best first."""
        path = quote(package.filename, safe="/+~:=@,")
        own = [] if self.offline else [origin.uri for origin in package.origins]
        date = package.origins[0].date if package.origins else 0
        others = [one for base in self.elsewhere for one in _filled(base, date)]
        # A look at this machine's disk costs nothing, and an archive far away is the last resort.
        here = [base for base in others if base.startswith("file:")]
        return [base + path for base in dict.fromkeys((*here, *own, *others))]

    def has(self, package: Package) -> bool:
        """Say whether a package is somewhere on this machine's disk."""
        return any(Path(unquote(urlsplit(url).path)).is_file() for url in self.urls(package) if url.startswith("file:"))


def _filled(base: str, date: int) -> Iterator[str]:
    if RELEASE_DATE not in base:
        yield base
        return
    # An archive of snapshots takes one some hours after a Release was made.
    for moment in (date, date + _DAY):
        yield base.replace(RELEASE_DATE, datetime.fromtimestamp(moment, UTC).strftime(_SNAPSHOT))


def _offline(missing: Sequence[Package]) -> NetworkError:
    names = sorted(map(str, missing))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return NetworkError(
        f"cannot download {', '.join(names[:_SHOWN])}{more}: --offline is set",
        hint="run once without --offline, with the same --cache-dir, or bring the packages along: pkg2image vendor",
    )


def _digest(package: Package) -> Digest:
    try:
        return Digest("sha256", package.sha256)
    except ValueError:
        raise TrustError(
            f"cannot trust {package}: its index names no SHA-256",
            hint="ask the owner of the source for an index with SHA256 fields",
        ) from None


def _kept(package: Package, store: Store) -> tuple[DebFacts, str] | None:
    """Return the facts and the SHA-512 of a package that was read before."""
    facts = _kept_facts(package, store)
    sha512 = store.record(_SHA512, package.sha256) if facts is not None else None
    return (facts, sha512.decode("ascii")) if facts is not None and sha512 is not None else None


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


def _obtain(package: Package, store: Store, acquirer: Acquirer, places: _Places) -> tuple[DebFacts, str]:
    """Return what there is to know of a package that was not read yet, downloading it where it is not in the store."""
    digest = _digest(package)
    if store.has(digest):
        try:
            return _read(package, digest, store)
        except CorruptBlobError:  # now out of the way
            if places.offline and not places.elsewhere and not package.local_path:
                raise
    if package.local_path:
        store.insert(_local_chunks(package), expected=digest)
    else:
        _download(package, digest, store, acquirer, places)
    return _read(package, digest, store)


def _download(package: Package, digest: Digest, store: Store, acquirer: Acquirer, places: _Places) -> None:
    if _SAFE_PATH.fullmatch(package.filename) is None:
        raise MalformedPackageError(f"cannot download {package}: its Filename {package.filename[:120]!r} is not a path")
    urls = places.urls(package)
    if not urls and not places.offline:
        raise RequestError(
            f"cannot find {package}: it was the file {package.filename} of some machine",
            hint=f"name it again: ./{package.filename}, or put it beside the lock",
        )
    try:
        acquirer.fetch_blob(urls, store, digest=digest, size=package.size)
    except NetworkError as error:
        if places.offline:
            raise _offline([package]) from error
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


def _read(package: Package, digest: Digest, store: Store) -> tuple[DebFacts, str]:
    """Read a package that is in the store, and keep its data tar, its facts and its SHA-512."""
    expected = (package.name, package.version, package.architecture)
    with store.open(digest) as deb:
        with store.failures(f"read {digest}"):
            sha512 = hashlib.file_digest(deb, "sha512").hexdigest()
            deb.seek(0)
        facts = _kept_facts(package, store)
        if facts is None:
            with store.writer() as writer:
                facts = read_deb(deb, writer, name=str(package), expect=expected)
                writer.commit(facts.data)
            store.put_record(_RECORD, digest.hex, dump_facts(facts))
    store.put_record(_SHA512, digest.hex, sha512.encode("ascii"))
    return facts, sha512


def _fetched(package: Package, facts: DebFacts, sha512: str) -> FetchedDeb:
    """Return a package that was read, after making sure that it is the planned one."""
    control = dict(facts.control)
    expected = {"Package": package.name, "Version": package.version, "Architecture": package.architecture}
    for field, wanted in expected.items():
        if (found := control.get(field, "")) != wanted:
            raise MalformedPackageError(f"cannot use {package}: its control file has the {field} {found[:120]!r}")
    # An index may say more or less than the package does; what is made of it must not depend on that.
    fields = control | {name: package.fields[name] for name in _OF_THE_INDEX if name in package.fields}
    return FetchedDeb(replace(package, fields=fields), facts, sha512)
