"""The resolver's answer to a request with the skeleton: the plan of an offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from pkg2image.archive.universe import LoadedUniverse
from pkg2image.errors import RequestError
from pkg2image.plan import AddedNeed, Plan, PlannedPackage, Reason
from pkg2image.planning.features import check_features, feature_wants, locale_wants
from pkg2image.planning.offer import Offer
from pkg2image.recipes.choice import ChosenRecipe, Wishes
from pkg2image.request import BuildRequest
from pkg2image.resolve.closure import FULL, ClosurePolicy, CutRule, closure_policy
from pkg2image.resolve.preferences import default_preferences
from pkg2image.resolve.request import Want, parse_want
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.solver import resolve
from pkg2image.rootfs.base import SKELETON_PACKAGES


def resolve_offer(
    request: BuildRequest, architecture: str, offer: Offer, needs: Sequence[AddedNeed]
) -> tuple[Plan, Resolution]:
    """Choose the packages that answer a request.

    Args:
        request: What is wanted.
        architecture: Debian architecture.
        offer: What it can be answered with.
        needs: What nobody declared and files show that they need.

    Returns:
        What goes into the image, and how the resolver came to it.

    Raises:
        RequestError: When the request has no meaning in these packages.
        UnresolvableError: When no set of packages answers it.
    """
    universe = offer.universe
    more = _wants_of(needs)
    wishes = offer.recipe.wishes() if offer.recipe else Wishes()
    check_features(offer.recipe, wishes, request.features)
    answer = partial(
        resolve,
        universe,
        policy=_policy(request, wishes),
        recommends=request.recommends,
        without=request.without,
        preferences=default_preferences().keeping(universe.held),
    )
    wants = [
        *offer.requested,
        *_wanted_by(offer.recipe, wishes),
        *(parse_want(text) for text in request.with_packages),
    ]
    brought = locale_wants(universe, request.locales)
    if offer.recipe:
        brought = (*_of_features(offer.recipe, wishes, request, lambda: answer(wants)), *brought)
    resolution = answer([*wants, *brought, *more])
    # What is started is looked for in what was asked for, not in what that needs.
    others = {want.name for want in (*brought, *more)} - {want.name for want in wants}
    plan = Plan(
        suite=universe.codename,
        architecture=architecture,
        distribution=universe.distribution,
        packages=(*_skeleton_packages(universe, resolution), *resolution.packages),
        cut=resolution.cut,
        needs=tuple(needs),
        notes=(*universe.notes, *resolution.notes),
        sources=universe.sources,
        roots=tuple(name for name in resolution.roots if name not in others),
        edges=resolution.edges,
        closure=request.closure,
        ids=request.ids,
    )
    return plan, resolution


def _wanted_by(recipe: ChosenRecipe | None, wishes: Wishes) -> list[Want]:
    if recipe is None:
        return []
    return [parse_want(name, reason=Reason("recipe", recipe.name, name)) for name in wishes.packages]


def _of_features(
    recipe: ChosenRecipe, wishes: Wishes, request: BuildRequest, without: Callable[[], Resolution]
) -> tuple[Want, ...]:
    return feature_wants(
        recipe.name,
        wishes,
        request.features,
        lambda: [planned.package.name for planned in without().packages],
    )


def _wants_of(needs: Sequence[AddedNeed]) -> list[Want]:
    """Return one want for each provider; of several needs the first is the reason."""
    first: dict[str, AddedNeed] = {}
    for need in needs:
        first.setdefault(need.provider, need)
    return [
        parse_want(name, reason=Reason("need", f"/{need.path}: {need.reason}", need.what))
        for name, need in first.items()
    ]


def _policy(request: BuildRequest, wishes: Wishes) -> ClosurePolicy:
    policy = closure_policy(request.closure)
    if policy is FULL:
        return policy
    return policy.cutting(CutRule(cut.names, cut.why, cut.only) for cut in wishes.cut).doing_without(request.without)


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
