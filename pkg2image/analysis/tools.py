"""Which program a package without a service is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pkg2image.analysis.programs import INTERPRETERS, TOOLS
from pkg2image.analysis.services import PROGRAM_DIRECTORIES
from pkg2image.rootfs.tree import Entry, Kind, Tree

_EXECUTABLE = 0o111
_FOR_MAINTENANCE = ("update-", "dpkg-", "dh_", "deb-")


@dataclass(frozen=True, slots=True)
class Tool:
    """The program of a package.

    Args:
        path: Absolute; empty when there is none, or none of several is the one.
        source: How it was found.
        programs: Names of all programs that come into question, in order.
    """

    path: str
    source: str
    programs: tuple[str, ...] = ()


def find_tool(root: str, members: Sequence[str], tree: Tree, *, only_by_name: bool = False) -> Tool:
    """Return the program of a requested package.

    Args:
        root: Its name.
        members: Packages its programs are in.
        tree: The finished root filesystem.
        only_by_name: Whether the package is about a service, so that its other programs only help that.
    """
    own = dict(_programs(tree, members))
    named = _program(tree, root) or next((own[name] for name in sorted(own) if name.lower() == root), "")
    if named:
        return Tool(named, f"the program that has the name of the package {root}", (root,))
    if only_by_name:
        return Tool("", "", tuple(sorted(own)))
    usual = sorted(name for name in own if not name.startswith(_FOR_MAINTENANCE))
    path, source = next(_guesses(root, own, usual, tree), ("", ""))
    return Tool(path, source, tuple(usual))


def _guesses(root: str, own: Mapping[str, str], usual: Sequence[str], tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield paths of programs that may be meant, the best first, and how they were found."""
    for pattern, name in TOOLS.items():
        if fnmatchcase(root, pattern) and name in own:
            yield own[name], f"the program that {root} is known for"
    for name in _shorter_names(root):
        if name in own:
            yield own[name], f"its name is part of the name of the package {root}"
    if len(usual) == 1 and (_parts(usual[0]) & _parts(root) or usual[0].startswith(root)):
        yield own[usual[0]], f"the only program of the package {root}"
    for pattern, name in INTERPRETERS.items():
        if fnmatchcase(root, pattern) and (path := _program(tree, name)):
            yield path, f"the interpreter for the modules of {root}"


def _program(tree: Tree, name: str) -> str:
    for directory in PROGRAM_DIRECTORIES:
        path = f"{directory}/{name}"
        if _is_program(tree.lookup(path)):
            return f"/{path}"
    return ""


def _is_program(entry: Entry | None) -> bool:
    return entry is not None and entry.kind is Kind.FILE and bool(entry.mode & _EXECUTABLE)


def _programs(tree: Tree, members: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and paths of programs that packages ship, or that are alternatives of theirs."""
    for directory in reversed(PROGRAM_DIRECTORIES):
        for name in tree.children(directory):
            path = f"{directory}/{name}"
            entry, target = tree[path], tree.lookup(path)
            if target is not None and _is_program(target) and {entry.package, target.package} & set(members):
                yield name, f"/{path}"


def _shorter_names(root: str) -> Iterator[str]:
    """Yield what is left of a name without its last or first parts, the longest first: php-cli, php; golang-go, go."""
    parts = root.split("-")
    for count in range(len(parts) - 1, 0, -1):
        yield "-".join(parts[:count])
        yield "-".join(parts[len(parts) - count :])


def _parts(name: str) -> set[str]:
    return {part for part in "".join(c if c.isalpha() else " " for c in name).split() if len(part) > 1}
