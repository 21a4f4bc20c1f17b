"""Why a path is in an image: the package that ships it, the line of a script that made it, or what left it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkg2image.deb.facts import FetchedDeb
from pkg2image.maintscript.report import Change
from pkg2image.making.configure import Configured
from pkg2image.pipeline import settled
from pkg2image.plan import MissingNeed
from pkg2image.planning.offer import architectures_of
from pkg2image.planning.planned import Answer, Planned, why
from pkg2image.request import BuildRequest
from pkg2image.rootfs.diversions import DIVERSIONS, parse_diversions
from pkg2image.rootfs.minimize import Dropped
from pkg2image.rootfs.tree import Entry, InlineContent, Kind, Tree
from pkg2image.world import World

_SHOWN = 3  # of many packages that ship a directory
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ORIGINS = {
    "skeleton": "made by the skeleton, which every image has",
    "unpack": "a directory on the way to what packages ship",
    "lock": "written by pkg2image: exactly what the image is made of",
    "scripts": "written by pkg2image: what became of the scripts of the packages",
    "reasons": "written by pkg2image: what was left out of the image, and why",
    "completeness": "written by pkg2image: what files of the image ask for and do not find",
    "origins": "written by pkg2image: what made or changed files that are not as packages ship them",
    "sbom": "written by pkg2image: the bill of materials",
    "dpkg database": "written by pkg2image: the database of dpkg",
}


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished tree and all that it came of.

    Args:
        planned: The plan, its resolution and its recipe.
        debs: The packages.
        made: The tree, and what became of the scripts.
        missing: What files need that is not in it.
    """

    planned: Planned
    debs: Sequence[FetchedDeb]
    made: Configured
    missing: Sequence[MissingNeed] = ()


def finish(request: BuildRequest, world: World) -> tuple[Finished, ...]:
    """Make the trees of a request, for questions about them; nothing is written.

    Returns:
        One for each architecture, in the order of the request.

    Raises:
        Pkg2ImageError: As `pkg2image.pipeline.build`.
    """
    found = []
    for architecture in architectures_of(request, world):
        done = settled(request, architecture, world)
        found.append(Finished(done.planned, done.debs, done.made, done.shown.missing))
    return tuple(found)


def why_path(finished: Finished, path: str) -> Answer:
    """Explain why a path is in an image, or why it is not.

    Args:
        finished: The tree with what it came of.
        path: Absolute; symlinks on the way to it are followed, one at its end is not.
    """
    tree = finished.made.tree
    place = tree.place_of(path)
    entry = tree.get(place)
    asked = path.strip("/")
    moved = (f"/{asked} is /{place}: there is a symlink on the way",) if place != asked else ()
    sentences = _present(finished, place, entry) if entry else _absent(finished, place)
    return Answer(included=entry is not None, sentences=(*moved, *sentences))


def _present(finished: Finished, place: str, entry: Entry) -> Iterator[str]:
    if entry.kind is Kind.SYMLINK:
        yield f"a symlink to {entry.target}"
    owners = _shippers(finished, place)
    if entry.package and entry.package not in owners:
        owners.insert(0, entry.package)  # under another name: a diversion, or the skeleton's choice of its files
    for name in owners[:_SHOWN]:
        yield f"in the package {name}"
        yield from (f"  {sentence}" for sentence in why(finished.planned, name).sentences)
    if len(owners) > _SHOWN:
        yield f"and in {len(owners) - _SHOWN} more packages"
    lines = [(package, change) for package, change in _changes(finished, place) if change.action != "removed"]
    if not owners and lines and lines[0][1].action == "changed":
        yield _ORIGINS["skeleton"]  # nobody else is before the scripts
    for package, change in lines:
        yield f"{change.action} by {package} {change.by}".rstrip()
    if entry.origin and not entry.package and entry.origin not in {f"{name} {change.by}" for name, change in lines}:
        yield _ORIGINS.get(entry.origin, f"made by {entry.origin}")
    if finished.made.slimmed:
        yield from (f"kept: {sentence}" for sentence in finished.made.slimmed.chain(place))


def _absent(finished: Finished, place: str) -> Iterator[str]:
    yield from (str(need) for need in finished.missing if place in need.files)
    dropped = [item for item in finished.made.dropped if item.path == place]
    for item in dropped:
        source = f"in the package {item.package}, " if item.package else ""
        yield f"{source}left out by the closure {finished.planned.plan.closure}: {item.rule}; --closure full keeps it"
    unreached = [item for item in finished.made.slimmed.dropped if item.path == place] if finished.made.slimmed else []
    for item in unreached:
        source = f"in the package {item.package}, " if item.package else ""
        yield f"{source}left out by --slim: {item.rule}; {_way_back(item)} keeps it"
    dropped += unreached
    partial = {item.package.name for item in finished.planned.plan.packages if item.skeleton}
    removed = [(package, change) for package, change in _changes(finished, place) if change.action == "removed"]
    for package, change in removed:
        yield f"removed by {package} {change.by}".rstrip()
    withheld = list(_withheld(finished, place))
    yield from withheld
    owners = [] if dropped else _shippers(finished, place)
    for name in owners:
        if name in partial:
            yield f"in the package {name}, of which every image has only a few files; --with {name} adds all"
        elif not removed:
            yield f"in the package {name}, {_elsewhere(finished.made.tree, place)}"
    if not (dropped or removed or withheld or owners):
        yield "no package of the image has it, and no script or recipe made it"
        names = sorted({edge.relation for edge in finished.planned.plan.cut})
        if names:
            yield f"packages that were left out may have it: {'; '.join(names)}"


def _way_back(item: Dropped) -> str:
    """Return the option with which a slim image has a path."""
    return f"--{item.rule}" if item.rule.startswith("feature ") else f"--keep /{item.path}"


def _elsewhere(tree: Tree, place: str) -> str:
    """Say where a file went that a package ships and that is not where it was shipped."""
    entry = tree.lookup(DIVERSIONS)
    # dpkg's list is written while the image is made, so its bytes are at hand.
    data = entry.content.data if entry and isinstance(entry.content, InlineContent) else b""
    for item in parse_diversions(data):
        if tree.place_of(item.path) == place:
            return f"diverted to /{item.to} for {item.package or 'this system'}"
    return "but something took its place or moved it"


def _shippers(finished: Finished, place: str) -> list[str]:
    """Return the names of the packages that ship a path, in the order of the plan."""
    names = _names_of(finished.made.tree, place)
    return [deb.package.name for deb in finished.debs if any(entry.path in names for entry in deb.facts.entries)]


def _names_of(tree: Tree, place: str) -> frozenset[str]:
    """Return the paths under which packages may ship a place: those before /usr was merged as well."""
    top, slash, rest = place.removeprefix("usr/").partition("/")
    old = f"{top}/{rest}"
    merged = bool(slash) and top in _MERGED and place.startswith("usr/") and tree.place_of(old) == place
    return frozenset((place, old) if merged else (place,))


def _changes(finished: Finished, place: str) -> Iterator[tuple[str, Change]]:
    for report in finished.made.scripts.packages:
        for change in report.changes:
            if change.path == place:
                yield report.package, change


def _withheld(finished: Finished, place: str) -> Iterator[str]:
    for report in finished.made.scripts.packages:
        for item in report.withheld:
            if item.what == f"/{place}":
                yield f"not made by {report.package} {item.by}: {item.why}"
