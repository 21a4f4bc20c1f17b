"""``BuildRequest -> Plan``: what can be had and what is chosen of it, remembered for the next time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from pkg2image.digest import sha256
from pkg2image.plan import AddedNeed, MissingNeed, Plan, canonical_json
from pkg2image.planning.kept import dump_plan, load_plan
from pkg2image.planning.offer import Offer, architectures_of, read_offer
from pkg2image.recipes.choice import ChosenRecipe
from pkg2image.request import BuildRequest
from pkg2image.world import World

if TYPE_CHECKING:
    from pkg2image.resolve.resolution import Resolution

_RECORD = "plan-1"


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what explains and completes it.

    Args:
        plan: What goes into the image.
        offer: What it was chosen from.
        resolution: Returns how the resolver came to it.
    """

    plan: Plan
    offer: Offer
    resolution: Callable[[], Resolution]

    @property
    def recipe(self) -> ChosenRecipe | None:
        """What the application needs beside its packages, or None."""
        return self.offer.recipe


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
    """Decide what goes into the images of a request by what packages declare; nothing but indexes is downloaded.

    Returns:
        One plan per architecture, in the order of the request.

    Raises:
        Pkg2ImageError: As `make_plan`.
    """
    return tuple(make_plan(request, architecture, world) for architecture in architectures_of(request, world))


def make_plan(
    request: BuildRequest,
    architecture: str,
    world: World,
    *,
    offer: Offer | None = None,
    needs: Sequence[AddedNeed] = (),
) -> Planned:
    """Decide what goes into the image of one architecture; nothing but indexes is downloaded.

    Args:
        request: What is wanted.
        architecture: Debian architecture.
        world: Store, network, clock.
        offer: What it can be answered with; by default its sources are read.
        needs: What nobody declared and files show that they need.

    Raises:
        RequestError: When the request has no meaning in these sources.
        UnresolvableError: When no set of packages answers it.
        NetworkError: When a source cannot be read.
        TrustError: When a source cannot be believed.
    """
    offer = offer or read_offer(request, architecture, world)
    key = _key(offer, needs)
    kept = world.store.record(_RECORD, key)
    if kept is not None:
        universe = offer.universe
        plan = load_plan(kept, notes=universe.notes, sources=universe.sources, ids=request.ids)
        return Planned(plan, offer, lambda: _resolve(request, architecture, offer, needs)[1])
    world.reporter.step("resolving")
    plan, resolution = _resolve(request, architecture, offer, needs)
    world.store.put_record(_RECORD, key, dump_plan(plan, given_notes=len(offer.universe.notes)))
    return Planned(plan, offer, lambda: resolution)


def _key(offer: Offer, needs: Sequence[AddedNeed]) -> str:
    return sha256(canonical_json([offer.key, [astuple(need) for need in needs]], errors="surrogateescape")).hex


def _resolve(
    request: BuildRequest, architecture: str, offer: Offer, needs: Sequence[AddedNeed]
) -> tuple[Plan, Resolution]:
    # The same request on the same packages is resolved once; only then the resolver is loaded.
    from pkg2image.planning.resolving import resolve_offer  # noqa: PLC0415

    return resolve_offer(request, architecture, offer, needs)


def why(planned: Planned, name: str, missing: Sequence[MissingNeed] = ()) -> Answer:
    """Explain why a package is in a plan, or why it is not.

    Args:
        planned: The plan with its resolution.
        name: A package name, real or virtual.
        missing: What files need that is not in the image.
    """
    from pkg2image.resolve.explain import explain_package  # noqa: PLC0415 -- a plan explains nothing

    explanation = explain_package(planned.resolution(), name)
    if explanation.chain:
        return Answer(included=True, sentences=tuple(f"{step}: {reason}" for step, reason in explanation.chain))
    for package in planned.plan.packages:
        if package.package.name == name:
            return Answer(included=True, sentences=(f"{name}: {package.reason}",))
    cut = tuple(f"{edge.package} {edge.field} {edge.relation}, left out: {edge.why}" for edge in explanation.cut)
    needed = tuple(str(need) for need in missing if need.provider == name)
    return Answer(included=False, sentences=(*cut, *needed) or (f"no package of the image refers to {name}",))
