"""A plan as a graph: every package once, what brought it in, what it depends on, and what was left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pkg2image.deb.package import Package
from pkg2image.deb.relation import parse_relations, render_alternatives
from pkg2image.drawing.markup import legal
from pkg2image.plan import CutEdge, Plan, PlannedPackage, Reason
from pkg2image.sizes import size_text

ORIGIN = "origin"
LEFT_OUT = "left out"
_EVERY_IMAGE = "every image"
_FILES = "files of the image"


@dataclass(frozen=True, slots=True)
class Node:
    """A package, something that brought packages in and is none, or what was left out.

    Args:
        name: Unique in the graph: the name of a package; of other nodes words, or the names of a cut dependency.
        kind: As of `pkg2image.plan.Reason`; `ORIGIN` for a recipe and the like, `LEFT_OUT` for what was cut.
        reason: Why it is there, for people.
        parent: The node that brought it in, empty when none did. Following it never goes round in a circle.
        version: Of a package.
        architecture: Of a package.
        source: Name of the source package.
        installed: Bytes when it is installed; 0 when only a few files of it are taken.
        download: Bytes of its .deb.
        brought: Installed bytes of it and of everything it brought in.
        partial: Whether only a few files of it are taken.
    """

    name: str
    kind: str
    reason: str
    parent: str = ""
    version: str = ""
    architecture: str = ""
    source: str = ""
    installed: int = 0
    download: int = 0
    brought: int = 0
    partial: bool = False

    @property
    def size(self) -> str:
        """What is installed of it, for people; empty for what is no package."""
        if self.partial:
            return "a few files"
        return size_text(self.installed) if self.version else ""


@dataclass(frozen=True, slots=True)
class Edge:
    """What one node wants of another.

    Args:
        source: Name of the node that wants.
        target: Name of the node that is wanted.
        field: ``Depends``, ``Pre-Depends``, ``Recommends``, ``recipe``, ``need`` or ``skeleton``.
        relation: As written.
        why: The rule that cut the edge, or how a file shows its need; else empty.
        cut: Whether the image does without.
    """

    source: str
    target: str
    field: str
    relation: str
    why: str = ""
    cut: bool = False

    def __str__(self) -> str:
        """Return it as one line for people."""
        words = " ".join(filter(None, (self.source, self.field, self.relation)))
        return f"{'cut: ' if self.cut else ''}{words}{f': {self.why}' if self.why else ''}"


@dataclass(frozen=True, slots=True)
class Graph:
    """The closure of a plan.

    Args:
        title: What was requested.
        caption: How much it is and where it is from, in one line.
        nodes: Packages, then origins, then what was left out, each in the order of their names.
        edges: In order; source and target are always nodes.
    """

    title: str
    caption: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(plan: Plan) -> Graph:
    """Return the graph of a plan.

    Raises:
        MalformedPackageError: When a field of a package cannot be read.
    """
    packages = {planned.package.name: planned for planned in plan.packages}
    edges = list(dict.fromkeys(_edges(plan, packages)))
    needs = {edge.target: edge.source for edge in reversed(edges) if edge.field == "need"}
    nodes = [_package_node(packages[name], _parent(packages[name], packages, needs)) for name in sorted(packages)]
    origins = sorted({edge.source for edge in edges} - set(packages))
    nodes += [Node(name, ORIGIN, "no package") for name in origins]
    left_out: dict[str, Edge] = {}
    for edge in edges:
        if edge.cut and edge.target not in (*packages, *origins):
            left_out.setdefault(edge.target, edge)
    nodes += [Node(name, LEFT_OUT, left_out[name].why, left_out[name].source) for name in sorted(left_out)]
    # The roots are also what a recipe wants beside what was asked for.
    asked = [name for name in plan.roots if name in packages and packages[name].reason.kind == "requested"]
    return Graph(
        title=" ".join(asked or plan.roots),
        caption=_caption(plan),
        nodes=tuple(_weighed(_without_circles(nodes))),
        edges=tuple(sorted(edges, key=lambda edge: (edge.cut, edge.source, edge.target, edge.field, edge.relation))),
    )


def children_of(nodes: Iterable[Node]) -> Mapping[str, Sequence[Node]]:
    """Return what every node brought in, the heaviest first; of the empty name, what nothing brought in."""
    children: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        children[node.parent].append(node)
    ranks = {"requested": 0, ORIGIN: 2, LEFT_OUT: 3}
    for found in children.values():
        found.sort(key=lambda node: (ranks.get(node.kind, 1), -node.brought, node.name))
    return children


def _caption(plan: Plan) -> str:
    whole = [planned.package for planned in plan.packages if not planned.skeleton]
    return (
        f"{len(plan.packages)} packages from {plan.suite} ({plan.architecture}), closure {plan.closure}: "
        f"{size_text(sum(planned.package.size for planned in plan.packages))} to download, "
        f"{size_text(sum(package.installed_size for package in whole))} installed"
    )


def _package_node(planned: PlannedPackage, parent: str) -> Node:
    package = planned.package
    return Node(
        name=package.name,
        kind=planned.reason.kind,
        reason=str(planned.reason),
        parent=parent,
        version=package.version,
        architecture=package.architecture,
        source=package.source_name,
        installed=0 if planned.skeleton else package.installed_size,
        download=package.size,
        partial=planned.skeleton,
    )


def _edges(plan: Plan, packages: Mapping[str, PlannedPackage]) -> Iterator[Edge]:
    yield from _dependencies(plan, packages)
    for need in plan.needs:
        if need.provider in packages:
            source = need.package if need.package in packages else _FILES
            yield Edge(source, need.provider, "need", need.what, f"/{need.path}: {need.reason}")
    for cut in plan.cut:
        if cut.package in packages:
            yield Edge(cut.package, _wanted(cut, packages), cut.field, cut.relation, cut.why, cut=True)


def _dependencies(plan: Plan, packages: Mapping[str, PlannedPackage]) -> Iterator[Edge]:
    known = set()
    for name, planned in packages.items():
        for target in plan.edges.get(name, ()):
            if target in packages:
                known.add((name, target))
                yield Edge(name, target, *_declared(planned.package, packages[target].package))
    for name, planned in packages.items():
        reason = planned.reason
        origin = _origin(reason)
        if origin:
            yield Edge(origin, name, reason.kind, reason.relation)
        elif reason.parent in packages and (reason.parent, name) not in known:
            yield Edge(reason.parent, name, reason.kind, reason.relation)


def _declared(package: Package, target: Package) -> tuple[str, str]:
    """Return the field and the or-group by which one package depends on another."""
    provided = {relation.name for group in target.relations("Provides") for relation in group}
    for names in ({target.name}, provided):
        for field in ("Pre-Depends", "Depends"):
            for group in package.relations(field):
                if any(relation.name in names for relation in group):
                    return field, render_alternatives(group)
    return "Depends", target.name


def _origin(reason: Reason) -> str:
    """Return the node that stands for what brought a package in and is no package, or nothing."""
    match reason.kind:
        case "recipe":
            return f"recipe {' '.join(legal(reason.parent).split())}"
        case "skeleton":
            return _EVERY_IMAGE
        case _:
            return ""


def _parent(planned: PlannedPackage, packages: Mapping[str, PlannedPackage], needs: Mapping[str, str]) -> str:
    reason = planned.reason
    if reason.kind == "need":
        return needs.get(planned.package.name, "")
    return _origin(reason) or (reason.parent if reason.parent in packages else "")


def _wanted(cut: CutEdge, packages: Mapping[str, PlannedPackage]) -> str:
    """Return the node of a dependency that was cut: a package of the plan when one of that name is in it."""
    names = [relation.name for group in parse_relations(cut.relation) for relation in group]
    return next((name for name in names if name in packages), " | ".join(names))


def _without_circles(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes such that their parents form trees; a circle of reasons begins at one of its packages."""
    parents = {node.name: node.parent for node in nodes}
    done = {""}
    for name in parents:
        path: dict[str, None] = {}
        step = name
        while step not in done and step not in path:
            path[step] = None
            step = parents[step]
        if step in path:
            parents[step] = ""
        done.update(path)
    return [replace(node, parent=parents[node.name]) for node in nodes]


def _weighed(nodes: Sequence[Node]) -> Iterator[Node]:
    weights = {node.name: node.installed for node in nodes}
    parents = {node.name: node.parent for node in nodes}
    for node in nodes:
        step = node.parent
        while step:
            weights[step] += node.installed
            step = parents[step]
    for node in nodes:
        yield replace(node, brought=weights[node.name])
