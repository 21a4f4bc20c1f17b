"""The loop of the line: files that were unpacked can show a need that nobody declared.

What answers it is added to the request, and all is resolved, unpacked and configured again, until nothing new is
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from pkg2image.analysis.evidence import CERTIFICATES, Wanted, untold
from pkg2image.analysis.providers import Answers, Need, answer
from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import NetworkError, RequestError, UnresolvableError
from pkg2image.making.configure import Configured
from pkg2image.making.pieces import pieces
from pkg2image.making.shown import Shown
from pkg2image.plan import AddedNeed, MissingNeed
from pkg2image.planning.planned import Planned
from pkg2image.request import BuildRequest

_SHELLS = frozenset({"usr/bin/sh", "usr/bin/dash", "usr/bin/bash"})
_GONE = frozenset({404, 410})
_SHOWN = 5

PlanWith = Callable[[Sequence[AddedNeed]], Planned]
"""Plans with more that is needed."""

Make = Callable[[Planned], tuple[tuple[FetchedDeb, ...], Configured]]
"""Fetches the packages of a plan and makes its tree."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A tree that needs nothing more that any package could bring.

    Args:
        planned: What is in it, with what was added.
        debs: Its packages.
        made: The tree.
        shown: What was found out on the way.
        is_certain: Whether all that could be asked was asked, so that another time comes to the same.
    """

    planned: Planned
    debs: tuple[FetchedDeb, ...]
    made: Configured
    shown: Shown
    is_certain: bool = True

    @property
    def notes(self) -> tuple[str, ...]:
        """What was added, what could not be asked, and what to know about the tree."""
        added = (f"added: {need}" for need in self.planned.plan.needs)
        return (*added, *self.shown.unasked, *self.shown.notes)


def settle(request: BuildRequest, known: Shown | None, plan: PlanWith, make: Make) -> Settled:
    """Add what files show that they need until they need nothing more.

    Args:
        request: What must not be added.
        known: What was found out another time; where it still holds, one round is enough.
        plan: Does the first half of a round.
        make: Does the second.

    Raises:
        Pkg2ImageError: As planning, fetching and configuring.
    """
    found = known or Shown()
    refused = set(found.refused)
    planned = plan(found.needs)
    debs, made = make(planned)
    missing = found.missing
    # About a tree that is the same nothing has to be asked twice.
    if not {item.files[0] for item in missing}.issuperset(item.files[0] for item in made.wanted):
        while added := _answers(request, planned, made.wanted, refused):
            before = planned
            planned = _with_needs(plan, planned, added, refused)
            if planned is not before:
                debs, made = make(planned)
        missing = tuple(_missing(request, planned, made.wanted, refused))
    problems = planned.offer.universe.files.problems
    unasked = (f"{source} has no lists of files: {error.message}" for source, error in problems.items())
    shown = Shown(
        planned.plan.needs,
        tuple(sorted(refused)),
        missing,
        made.started,
        tuple(dict.fromkeys((*found.unasked, *unasked))),
        (*made.notes, *_left_unmet(made.wanted, missing)),
        tuple(dict.fromkeys((*found.read, *planned.offer.universe.files.read))),
        made.slim,
    )
    # A server that answered will do so the same way until there is another Release.
    is_certain = not any(isinstance(each, NetworkError) and each.status not in _GONE for each in problems.values())
    return Settled(planned, debs, made, shown, is_certain)


def _with_needs(plan: PlanWith, planned: Planned, added: Sequence[AddedNeed], refused: set[str]) -> Planned:
    """Plan with new needs; those that cannot be had with the rest are refused from then on."""
    try:
        return plan((*planned.plan.needs, *added))
    except (RequestError, UnresolvableError):
        providers = dict.fromkeys(need.provider for need in added)
    for provider in providers:
        more = (need for need in added if need.provider == provider)
        try:
            planned = plan((*planned.plan.needs, *more))
        except (RequestError, UnresolvableError):
            refused.add(provider)
    return planned


def _answers(request: BuildRequest, planned: Planned, wanted: Sequence[Wanted], refused: set[str]) -> list[AddedNeed]:
    """Return which packages answer what is wanted."""
    asked = [item for item in wanted if not _unwanted(request, item)]
    answers = _answer(planned, asked, {*request.without, *_present(planned), *refused})
    # What is still wanted although its package was added for it will not come by adding it again.
    known = {(need.provider, need.what) for need in planned.plan.needs}
    return [_added(need) for need in answers.needs if (need.provider, need.what) not in known]


def _answer(planned: Planned, wanted: Sequence[Wanted], refused: Collection[str]) -> Answers:
    universe = planned.offer.universe

    def packages_of(path: str) -> Sequence[str]:
        return universe.files.packages(path)

    def size_of(name: str) -> int | None:
        versions = universe.versions(name)
        return versions[0].installed_size if versions else None

    return answer(wanted, packages_of=packages_of, size_of=size_of, refused=refused)


def _present(planned: Planned) -> set[str]:
    """Return the packages that are there with all of their files."""
    names = {item.package.name for item in planned.plan.packages if not item.skeleton}
    return names - pieces(planned.plan).keys()


def _missing(
    request: BuildRequest, planned: Planned, wanted: Sequence[Wanted], refused: set[str]
) -> Iterator[MissingNeed]:
    """Yield each thing that is wanted once, with the reason that it is not there."""
    first: dict[str, Wanted] = {}
    for item in wanted:
        first.setdefault(item.files[0], item)
    for item in first.values():
        found = _answer(planned, [item], ()).needs
        name = found[0].provider if found else ""
        why = _unwanted(request, item) or _why_not(request, name, refused)
        evidence = item.evidence
        yield MissingNeed(item.what, item.files, evidence.path, evidence.reason, evidence.package, name, why)


def _why_not(request: BuildRequest, name: str, refused: set[str]) -> str:
    if not name:
        return "no package is known to have it"
    if name in request.without:
        return f"the request does without {name}"
    return f"{name} cannot be had with the rest" if name in refused else f"{name} is there, but not all of its files"


def _left_unmet(wanted: Sequence[Wanted], missing: Sequence[MissingNeed]) -> Iterator[str]:
    """Yield what the completeness check does not tell."""
    keys = {item.files[0] for item in untold(wanted)}
    left = [item for item in missing if item.files[0] in keys]
    yield from map(str, left[:_SHOWN])
    if len(left) > _SHOWN:
        yield f"{len(left) - _SHOWN} more things that files need are not in the image; inspect lists all of them"


def _unwanted(request: BuildRequest, wanted: Wanted) -> str:
    """Return why something is not added whoever needs it; empty when it may be."""
    first = wanted.files[0]
    if request.no_shell and first in _SHELLS:
        return "--no-shell is given"
    return "--no-ca-certificates is given" if request.no_ca_certificates and first == CERTIFICATES else ""


def _added(need: Need) -> AddedNeed:
    evidence = need.evidence
    return AddedNeed(need.provider, need.what, evidence.path, evidence.reason, evidence.package)
