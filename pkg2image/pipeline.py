"""The line: ``BuildRequest -> Plan -> FetchedDeb* -> Tree -> Layer* -> Image -> Output*``.

Each stage is a function of another room; this module only puts them in order and hands values on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pkg2image import __version__
from pkg2image.analysis.completeness import summary
from pkg2image.archive.fetch import SupersededError, fetch_debs
from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import DifferenceError, IncompleteImageError, NetworkError, RequestError
from pkg2image.image.compress import Compression, parse_compression
from pkg2image.image.content import ContentReader
from pkg2image.image.layer import write_layers
from pkg2image.image.model import Image, Layer, Output
from pkg2image.image.partition import partition
from pkg2image.image.reasons import SlimSizes
from pkg2image.lock.differing import differences
from pkg2image.lock.making import lock_plan
from pkg2image.lock.model import Lock
from pkg2image.making.assemble import assemble, check_words
from pkg2image.making.bills import WrittenBill, bill_places, made_bill, with_bill, write_bills
from pkg2image.making.configure import Configured, configure
from pkg2image.making.locked import check_compressor, with_lock
from pkg2image.making.settle import Settled, settle
from pkg2image.making.shown import recall, remember
from pkg2image.making.vendor import write_vendored
from pkg2image.making.write import LAYERED, Destination, destinations, how_to_run, output_directory, write_outputs
from pkg2image.plan import AddedNeed, Plan, ReadFile
from pkg2image.planning.offer import Offer, architectures_of, read_offer
from pkg2image.planning.planned import Planned, make_plan
from pkg2image.planning.relocking import further_places, local_files, relocked_recipe
from pkg2image.recipes.choice import ChosenRecipe
from pkg2image.request import BuildRequest
from pkg2image.world import World

# The mirror moved on between its index and its pool.
_MOVED = "the mirror changed while it was read; its index is read again"
_GONE = "name another place that may have it: --mirror URL, or a snapshot archive: --mirror 'URL/{date}/'"


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made for one architecture.

    Args:
        plan: What is in it.
        lock: Exactly what it is made of.
        image: What was written.
        outputs: Where it was written.
        how_to_run: Commands that start it, one for each output.
        notes: What the user should know about what is in it.
        slim: Of a slim image, how much is left of what it would hold otherwise.
        read: The files of repositories that had a say in it, beside its packages; none when there was a lock.
        bills: The bills of materials beside the outputs.
    """

    plan: Plan
    lock: Lock
    image: Image
    outputs: tuple[Output, ...]
    how_to_run: tuple[str, ...]
    notes: tuple[str, ...] = ()
    slim: SlimSizes | None = None
    read: tuple[ReadFile, ...] = ()
    bills: tuple[WrittenBill, ...] = ()


@dataclass(frozen=True, slots=True)
class Locked:
    """What a build is held to.

    Args:
        lock: What the image is to be made of.
        exactly: Whether it is an error when something comes out differently than the lock says.
        places: Where packages may be beside their repositories, as `fetch_debs` takes it.
    """

    lock: Lock
    exactly: bool = False
    places: tuple[str, ...] = ()


