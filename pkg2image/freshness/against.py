"""What an image or a lock is held against: its own sources as they are today, or others that the user names.

What a lock remembers of its sources makes it a memory of its own: a mirror that serves something older, or something
that other keys have signed, is not believed, on whatever machine that is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from pkg2image.archive.defaults import default_sources
from pkg2image.archive.distributions import distribution_of
from pkg2image.archive.release import RolledBackReleaseError
from pkg2image.archive.repository import LoadedUniverse, load_universe
from pkg2image.archive.sources import Source
from pkg2image.archive.verdict import UnknownKeyError
from pkg2image.deb.package import Package
from pkg2image.errors import RequestError
from pkg2image.freshness.held import Held
from pkg2image.freshness.outdated import SECURITY_LABEL
from pkg2image.plan import VerifiedSource
from pkg2image.request import BuildRequest
from pkg2image.world import World


def universe_today(
    held: Held, request: BuildRequest, world: World, local: Mapping[str, Package] | None = None
) -> LoadedUniverse:
    """Read the sources of what is held, as they are now.

    Args:
        held: What an image or a lock holds.
        request: Mirror, sources, suite and keyrings that the user names; without sources of their own those of the
            lock are read, else those that the suite of the image stands for.
        world: Store, network, clock.
        local: Packages that are files of this machine, by the word of the request.

    Raises:
        RequestError: When nothing says what to hold it against.
        NetworkError: When a source cannot be read.
        TrustError: When a source cannot be believed, is older than the lock, or signed by others.
    """
    if held.sources and not request.sources:
        universe = _load(_sources(held, request.mirror, world), held, request, world, local or {})
    elif held.suite or request.sources:
        from pkg2image.planning.offer import read_universe  # noqa: PLC0415 -- a lock knows its sources

        universe = read_universe(request, held.architecture, world, local)
    else:
        raise RequestError(
            "cannot choose the sources: the image does not say what suite it is of", hint="name it with --suite"
        )
    for locked in held.sources:
        _check(locked, universe.sources)
    if _is_without_security(held.suite or request.suite, universe.sources):
        world.reporter.note("none of the sources is one of security updates: those are not looked for")
    return universe


def _is_without_security(suite: str, sources: Sequence[VerifiedSource]) -> bool:
    """Say whether a suite has security updates somewhere else than in these sources."""
    distribution = distribution_of(suite)
    if distribution is None or suite in distribution.rolling:
        return False
    return not any(source.suite.endswith("-security") or source.label == SECURITY_LABEL for source in sources)


def _sources(held: Held, mirror: str | None, world: World) -> Iterator[Source]:
    """Yield the sources of a lock; those of the distribution's archive from another mirror where one is named."""
    main = next((each.uri for each in held.sources if each.codename == held.suite), "")
    found = default_sources(held.suite, mirror=mirror, host=world.host).sources if mirror else ()
    mirrored = {source.suite: source.uri for source in found}
    for locked in held.sources:
        uri = locked.uri
        if found and uri == main:
            uri = found[0].uri
        elif locked.label == SECURITY_LABEL:
            uri = mirrored.get(locked.suite, uri)
        # One that was unsigned had the word of the user for it, which holds, and is told every time.
        yield Source(uri, locked.suite, locked.components, trusted=not locked.signers, priority=locked.pin)


def _load(
    sources: Iterable[Source], held: Held, request: BuildRequest, world: World, local: Mapping[str, Package]
) -> LoadedUniverse:
    universe = load_universe(
        list(sources),
        architecture=held.architecture,
        suite=held.suite,
        acquirer=world.acquirer,
        store=world.store,
        memory=world.memory,
        now=world.now,
        offline=world.offline,
        reporter=world.reporter,
        keyrings=request.keyrings,
        local=list(local.values()),
    )
    for note in universe.notes:
        world.reporter.note(note)
    return universe


def _check(locked: VerifiedSource, today: Sequence[VerifiedSource]) -> None:
    """Hold a source against what a lock remembers of it, whatever mirror it comes from.

    Raises:
        TrustError: When it is older, or signed by nobody who signed it then.
    """
    same = [each for each in today if (each.suite, each.codename) == (locked.suite, locked.codename)]
    for source in [each for each in same if each.uri == locked.uri] or same:
        name = f"{source.uri} {source.suite}"
        if source.date < locked.date:
            raise RolledBackReleaseError(
                f"cannot trust {name}: its Release of {_time(source.date)} is older than the one of "
                f"{_time(locked.date)} that the lock was made of",
                hint="the mirror is behind or somebody turns it back: try another one, or again later",
            )
        if locked.signers and source.signers and not set(locked.signers) & set(source.signers):
            raise UnknownKeyError(
                f"cannot trust {name}: it is signed by {', '.join(source.signers)}, "
                f"and when the lock was made by {', '.join(locked.signers)}",
                hint="where its owner has changed the key, make the lock anew with pkg2image lock",
            )


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
