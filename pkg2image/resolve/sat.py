"""The complete back end: the part of the universe that the request can reach, as clauses for a SAT solver.

Only what can be reached from the roots is encoded: a few hundred variables as a rule, never the sixty thousand of a
suite. Each clause comes from one `Fact`, so that the very same encoding also explains why there is no solution.
python-sat is imported only here and only when it is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pkg2image.deb.package import Package
from pkg2image.resolve.problem import Ban, Need, Problem, bans
from pkg2image.resolve.request import Root

_SOLVER = "minisat22"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two packages of which one forbids the other.

    Args:
        ban: The entry of Conflicts or Breaks, with who declares it.
        other: Whom it hits.
    """

    ban: Ban
    other: Package


@dataclass(frozen=True, slots=True)
class Twins:
    """Two versions of one package, which cannot both be in.

    Args:
        first: One version.
        second: The other.
    """

    first: Package
    second: Package


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A package that the request leaves out.

    Args:
        package: The package.
        text: The words of the request.
    """

    package: Package
    text: str


Fact = Root | Need | Clash | Twins | Exclusion
"""Where a clause comes from: a root must be in, a package needs a group, and three ways in which packages are out."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A problem as clauses.

    Args:
        variables: Package -> its variable, from 1, in the order in which they are reached.
        clauses: Each fact with the literals of its clause.
    """

    variables: dict[Package, int]
    clauses: tuple[tuple[Fact, tuple[int, ...]], ...]


def encode(problem: Problem) -> Encoding:
    """Return everything that the roots of a problem can reach, breadth first."""
    reached: dict[Package, None] = {}
    for root in problem.roots:
        reached.update(dict.fromkeys(root.candidates))
    waiting = list(reached)
    for package in waiting:
        for need in problem.needs(package):
            new = [option for option in problem.candidates(need) if option not in reached]
            reached.update(dict.fromkeys(new))
            waiting.extend(new)
    variables = {package: number for number, package in enumerate(reached, start=1)}
    clauses: list[tuple[Fact, tuple[int, ...]]] = [
        (root, tuple(variables[package] for package in root.candidates)) for root in problem.roots
    ]
    for package, variable in variables.items():
        for need in problem.needs(package):
            if not need.is_soft:
                options = (variables[option] for option in problem.candidates(need))
                clauses.append((need, (-variable, *options)))
    clauses.extend(_negative_clauses(problem, variables))
    return Encoding(variables, tuple(clauses))


def _negative_clauses(problem: Problem, variables: dict[Package, int]) -> Iterator[tuple[Fact, tuple[int, ...]]]:
    named = _by_name(problem, variables)
    for package, variable in variables.items():
        if package.name in problem.excluded:
            yield Exclusion(package, problem.excluded[package.name]), (-variable,)
        for other in named[package.name]:
            if other.name == package.name and variables[other] > variable:
                yield Twins(package, other), (-variable, -variables[other])
        for ban in bans(package):
            for other in named.get(ban.relation.name, ()):
                # Who provides and conflicts with one virtual name wants to be the only one, not to be absent.
                if other.name != package.name and problem.scope.forbids(ban.relation, other):
                    yield Clash(ban, other), (-variable, -variables[other])


def _by_name(problem: Problem, packages: Iterable[Package]) -> dict[str, list[Package]]:
    """Return the packages by each name, real or virtual, under which a relation may mean them."""
    named: defaultdict[str, list[Package]] = defaultdict(list)
    for package in packages:
        for name in {package.name: None, **dict.fromkeys(problem.scope.provided(package))}:
            named[name].append(package)
    return named


class SatOracle:
    """Knows which packages can still join, by asking a SAT solver.

    Args:
        encoding: The problem.
    """

    def __init__(self, encoding: Encoding) -> None:
        from pysat.solvers import Solver  # noqa: PLC0415, an import that most resolutions never need

        self._variables = encoding.variables
        self._solver = Solver(name=_SOLVER, bootstrap_with=[list(literals) for _, literals in encoding.clauses])
        self._model: frozenset[int] = frozenset()

    def is_satisfiable(self) -> bool:
        """Say whether there is a solution with everything committed so far."""
        return self._solve([])

    def admits(self, package: Package) -> bool:
        """Say whether some solution holds everything committed so far and this package."""
        variable = self._variables[package]
        # The last model holds everything committed, so membership proves what another call would only repeat.
        return variable in self._model or self._solve([variable])

    def commit(self, package: Package) -> None:
        """Make a package part of every further answer; it must be admitted."""
        self._solver.add_clause([self._variables[package]])

    def _solve(self, assumptions: list[int]) -> bool:
        if not self._solver.solve(assumptions=assumptions):
            return False
        self._model = frozenset(literal for literal in self._solver.get_model() if literal > 0)
        return True


def minimal_core(encoding: Encoding) -> tuple[Fact, ...]:
    """Return a smallest-by-inclusion set of facts that cannot all hold, of an encoding without a solution.

    Each clause gets a selector; the solver's core over the selectors is made minimal by leaving out one fact after the
    other, those farthest from the request first.
    """
    from pysat.solvers import Solver  # noqa: PLC0415

    first = len(encoding.variables) + 1
    facts = {first + index: fact for index, (fact, _) in enumerate(encoding.clauses)}
    guarded = [[-(first + index), *literals] for index, (_, literals) in enumerate(encoding.clauses)]
    with Solver(name=_SOLVER, bootstrap_with=guarded) as solver:

        def core_within(selectors: Iterable[int]) -> list[int] | None:
            return None if solver.solve(assumptions=list(selectors)) else sorted(solver.get_core() or ())

        core = core_within(facts) or []
        for selector in sorted(core, reverse=True):
            if selector in core:
                core = core_within(other for other in core if other != selector) or core
    return tuple(facts[selector] for selector in core)
