"""From wants to an exact set of packages: the entry of the resolver.

The straight line: find the roots, search depth first as apt does, let the SAT solver guide the search when it meets a
contradiction, put the result in unpack order, check it with independent code. A resolution is a pure function of the
universe and the request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pkg2image.errors import RequestError
from pkg2image.plan import CutEdge, PlannedPackage
from pkg2image.resolve.checker import check
from pkg2image.resolve.closure import FULL, ClosurePolicy
from pkg2image.resolve.order import unpack_order
from pkg2image.resolve.preferences import Preferences, default_preferences
from pkg2image.resolve.problem import Problem
from pkg2image.resolve.request import Want, find_roots
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.scope import Scope
from pkg2image.resolve.search import Contradiction, Search
from pkg2image.resolve.selection import Selection
from pkg2image.resolve.universe import Universe

if TYPE_CHECKING:
    from pkg2image.resolve.explain import Request
    from pkg2image.resolve.sat import SatOracle


def resolve(
    universe: Universe,
    wants: Sequence[Want],
    *,
    policy: ClosurePolicy = FULL,
    recommends: bool = False,
    without: Sequence[str] = (),
    preferences: Preferences | None = None,
) -> Resolution:
    """Find the packages that answer a request, together and completely.

    Args:
        universe: All package versions of the configured sources.
        wants: What must be in, and what must not (`Want.exclude`).
        policy: Which dependencies count.
        recommends: Also take what is recommended, as far as that is possible.
        without: More names that must not be in.
        preferences: The preference table; None for the one of the project.

    Raises:
        RequestError: When a want has no meaning in this universe.
        UnresolvableError: When no set of packages answers the request; it carries the chain of facts.
        MalformedPackageError: When a stanza that matters cannot be read.
    """
    table = default_preferences() if preferences is None else preferences

    def pose(request: Request) -> Problem:
        wants, without = request
        found = find_roots(universe, wants, without)
        asked = [name for root in found.roots for name in (root.want.name, root.candidates[0].name)]
        return Problem(
            Scope(universe, found.roots, table),
            found.roots,
            excluded=found.excluded,
            policy=policy.asking(asked),
            recommends=recommends,
        )

    def is_solvable(request: Request) -> bool:
        try:
            return _oracle(pose(request)).is_satisfiable()
        except RequestError:
            return False

    problem = pose((wants, without))
    selection = _select(problem)
    if selection is None:
        from pkg2image.resolve.explain import explain_contradiction  # noqa: PLC0415 -- few requests fail

        raise explain_contradiction(universe, problem, (wants, without), is_solvable=is_solvable)
    resolution = _describe(problem, selection, table)
    check(universe, resolution, wants, policy, without=without)
    return resolution


def _select(problem: Problem) -> Selection | None:
    try:
        return Search(problem).run()
    except Contradiction:
        oracle = _oracle(problem)
        return Search(problem, oracle).run() if oracle.is_satisfiable() else None


def _oracle(problem: Problem) -> SatOracle:
    from pkg2image.resolve.sat import SatOracle, encode  # noqa: PLC0415 -- one request in five hundred needs it

    return SatOracle(encode(problem))


def _describe(problem: Problem, selection: Selection, preferences: Preferences) -> Resolution:
    pre_depends = _satisfiers(problem, selection, "Pre-Depends")
    depends = _satisfiers(problem, selection, "Depends")
    planned = {package.name: PlannedPackage(package, reason) for package, reason in selection.reasons.items()}
    order = unpack_order(planned, pre_depends=pre_depends, depends=depends)
    return Resolution(
        packages=tuple(planned[name] for name in order),
        cut=_cut_edges(problem, selection),
        notes=(*_notes_on_versions(problem, selection), *_notes_on_preferences(problem, selection, preferences)),
        edges={name: tuple(sorted(pre_depends[name] | depends[name])) for name in order},
        roots=tuple(dict.fromkeys(p.name for root in problem.roots for p in root.candidates if p in selection)),
    )


def _satisfiers(problem: Problem, selection: Selection, field: str) -> dict[str, set[str]]:
    return {
        package.name: {
            satisfier.name
            for need in problem.needs(package)
            if need.field == field
            for satisfier in selection.satisfiers(need)
        }
        for package in selection
    }


def _cut_edges(problem: Problem, selection: Selection) -> tuple[CutEdge, ...]:
    edges = {edge for package in selection for edge in problem.cut(package)}
    for package in selection:
        for need in problem.needs(package):
            if need.is_soft and not selection.meets(need):
                exists = bool(problem.candidates(need))
                why = "cannot be installed with the rest" if exists else "no such package"
                edges.add(CutEdge(package.name, need.field, str(need), why))
    return tuple(sorted(edges, key=lambda edge: (edge.package, edge.field, edge.relation)))


def _notes_on_versions(problem: Problem, selection: Selection) -> Iterator[str]:
    for root in problem.roots:
        provider = root.candidates[0].name
        if provider != root.want.name:
            yield f"{root.want.name} is a virtual package: {provider} is taken, the only one that provides it"
    for package, reason in selection.reasons.items():
        if not problem.scope.is_candidate(package):
            yield f"{package} is taken although it is not the candidate: {reason}"


def _notes_on_preferences(problem: Problem, selection: Selection, preferences: Preferences) -> Iterator[str]:
    names = {package.name for package in selection}
    for row in preferences.rows:
        if row.prefer not in names or row.over in names:
            continue
        for package in selection:
            passed_over = any(
                {row.prefer, row.over} <= {option.name for option in problem.candidates(need)}
                for need in problem.needs(package)
            )
            if passed_over:
                yield f"{row.prefer} is preferred over {row.over} for {package.name}: {row.why}"
                break
