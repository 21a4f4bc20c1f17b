"""From sources to a universe: every suite is downloaded, verified and indexed, then all are merged.

The order is the one of the trust policy: a Release is verified and judged before anything in it is used; an index is
hashed before it is decompressed; a database is made of nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.distributions import DISTRIBUTIONS
from pkg2image.archive.documents import (
    BelievedRelease,
    Documents,
    believe,
    fetch_documents,
    keep_documents,
    kept_documents,
    make_documents,
)
from pkg2image.archive.index import PackageIndex
from pkg2image.archive.parallel import parallel_map
from pkg2image.archive.release import RolledBackReleaseError
from pkg2image.archive.sources import Source
from pkg2image.archive.suite_indexes import SuiteIndexes
from pkg2image.archive.trust import TrustMemory
from pkg2image.archive.universe import LoadedUniverse, OriginIndex
from pkg2image.deb.package import Origin, Package
from pkg2image.errors import NetworkError, RequestError, TrustError
from pkg2image.plan import ReadFile
from pkg2image.progress import Reporter
from pkg2image.store import Store

if TYPE_CHECKING:
    from pkg2image.archive.contents import ArchiveFiles

__all__ = ["LoadedUniverse", "load_universe"]

_PARALLEL = 8
_ROUNDS = 3
_RESTS = (1.0, 2.0, 4.0)  # seconds


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What loading a suite needs besides its source."""

    architecture: str
    acquirer: Acquirer
    store: Store
    memory: TrustMemory
    keyrings: tuple[Path, ...]
    now: int
    offline: bool

    def indexes_of(self, believed: BelievedRelease) -> SuiteIndexes:
        return SuiteIndexes(believed, self.architecture, self.store, self.acquirer, self.offline)


def load_universe(
    sources: Sequence[Source],
    *,
    architecture: str,
    suite: str,
    acquirer: Acquirer,
    store: Store,
    memory: TrustMemory,
    now: int,
    offline: bool,
    reporter: Reporter,
    keyrings: Sequence[Path] = (),
    local: Sequence[Package] = (),
    read: Sequence[ReadFile] = (),
) -> LoadedUniverse:
    """Read the sources and merge what they offer.

    Args:
        sources: In the user's order, which decides between equal versions.
        architecture: The Debian architecture to resolve for.
        suite: The target suite; one of the sources should have it. It gives the universe its codename.
        acquirer: For everything that is not in the store.
        store: Keeps indexes and Release files.
        memory: How new each source was when it was last believed.
        now: Seconds since the epoch.
        offline: Use only what the store has.
        reporter: Told about the steps.
        keyrings: Key files for sources that name none themselves.
        local: Packages in files, which outrank everything.
        read: The files that told which sources to read.

    Raises:
        RequestError: A suite, component or architecture does not exist, or a local file is not there.
        NetworkError: Something cannot be downloaded, or is not in the store and ``offline`` is set.
        TrustError: Something is not what a trusted key vouches for.
        MalformedPackageError: A Release, an index or a local package is malformed.
    """
    surroundings = _Surroundings(architecture, acquirer, store, memory, tuple(keyrings), now, offline)
    used = [
        source for source in dict.fromkeys(sources) if not source.architectures or architecture in source.architectures
    ]
    if not used:
        raise RequestError(
            f"cannot find packages for {architecture}: no source offers them",
            hint="add a source with --source, or choose another architecture with --arch",
        )
    reporter.step("reading the repositories")
    # Judged one after the other: what is found out about a key serves the next suite that it signed.
    documents = parallel_map(lambda source: _documents(source, surroundings), used, jobs=_PARALLEL)
    believed = [_believed(source, each, surroundings) for source, each in zip(used, documents, strict=True)]
    present = [each for each in believed if each is not None]
    if not present:
        raise _no_suite(used[0])
    if size := sum(surroundings.indexes_of(each).missing_bytes() for each in present):
        reporter.step("downloading the package indexes", size)
    loaded = parallel_map(lambda each: _load_suite(each, surroundings), present, jobs=_PARALLEL)
    missing = [source for source, each in zip(used, believed, strict=True) if each is None]
    notes = [*_left_out(sources, used, missing), *(note for each, _ in loaded for note in each.notes)]
    target = _target(suite, [each for each, _ in loaded])
    return LoadedUniverse(
        architecture,
        [
            OriginIndex(index, _origin(number, each, component))
            for number, (each, indexes) in enumerate(loaded)
            for component, index in indexes
        ],
        local=local,
        sources=[each.verified for each, _ in loaded],
        read=[*read, *(one for each, _ in loaded for one in (*each.read, *surroundings.indexes_of(each).read()))],
        notes=tuple(dict.fromkeys(notes)),
        distribution=target.release.origin.lower().partition(" ")[0],
        codename=target.verified.codename,
        files=lambda: _files([each for each, _ in loaded], surroundings, reporter),
    )


