"""The packages selected so far, with the two questions a search asks: is this need met, and who is against this one?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from pkg2image.deb.package import Package
from pkg2image.plan import Reason
from pkg2image.resolve.problem import Ban, Need, bans
from pkg2image.resolve.scope import Scope


class Selection:
    """A growing set of packages that can be taken back to an earlier size.

    Args:
        scope: Knows what satisfies what.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._reasons: dict[Package, Reason] = {}
        self._named: defaultdict[str, list[Package]] = defaultdict(list)
        self._bans: defaultdict[str, list[Ban]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._reasons)

    def __iter__(self) -> Iterator[Package]:
        return iter(self._reasons)

    def __contains__(self, package: Package) -> bool:
        return package in self._reasons

    @property
    def reasons(self) -> Mapping[Package, Reason]:
        """Why each package is in, in the order of selection."""
        return self._reasons

    def add(self, package: Package, reason: Reason) -> None:
        """Select a package."""
        self._reasons[package] = reason
        for name in self._names(package):
            self._named[name].append(package)
        for ban in bans(package):
            self._bans[ban.relation.name].append(ban)

    def shrink(self, size: int) -> None:
        """Take back what was selected last, until `size` packages are left."""
        while len(self._reasons) > size:
            package, _ = self._reasons.popitem()
            for name in self._names(package):
                self._named[name].remove(package)
            for ban in bans(package):
                self._bans[ban.relation.name].remove(ban)

    def satisfiers(self, need: Need) -> Iterator[Package]:
        """Yield the selected packages that satisfy a need, in the order of its alternatives."""
        for relation in need.group:
            for package in self._named.get(relation.name, ()):
                if self._scope.satisfies(package, relation):
                    yield package

    def meets(self, need: Need) -> bool:
        """Say whether a need is satisfied."""
        return next(self.satisfiers(need), None) is not None

    def is_against(self, package: Package) -> bool:
        """Say whether a package cannot join: another version is in, or somebody forbids somebody."""
        if any(other.name == package.name for other in self._named.get(package.name, ())):
            return True
        if any(
            self._scope.forbids(ban.relation, package)
            for name in self._names(package)
            for ban in self._bans.get(name, ())
        ):
            return True
        return any(
            self._scope.forbids(ban.relation, other)
            for ban in bans(package)
            for other in self._named.get(ban.relation.name, ())
        )

    def _names(self, package: Package) -> dict[str, None]:
        return {package.name: None, **dict.fromkeys(self._scope.provided(package))}
