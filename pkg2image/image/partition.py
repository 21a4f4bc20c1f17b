"""Which files go into which layer.

Layers are for sharing: between the images of one build machine, between an image and its next version, between
registries and those who pull. What is in a layer must therefore depend on as little as possible besides the packages
in it. The rules, for a budget of *n* layers:

1. The top layer holds what was made for this image: entries without a package, and dpkg's database. It is small and
   changes with every update.
2. At most ``n - 1 - n // 4`` source packages get a layer of their own: the largest, if they have 1 MiB or more. Sizes
   are compared by their power of two and then by name, so that a few kilobytes more or less change no order. A source
   of more than 256 MiB is cut into pieces by path, as long as the budget lasts.
3. All others share at most ``n // 4`` layers. Which one is decided by a hash of the source's name alone; how many there
   are, by the power of two of their total size (about 4 MiB each).
4. From the bottom up: own layers by name of the source, shared layers by number, the top layer.

So a security update of a package changes the layer of its source and the top layer, and no other. A package that is
added or removed changes its own layer or one shared layer and the top layer. The exceptions are steps: a size that
passes a power of two may give a source its own layer or take it away, or change the number of shared layers.

Every layer holds the root and all directories above its files, with the metadata that the tree has: layers are
independent of each other, an unpacked layer is never wrong about a directory, and the order of layers does not matter.
The price is that a change of a directory's mode or owner changes all layers that have something below it. (Directories
have no time of their own, see `pkg2image.image.tarwriter.DIRECTORY_MTIME`, so an update does not change them.)

The names of one hard-linked file stay together, where its first name belongs. No layer holds a path below a symlink,
because no tree does.

Spec: OCI image-spec v1.1 layer.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.image.tarwriter import with_parents
from pkg2image.rootfs.tree import Tree, path_key

DEFAULT_BUDGET = 20
MOST_LAYERS = 120  # overlay file systems of common kernels stop at 128

_FLOOR = 1 << 20
_CEILING = 256 << 20
_SHARED_SIZE = 4 << 20
_PER_ENTRY = 1024  # a header and half a record of padding on average: many small files have a size too
_DATABASE = "var/lib/dpkg"
_WHITEOUT = ".wh."


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """The paths of one layer.

    Args:
        name: The source package; ``shared 2/4`` or ``metadata`` for the others; ``files`` when there is one layer.
        paths: In byte order, with the root (``""``) and all directories above them.
        packages: Names of the binary packages that own one of them, sorted, but for directories above.
    """

    name: str
    paths: tuple[str, ...]
    packages: tuple[str, ...] = ()


@dataclass(slots=True)
class _Group:
    """The paths of one source package while they are counted."""

    size: int = 0
    paths: list[str] = field(default_factory=list)


def partition(tree: Tree, sources: Mapping[str, str], *, budget: int = DEFAULT_BUDGET) -> tuple[LayerPlan, ...]:
    """Distribute the paths of a tree over layers.

    Args:
        tree: The finished root filesystem.
        sources: Name of a package -> name of its source package; a package that is not in it is its own source.
        budget: The most layers there may be, 1 to 120.

    Returns:
        The layers from the bottom up; there is at least one.

    Raises:
        RequestError: When the budget is out of range.
        MalformedPackageError: When a file has a name that means "deleted" in a layer.

    Spec: see the module; OCI image-spec v1.1 layer.md "Whiteouts".
    """
    if not 1 <= budget <= MOST_LAYERS:
        raise RequestError(f"cannot make {budget} layers: the number is 1 to {MOST_LAYERS}")
    groups = _by_source(tree, sources)
    if budget == 1:
        return (_plan(tree, "files", (path for group in groups.values() for path in group.paths)),)
    top = groups.pop("", _Group())
    own, shared = _choose(tree, groups, budget)
    plans = [
        _plan(tree, name if len(pieces) == 1 else f"{name} {number}/{len(pieces)}", piece)
        for name, pieces in sorted(own.items())
        for number, piece in enumerate(pieces, 1)
    ]
    plans += [_plan(tree, f"shared {number}/{len(shared)}", paths) for number, paths in enumerate(shared, 1) if paths]
    if top.paths or not plans:
        plans.append(_plan(tree, "metadata", top.paths))
    return tuple(plans)


def _by_source(tree: Tree, sources: Mapping[str, str]) -> dict[str, _Group]:
    """Return the paths of every source; the empty source is what was made for this image."""
    groups: dict[str, _Group] = {}
    leaders: dict[str, str] = {}
    for path, entry in tree.walk():
        if path.rpartition("/")[2].startswith(_WHITEOUT):
            raise MalformedPackageError(
                f"cannot put /{path} into a layer: names with {_WHITEOUT} mean deleted files there",
                hint="use --format aci or rootfs, or leave the package out",
            )
        made_here = not entry.package or path == _DATABASE or path.startswith(f"{_DATABASE}/")
        source = "" if made_here else sources.get(entry.package, entry.package)
        size = entry.size
        if entry.inode:
            size = size if entry.inode not in leaders else 0
            source = leaders.setdefault(entry.inode, source)
        group = groups.setdefault(source, _Group())
        group.paths.append(path)
        group.size += size + _PER_ENTRY
    return groups


def _choose(
    tree: Tree, groups: Mapping[str, _Group], budget: int
) -> tuple[dict[str, list[list[str]]], list[list[str]]]:
    """Return the pieces of each source with a layer of its own, and the paths of the shared layers."""
    most_shared = max(1, budget // 4)
    free = budget - 1 - most_shared
    own: dict[str, list[list[str]]] = {}
    rest: list[str] = []
    for name in sorted(groups, key=lambda name: (-groups[name].size.bit_length(), name)):
        group = groups[name]
        if not free or group.size < _FLOOR:
            rest.append(name)
            continue
        count = min(free, -(-group.size // _CEILING))
        own[name] = _cut(tree, group, count)
        free -= count
    total = sum(groups[name].size for name in rest)
    count = min(most_shared, 1 << max(0, (total // _SHARED_SIZE).bit_length() - 1))
    shared: list[list[str]] = [[] for _ in range(count)]
    for name in rest:
        shared[_hash(name) % count].extend(groups[name].paths)
    return own, shared


def _cut(tree: Tree, group: _Group, count: int) -> list[list[str]]:
    """Cut the paths of a source into at most `count` pieces of about the same size, hard links not torn apart."""
    pieces: list[list[str]] = [[] for _ in range(count)]
    homes: dict[str, int] = {}
    written = 0
    for path in group.paths:
        entry = tree[path]
        number = min(count - 1, written * count // group.size)
        if entry.inode:
            number = homes.setdefault(entry.inode, number)
        pieces[number].append(path)
        written += entry.size + _PER_ENTRY
    return [piece for piece in pieces if piece]


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def _plan(tree: Tree, name: str, paths: Iterable[str]) -> LayerPlan:
    chosen = list(paths)
    packages = {tree[path].package for path in chosen} - {""}
    return LayerPlan(name, tuple(sorted(with_parents(chosen), key=path_key)), tuple(sorted(packages)))
