"""Leaves out what nobody needs at run time, as Debian's slim container images do; licences always stay.

Debian Policy 12.3 lets packages be used without anything below ``/usr/share/doc``, and translations, manual and info
pages are for people at a terminal. Every path that is left out is named with the rule that did it.

Spec: Debian Policy 12.1, 12.3, 12.5; dpkg(1) ``--path-exclude``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pkg2image.rootfs.tree import Entry, Kind, Tree, parent_of

# Rule -> paths it leaves out. A directory goes with everything in it, unless something in it stays.
_RULES = {
    "documentation": r"usr/share/(?:doc/.+|doc-base(?:/.*)?|gtk-doc(?:/.*)?|help(?:/.*)?|bug(?:/.*)?)",
    # Below /usr/share/man whatever it is; elsewhere (versioned trees such as PostgreSQL's) what is named like sections.
    "manual pages": r"usr/share/man(?:/.*)?|usr/(?:.+/)?man/(?:[^/]+/)?man[1-9n](?:/.*)?",
    "info pages": r"usr/share/info(?:/.*)?",
    "package checkers": r"usr/share/(?:lintian(?:/overrides(?:/.*)?)?|linda(?:/.*)?)",
    "translations": r"usr/share/(?:locale/(?!locale\.alias$).+|locale-langpack(?:/.*)?)",
}
_LINK_RULE = "links to what is left out"
_TABLES_RULE = "tables of character sets that nothing in the image converts"
_TABLES = re.compile(r"usr/lib/(?:[^/]+/)?gconv(?:/.*)?", re.DOTALL)

_ANY_RULE = re.compile("|".join(f"({pattern})" for pattern in _RULES.values()), re.DOTALL)
_NAMES = tuple(_RULES)
_PROGRAMS = frozenset({"usr/bin", "usr/sbin"})
_COPYRIGHT = re.compile(r"usr/share/doc/(?:.+/)?copyright", re.DOTALL)
_DOCUMENTATION_LINK = re.compile(r"usr/share/doc/[^/]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A path that is left out.

    Args:
        path: The path.
        rule: Name of the rule that left it out.
        package: Who shipped it.
        size: Bytes of content.
        kind: What it was.
    """

    path: str
    rule: str
    package: str
    size: int
    kind: Kind = Kind.FILE


def minimize(tree: Tree, *, level: str, converts: bool = True) -> tuple[Tree, tuple[Dropped, ...]]:
    """Return a tree without what a level does not want.

    Args:
        tree: Not changed.
        level: ``full`` keeps everything, ``runtime`` leaves out documentation but copyright files, manual and info
            pages, data for package checkers, and translations.
        converts: Whether anything in the tree converts character sets; else the tables for that are left out as well.

    Returns:
        The new tree, and what is not in it any more in byte order of the paths.
    """
    if level == "full":
        return tree, ()
    rules = dict(_unwanted(tree, converts=converts))
    rules |= dict.fromkeys(_links_into(tree, rules), _LINK_RULE)
    dropped = tuple(
        Dropped(path, rules[path], entry.package, entry.size, entry.kind)
        for path, entry in tree.walk()
        if path in rules
    )
    result = tree.copy()
    for item in dropped:
        result.remove(item.path)
    return result, dropped


def keep_called(tree: Tree, called: Mapping[str, frozenset[str]]) -> tuple[Tree, tuple[Dropped, ...]]:
    """Return a tree in which some packages have only those of their programs that are called.

    Args:
        tree: Not changed.
        called: Package -> the names of its programs that stay.

    Returns:
        The new tree, and what is not in it any more in byte order of the paths.
    """
    programs = [
        (path, entry)
        for path, entry in tree.walk()
        if entry.package in called and parent_of(path) in _PROGRAMS and entry.kind is not Kind.DIRECTORY
    ]
    kept = {path for path, entry in programs if path.rpartition("/")[2] in called[entry.package]}
    kept |= {end for path in kept if (end := tree.reach(path)) is not None}
    dropped = tuple(
        Dropped(
            path, f"nothing is known to call this program of {entry.package}", entry.package, entry.size, entry.kind
        )
        for path, entry in programs
        if path not in kept
    )
    result = tree.copy() if dropped else tree
    for item in dropped:
        result.remove(item.path)
    return result, dropped


def rule_of(path: str) -> str:
    """Return the name of the rule that leaves a path out, empty when there is none."""
    match = _ANY_RULE.fullmatch(path)
    return _NAMES[match.lastindex - 1] if match and match.lastindex else ""


def _unwanted(tree: Tree, *, converts: bool) -> Iterator[tuple[str, str]]:
    kept = _licences(tree)
    inhabited: set[str] = set()  # directories in which something stays
    for path, entry in reversed(list(tree.walk())):
        rule = rule_of(path)
        if not converts and _TABLES.fullmatch(path):
            rule = _TABLES_RULE
        if rule and path not in kept and path not in inhabited and not _leads_to_licence(tree, path, entry):
            yield path, rule
        else:
            inhabited.add(parent_of(path))


def _licences(tree: Tree) -> set[str]:
    """Return the copyright files, and where those lead that are links."""
    kept = set()
    for path, entry in tree.walk():
        if _COPYRIGHT.fullmatch(path) and entry.kind is not Kind.DIRECTORY:
            kept |= set(_hops(tree, path))
    return kept


def _hops(tree: Tree, path: str) -> Iterator[str]:
    """Yield a path and the places its links lead to, one after the other."""
    end = tree.reach(path)
    yield path
    while end is not None and path != end:
        target = tree[path].target
        path = tree.place_of(target if target.startswith("/") else f"{parent_of(path)}/{target}")
        yield path


def _leads_to_licence(tree: Tree, path: str, entry: Entry) -> bool:
    # usr/share/doc/libfoo-data -> libfoo is how packages of one source share a copyright file.
    return (
        entry.kind is Kind.SYMLINK
        and _DOCUMENTATION_LINK.fullmatch(path) is not None
        and tree.lookup(f"{path}/copyright") is not None
    )


def _links_into(tree: Tree, unwanted: dict[str, str]) -> Iterator[str]:
    # A link that only led to something left out would dangle.
    for path, entry in tree.walk():
        if entry.kind is Kind.SYMLINK and path not in unwanted and tree.reach(path) in unwanted:
            yield path