def build(request: BuildRequest, world: World, locked: Locked | None = None) -> tuple[BuildResult, ...]:
    """Build the images of a request.

    Args:
        request: What is wanted; with a lock all that decides about the content is the same there.
        world: Store, network, clock.
        locked: What it is held to; then no index is read.

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
    for places in wanted:
        bill_places(request, places)
    if locked:
        note = check_compressor(locked.lock, _compression(wanted[0]), exactly=locked.exactly)
        if note:
            world.reporter.note(note)
        ready = [_relocked(request, locked, world)]
    else:
        ready = [_ready(settled(request, architecture, world)) for architecture in architectures]
    for each in ready:
        _check_complete(request, each)
    with output_directory(request, wanted):
        return tuple(_build(request, found, places, world) for found, places in zip(ready, wanted, strict=True))


def lock(request: BuildRequest, world: World, offer: Offer | None = None) -> tuple[Lock, tuple[str, ...]]:
    """Find out what an image would be made of, without making it.

    Args:
        request: What is wanted, for one architecture.
        world: Store, network, clock.
        offer: What it can be answered with; by default its sources are read.

    Returns:
        The lock, and what the user should know about it.

    Raises:
        Pkg2ImageError: As `build`.
    """
    check_words(request)
    architectures = architectures_of(request, world)
    if len(architectures) > 1:
        raise RequestError(
            f"cannot make one lock for {' and '.join(architectures)}: a lock is for one architecture",
            hint=f"make one for each: --arch {architectures[0]}",
        )
    ready = _ready(settled(request, architectures[0], world, offer=offer))
    _check_complete(request, ready)
    return replace(ready.lock, compressor=str(parse_compression(request.compression).identity())), ready.notes


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that an image is made of.

    Args:
        plan: What is in it.
        debs: Its packages.
        made: The finished tree.
        lock: What is in the tree as its lock.
        recipe: What the application needed beside its packages.
        notes: What the user should know.
        read: The files of repositories that had a say in it.
    """

    plan: Plan
    debs: tuple[FetchedDeb, ...]
    made: Configured
    lock: Lock
    recipe: ChosenRecipe | None
    notes: tuple[str, ...]
    read: tuple[ReadFile, ...] = ()


def _ready(found: Settled) -> _Ready:
    planned, made = found.planned, found.made
    read = (*planned.offer.universe.read, *found.shown.read)
    return _Ready(planned.plan, found.debs, made, _lock_of(made), planned.recipe, found.notes, read)


def _lock_of(made: Configured) -> Lock:
    if made.lock is None:
        raise ValueError("a tree that `configured_tree` did not make")
    return made.lock


def _check_complete(request: BuildRequest, found: _Ready) -> None:
    """Raise when files ask for what is not in the image and the request does not go on with that."""
    if found.made.unmet and request.strict:
        raise IncompleteImageError(found.plan.roots[0], summary(found.made.unmet))


def _compression(wanted: Sequence[Destination]) -> Compression | None:
    """Return how layers are compressed; formats without layers of their own get none made."""
    return next((to.compression for to in wanted if to.format in LAYERED), None)


def _build(request: BuildRequest, found: _Ready, wanted: Sequence[Destination], world: World) -> BuildResult:
    plan, made = found.plan, found.made
    epoch = _epoch(request, plan)
    for note in found.notes:
        world.reporter.note(note)
    compression = _compression(wanted)
    layers = _layers(plan, made, compression, budget=request.layers, epoch=epoch, world=world)
    compressor = str(compression.identity()) if compression else ""
    image = assemble(
        plan, found.debs, layers, made.config, request=request, lock=found.lock, epoch=epoch, compressor=compressor
    )
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
    recipe = found.recipe.load() if found.recipe else None
    test = recipe.smoke_test if recipe else None
    variables = sorted(test.environment) if test else ()
    locked = replace(found.lock, compressor=compressor)
    commands = how_to_run(image, outputs, variables)
    places = bill_places(request, wanted)
    bill = made_bill(made, found.debs, world.store) if places else None
    bills = tuple(write_bills(bill, places, force=request.force)) if bill else ()
    return BuildResult(plan, locked, image, outputs, commands, found.notes, found.made.slim, found.read, bills)


def vendor(locked: Locked, world: World, *, path: Path, name: str) -> int:
    """Put everything into a directory that an image of a lock is made of.

    Args:
        locked: The lock.
        world: Store and network.
        path: The directory, which is made.
        name: What the lock is called there.

    Returns:
        How many bytes the packages have.

    Raises:
        Pkg2ImageError: As fetching, or when the directory cannot be written.
    """
    debs = _fetch_locked(lock_plan(locked.lock), locked.places, world, whole=True)
    world.reporter.step("writing")
    return write_vendored(locked.lock, debs, name=name, path=path, store=world.store)


