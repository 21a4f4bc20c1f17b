"""The question a resolution answers: roots, the dependencies that count, and what must not be in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.deb.package import Package
from pkg2image.deb.relation import Alternatives, Relation, render_alternatives
from pkg2image.plan import CutEdge
from pkg2image.resolve.closure import ClosurePolicy
from pkg2image.resolve.request import Root
from pkg2image.resolve.scope import DEPENDENCY_FIELDS, NEGATIVE_FIELDS, Scope


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """An or-group that a package brings with it.

    Args:
        package: Who declares it.
        field: ``Pre-Depends``, ``Depends`` or ``Recommends``.
        group: The alternatives.
    """

    package: Package
    field: str
    group: Alternatives

    @property
    def is_soft(self) -> bool:
        """Whether a solution may do without."""
        return self.field == "Recommends"

    def __str__(self) -> str:
        """Return the group as written."""
        return render_alternatives(self.group)


@dataclass(frozen=True, slots=True)
class Ban:
    """An entry of Conflicts or Breaks.

    Args:
        package: Who declares it.
        field: ``Conflicts`` or ``Breaks``.
        relation: What it hits.
    """

    package: Package
    field: str
    relation: Relation


class Problem:
    """A request held against a universe and a closure policy.

    Args:
        scope: What may be chosen.
        roots: What must be in.
        excluded: Package name -> the words of the request that exclude it.
        policy: Which groups count; it must know the roots already.
        recommends: Whether Recommends are wanted where possible.
    """

    def __init__(
        self,
        scope: Scope,
        roots: tuple[Root, ...],
        *,
        excluded: Mapping[str, str],
        policy: ClosurePolicy,
        recommends: bool,
    ) -> None:
        self.scope = scope
        self.roots = roots
        self.excluded = excluded
        self.policy = policy
        self._fields = (*DEPENDENCY_FIELDS, "Recommends") if recommends else DEPENDENCY_FIELDS
        self._needs: dict[Package, tuple[Need, ...]] = {}
        self._cut: dict[Package, tuple[CutEdge, ...]] = {}
        self._candidates: dict[Need, tuple[Package, ...]] = {}

    def needs(self, package: Package) -> tuple[Need, ...]:
        """Return the groups of a package that count, in apt's order: Pre-Depends, Depends, Recommends."""
        if package not in self._needs:
            self._filter(package)
        return self._needs[package]

    def cut(self, package: Package) -> tuple[CutEdge, ...]:
        """Return the groups of a package that the policy leaves out."""
        if package not in self._cut:
            self._filter(package)
        return self._cut[package]

    def _filter(self, package: Package) -> None:
        needs: list[Need] = []
        cut: list[CutEdge] = []
        for field in self._fields:
            for group in package.relations(field):
                why = self.policy.cut(package, group)
                if why is None:
                    needs.append(Need(package, field, group))
                else:
                    cut.append(CutEdge(package.name, field, render_alternatives(group), why))
        self._needs[package] = tuple(needs)
        self._cut[package] = tuple(cut)

    def candidates(self, need: Need) -> tuple[Package, ...]:
        """Return what satisfies a need, in the order in which it is tried."""
        candidates = self._candidates.get(need)
        if candidates is None:
            candidates = self._candidates[need] = self.scope.candidates(need.group, need.package)
        return candidates


def bans(package: Package) -> tuple[Ban, ...]:
    """Return the Conflicts and Breaks of a package."""
    return tuple(
        Ban(package, field, relation)
        for field in NEGATIVE_FIELDS
        for group in package.relations(field)
        for relation in group
    )
