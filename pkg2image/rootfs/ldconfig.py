"""What ``ldconfig`` makes: the cache by which the dynamic loader finds libraries, and links of their sonames.

What is known of ELF files is looked up by their content, so a library that was moved, copied or diverted after it was
unpacked is known too, and nothing is read again. Directories named after hardware of old (``tls``, ``sse2``) are not
descended into: glibc 2.37 stopped that, and only ``glibc-hwcaps`` remains.

Spec: ldconfig(8), ld.so(8); Debian's glibc adds ``/lib`` and ``/usr/lib`` to the directories of the architecture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.deb.facts import ElfFacts, FetchedDeb
from pkg2image.rootfs.architectures import BIG_ENDIAN, TRIPLETS
from pkg2image.rootfs.globbing import matches
from pkg2image.rootfs.ldcache import CacheEntry, library_key, render_cache
from pkg2image.rootfs.provision import add_file, add_symlink
from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree

CACHE = "etc/ld.so.cache"
ORIGIN = "ldconfig"

_CONFIGURATION = "etc/ld.so.conf"
_HWCAPS = "glibc-hwcaps"
_SHARED_OBJECT = 3  # e_type of libraries
_MAX_INCLUDES = 1000  # patterns and files one configuration may include, directly or not

_ELF, _LIBC6 = 1, 3
_AMD64 = {(64, 62): 0x0300 | _LIBC6, (32, 62): 0x0800 | _LIBC6, (32, 3): _LIBC6}
_MIPS64 = {(64, 8): 0x0700 | _LIBC6}
_PLAIN: Mapping[str, int] = {"alpha": 36902, "hppa": 15, "m68k": 4, "mips": 8, "mipsel": 8, "powerpc": 20, "sh4": 42}
# Architecture -> (class, e_machine) -> flags: which libraries ldconfig of that architecture knows, and as what.
_KINDS: Mapping[str, Mapping[tuple[int, int], int]] = {
    "amd64": _AMD64,
    "x32": _AMD64,
    "i386": _AMD64,
    "arm64": {(64, 183): 0x0A00 | _LIBC6, (32, 40): 0x0900 | _LIBC6},
    "armhf": {(32, 40): 0x0900 | _LIBC6, (64, 183): 0x0A00 | _LIBC6},
    "armel": {(32, 40): 0x0B00 | _LIBC6},
    "ia64": {(64, 50): 0x0200 | _LIBC6},
    "loong64": {(64, 258): 0x1200 | _LIBC6},
    "mips64": _MIPS64,
    "mips64el": _MIPS64,
    "mips64r6el": _MIPS64,
    "ppc64": {(64, 21): 0x0500 | _LIBC6, (32, 20): _LIBC6},
    "ppc64el": {(64, 21): 0x0500 | _LIBC6},
    "riscv64": {(64, 243): 0x1000 | _LIBC6},
    "s390x": {(64, 22): 0x0400 | _LIBC6, (32, 22): _LIBC6},
    "sparc64": {(64, 43): 0x0100 | _LIBC6, (32, 2): _LIBC6, (32, 18): _LIBC6},
    **{name: {(64 if name == "alpha" else 32, machine): _LIBC6} for name, machine in _PLAIN.items()},
}

_C_LIBRARIES = frozenset({"libc.so.6", "libm.so.6", "libc.so.6.1", "libm.so.6.1"})
_LOADER = re.compile(r"ld-.*\.so|ld(64)?\.so(\.|$)")
_BANNER = re.compile(rb"GNU C Library (\([^()\0\n]{1,80}\) [a-z]+ release version [0-9.]{1,10}[0-9])")


@dataclass(frozen=True, slots=True)
class _Directory:
    """A place where libraries are looked for."""

    path: str  # as configured, without the leading slash: this is what the cache says
    place: str  # the canonical path
    hwcaps: str = ""


@dataclass(frozen=True, slots=True)
class _Library:
    """The file of a directory that stands for a soname."""

    name: str
    flags: int
    is_link: bool


def known_elves(debs: Iterable[FetchedDeb]) -> Mapping[str, ElfFacts]:
    """Return the ELF facts of all files of packages by the SHA-256 of their content, in hex."""
    result: dict[str, ElfFacts] = {}
    for deb in debs:
        facts = dict(deb.facts.elves)
        if facts:
            result.update((item.sha256, facts[item.path]) for item in deb.facts.entries if item.path in facts)
    return result


def install_cache(
    tree: Tree, *, elves: Mapping[str, ElfFacts], read: ReadContent, architecture: str, mtime: int
) -> Tree:
    """Add the cache and missing links of sonames to a tree whose loader reads such a cache; return any other as it is.

    Args:
        tree: Not changed.
        elves: What is known of ELF files, by the SHA-256 of their content (`known_elves`).
        read: Reads the configuration, and the C library, for its name.
        architecture: Debian architecture.
        mtime: Seconds since the epoch.
    """
    kinds = _KINDS.get(architecture)
    libc = tree.lookup(f"usr/lib/{TRIPLETS.get(architecture, '')}/libc.so.6")
    if kinds is None or libc is None or libc.content is None:
        return tree
    result = tree.copy()
    entries: list[CacheEntry] = []
    directories = _directories(tree, read, architecture)
    for directory in directories:
        found = _libraries(tree, directory, elves, kinds)
        if not directory.hwcaps:
            _link(result, directory, found, mtime)
        entries += (
            CacheEntry(
                soname,
                f"/{directory.path}/{library.name if directory.hwcaps else soname}",
                library.flags,
                directory.hwcaps,
            )
            for soname, library in found.items()
        )
    banner = _BANNER.search(read(libc.content))
    data = render_cache(
        entries,
        generator=f"ldconfig {banner[1].decode()}" if banner else "ldconfig",
        little_endian=architecture not in BIG_ENDIAN,
        hwcaps={directory.hwcaps for directory in directories} - {""},
    )
    add_file(result, CACHE, data, origin=ORIGIN, mtime=mtime)
    return result


def library_directories(tree: Tree, *, read: ReadContent, architecture: str) -> tuple[str, ...]:
    """Return where the loader looks for a library that nobody says more of: canonical directories in its order.

    Args:
        tree: Its configuration is read; directories that are not there are left out.
        read: Reads the configuration.
        architecture: Debian architecture.
    """
    return tuple(found.place for found in _directories(tree, read, architecture) if not found.hwcaps)


def _directories(tree: Tree, read: ReadContent, architecture: str) -> list[_Directory]:
    """Return the configured directories, those that are always searched, and the hwcaps directories of each."""
    triplet = TRIPLETS.get(architecture, "")
    builtin = (f"lib/{triplet}", f"usr/lib/{triplet}", "lib", "usr/lib")
    result: dict[str, _Directory] = {}
    for path in (*_configured(tree, read), *builtin):
        place = tree.reach(path)
        if place is None or tree[place].kind is not Kind.DIRECTORY or place in result:
            continue
        result[place] = _Directory(path, place)
        for name in tree.children(tree.canonical(f"{place}/{_HWCAPS}")):
            below = tree.reach(f"{place}/{_HWCAPS}/{name}")
            if below and below not in result and tree.is_directory(below) and name[0] != "." and ":" not in name:
                result[below] = _Directory(f"{path}/{_HWCAPS}/{name}", below, name)
    return list(result.values())


def _configured(tree: Tree, read: ReadContent) -> Iterator[str]:
    """Yield the directories that the configuration names, relative to the root."""
    files = [_lines(tree, read, _CONFIGURATION)]
    included = 0
    while files:
        line = next(files[-1], None)
        if line is None:
            files.pop()
            continue
        words = line.split()
        if words[:1] == ["include"]:
            absolute = (word if word.startswith("/") else f"etc/{word}" for word in words[1:])
            found = [path for pattern in absolute for path in matches(tree, pattern)]
            included += 1 + len(found)
            if included <= _MAX_INCLUDES:
                files += (_lines(tree, read, path) for path in reversed(found))
        elif words and words[0].lower() != "hwcap":
            yield line.partition("=")[0].strip().strip("/")


def _lines(tree: Tree, read: ReadContent, path: str) -> Iterator[str]:
    entry = tree.lookup(path)
    if entry is not None and entry.content is not None:
        for line in read(entry.content).decode("utf-8", "surrogateescape").split("\n"):
            yield line.partition("#")[0]


def _libraries(
    tree: Tree, directory: _Directory, elves: Mapping[str, ElfFacts], kinds: Mapping[tuple[int, int], int]
) -> Mapping[str, _Library]:
    """Return soname -> the file of a directory that stands for it: a file before a link, the newest before others."""
    found: dict[str, _Library] = {}
    for name in tree.children(directory.place):
        if not _is_library_name(name):
            continue
        path = f"{directory.place}/{name}"
        facts = _facts(tree.lookup(path), elves)
        flags = _flags(facts, kinds) if facts else None
        if facts is None or flags is None:
            continue
        soname = facts.soname or name
        is_link = tree[path].kind is Kind.SYMLINK and _is_plain_link(name, soname)
        library = _Library(name, flags, is_link)
        key = name if is_link else soname
        if key not in found or _rank(library) > _rank(found[key]):
            found[key] = library
    return found


def _facts(entry: Entry | None, elves: Mapping[str, ElfFacts]) -> ElfFacts | None:
    return elves.get(entry.content.sha256) if entry and entry.content else None


def _flags(facts: ElfFacts, kinds: Mapping[tuple[int, int], int]) -> int | None:
    """Return the flags of a library; None when it is none, or one of an architecture the loader does not know."""
    flags = kinds.get((facts.bits, facts.machine)) if facts.type == _SHARED_OBJECT else None
    if flags == _LIBC6 and not facts.interpreter and _C_LIBRARIES.isdisjoint(facts.needed):
        # Where the ABI does not say it, ldconfig tells the libraries of glibc by what they need.
        return _ELF
    return flags


def _rank(library: _Library) -> tuple[bool, str]:
    return not library.is_link, library_key(library.name)


def _is_library_name(name: str) -> bool:
    return (name.startswith("lib") and ".so" in name) or _LOADER.match(name) is not None


def _is_plain_link(name: str, soname: str) -> bool:
    """Say whether a link is that of the soname or that for the linker; any other stands for a library of its own."""
    return name == soname or (name.endswith(".so") and soname.startswith(name))


def _link(tree: Tree, directory: _Directory, found: Mapping[str, _Library], mtime: int) -> None:
    """Make the links of sonames that lead nowhere or to another library; the loader itself is left alone."""
    for soname, library in found.items():
        path = f"{directory.place}/{soname}"
        if library.is_link or "/" in soname or soname == library.name or _LOADER.match(library.name):
            continue
        there = tree.get(path)
        if there is not None and there.kind is not Kind.SYMLINK:
            continue
        if not _is_same(tree, path, f"{directory.place}/{library.name}"):
            add_symlink(tree, path, library.name, origin=ORIGIN, mtime=mtime)


def _is_same(tree: Tree, one: str, other: str) -> bool:
    places: Sequence[str | None] = (tree.reach(one), tree.reach(other))
    first, second = (tree[place].inode or place if place is not None else None for place in places)
    return first is not None and first == second
