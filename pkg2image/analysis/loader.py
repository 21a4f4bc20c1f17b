"""The dynamic loader's search, over a tree: which file a name in DT_NEEDED comes to.

Facts of ELF files are looked up by their content, so nothing is read. A file of another class or machine is passed
over, as the loader does, and of ``$ORIGIN``, ``$LIB`` and ``$PLATFORM`` the last depends on the processor: where it
occurs nothing is looked for.

Spec: ld.so(8), "Dynamic string tokens" and the order of the search; System V ABI, DT_RPATH; Debian adds the directories
of the architecture to the default ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.ldconfig import library_directories
from pkg2image.rootfs.tree import Kind, ReadContent, Tree, parent_of

Abi = tuple[int, int]
"""Bits and machine: what the loader compares before it takes a file."""

LOADABLE = frozenset({2, 3})
"""``e_type`` of executables and shared objects; object files and core dumps are never loaded."""

# Where libraries for the other word size of a machine lie, when the configuration does not say it.
_MULTILIB = ("usr/lib32", "usr/lib64", "usr/libx32", "usr/libo32")

_MOST_ELEMENTS = 100  # of a search path; no honest one comes near


def abi_of(facts: ElfFacts) -> Abi:
    """Return what a library must share with whoever loads it."""
    return facts.bits, facts.machine


class Loader:
    """Finds libraries in a tree; what was found once is remembered.

    Args:
        tree: The finished root filesystem; it must not change any more.
        elves: What is known of ELF files by the SHA-256 of their content (`known_elves`).
        read: Reads the loader's configuration.
        architecture: Debian architecture.
    """

    __slots__ = ("_defaults", "_elves", "_library", "_paths", "_seen", "_tree")

    def __init__(self, tree: Tree, *, elves: Mapping[str, ElfFacts], read: ReadContent, architecture: str) -> None:
        self._tree = tree
        self._elves = elves
        self._library = f"lib/{TRIPLETS.get(architecture, '')}".rstrip("/")
        others = (*(f"usr/lib/{triplet}" for triplet in TRIPLETS.values()), *_MULTILIB)
        configured = library_directories(tree, read=read, architecture=architecture)
        places = (*configured, *(place for path in others if (place := tree.reach(path)) is not None))
        self._defaults = tuple(dict.fromkeys(places))
        self._paths: dict[tuple[str, str], tuple[str, ...]] = {}
        self._seen: dict[tuple[str, Abi], str | None] = {}

    def facts(self, place: str) -> ElfFacts | None:
        """Return the facts of the file at a canonical path, or None when it is none that the loader could map."""
        entry = self._tree.get(place)
        if entry is None or entry.kind is not Kind.FILE or entry.content is None:
            return None
        facts = self._elves.get(entry.content.sha256)
        return facts if facts is not None and facts.type in LOADABLE else None

    def find(self, name: str, path: str, facts: ElfFacts) -> str | None:
        """Return the canonical path of the library that a name comes to, or None.

        Args:
            name: An entry of DT_NEEDED.
            path: Canonical path of the file that needs it.
            facts: Of that file.
        """
        named = self.named(name, path, facts)
        return None if named is None else self._tree.reach(named)

    def named(self, name: str, path: str, facts: ElfFacts) -> str | None:
        """Return the path by which the loader opens the library that a name comes to, or None.

        It may be that of a link: without the link the library would not be found.

        Args:
            name: As in `find`.
            path: As in `find`.
            facts: As in `find`.
        """
        abi = abi_of(facts)
        if "/" in name:
            return self._at(name, abi)
        if name == facts.interpreter.rpartition("/")[2]:
            # The loader has loaded itself before it looks for anything.
            return self._at(facts.interpreter, abi)
        # DT_RPATH does not count beside DT_RUNPATH.
        for directory in self._directories(facts.runpath or facts.rpath, path):
            if (place := self._in(directory, name, abi)) is not None:
                return place
        return self._in_defaults(name, abi)

    def _in_defaults(self, name: str, abi: Abi) -> str | None:
        if (name, abi) not in self._seen:
            places = (self._in(directory, name, abi) for directory in self._defaults)
            self._seen[name, abi] = next((place for place in places if place is not None), None)
        return self._seen[name, abi]

    def _in(self, directory: str, name: str, abi: Abi) -> str | None:
        path = f"{directory}/{name}"
        return self._at(path, abi) if path in self._tree else None

    def _at(self, path: str, abi: Abi) -> str | None:
        place = self._tree.reach(path)
        facts = self.facts(place) if place is not None else None
        return path if facts is not None and abi_of(facts) == abi else None

    def _directories(self, text: str, path: str) -> Sequence[str]:
        """Return the canonical directories of a search path that are there, each once."""
        if not text:
            return ()
        key = text, parent_of(path)
        if key not in self._paths:
            places = (self._tree.reach(element) for element in self._expanded(text, path))
            self._paths[key] = tuple(dict.fromkeys(place for place in places if place is not None))
        return self._paths[key]

    def _expanded(self, text: str, path: str) -> Iterator[str]:
        tokens = {"ORIGIN": f"/{parent_of(path)}", "LIB": self._library}
        for element in text.split(":")[:_MOST_ELEMENTS]:
            for token, value in tokens.items():
                element = element.replace(f"${{{token}}}", value).replace(f"${token}", value)  # noqa: PLW2901
            # An empty or relative element means the directory of whoever starts the program.
            if element.startswith("/") and "$" not in element:
                yield element


def sonames(tree: Tree, elves: Mapping[str, ElfFacts]) -> frozenset[tuple[str, Abi]]:
    """Return the names under which the libraries of a tree are known once somebody has loaded them.

    Args:
        tree: The root filesystem.
        elves: What is known of ELF files by the SHA-256 of their content.
    """
    found: set[tuple[str, Abi]] = set()
    for path, entry in tree.walk():
        facts = elves.get(entry.content.sha256) if entry.content else None
        if facts is not None and facts.type in LOADABLE:
            names: Sequence[str] = (facts.soname, path.rpartition("/")[2])
            found.update((name, abi_of(facts)) for name in names if name)
    return frozenset(found)