def _relocked(request: BuildRequest, locked: Locked, world: World) -> _Ready:
    """Make the tree of a lock: its packages are believed by their hashes, so nothing else is asked."""
    lock = locked.lock
    plan = lock_plan(lock, local_files(request, lock.architecture))
    recipe = relocked_recipe(lock)
    debs = _fetch_locked(plan, locked.places, world)
    made = configured_tree(request, plan, debs, recipe, world, tool=lock.tool)
    found = differences(lock, _lock_of(made))
    if found and locked.exactly:
        raise DifferenceError(
            f"cannot build exactly what the lock of {plan.roots[0]} says: something comes out differently",
            differences=found,
            hint="use the pkg2image that made the lock, or make a new one with pkg2image lock",
        )
    if found:
        made = configured_tree(request, plan, debs, recipe, world)
    notes = [f"not as the lock says: {difference}" for difference in found]
    if lock.tool != __version__:
        notes.append(f"the lock was made by pkg2image {lock.tool}, and this is {__version__}")
    return _Ready(plan, debs, made, _lock_of(made), recipe, (*notes, *made.notes))


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
        if offer is not None and offer.universe.held:
            raise  # what is held is part of the question, and would be forgotten
        world.reporter.note(_MOVED)
        return _settled(request, architecture, read_offer(request, architecture, world), world)


def _settled(request: BuildRequest, architecture: str, offer: Offer, world: World) -> Settled:
    known = recall(world.store, offer.key)

    def plan(needs: Sequence[AddedNeed]) -> Planned:
        return make_plan(request, architecture, world, offer=offer, needs=needs)

    def make(planned: Planned) -> tuple[tuple[FetchedDeb, ...], Configured]:
        debs = _fetch(planned.plan, world, further_places(request))
        return debs, configured_tree(request, planned.plan, debs, offer.recipe, world)

    found = settle(request, known, plan, make)
    if found.is_certain and found.shown != known:
        remember(world.store, offer.key, found.shown)
    return found


def configured_tree(
    request: BuildRequest,
    plan: Plan,
    debs: Sequence[FetchedDeb],
    recipe: ChosenRecipe | None,
    world: World,
    *,
    tool: str = __version__,
) -> Configured:
    """FetchedDeb* -> Tree: unpack and configure packages that are in the store, and put the lock of it all in.

    Raises:
        Pkg2ImageError: As `configure`.
    """
    world.reporter.step("unpacking and configuring")
    epoch = _epoch(request, plan)
    with ContentReader(world.store) as reader:
        made = configure(
            plan,
            debs,
            recipe.load() if recipe else None,
            request=request,
            read=reader.read,
            epoch=epoch,
            records=world.store,
        )
        made = with_lock(made, plan, debs, recipe, request=request, read=reader.read, epoch=epoch, tool=tool)
    return with_bill(made, debs, world.store, epoch=epoch) if request.sbom_inside else made


def fetched(request: BuildRequest, architecture: str, world: World) -> tuple[Planned, tuple[FetchedDeb, ...]]:
    """BuildRequest -> Plan -> FetchedDeb*: what packages declare, with every package in the store and read.

    Raises:
        Pkg2ImageError: As `make_plan` and `fetch_debs`.
    """
    planned = make_plan(request, architecture, world)
    try:
        return planned, _fetch(planned.plan, world, further_places(request))
    except SupersededError:
        world.reporter.note(_MOVED)
        planned = make_plan(request, architecture, world)
        return planned, _fetch(planned.plan, world, further_places(request))


def _fetch_locked(plan: Plan, places: Sequence[str], world: World, *, whole: bool = False) -> tuple[FetchedDeb, ...]:
    """Fetch packages that no index can replace by others."""
    try:
        return _fetch(plan, world, places, whole=whole)
    except SupersededError as error:
        raise NetworkError(error.message, url=error.url, status=error.status, hint=_GONE) from error


def _fetch(plan: Plan, world: World, places: Sequence[str], *, whole: bool = False) -> tuple[FetchedDeb, ...]:
    return fetch_debs(
        plan.packages,
        store=world.store,
        acquirer=world.acquirer,
        jobs=world.jobs,
        offline=world.offline,
        reporter=world.reporter,
        elsewhere=places,
        whole=whole,
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
