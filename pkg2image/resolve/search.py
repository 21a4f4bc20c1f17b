"""The depth-first front of the resolver: apt's visible behaviour.

All roots are selected first; then each package's groups are visited in field order, and the first alternative that
works is taken with everything it needs, unless something selected satisfies the group already. A package whose own
closure is impossible is skipped.

On its own this search cannot resolve contradictions: it gives up with `Contradiction` where a package to be selected
conflicts with the selection. With an `Oracle` it is complete: a package is then selected only when the oracle knows
that a solution with all selected so far exists. Where the search alone succeeds, both give the same answer: what it
skipped is impossible anyway, and its result proves that every choice it made was possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from pkg2image.deb.package import Package
from pkg2image.plan import Reason
from pkg2image.resolve.problem import Need, Problem
from pkg2image.resolve.selection import Selection


class Contradiction(Exception):  # noqa: N818, an answer of the search rather than an error
    """The search alone found no solution, which does not mean that there is none."""


class Oracle(Protocol):
    """Knows which packages can still join."""

    def admits(self, package: Package) -> bool:
        """Say whether some solution holds everything committed so far and this package."""
        ...

    def commit(self, package: Package) -> None:
        """Make a package part of every further answer."""
        ...


@dataclass(slots=True)
class _Visit:
    """A selected package whose needs are being met: one frame of the search."""

    package: Package
    size_before: int
    needs: Iterator[Need]
    need: Need | None = None
    options: Iterator[Package] = field(default_factory=lambda: iter(()))


class Search:
    """One depth-first search.

    Args:
        problem: What is asked.
        oracle: Makes the search complete; None for the search alone.
    """

    def __init__(self, problem: Problem, oracle: Oracle | None = None) -> None:
        self._problem = problem
        self._oracle = oracle
        self._selection = Selection(problem.scope)
        self._impossible: set[Package] = set()

    def run(self) -> Selection:
        """Return a solution.

        Raises:
            Contradiction: When the search has no oracle and meets a conflict or a root without a solution.
        """
        chosen = [self._choose_root(index) for index in range(len(self._problem.roots))]
        for package in chosen:
            if package is not None:
                self._meet_needs(package)
        return self._selection

    def _choose_root(self, index: int) -> Package | None:
        root = self._problem.roots[index]
        if any(package in self._selection for package in root.candidates):
            return None
        for package in root.candidates:
            if self._is_possible(package):
                relation = root.want.reason.relation or str(root.want)
                self._select(package, Reason(root.want.reason.kind, root.want.reason.parent, relation))
                return package
        raise Contradiction

    def _meet_needs(self, root: Package) -> None:
        """Visit everything below a selected root; an explicit stack, because dependencies can be very deep."""
        visits = [self._visit(root, 0)]
        while visits:
            visit = visits[-1]
            need = self._unmet(visit)
            if need is None:
                visits.pop()
                continue
            option = next((package for package in visit.options if self._is_possible(package)), None)
            if option is not None:
                size = len(self._selection)
                self._select(option, Reason(need.field, visit.package.name, str(need)))
                visits.append(self._visit(option, size))
            elif need.is_soft:
                visit.need = None
            else:
                # No alternative works, so neither does the package: the visit below tries its next option.
                visits.pop()
                if not visits:
                    raise Contradiction
                self._impossible.add(visit.package)
                self._selection.shrink(visit.size_before)

    def _visit(self, package: Package, size_before: int) -> _Visit:
        return _Visit(package, size_before, iter(self._problem.needs(package)))

    def _unmet(self, visit: _Visit) -> Need | None:
        """Return the first need of a package that is not met; its options are those not tried yet."""
        while visit.need is None or self._selection.meets(visit.need):
            visit.need = next(visit.needs, None)
            if visit.need is None:
                return None
            if not self._selection.meets(visit.need):
                visit.options = iter(self._problem.candidates(visit.need))
        return visit.need

    def _is_possible(self, package: Package) -> bool:
        if package in self._impossible or package.name in self._problem.excluded:
            return False
        return self._oracle is None or self._oracle.admits(package)

    def _select(self, package: Package, reason: Reason) -> None:
        if self._oracle is not None:
            self._oracle.commit(package)
        elif self._selection.is_against(package):
            raise Contradiction
        self._selection.add(package, reason)
