"""The line: ``BuildRequest -> Plan -> FetchedDeb* -> Tree -> Layer* -> Image -> Output*``.

Each stage is a function of another room; this module only puts them in order and hands values on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkg2image.analysis.runtime import plain_config
from pkg2image.archive.fetch import SupersededError, fetch_debs
from pkg2image.assemble import assemble, check_words, configured
from pkg2image.deb.facts import FetchedDeb
from pkg2image.image.compress import Compression
from pkg2image.image.config import ImageConfig
from pkg2image.image.content import ContentReader
from pkg2image.image.layer import write_layers
from pkg2image.image.model import Image, Layer, Output
from pkg2image.image.partition import partition
from pkg2image.image.read import PLAN_PATH
from pkg2image.lock import Plan
from pkg2image.planning import Planned, architectures_of, make_plan
from pkg2image.recipes.apply import apply
from pkg2image.recipes.expand import expand
from pkg2image.recipes.model import Recipe
from pkg2image.request import BuildRequest
from pkg2image.rootfs.certificates import install_certificates
from pkg2image.rootfs.dpkgdb import write_database
from pkg2image.rootfs.minimize import minimize
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import Identities, ReadContent, Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.rootfs.users import identities
from pkg2image.world import World
from pkg2image.write import LAYERED, Destination, destinations, how_to_run, output_directory, write_outputs


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made for one architecture.

    Args:
        plan: What is in it.
        image: What was written.
        outputs: Where it was written.
        how_to_run: Commands that start it, one for each output.
    """

    plan: Plan
    image: Image
    outputs: tuple[Output, ...]
    how_to_run: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Configured:
    """A tree that is finished, and how to start what is in it.

    Args:
        tree: The root filesystem.
        config: The runtime configuration.
        identities: The numbers of its users and groups.
    """

    tree: Tree
    config: ImageConfig
    identities: Identities


def build(request: BuildRequest, world: World) -> tuple[BuildResult, ...]:
    """Build the images of a request.

    Returns:
        One result per architecture, in the order of the request.

    Raises:
        Pkg2ImageError: Of every kind; nothing partial is left behind.
    """
    check_words(request)
    architectures = architectures_of(request, world)
    # Outputs are looked at first, so that nothing is downloaded for an image that cannot be written; and nothing is
    # written for one architecture before the packages of all are there.
    wanted = [destinations(request, architecture, several=len(architectures) > 1) for architecture in architectures]
    fetched = [_fetched(request, architecture, world) for architecture in architectures]
    with output_directory(request, wanted):
        return tuple(
            _build(request, planned, debs, places, world)
            for (planned, debs), places in zip(fetched, wanted, strict=True)
        )


def _build(
    request: BuildRequest,
    planned: Planned,
    debs: Sequence[FetchedDeb],
    wanted: Sequence[Destination],
    world: World,
) -> BuildResult:
    epoch = planned.plan.epoch if request.epoch is None else request.epoch
    recipe = planned.recipe.load() if planned.recipe else None
    world.reporter.step("unpacking")
    with ContentReader(world.store) as reader:
        tree = _unpack(planned, debs, read=reader.read, epoch=epoch)
        made = _configure(tree, debs, planned.plan, recipe, request=request, read=reader.read, epoch=epoch)
    # Formats without layers of their own get none made.
    compression = next((to.compression for to in wanted if to.format in LAYERED), None)
    layers = _layers(planned.plan, made, compression, budget=request.layers, epoch=epoch, world=world)
    compressor = str(compression.identity()) if compression else ""
    image = assemble(planned.plan, layers, made.config, request=request, epoch=epoch, compressor=compressor)
    world.reporter.step("writing")
    outputs = write_outputs(
        image,
        made.tree,
        wanted,
        identities=made.identities,
        store=world.store,
        jobs=world.jobs,
        force=request.force,
    )
    test = recipe.smoke_test if recipe else None
    variables = sorted(test.environment) if test else ()
    return BuildResult(planned.plan, image, outputs, how_to_run(image, outputs, variables))


def _fetched(request: BuildRequest, architecture: str, world: World) -> tuple[Planned, tuple[FetchedDeb, ...]]:
    """BuildRequest -> Plan -> FetchedDeb*."""
    planned = make_plan(request, architecture, world)
    try:
        return planned, _fetch(planned.plan, world)
    except SupersededError:
        # The mirror moved on between its index and its pool: its index is read once more.
        world.reporter.note("the mirror changed while it was read; its index is read again")
        planned = make_plan(request, architecture, world)
        return planned, _fetch(planned.plan, world)


def _fetch(plan: Plan, world: World) -> tuple[FetchedDeb, ...]:
    return fetch_debs(
        plan.packages,
        store=world.store,
        acquirer=world.acquirer,
        jobs=world.jobs,
        offline=world.offline,
        reporter=world.reporter,
    )


def _unpack(planned: Planned, debs: Sequence[FetchedDeb], *, read: ReadContent, epoch: int) -> Tree:
    """FetchedDeb* -> Tree."""
    partial = {item.package.name for item in planned.plan.packages if item.skeleton}
    tree = skeleton(debs, read=read, epoch=epoch)
    return unpack(
        tree,
        [deb for deb in debs if deb.package.name not in partial],
        installed=[deb.package for deb in debs if deb.package.name in partial],
        identities=identities(tree, read),
    )


def _configure(
    tree: Tree,
    debs: Sequence[FetchedDeb],
    plan: Plan,
    recipe: Recipe | None,
    *,
    request: BuildRequest,
    read: ReadContent,
    epoch: int,
) -> Configured:
    """Tree -> Tree: the recipe, certificates, what the closure leaves out, dpkg's database."""
    recipe = expand(recipe, tree) if recipe else None
    if recipe:
        tree = apply(recipe, tree, read=read, epoch=epoch)
    tree = install_certificates(tree, read=read, mtime=epoch)
    tree, _ = minimize(tree, level=plan.closure)
    add_file(tree, PLAN_PATH, plan.document, origin="plan", mtime=epoch)
    tree = write_database(tree, debs, architecture=plan.architecture, closure=plan.closure, mtime=epoch)
    config = recipe.image_config() if recipe else plain_config(tree, plan.roots[0])
    return Configured(tree, configured(config, request), identities(tree, read))


def _layers(
    plan: Plan, made: Configured, compression: Compression | None, *, budget: int, epoch: int, world: World
) -> tuple[Layer, ...]:
    """Tree -> Layer*."""
    if compression is None:
        return ()
    sources = {item.package.name: item.package.source_name for item in plan.packages}
    return write_layers(
        made.tree,
        partition(made.tree, sources, budget=budget),
        identities=made.identities,
        store=world.store,
        compression=compression,
        epoch=epoch,
        jobs=world.jobs,
        reporter=world.reporter,
    )
