"""Which package versions a resolution may choose from, and which of them answer a relation.

apt chooses among candidates only: one version per name, of the highest priority. Asking for another version of a
package (``curl/bookworm-backports``) widens that: the wanted version replaces the candidate, and packages that can be
reached from it may also be taken from its suite, as a last resort. Without that, such a request is nearly always
impossible.

Spec: Debian Policy 7.1, 7.4, 7.5; the order of providers is the one documented in `Scope.candidates`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pkg2image.deb.package import Package
from pkg2image.deb.relation import Alternatives, Relation
from pkg2image.resolve.preferences import Preferences
from pkg2image.resolve.request import Root, comes_from
from pkg2image.resolve.universe import Universe

DEPENDENCY_FIELDS = ("Pre-Depends", "Depends")
"""The fields that must be satisfied, in apt's order."""

NEGATIVE_FIELDS = ("Conflicts", "Breaks")
"""The fields that forbid other packages; Replaces alone does neither."""

_PRIORITIES = ("required", "important", "standard", "optional", "extra")


class Scope:
    """The part of a universe that one request may choose from.

    All answers are pure; they are memoised because the same names are asked for again and again.

    Args:
        universe: All package versions.
        roots: The request: versions other than the candidate that it asks for widen the choice.
        preferences: Reorders what a dependency allows.
    """

    def __init__(self, universe: Universe, roots: Sequence[Root], preferences: Preferences) -> None:
        self.architecture = universe.architecture
        self._universe = universe
        self._preferences = preferences
        self._pinned = {root.want.name: root.candidates for root in roots if root.want.is_pin}
        self._provided: dict[Package, Mapping[str, tuple[Relation, ...]]] = {}
        self._permitted: dict[str, tuple[Package, ...]] = {}
        self._suites: dict[str, frozenset[str]] = {}
        self._widened: dict[str, list[Package]] = defaultdict(list)
        self._widen()

    def permitted(self, name: str) -> tuple[Package, ...]:
        """Return the versions of a real package that may be selected, best first."""
        if name not in self._permitted:
            self._permitted[name] = self._choose(name)
        return self._permitted[name]

    def _choose(self, name: str) -> tuple[Package, ...]:
        if name in self._pinned:
            return self._pinned[name]
        versions = self._universe.versions(name)
        candidate = [package for package in versions[:1] if package.priority >= 0]
        suites = self._suites.get(name, frozenset())
        return (*candidate, *(package for package in versions[len(candidate) :] if comes_from(package, suites)))

    def is_candidate(self, package: Package) -> bool:
        """Say whether this is the version that is taken when nothing speaks against it."""
        return self.permitted(package.name)[:1] == (package,)

    def provided(self, package: Package) -> Mapping[str, tuple[Relation, ...]]:
        """Return the virtual names of a package, each with its Provides entries."""
        provided = self._provided.get(package)
        if provided is None:
            entries: dict[str, tuple[Relation, ...]] = {}
            for group in package.relations("Provides"):
                for relation in group:
                    entries[relation.name] = (*entries.get(relation.name, ()), relation)
            provided = self._provided[package] = entries
        return provided

    def satisfies(self, package: Package, relation: Relation) -> bool:
        """Say whether a package satisfies one alternative of a dependency.

        ``name:any`` is satisfied only by packages that are Multi-Arch: allowed, as in apt, even within one
        architecture; ``name:native`` and the architecture of the resolution mean the bare name.
        """
        if relation.architecture == "any":
            if package.multi_arch != "allowed":
                return False
        elif relation.architecture not in {None, "native", self.architecture}:
            return False
        return self._is(package, relation)

    def forbids(self, relation: Relation, package: Package) -> bool:
        """Say whether an entry of Conflicts or Breaks hits a package.

        Whose entry it is makes no difference here; callers know that no package forbids itself.
        """
        return relation.architecture in {None, "any", "native", self.architecture} and self._is(package, relation)

    def _is(self, package: Package, relation: Relation) -> bool:
        if package.name == relation.name and relation.accepts(package.version):
            return True
        # An unversioned Provides has no version that a versioned relation could compare.
        return any(
            relation.operator is None or (entry.operator == "=" and relation.accepts(entry.version))
            for entry in self.provided(package).get(relation.name, ())
        )

    def candidates(self, group: Alternatives, dependent: Package) -> tuple[Package, ...]:
        """Return the packages that satisfy a group, in the order in which they are tried.

        In order of the alternatives; for each the real package before its providers, and these by: Essential,
        Priority, same source as the dependent, name. Then the preference table is applied, and versions that are not
        candidates go to the end.
        """
        found: dict[Package, None] = {}
        for relation in group:
            found.update(dict.fromkeys(p for p in self.permitted(relation.name) if self.satisfies(p, relation)))
            providers = [p for p in self._providers(relation.name) if self.satisfies(p, relation)]
            if len(providers) > 1:
                providers.sort(key=lambda p: _provider_rank(p, dependent))
            found.update(dict.fromkeys(providers))
        if len(found) < 2:
            return tuple(found)
        ordered = self._preferences.order(tuple(found))
        if not self._suites:
            return ordered
        return tuple(sorted(ordered, key=lambda p: not self.is_candidate(p)))

    def _providers(self, name: str) -> Iterable[Package]:
        # The universe lists candidates; where another version is permitted as well (or instead), that one is asked too.
        names = dict.fromkeys(package.name for package in self._universe.providers(name))
        names.update(dict.fromkeys(package.name for package in self._widened.get(name, ())))
        for provider in names:
            if provider != name:
                yield from (p for p in self.permitted(provider) if name in self.provided(p))

    def _widen(self) -> None:
        """Permit versions of the same suite for everything that can be reached from a version that is no candidate."""
        for name, versions in self._pinned.items():
            for package in versions:
                if package != next(iter(self._universe.versions(name)), None):
                    self._permit_suites(package)
        for name in (*self._pinned, *self._suites):
            self._permitted.pop(name, None)
            for package in self.permitted(name):
                for virtual in self.provided(package):
                    self._widened[virtual].append(package)

    def _permit_suites(self, pinned: Package) -> None:
        suites = frozenset(name for origin in pinned.origins for name in (origin.suite, origin.codename) if name)
        reached = _mentioned(pinned)
        waiting = list(reached)
        for name in waiting:
            self._suites[name] = self._suites.get(name, frozenset()) | suites
            found = dict.fromkeys(package.name for package in self._universe.providers(name))
            for package in self._choose(name):
                found.update(_mentioned(package))
            waiting.extend(other for other in found if other not in reached)
            reached.update(found)


def _mentioned(package: Package) -> dict[str, None]:
    """Return the names in the dependencies of a package, in order."""
    return {
        relation.name: None for field in DEPENDENCY_FIELDS for group in package.relations(field) for relation in group
    }


def _provider_rank(provider: Package, dependent: Package) -> tuple[bool, int, bool, str]:
    priority = provider.fields.get("Priority", "")
    return (
        not provider.essential,
        _PRIORITIES.index(priority) if priority in _PRIORITIES else len(_PRIORITIES),
        provider.source_name != dependent.source_name,
        provider.name,
    )
