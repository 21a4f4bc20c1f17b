"""The line: ``BuildRequest -> Plan -> FetchedDeb* -> Tree -> Layer* -> Image -> Output*``.

Each stage is a function of another room; this module only puts them in order and hands values on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkg2image.analysis.completeness import summary
from pkg2image.archive.fetch import SupersededError, fetch_debs
from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import IncompleteImageError
from pkg2image.image.compress import Compression
from pkg2image.image.content import ContentReader
from pkg2image.image.layer import write_layers
from pkg2image.image.model import Image, Layer, Output
from pkg2image.image.partition import partition
from pkg2image.making.assemble import assemble, check_words
from pkg2image.making.configure import Configured, configure
from pkg2image.making.settle import Settled, settle
from pkg2image.making.shown import recall, remember
from pkg2image.making.write import LAYERED, Destination, destinations, how_to_run, output_directory, write_outputs
from pkg2image.plan import AddedNeed, Plan
from pkg2image.planning.offer import Offer, architectures_of, read_offer
from pkg2image.planning.planned import Planned, make_plan
from pkg2image.recipes.model import Recipe
from pkg2image.request import BuildRequest
from pkg2image.world import World

# The mirror moved on between its index and its pool.
_MOVED = "the mirror changed while it was read; its index is read again"


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made for one architecture.

    Args:
        plan: What is in it.
        image: What was written.
        outputs: Where it was written.
        how_to_run: Commands that start it, one for each output.
        notes: What the user should know about what is in it.
    """

    plan: Plan
    image: Image
    outputs: tuple[Output, ...]
    how_to_run: tuple[str, ...]
    notes: tuple[str, ...] = ()


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
    ready = [_complete(request, settled(request, architecture, world)) for architecture in architectures]
    with output_directory(request, wanted):
        return tuple(_build(request, found, places, world) for found, places in zip(ready, wanted, strict=True))


def _complete(request: BuildRequest, found: Settled) -> Settled:
    """Return what was found, unless files ask for what is not in the image and the request does not go on with that."""
    if found.made.unmet and request.strict:
        raise IncompleteImageError(found.planned.plan.roots[0], summary(found.made.unmet))
    return found


def _build(request: BuildRequest, found: Settled, wanted: Sequence[Destination], world: World) -> BuildResult:
    planned, made = found.planned, found.made
    epoch = _epoch(request, planned.plan)
    for note in found.notes:
        world.reporter.note(note)
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
    recipe = planned.recipe.load() if planned.recipe else None
    test = recipe.smoke_test if recipe else None
    variables = sorted(test.environment) if test else ()
    return BuildResult(planned.plan, image, outputs, how_to_run(image, outputs, variables), found.notes)


def settled(request: BuildRequest, architecture: str, world: World, *, offer: Offer | None = None) -> Settled:
    """BuildRequest -> Plan -> FetchedDeb* -> Tree, again and again until no file shows a need that is not met.

    Args:
        request: What is wanted.
        architecture: Debian architecture.
        world: Store, network, clock.
        offer: What it can be answered with; by default its sources are read.

    Raises:
        Pkg2ImageError: As `make_plan`, `fetch_debs` and `configure`.
    """
    try:
        return _settled(request, architecture, offer or read_offer(request, architecture, world), world)
    except SupersededError:
        world.reporter.note(_MOVED)
        return _settled(request, architecture, read_offer(request, architecture, world), world)


def _settled(request: BuildRequest, architecture: str, offer: Offer, world: World) -> Settled:
    known = recall(world.store, offer.key)
    recipe = offer.recipe.load() if offer.recipe else None

    def plan(needs: Sequence[AddedNeed]) -> Planned:
        return make_plan(request, architecture, world, offer=offer, needs=needs)

    def make(planned: Planned) -> tuple[tuple[FetchedDeb, ...], Configured]:
        debs = _fetch(planned.plan, world)
        return debs, configured_tree(request, planned.plan, debs, recipe, world)

    found = settle(request, known, plan, make)
    if found.is_certain and found.shown != known:
        remember(world.store, offer.key, found.shown)
    return found


def configured_tree(
    request: BuildRequest, plan: Plan, debs: Sequence[FetchedDeb], recipe: Recipe | None, world: World
) -> Configured:
    """FetchedDeb* -> Tree: unpack and configure packages that are in the store.

    Raises:
        Pkg2ImageError: As `configure`.
    """
    world.reporter.step("unpacking and configuring")
    with ContentReader(world.store) as reader:
        return configure(
            plan,
            debs,
            recipe,
            request=request,
            read=reader.read,
            epoch=_epoch(request, plan),
            records=world.store,
        )


def fetched(request: BuildRequest, architecture: str, world: World) -> tuple[Planned, tuple[FetchedDeb, ...]]:
    """BuildRequest -> Plan -> FetchedDeb*: what packages declare, with every package in the store and read.

    Raises:
        Pkg2ImageError: As `make_plan` and `fetch_debs`.
    """
    planned = make_plan(request, architecture, world)
    try:
        return planned, _fetch(planned.plan, world)
    except SupersededError:
        world.reporter.note(_MOVED)
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


def _epoch(request: BuildRequest, plan: Plan) -> int:
    return plan.epoch if request.epoch is None else request.epoch


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
