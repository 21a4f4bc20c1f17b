"""What holds for every universe: results are valid, complete and independent of accidents of order.

The reference is exhaustive search over all subsets of a small universe, with the independent checker's reading of the
relations written once more in the plainest way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.deb.package import Package
from pkg2image.deb.relation import Relation
from pkg2image.errors import UnresolvableError
from pkg2image.resolve.closure import FULL
from pkg2image.resolve.preferences import Preferences
from pkg2image.resolve.problem import Problem
from pkg2image.resolve.request import find_roots, parse_want
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.sat import SatOracle, encode
from pkg2image.resolve.scope import Scope
from pkg2image.resolve.search import Contradiction, Search
from pkg2image.resolve.solver import resolve
from tests.support.universe import MemoryUniverse, parse_packages

ROOT = Path(__file__).resolve().parents[2]
NAMES = "abcdef"
relations = st.builds(
    lambda name, limit: name + limit, st.sampled_from(NAMES + "vw"), st.sampled_from(["", "", "", " (>= 2)", " (<< 2)"])
)
groups = st.lists(relations, min_size=1, max_size=3).map(" | ".join)
fields = st.fixed_dictionaries(
    {},
    optional={
        "Depends": st.lists(groups, min_size=1, max_size=3).map(", ".join),
        "Pre-Depends": groups,
        "Conflicts": relations,
        "Breaks": relations,
        "Provides": st.sampled_from(["v", "w", "v (= 1)", "v, w (= 3)"]),
    },
)


@st.composite
def universes(draw: st.DrawFn) -> MemoryUniverse:
    """Draw up to six packages with some relations among them."""
    text = ""
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        text += f"{name} {draw(st.integers(1, 2))}\n"
        text += "".join(f" {field}: {value}\n" for field, value in draw(fields).items())
    return MemoryUniverse(parse_packages(text))


def means(relation: Relation, package: Package) -> bool:
    """Say whether a relation means a package."""
    if relation.name == package.name and relation.accepts(package.version):
        return True
    return any(
        entry.name == relation.name
        and (relation.operator is None or (entry.operator and relation.accepts(entry.version)))
        for (entry,) in package.relations("Provides")
    )


def is_valid(packages: tuple[Package, ...]) -> bool:
    """Say whether a set of packages can be installed together."""
    for package in packages:
        for field in ("Pre-Depends", "Depends"):
            for group in package.relations(field):
                if not any(means(relation, other) for relation in group for other in packages):
                    return False
        for field in ("Conflicts", "Breaks"):
            for (relation,) in package.relations(field):
                if any(means(relation, other) for other in packages if other is not package):
                    return False
    return True


def is_installable(universe: MemoryUniverse, names: str) -> bool:
    """Say whether any set of packages holds all names and is valid."""
    every = universe.packages
    return any(
        is_valid(chosen)
        for size in range(len(names), len(every) + 1)
        for chosen in combinations(every, size)
        if set(names) <= {package.name for package in chosen}
    )


def attempt(universe: MemoryUniverse, words: str) -> Resolution | None:
    """Resolve, or return None when that is impossible."""
    try:
        return resolve(universe, [parse_want(word) for word in words], preferences=Preferences())
    except UnresolvableError as error:
        if not error.reasons or not error.hint:
            raise AssertionError("a contradiction without an explanation") from error
        return None


class TestCompleteness:
    """A solution is found exactly when there is one."""

    @settings(max_examples=300, deadline=None)
    @given(universes(), st.integers(1, 2))
    def test_against_exhaustive_search(self, universe: MemoryUniverse, roots: int) -> None:
        words = NAMES[: min(roots, len(universe.packages))]
        resolution = attempt(universe, words)
        assert (resolution is not None) == is_installable(universe, words)
        if resolution is not None:
            assert is_valid(tuple(planned.package for planned in resolution.packages))


class TestDeterminism:
    """The same universe and request give the same answer."""

    @settings(max_examples=100, deadline=None)
    @given(universes(), st.randoms(use_true_random=False))
    def test_the_order_of_the_index_does_not_matter(self, universe: MemoryUniverse, random: object) -> None:
        shuffled = list(universe.packages)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert attempt(universe, "a") == attempt(MemoryUniverse(shuffled), "a")

    def test_the_hash_seed_does_not_matter(self) -> None:
        script = (
            "from tests.unit.resolve.test_solver import CASES, solve\n"
            "for case in CASES:\n"
            "    print(case.rule, solve(case) if case.expected else '')\n"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", script],
                check=True,
                capture_output=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
            for seed in ("0", "1", "4711")
        }
        assert len(outputs) == 1


class TestGuidedSearch:
    """Where the search alone succeeds, the guided search gives the same answer."""

    @settings(max_examples=200, deadline=None)
    @given(universes())
    def test_both_agree(self, universe: MemoryUniverse) -> None:
        roots = find_roots(universe, [parse_want("a")]).roots
        problem = Problem(Scope(universe, roots, Preferences()), roots, excluded={}, policy=FULL, recommends=False)
        try:
            alone = Search(problem).run()
        except Contradiction:
            return
        oracle = SatOracle(encode(problem))
        assert oracle.is_satisfiable()
        assert dict(Search(problem, oracle).run().reasons) == dict(alone.reasons)
