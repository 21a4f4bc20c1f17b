"""What a build would come to, without writing anything: the plan with what only files tell.

Where that was found out before, nothing but indexes is read; else packages are fetched and configured as in a build.
"""

from __future__ import annotations

from dataclasses import dataclass

from pkg2image.making.shown import Shown, recall
from pkg2image.planning.offer import architectures_of, read_offer
from pkg2image.planning.planned import Planned, make_plan
from pkg2image.request import BuildRequest
from pkg2image.world import World


@dataclass(frozen=True, slots=True)
class Preview:
    """What the image of one architecture would be.

    Args:
        planned: What goes into it, and why.
        shown: What its files tell.
    """

    planned: Planned
    shown: Shown


def preview(request: BuildRequest, world: World) -> tuple[Preview, ...]:
    """Find out what the images of a request would be.

    Returns:
        One for each architecture, in the order of the request.

    Raises:
        Pkg2ImageError: As `pkg2image.pipeline.build`.
    """
    return tuple(_preview(request, architecture, world) for architecture in architectures_of(request, world))


def _preview(request: BuildRequest, architecture: str, world: World) -> Preview:
    offer = read_offer(request, architecture, world)
    known = recall(world.store, offer.key)
    if known is not None:
        return Preview(make_plan(request, architecture, world, offer=offer, needs=known.needs), known)
    from pkg2image.pipeline import settled  # noqa: PLC0415 -- what is known already needs no files

    world.reporter.note("packages are fetched and looked into, as a build does; --declared does without")
    found = settled(request, architecture, world, offer=offer)
    return Preview(found.planned, found.shown)
