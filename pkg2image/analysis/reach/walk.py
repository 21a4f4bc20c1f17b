"""From entry points to everything they lead to, breadth first, so that every file has a shortest reason."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pkg2image.analysis.reach.data import is_optional
from pkg2image.analysis.reach.references import FindReferences, Reference
from pkg2image.analysis.reach.result import Reason
from pkg2image.rootfs.tree import Kind, Tree, parent_of

_MAX_LINKS = 40  # what Linux allows on one path walk (path_resolution(7))
_MAX_WALK = 1024  # components of their targets together


class Walk:
    """The kept part of a tree while it grows.

    Args:
        tree: The image; it must not change.
        finders: Asked for every file that is reached.
        rule: The data rules, for what is kept only as a part of a directory; and for optional parts, which nobody but
            a user brings back.
    """

    __slots__ = ("_finders", "_reasons", "_rule", "_tree", "_waiting", "_whole")

    def __init__(self, tree: Tree, finders: Sequence[FindReferences], rule: Callable[[str], str]) -> None:
        self._tree = tree
        self._finders = finders
        self._rule = rule
        self._reasons: dict[str, Reason] = {}
        self._waiting: deque[str] = deque()
        self._whole: set[str] = set()

    @property
    def reasons(self) -> Mapping[str, Reason]:
        """What is kept so far, and why; directories only where somebody asked for them."""
        return self._reasons

    def start(self, references: Iterable[Reference], referrer: str = "") -> None:
        """Keep what is referred to, and everything that leads to.

        Args:
            references: To files, links or directories.
            referrer: Who refers to them.
        """
        for reference in references:
            self._keep(reference, referrer)
        while self._waiting:
            path = self._waiting.popleft()
            found = {reference for finder in self._finders for reference in finder(path)}
            for reference in sorted(found, key=lambda item: (item.path, item.why, item.below)):
                self._keep(reference, path)

    def _keep(self, reference: Reference, referrer: str) -> None:
        reason = Reason(referrer, reference.why)
        links, place = hops(self._tree, reference.path)
        if place is not None and referrer and is_optional(self._rule(place)):
            return
        for link in links:
            self._reasons.setdefault(link, reason)
        if place is None:
            return
        if reference.below and self._tree[place].kind is Kind.DIRECTORY:
            self._keep_below(place, reason)
        elif place not in self._reasons:
            self._add(place, reason)

    def _add(self, place: str, reason: Reason) -> None:
        self._reasons[place] = reason
        if self._tree[place].kind is Kind.FILE:
            self._waiting.append(place)

    def _keep_below(self, directory: str, reason: Reason) -> None:
        if directory in self._whole:
            return
        self._whole.add(directory)
        self._reasons.setdefault(directory, reason)
        for path in below(self._tree, directory):
            if path in self._reasons or self._rule(path):
                continue
            if self._tree[path].kind is Kind.SYMLINK:
                self._keep(Reference(path, reason.why), reason.referrer)
            else:
                self._add(path, reason)


def below(tree: Tree, directory: str) -> Iterator[str]:
    """Yield every path in a directory at any depth, parents before children."""
    waiting = [directory]
    while waiting:
        here = waiting.pop()
        prefix = f"{here}/" if here else ""
        waiting += (prefix + name for name in reversed(tree.children(here)))
        if here != directory:
            yield here


def hops(tree: Tree, path: str) -> tuple[tuple[str, ...], str | None]:
    """Return the links on the way that a path leads, and where it ends.

    Args:
        tree: The image.
        path: Absolute, or relative to the root.

    Returns:
        The canonical places of the links, and the canonical path of the end, or None when there is nothing.
    """
    plain = path.strip("/")
    entry = tree.get(plain)
    if entry is not None and entry.kind is not Kind.SYMLINK:
        return (), plain
    links: list[str] = []
    pending = _components(path)
    here = ""
    walked = 0
    while pending:
        part = pending.pop()
        if part == "..":
            here = parent_of(here)
            continue
        step = f"{here}/{part}" if here else part
        entry = tree.get(step)
        if entry is None:
            return tuple(links), None
        if entry.kind is not Kind.SYMLINK:
            here = step
            continue
        target = _components(entry.target)
        links.append(step)
        walked += len(target)
        if len(links) > _MAX_LINKS or walked > _MAX_WALK:
            return tuple(links), None
        if entry.target.startswith("/"):
            here = ""
        pending += target
    return tuple(links), here


def _components(path: str) -> list[str]:
    """Return the components of a path that matter, the last one first."""
    return [part for part in reversed(path.split("/")) if part and part != "."]