def _files(believed: Sequence[BelievedRelease], surroundings: _Surroundings, reporter: Reporter) -> ArchiveFiles:
    from pkg2image.archive.contents import ArchiveFiles, SuiteContents  # noqa: PLC0415 -- few runs ask for files

    architecture, store, acquirer = surroundings.architecture, surroundings.store, surroundings.acquirer
    offline = surroundings.offline
    return ArchiveFiles([SuiteContents(each, architecture, store, acquirer, offline) for each in believed], reporter)


def _left_out(sources: Sequence[Source], used: Sequence[Source], missing: Sequence[Source]) -> Iterator[str]:
    """Yield a sentence for each source that offers nothing."""
    for source in sources:
        if source not in used:
            yield f"{source} is left out: it is only for {', '.join(source.architectures)}"
    for source in missing:
        yield f"{source} is left out: there is no such suite"


def _target(suite: str, believed: Sequence[BelievedRelease]) -> BelievedRelease:
    """Return the suite that was asked for, by any of its names; without one the first source says what this is."""
    return next(
        (each for each in believed if suite in {each.source.suite, each.release.suite, each.release.codename}),
        believed[0],
    )


def _origin(number: int, believed: BelievedRelease, component: str) -> Origin:
    source, release = believed.source, believed.release
    if source.priority is not None:
        priority = source.priority
    elif release.not_automatic:
        priority = 100 if release.but_automatic_upgrades else 1
    else:
        priority = 500
    return Origin(
        source=number,
        suite=release.suite or source.suite,
        codename=release.codename or source.suite,
        component=component,
        uri=source.public_uri,
        priority=priority,
        trusted=not source.trusted,
        date=release.date,
        label=release.label,
    )


def _documents(source: Source, surroundings: _Surroundings) -> Documents | None:
    """Return the Release of a source as it came, or None when there is none."""
    store, acquirer = surroundings.store, surroundings.acquirer
    if surroundings.offline:
        return kept_documents(source, store)
    documents = fetch_documents(source, acquirer)
    if documents is None and source.trusted and source.flat:
        return make_documents(source, acquirer, store)
    return documents


def _believed(source: Source, documents: Documents | None, surroundings: _Surroundings) -> BelievedRelease | None:
    """Judge the Release of a source; None when an optional suite does not exist."""
    if documents is None:
        _explain_no_release(source, surroundings)
        return None
    try:
        return _judged(source, documents, surroundings)
    except RolledBackReleaseError:
        if surroundings.offline or source.uri.startswith("file:"):
            raise
    # Of several servers behind one name one may be behind for a moment; whoever stays behind is not believed.
    for seconds in _RESTS:
        surroundings.acquirer.rest(seconds)
        again = _documents(source, surroundings)
        if again is not None and again != documents:
            return _judged(source, again, surroundings)
    return _judged(source, documents, surroundings)


def _judged(source: Source, documents: Documents, surroundings: _Surroundings) -> BelievedRelease:
    believed = believe(
        source,
        documents,
        store=surroundings.store,
        keyrings=surroundings.keyrings,
        memory=surroundings.memory,
        now=surroundings.now,
    )
    if not surroundings.offline:
        keep_documents(source, documents, surroundings.store)
    return believed


def _explain_no_release(source: Source, surroundings: _Surroundings) -> None:
    """Return when the suite may be absent, else raise."""
    if source.optional and surroundings.memory.recall(source) is None:
        return
    if surroundings.offline:
        raise NetworkError(
            f"cannot read {source} offline: it was never downloaded",
            hint="run once without --offline, with the same --cache-dir",
        )
    raise _no_suite(source)


def _no_suite(source: Source) -> RequestError:
    known = sorted({name for distribution in DISTRIBUTIONS for name in distribution.suites})
    near = [name for name in difflib.get_close_matches(source.suite, known, n=3) if name != source.suite]
    return RequestError(
        f"cannot use {source}: there is neither InRelease nor Release at {source.public_uri}",
        hint=f"did you mean {' or '.join(near)}?" if near else "check the suite and the address of the mirror",
    )


def _load_suite(
    believed: BelievedRelease, surroundings: _Surroundings
) -> tuple[BelievedRelease, list[tuple[str, PackageIndex]]]:
    """Load all indexes of a suite; when they are not those of the Release, the Release is read again.

    A mirror that does not keep indexes by their hash replaces them and the Release one after the other.
    """
    for _ in range(_ROUNDS - 1):
        try:
            return believed, surroundings.indexes_of(believed).load()
        except (TrustError, NetworkError) as error:
            moved = isinstance(error, TrustError) or error.status in {404, 410}
            if not moved or surroundings.offline:
                raise
            again = _believed(believed.source, _documents(believed.source, surroundings), surroundings)
            if again is None or again.verified.release == believed.verified.release:
                raise
            believed = again
    return believed, surroundings.indexes_of(believed).load()
