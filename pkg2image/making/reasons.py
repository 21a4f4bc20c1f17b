"""What a build knows about why files are in an image or not, as the image itself says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pkg2image.analysis.reach.result import Slimmed
from pkg2image.image.reasons import BY_CLOSURE, BY_SLIM, Kept, Left, Reasons, SlimSizes
from pkg2image.rootfs.minimize import Dropped
from pkg2image.rootfs.tree import Entry, Kind, Tree


def reasons_of(tree: Tree, dropped: Sequence[Dropped], slimmed: Slimmed | None) -> Reasons:
    """Return why what is in a tree is there, and what is not.

    Args:
        tree: What is kept.
        dropped: What the closure leaves out.
        slimmed: What slimming has left, if there was any.
    """
    reasons: Mapping[str, Kept] = {}
    if slimmed:
        reasons = {
            path: Kept(slimmed.reasons[path].referrer, slimmed.reasons[path].why)
            for path, _ in _files(tree)
            if path in slimmed.reasons
        }
    left = [*_left(dropped, BY_CLOSURE), *_left(slimmed.dropped if slimmed else (), BY_SLIM)]
    return Reasons(slimmed is not None, reasons, tuple(left))


def slim_sizes(tree: Tree, slimmed: Slimmed) -> SlimSizes:
    """Return how much slimming has left.

    Args:
        tree: The finished one.
        slimmed: What was left out of it.
    """
    kept = list(_files(tree))
    # A hard-linked file is there once, whatever the number of its names.
    sizes = {entry.inode or path: entry.size for path, entry in kept}
    gone = [item for item in slimmed.dropped if item.kind is not Kind.DIRECTORY]
    return SlimSizes(
        packages=len({entry.package for _, entry in kept} - {""}),
        files=len(kept),
        of_files=len(kept) + len(gone),
        size=sum(sizes.values()),
        of_size=sum(sizes.values()) + sum(item.size for item in gone),
    )


def _files(tree: Tree) -> Iterator[tuple[str, Entry]]:
    return ((path, entry) for path, entry in tree.walk() if entry.kind is not Kind.DIRECTORY)


def _left(dropped: Sequence[Dropped], by: str) -> Iterator[Left]:
    for item in dropped:
        if item.kind is not Kind.DIRECTORY:
            yield Left(item.path, item.size, item.package, item.rule, by)
