"""Directories, files and permissions that packages declare in tmpfiles.d, made as ``systemd-tmpfiles --create`` does.

Lines only for the moment of boot (``!``) and the cleaning by age are not an image's business. What an image cannot
carry (ACLs, file attributes) and what cannot be followed is told in notes, never guessed.

Spec: tmpfiles.d(5), systemd-tmpfiles(8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.rootfs.dropins import DropInError, Specifiers, read_lines, specifiers_of
from pkg2image.rootfs.globbing import matches
from pkg2image.rootfs.tmpfiles_line import GLOBBED, OWNING, Item, parse_item
from pkg2image.rootfs.tmpfiles_make import Maker
from pkg2image.rootfs.tree import ReadContent, Tree, parent_of
from pkg2image.rootfs.users import identities

_UNTOLD = frozenset({"a", "A", "h", "H"})
_REMOVING = frozenset({"r", "R", "D"})


@dataclass(frozen=True, slots=True)
class _Plan:
    """All items by path, in the order in which they are followed; those with patterns come last."""

    plain: Mapping[str, Sequence[Item]]
    patterns: Mapping[str, Sequence[Item]]


def apply_tmpfiles(
    tree: Tree,
    *,
    read: ReadContent,
    architecture: str,
    mtime: int,
    only: Sequence[str] = (),
    remove: bool = False,
) -> tuple[Tree, tuple[str, ...]]:
    """Do what tmpfiles.d declares.

    Args:
        tree: Not changed.
        read: Reads files.
        architecture: Debian architecture.
        mtime: Seconds since the epoch, of what is made.
        only: Names of files in tmpfiles.d; by default all.
        remove: Also follow the lines that remove something, before all others (``--remove``).

    Returns:
        A new tree, and a note for each line that could not be followed.
    """
    notes: list[str] = []
    plan = _plan(tree, read, specifiers_of(tree, read, "tmpfiles.d", architecture), only, notes)
    if not plan.plain and not plan.patterns:
        return tree, tuple(notes)
    result = tree.copy()
    maker = Maker(result, read=read, identities=identities(tree, read), mtime=mtime)
    if remove:
        _remove(result, plan)
    done: set[str] = set()
    for path in plan.plain:
        _follow(path, plan, maker, done, notes)
    for path, items in plan.patterns.items():
        for item in items:
            for place in matches(result, path):
                _make(item, place, maker, notes)
    return result, tuple(notes)


def _plan(tree: Tree, read: ReadContent, specifiers: Specifiers, only: Sequence[str], notes: list[str]) -> _Plan:
    plain: dict[str, list[Item]] = {}
    patterns: dict[str, list[Item]] = {}
    for line in read_lines(tree, read, "tmpfiles.d", only):
        try:
            item = parse_item(line.text, line.origin, specifiers)
        except DropInError as error:
            notes.append(f"{line.origin}: left out: {error}")
            continue
        if item is None:
            continue
        if item.type in _UNTOLD:
            notes.append(f"{line.origin}: left out: an image carries no ACLs and no file attributes")
            continue
        same_path = (patterns if item.type in GLOBBED else plain).setdefault(item.path, [])
        rival = next((old for old in same_path if old.type in OWNING and item.type in OWNING), None)
        if rival is not None and not item.force:
            if not rival.says_the_same(item):
                notes.append(f"{line.origin}: left out: {rival.origin} has the say about {item.path}")
            continue
        same_path.append(item)
    for items in (*plain.values(), *patterns.values()):
        items.sort(key=lambda item: item.type)
    return _Plan(plain, patterns)


def _follow(path: str, plan: _Plan, maker: Maker, done: set[str], notes: list[str]) -> None:
    """Follow the items of a path after those of all paths above it."""
    above = []
    while path:
        if path in plan.plain and path not in done:
            above.append(path)
        path = parent_of(path)
    for each in reversed(above):
        done.add(each)
        for item in plan.plain[each]:
            _make(item, each, maker, notes)


def _make(item: Item, path: str, maker: Maker, notes: list[str]) -> None:
    try:
        maker.make(item, path)
    except DropInError as error:
        notes.append(f"{item.origin}: left out: {error}")
    except (MalformedPackageError, RequestError) as error:
        notes.append(f"{item.origin}: left out: {error.message}")


def _remove(tree: Tree, plan: _Plan) -> None:
    doomed = [(path, item.type) for group in (plan.plain, plan.patterns) for path in group for item in group[path]]
    for path, kind in doomed:
        if kind not in _REMOVING:
            continue
        for place in (path,) if kind == "D" else matches(tree, path):
            here = tree.reach(place) if kind == "D" else place
            children = tree.children(here) if here is not None else ()
            if kind == "D":
                for name in children:
                    tree.remove(f"{here}/{name}")
            elif kind == "R" or not children:
                tree.remove(place)
