"""``BuildRequest -> Plan``: sources to a universe, words to wants, and the resolver's answer with the skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pkg2image.archive.defaults import DefaultSources, default_sources
from pkg2image.archive.repository import load_universe
from pkg2image.archive.sources import Source, parse_sources
from pkg2image.archive.suites import codename_of
from pkg2image.archive.universe import LoadedUniverse
from pkg2image.deb.package import Package
from pkg2image.errors import RequestError
from pkg2image.lock import Plan, PlannedPackage, Reason
from pkg2image.recipes.choice import ChosenRecipe, choose_recipe
from pkg2image.request import BuildRequest
from pkg2image.resolve.closure import FULL, ClosurePolicy, CutRule, closure_policy
from pkg2image.resolve.request import Want, parse_want
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.solver import resolve
from pkg2image.rootfs.base import SKELETON_PACKAGES
from pkg2image.world import World


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what explains and completes it.

    Args:
        plan: What goes into the image.
        resolution: How the resolver came to it.
        recipe: What the application needs beside its packages, or None.
    """

    plan: Plan
    resolution: Resolution
    recipe: ChosenRecipe | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a package is in an image or not.

    Args:
        included: Whether it is in.
        sentences: The chain from the request, or what kept it out.
    """

    included: bool
    sentences: tuple[str, ...]


def plan(request: BuildRequest, world: World) -> tuple[Planned, ...]:
    """Decide what goes into the images of a request; nothing but indexes is downloaded.

    Returns:
        One plan per architecture, in the order of the request.

    Raises:
        Pkg2ImageError: As `make_plan`.
    """
    return tuple(make_plan(request, architecture, world) for architecture in architectures_of(request, world))


def architectures_of(request: BuildRequest, world: World) -> tuple[str, ...]:
    """Return the architectures to build for: those of the request, else the host's.

    Raises:
        RequestError: When the host's has no Debian name.
    """
    found = tuple(dict.fromkeys(request.architectures)) or (world.host.architecture,)
    if not found[0]:
        raise RequestError("cannot tell this machine's Debian architecture", hint="name one: --arch amd64")
    return found


def make_plan(request: BuildRequest, architecture: str, world: World) -> Planned:
    """Decide what goes into the image of one architecture; nothing but indexes is downloaded.

    Args:
        request: What is wanted.
        architecture: Debian architecture.
        world: Store, network, clock.

    Raises:
        RequestError: When the request has no meaning in these sources.
        UnresolvableError: When no set of packages answers it.
        NetworkError: When a source cannot be read.
        TrustError: When a source cannot be believed.
    """
    local = _local_packages(request, architecture)
    requested = [_want(text, local) for text in request.packages]
    if all(want.exclude for want in requested):
        raise RequestError(
            f"cannot make an image of nothing: {' '.join(request.packages)} only leaves packages out",
            hint="name a package that is to be in it",
        )
    universe = _universe(request, architecture, local, world)
    world.reporter.step("resolving")
    recipe = choose_recipe(request.recipe, [want.name for want in requested if not want.exclude])
    resolution = resolve(
        universe,
        [*requested, *_wanted_by(recipe), *(parse_want(text) for text in request.with_packages)],
        policy=_policy(request.closure, recipe),
        recommends=request.recommends,
        without=request.without,
    )
    plan = Plan(
        suite=universe.codename,
        architecture=architecture,
        distribution=universe.distribution,
        packages=(*_skeleton_packages(universe, resolution), *resolution.packages),
        cut=resolution.cut,
        notes=(*universe.notes, *resolution.notes),
        sources=universe.sources,
        roots=resolution.roots,
        edges=resolution.edges,
        closure=request.closure,
        ids=request.ids,
    )
    return Planned(plan, resolution, recipe)


def why(planned: Planned, name: str) -> Answer:
    """Explain why a package is in a plan, or why it is not.

    Args:
        planned: The plan with its resolution.
        name: A package name, real or virtual.
    """
    from pkg2image.resolve.explain import explain_package  # noqa: PLC0415 -- a plan explains nothing

    explanation = explain_package(planned.resolution, name)
    if explanation.chain:
        return Answer(included=True, sentences=tuple(f"{step}: {reason}" for step, reason in explanation.chain))
    for package in planned.plan.packages:
        if package.package.name == name:
            return Answer(included=True, sentences=(f"{name}: {package.reason}",))
    cut = tuple(f"{edge.package} {edge.field} {edge.relation}, left out: {edge.why}" for edge in explanation.cut)
    return Answer(included=False, sentences=cut or (f"no package of the image refers to {name}",))


def _universe(request: BuildRequest, architecture: str, local: Mapping[str, Package], world: World) -> LoadedUniverse:
    given = [source for text in request.sources for source in _sources(text)]
    extra = [source for text in request.extra_sources for source in _sources(text)]
    suite = request.suite
    notes: tuple[str, ...] = ()
    if not given:
        suite, found = _default_sources(request, world)
        given, notes = list(found.sources), found.notes
    universe = load_universe(
        [*given, *extra],
        architecture=architecture,
        suite=suite,
        acquirer=world.acquirer,
        store=world.store,
        memory=world.memory,
        now=world.now,
        offline=world.offline,
        reporter=world.reporter,
        keyrings=request.keyrings,
        local=list(local.values()),
    )
    for note in (*notes, *universe.notes):
        world.reporter.note(note)
    return universe


def _default_sources(request: BuildRequest, world: World) -> tuple[str, DefaultSources]:
    found = default_sources(request.suite, mirror=request.mirror, host=world.host)
    codename = codename_of(
        found.sources[0],
        acquirer=world.acquirer,
        store=world.store,
        memory=world.memory,
        keyrings=request.keyrings,
        now=world.now,
        offline=world.offline,
    )
    if codename != request.suite:
        found = default_sources(codename, mirror=request.mirror, host=world.host)
    return codename, found


def _sources(text: str) -> tuple[Source, ...]:
    if "\n" in text or text.startswith(("deb ", "deb\t")):
        return parse_sources(text, origin="--source")
    try:
        return parse_sources(Path(text).read_text(encoding="utf-8"), origin=text)
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"cannot read the source {text[:200]}: {getattr(error, 'strerror', None) or 'not text'}",
            hint="give a file, or a line such as 'deb URL SUITE COMPONENT'",
        ) from error


def local_deb(text: str) -> Path | None:
    """Return the path when a word of the request is a package file rather than a name."""
    return Path(text) if text.endswith(".deb") and "/" in text else None


def _local_packages(request: BuildRequest, architecture: str) -> dict[str, Package]:
    paths = {text: path for text in request.packages if (path := local_deb(text))}
    if not paths:
        return {}
    # Reading .debs is for builds; a plan without local files does not pay for it.
    from pkg2image.archive.local import read_local  # noqa: PLC0415

    return {text: read_local(path, architecture) for text, path in paths.items()}


def _want(text: str, local: Mapping[str, Package]) -> Want:
    package = local.get(text)
    if package is None:
        return parse_want(text)
    # Of its path only the last part: the same file in another directory makes the same image.
    reason = Reason("requested", relation=Path(text).name)
    return replace(parse_want(f"{package.name}={package.version}", reason=reason), text=text)


def _wanted_by(recipe: ChosenRecipe | None) -> list[Want]:
    if recipe is None:
        return []
    return [parse_want(name, reason=Reason("recipe", recipe.name, name)) for name in recipe.packages]


def _policy(closure: str, recipe: ChosenRecipe | None) -> ClosurePolicy:
    policy = closure_policy(closure)
    if recipe is None or policy is FULL:
        return policy
    return policy.cutting(CutRule(cut.names, cut.why, cut.only) for cut in recipe.cut)


def _skeleton_packages(universe: LoadedUniverse, resolution: Resolution) -> tuple[PlannedPackage, ...]:
    present = {planned.package.name for planned in resolution.packages}
    reason = Reason("skeleton", "", "accounts, directories, os-release, C.UTF-8")
    found = []
    for name in SKELETON_PACKAGES:
        versions = universe.versions(name)
        if name in present:
            continue
        if not versions:
            raise RequestError(
                f"cannot make the skeleton of the image: no source has {name}",
                hint="add the distribution's main archive with --extra-source",
            )
        found.append(PlannedPackage(versions[0], reason, skeleton=True))
    return tuple(found)
