"""Merged /usr: /bin, /sbin, /lib and their multilib siblings are symlinks into /usr.

Packages of bookworm still ship ``lib/...`` and ``bin/...``; the links have to be there before anything is unpacked,
as debootstrap and mmdebstrap make them, so that these paths end up below ``usr/``.

Spec: UsrMerge; DEP 17.
"""

from __future__ import annotations

from collections.abc import Iterable

from pkg2image.deb.facts import FetchedDeb
from pkg2image.rootfs.tree import Entry, Kind, Tree

ALIASES = ("bin", "lib", "sbin")
"""What every merged-/usr system has."""

_MULTILIB = ("lib32", "lib64", "libo32", "libx32")
_ORIGIN = "skeleton"

# Where the dynamic loader of an architecture lies when that is not /lib: part of its ABI, burnt into every program.
_LOADER_DIRECTORY = {
    "amd64": "lib64",
    "loong64": "lib64",
    "mips64": "lib64",
    "mips64el": "lib64",
    "mips64r6el": "lib64",
    "ppc64": "lib64",
    "ppc64el": "lib64",
    "sparc64": "lib64",
    "x32": "libx32",
}


def loader_alias(architecture: str) -> tuple[str, ...]:
    """Return the alias that holds the dynamic loader of an architecture, if it is not ``lib``.

    Args:
        architecture: Debian architecture.
    """
    alias = _LOADER_DIRECTORY.get(architecture)
    return (alias,) if alias else ()


def link_aliases(tree: Tree, names: Iterable[str], *, mtime: int = 0) -> None:
    """Make top-level links into /usr, and the directories they lead to, where the tree has nothing yet."""
    for name in names:
        if name not in tree:
            tree.make_directories(f"usr/{name}", origin=_ORIGIN, mtime=mtime)
            link = Entry(Kind.SYMLINK, 0o777, mtime=mtime, target=f"usr/{name}", origin=_ORIGIN)
            tree.put(name, link)


def merge_usr(tree: Tree, debs: Iterable[FetchedDeb]) -> None:
    """Make the links that packages need: those whose directory they ship, by its old name or by the one in /usr."""
    shipped = {_alias_of(entry.path) for deb in debs for entry in deb.facts.entries}
    link_aliases(tree, sorted(shipped - {""}))


def _alias_of(path: str) -> str:
    top, _, rest = path.partition("/")
    if top in ALIASES or top in _MULTILIB:
        return top
    # usr/lib32 alone wants /lib32 too: the trigger of base-files (DEP 17) makes that link.
    second = rest.partition("/")[0]
    return second if top == "usr" and second in _MULTILIB else ""
