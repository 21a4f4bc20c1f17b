"""``Tree -> Tree``: what can be reached from the entry points is kept, with a reason; the rest goes, with a rule.

Spec: `pkg2image.analysis.reach.walk`; `pkg2image.analysis.reach.data`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from pkg2image.analysis.reach.application import (
    Entrances,
    application_files,
    entries,
    helpers,
    is_helper,
    own_packages,
    started_programs,
)
from pkg2image.analysis.reach.elf import elf_references
from pkg2image.analysis.reach.java import java_references
from pkg2image.analysis.reach.packages import package_references
from pkg2image.analysis.reach.perl import perl_references
from pkg2image.analysis.reach.php import php_references
from pkg2image.analysis.reach.python import python_references
from pkg2image.analysis.reach.python_library import developer_rule
from pkg2image.analysis.reach.python_places import standard_name
from pkg2image.analysis.reach.references import MakeFinder, Material, Reference
from pkg2image.analysis.reach.result import Reason, Slimmed
from pkg2image.analysis.reach.ruby import ruby_references
from pkg2image.analysis.reach.same import join_equal
from pkg2image.analysis.reach.scripts import script_references
from pkg2image.analysis.reach.system import system_references
from pkg2image.analysis.reach.walk import Walk
from pkg2image.rootfs.minimize import Dropped
from pkg2image.rootfs.skeleton import is_taken
from pkg2image.rootfs.tree import Entry, Kind, Tree, parent_of

FINDERS: tuple[MakeFinder, ...] = (
    elf_references,
    system_references,
    script_references,
    package_references,
    java_references,
    perl_references,
    php_references,
    python_references,
    ruby_references,
)
"""All finders; the order does not matter."""

UNREACHED = "not reached"
"""The rule of what nothing refers to."""

_LINK = "links to what is left out"
_UNINTERPRETED = "scripts whose interpreter nothing else uses"
_FOR_DEVELOPERS = "parts of Python for developers"
_EMPTY = "nothing is left in it"
# Directories of state, which programs expect to be there although nothing is in them.
_STATE = re.compile(r"(?:etc|home|media|mnt|opt|root|run|srv|tmp|usr/local|var)(?:/.*)?", re.DOTALL)


def slim(
    material: Material,
    entrances: Entrances,
    *,
    finders: Sequence[MakeFinder] = FINDERS,
) -> Slimmed:
    """Return a tree without what cannot be reached.

    Args:
        material: What is known of the image; who is its own and what is started is found out here.
        entrances: Where to begin.
        finders: What finds references.
    """
    tree = material.tree
    starts = started_programs(material, (*entrances.commands, *entrances.tests))
    material = replace(material, starts=starts, own=own_packages(material, entrances))
    walk = Walk(tree, [make(material) for make in finders], material.rule)
    walk.start(entries(material, entrances))
    walk.start(application_files(material, entrances))
    walk.start(
        Reference(path, f"is a script of the application: {tree[path].package}")
        for path, interpreter in helpers(material)
        if interpreter in walk.reasons
    )
    reasons = dict(walk.reasons)
    reasons |= _made(material, reasons)
    reasons |= _directories(material, reasons)
    dropped = tuple(_dropped(material, reasons))
    result = tree.copy()
    for item in dropped:
        result.remove(item.path)
    return Slimmed(join_equal(result, material.sources), reasons, dropped)


def _made(material: Material, reasons: Mapping[str, Reason]) -> dict[str, Reason]:
    """Return what every image has, what was made for this one, and links of that kind that lead to what is kept."""
    tree = material.tree
    found: dict[str, Reason] = {}
    for path, entry in tree.walk():
        if path in reasons or entry.kind is Kind.DIRECTORY or material.rule(path):
            continue
        if is_taken(entry.package, path, entry.kind):
            found[path] = Reason("", "is in every image")
        elif not entry.package and not _is_dead_link(tree, path, entry, reasons, found):
            found[path] = Reason("", f"is made for the image: {entry.origin}")
        elif entry.kind not in {Kind.FILE, Kind.SYMLINK}:
            found[path] = Reason("", f"is a {entry.kind}")
    return found


def _is_dead_link(tree: Tree, path: str, entry: Entry, *kept: Collection[str]) -> bool:
    """Say whether a link leads to a file that is left out; one that led nowhere before is as good as it was."""
    end = tree.reach(path) if entry.kind is Kind.SYMLINK else None
    return end is not None and tree[end].kind is not Kind.DIRECTORY and not any(end in paths for paths in kept)


def _directories(material: Material, reasons: Mapping[str, Reason]) -> dict[str, Reason]:
    """Return the directories above what is kept, and empty ones that programs may expect."""
    tree = material.tree
    found: dict[str, Reason] = {}

    def add_parents(path: str) -> None:
        parent = parent_of(path)
        while parent and parent not in reasons and parent not in found:
            found[parent] = Reason("", f"holds /{path}")
            parent = parent_of(parent)

    for path in reasons:
        add_parents(path)
    packages = {*material.own, ""}.union(tree[path].package for path in reasons)
    for path, entry in tree.walk():
        if path in reasons or path in found or entry.kind is not Kind.DIRECTORY or material.rule(path):
            continue
        if entry.package in packages and (_STATE.fullmatch(path) or not tree.children(path)):
            why = f"is an empty directory of {entry.package}" if entry.package else "is made for the image"
            found[path] = Reason("", why)
            add_parents(path)
    return found


def _dropped(material: Material, reasons: Mapping[str, Reason]) -> Iterator[Dropped]:
    for path, entry in material.tree.walk():
        if path not in reasons:
            yield Dropped(path, _rule_of(material, path, entry), entry.package, entry.size, entry.kind)


def _rule_of(material: Material, path: str, entry: Entry) -> str:
    if entry.kind is Kind.DIRECTORY:
        return _EMPTY
    rule = material.rule(path)
    if rule:
        return rule
    if entry.kind is Kind.SYMLINK and not entry.package:
        return _LINK
    standard = standard_name(path)
    for_developers = developer_rule(standard, has_toolkit=True) if standard else ""
    if for_developers:
        return f"{_FOR_DEVELOPERS}: {for_developers}"
    return _UNINTERPRETED if entry.package in material.own and is_helper(material, path) else UNREACHED
