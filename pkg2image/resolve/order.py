"""The order in which packages are unpacked and configured: what a package depends on comes before it.

Dependencies may be circular. Circles are found as strongly connected components; each is opened at the package with the
fewest needs in it, Pre-Depends counting first, ties going to the lower name, and what is left is ordered again. The
result depends on nothing but the names and edges given.

Spec: Debian Policy 7.2; Tarjan, "Depth-first search and linear graph algorithms" (1972).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

Edges = Mapping[str, Collection[str]]


def unpack_order(names: Iterable[str], *, pre_depends: Edges, depends: Edges) -> tuple[str, ...]:
    """Return names so that dependencies come first.

    Args:
        names: All packages.
        pre_depends: Package -> what must be configured before it is unpacked.
        depends: Package -> what else it needs; both name members of `names` only.
    """
    every = {name: {*pre_depends.get(name, ()), *depends.get(name, ())} - {name} for name in names}
    order: list[str] = []
    waiting = [sorted(every)]
    while waiting:
        group = waiting.pop()
        members = set(group)
        edges = {name: sorted(every[name] & members) for name in sorted(group)}
        components = list(_components(edges))
        if len(components) > 1:
            waiting.extend(reversed(components))
        elif group:
            # A circle. Only one made of Pre-Depends alone, which Policy forbids, breaks a Pre-Depends.
            strict = {name: len(members.intersection(pre_depends.get(name, ())) - {name}) for name in group}
            first = min(group, key=lambda name: (strict[name], len(edges[name]), name))
            order.append(first)
            waiting.append([name for name in group if name != first])
    return tuple(order)


@dataclass(slots=True)
class _Step:
    name: str
    index: int
    lowest: int
    successors: Iterator[str]


def _components(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Yield the strongly connected components, each after all that it has edges to."""
    index: dict[str, int] = {}
    open_names: dict[str, None] = {}
    for start in edges:
        path = [_step(start, edges, index, open_names)] if start not in index else []
        while path:
            step = path[-1]
            successor = next(step.successors, None)
            if successor is None:
                path.pop()
                if path:
                    path[-1].lowest = min(path[-1].lowest, step.lowest)
                if step.lowest == step.index:
                    yield _close(step.name, open_names)
            elif successor not in index:
                path.append(_step(successor, edges, index, open_names))
            elif successor in open_names:
                step.lowest = min(step.lowest, index[successor])


def _step(name: str, edges: Mapping[str, list[str]], index: dict[str, int], open_names: dict[str, None]) -> _Step:
    number = index[name] = len(index)
    open_names[name] = None
    return _Step(name, number, number, iter(edges[name]))


def _close(root: str, open_names: dict[str, None]) -> list[str]:
    component: list[str] = []
    while not component or component[-1] != root:
        component.append(open_names.popitem()[0])
    return component
