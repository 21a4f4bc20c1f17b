"""A lock made anew with the smallest change: what is to be updated moves, everything else stays where it is.

Packages that stay are held at their versions, in the place of the candidates of the resolver, and go before others that
would do as well. Only where that has no solution more is let go, and no more than is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pkg2image.archive.fetch import fetch_debs
from pkg2image.archive.universe import LoadedUniverse
from pkg2image.deb.package import Origin, Package
from pkg2image.errors import NetworkError, RequestError, UnresolvableError
from pkg2image.freshness.outdated import Finding, Freshness, Status
from pkg2image.idmap import IdMap
from pkg2image.lock.model import Lock, LockedPackage
from pkg2image.pipeline import lock as make_lock
from pkg2image.plan import PlannedPackage, VerifiedSource
from pkg2image.planning.offer import Offer, make_offer
from pkg2image.planning.relocking import relocked_recipe
from pkg2image.planning.resolving import resolve_offer
from pkg2image.request import BuildRequest
from pkg2image.world import World


@dataclass(frozen=True, slots=True)
class Moves:
    """Which packages of a lock may get another version.

    Args:
        wanted: Source packages whose packages are to be updated.
        possible: All those that have updates.
    """

    wanted: frozenset[str]
    possible: frozenset[str]


def choose_moves(freshness: Freshness, *, only: Collection[str], security: bool) -> Moves:
    """Decide what is to be updated; packages from one source package move together.

    Args:
        freshness: How the lock stands.
        only: Names of packages or source packages; empty for all of them.
        security: Whether only security updates are wanted.

    Raises:
        RequestError: When the lock has no such package.
    """
    outdated = [finding for finding in freshness.findings if finding.candidate is not None]
    names = {name for finding in freshness.findings for name in (finding.package.name, finding.package.source)}
    for name in only:
        if name not in names:
            raise RequestError(
                f"cannot update {name}: there is no such package in the lock",
                hint="pkg2image outdated LOCK --json lists what is in it",
            )
    wanted = frozenset(finding.package.source for finding in outdated if _is_wanted(finding, only, security=security))
    return Moves(wanted, frozenset(finding.package.source for finding in outdated))


def _is_wanted(finding: Finding, only: Collection[str], *, security: bool) -> bool:
    if security and finding.status is not Status.SECURITY:
        return False
    return not only or finding.package.name in only or finding.package.source in only


@dataclass(frozen=True, slots=True)
class Today:
    """What a lock is made anew with.

    Args:
        universe: What there is today.
        request: That of the lock.
        world: Store, network, clock.
        local: Packages that are files of this machine, by the word of the request.
        places: Where packages may be that are gone from their repositories, as `fetch_debs` takes it.
    """

    universe: LoadedUniverse
    request: BuildRequest
    world: World
    local: Mapping[str, Package]
    places: tuple[str, ...] = ()


def update(lock: Lock, freshness: Freshness, moves: Moves, today: Today) -> tuple[Lock, tuple[str, ...]]:
    """Make a lock anew with the smallest change.

    Args:
        lock: The lock.
        freshness: How it stands.
        moves: What is to be updated.
        today: What it is made anew with.

    Returns:
        The new lock, and what the user should know about it.

    Raises:
        UnresolvableError: When there is no solution, whatever is let go.
        Pkg2ImageError: As `pkg2image.pipeline.lock`.
    """
    offer = _offer(lock, freshness, moves, today)
    made, notes = make_lock(today.request, today.world, offer)
    ids = _kept_ids(lock, made)
    if ids is None:
        return made, notes
    # Another package makes another account, and all that come after it would get another number.
    request = replace(today.request, ids=ids)
    return make_lock(request, today.world, _offer(lock, freshness, moves, replace(today, request=request)))


def _kept_ids(lock: Lock, made: Lock) -> IdMap | None:
    """Return the numbers of a lock where some of them are other ones in the new lock, else None."""
    pairs = ((lock.ids.users, made.ids.users), (lock.ids.groups, made.ids.groups))
    if all(after.get(name, number) == number for before, after in pairs for name, number in before.items()):
        return None
    return IdMap(*({name: number for name, number in before.items() if name in after} for before, after in pairs))


def _offer(lock: Lock, freshness: Freshness, moves: Moves, today: Today) -> Offer:
    """Return an offer in which what is to stay stays, as far as that has a solution."""
    stay = dict(_kept(lock, moves, today))
    candidates = {
        finding.package.name: finding.candidate for finding in freshness.findings if finding.candidate is not None
    }
    recipe = relocked_recipe(lock)

    def offer(moved: Collection[str]) -> Offer:
        """Return an offer in which the packages of some source packages are at their candidates."""
        held = {each.package.name: each.package for each in lock.packages}
        moving = {name: candidates.get(name) for name in held if held[name].source_name in moved}
        chosen = (moving.get(name) or stay.get(name) for name in held)
        universe = today.universe.holding(each for each in chosen if each is not None)
        return make_offer(today.request, universe, today.local, recipe)

    def is_solvable(moved: Collection[str]) -> bool:
        try:
            resolve_offer(today.request, lock.architecture, offer(moved), lock.needs)
        except UnresolvableError:
            return False
        return True

    return offer(_least(moves, is_solvable))


def _least(moves: Moves, is_solvable: Callable[[Collection[str]], bool]) -> frozenset[str]:
    """Return the source packages that have to move: those that are wanted, and the fewest others that lets it work."""
    if is_solvable(moves.wanted) or not is_solvable(moves.possible):
        return moves.wanted
    needed = set(moves.possible)
    for name in sorted(moves.possible - moves.wanted):
        if is_solvable(needed - {name}):
            needed.discard(name)
    return frozenset(needed)


def _kept(lock: Lock, moves: Moves, today: Today) -> Iterator[tuple[str, Package]]:
    """Yield the packages of a lock with all that is known about them, as far as they can and may have to stay."""
    gone: list[LockedPackage] = []
    for locked in lock.packages:
        name = locked.package.name
        found = next((each for each in today.universe.versions(name) if _is_same(each, locked.package)), None)
        if found is not None:
            yield name, found
        elif locked.package.origins and locked.package.source_name not in moves.wanted:
            gone.append(locked)
    for locked in gone:
        package = replace(locked.package, origins=tuple(_origins(locked.package.origins, lock, today.universe.sources)))
        if package.origins and (found := _fetched(package, locked, today)) is not None:
            yield package.name, found


def _is_same(one: Package, other: Package) -> bool:
    return (one.version, one.architecture, one.sha256) == (other.version, other.architecture, other.sha256)


def _origins(origins: Iterable[Origin], lock: Lock, sources: tuple[VerifiedSource, ...]) -> Iterator[Origin]:
    """Yield where a package was, in terms of the sources of today."""
    for origin in origins:
        then = lock.sources[origin.source]
        for number, today in enumerate(sources):
            if (today.suite, today.codename) == (then.suite, then.codename):
                yield replace(origin, source=number, uri=today.uri)
                break


def _fetched(package: Package, locked: LockedPackage, today: Today) -> Package | None:
    """Return a package that no index has any more, as its own control file describes it; None when it is not there."""
    world = today.world
    try:
        (deb,) = fetch_debs(
            [PlannedPackage(package, locked.reason)],
            store=world.store,
            acquirer=world.acquirer,
            jobs=1,
            offline=world.offline,
            reporter=world.reporter,
            elsewhere=today.places,
        )
    except NetworkError:
        world.reporter.note(f"{package} cannot be had any more, so it does not stay")
        return None
    return deb.package
