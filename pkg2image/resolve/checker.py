"""An independent check of every resolution.

It shares nothing with the solver but the relation parser and the closure policy, reads the packages' own fields again,
and proves that a result is valid: installable, connected and what was asked for. It says nothing about whether a
smaller or nicer result exists. A failure is a bug of this project, never a fault of the request.

Spec: Debian Policy 7.1 to 7.5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from pkg2image.deb.package import Package
from pkg2image.deb.relation import Relation, render_alternatives
from pkg2image.resolve.closure import ClosurePolicy
from pkg2image.resolve.request import Want
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.universe import Universe


class CheckError(AssertionError):
    """The solver returned something that is not an answer."""


def check(
    universe: Universe,
    resolution: Resolution,
    wants: Sequence[Want],
    policy: ClosurePolicy,
    *,
    without: Sequence[str] = (),
) -> None:
    """Check a resolution.

    Args:
        universe: What it was made from.
        resolution: The result.
        wants: What was asked for.
        policy: Which dependencies count.
        without: Further names that must not be in.

    Raises:
        CheckError: When the result is not valid; the message lists what is wrong.
    """
    members = _Members(universe.architecture, [planned.package for planned in resolution.packages])
    asked = [want.name for want in wants if not want.exclude]
    faults = [
        *_identity_faults(universe, members),
        *_dependency_faults(members, policy.asking([*asked, *resolution.roots])),
        *_conflict_faults(members),
        *_reason_faults(resolution, members),
        *_request_faults(resolution, members, wants, without),
    ]
    if faults:
        raise CheckError(f"the resolver's result is not valid: {'; '.join(faults[:5])}")


class _Members:
    """The packages of a result, to be asked who satisfies a relation."""

    def __init__(self, architecture: str, packages: Sequence[Package]) -> None:
        self.packages = packages
        self.named = {package.name: package for package in packages}
        self._native = {None, "native", architecture}
        self._providers: defaultdict[str, list[tuple[Package, str | None]]] = defaultdict(list)
        for package in packages:
            for entry in (entry for group in package.relations("Provides") for entry in group):
                self._providers[entry.name].append((package, entry.version if entry.operator == "=" else None))

    def satisfying(self, relation: Relation, *, dependency: bool) -> Iterator[Package]:
        """Yield the members that a relation of a dependency, or of a conflict, means."""
        if relation.architecture not in self._native and relation.architecture != "any":
            return
        only_allowed = dependency and relation.architecture == "any"
        for package, version in self._holders(relation.name):
            if only_allowed and package.multi_arch != "allowed":
                continue
            if relation.operator is None or (version is not None and relation.accepts(version)):
                yield package

    def _holders(self, name: str) -> Iterator[tuple[Package, str | None]]:
        if name in self.named:
            yield self.named[name], self.named[name].version
        yield from self._providers.get(name, ())


def _identity_faults(universe: Universe, members: _Members) -> Iterator[str]:
    if len(members.named) != len(members.packages):
        yield "a package is in twice"
    for package in members.packages:
        if package not in universe.versions(package.name):
            yield f"{package} is not in the universe"


def _dependency_faults(members: _Members, policy: ClosurePolicy) -> Iterator[str]:
    for package in members.packages:
        for field in ("Pre-Depends", "Depends"):
            for group in package.relations(field):
                if policy.cut(package, group) is None and not any(
                    any(members.satisfying(relation, dependency=True)) for relation in group
                ):
                    yield f"{package.name} {field} {render_alternatives(group)} is not satisfied"


def _conflict_faults(members: _Members) -> Iterator[str]:
    for package in members.packages:
        for field in ("Conflicts", "Breaks"):
            for group in package.relations(field):
                for relation in group:
                    for other in members.satisfying(relation, dependency=False):
                        if other.name != package.name:
                            yield f"{package.name} {field} {relation}, and {other} is in"


def _reason_faults(resolution: Resolution, members: _Members) -> Iterator[str]:
    """Every member must be a root, or hang on an edge that really exists, and all edges must lead back to a root."""
    parents: dict[str, str] = {}
    for planned in resolution.packages:
        package, reason = planned.package, planned.reason
        if package.name in resolution.roots:
            continue
        declarer = members.named.get(reason.parent)
        groups = declarer.relations(reason.kind) if declarer is not None else ()
        if not any(
            render_alternatives(group) == reason.relation and _is_among(package, group, members) for group in groups
        ):
            yield f"{package.name} is in because of {reason}, which is no edge"
        parents[package.name] = reason.parent
    rooted = set(resolution.roots)
    for name in parents:
        path: dict[str, None] = {}
        step = name
        while step in parents and step not in rooted and step not in path:
            path[step] = None
            step = parents[step]
        if step in rooted:
            rooted.update(path)
        else:
            yield f"{name} cannot be reached from a root"


def _is_among(package: Package, group: Iterable[Relation], members: _Members) -> bool:
    return any(package in members.satisfying(relation, dependency=True) for relation in group)


def _request_faults(
    resolution: Resolution, members: _Members, wants: Sequence[Want], without: Sequence[str]
) -> Iterator[str]:
    for root in resolution.roots:
        if root not in members.named:
            yield f"the root {root} is not in"
    for name in [*(want.name for want in wants if want.exclude), *without]:
        if name in members.named:
            yield f"{name} is in, and the request leaves it out"
    for want in wants:
        if not want.exclude and not any(
            _answers(package, want) for package in members.satisfying(Relation(want.name), dependency=True)
        ):
            yield f"nothing answers {want}"


def _answers(package: Package, want: Want) -> bool:
    suites = [name for origin in package.origins for name in (origin.suite, origin.codename)]
    return (want.version is None or fnmatchcase(package.version, want.version)) and (
        want.suite is None or want.suite in suites
    )
