"""Trees of a few programs, libraries and scripts, with what is known of them: as data, without real ELF files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.tree import Entry, Kind, Tree, inline, parent_of

LOADER = "/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def program(*needed: str, **more: object) -> ElfFacts:
    """Return the facts of a program for amd64."""
    return replace(ElfFacts(64, True, 62, 3, LOADER, needed=needed), **more)  # type: ignore[arg-type]


def shared(soname: str, *needed: str, **more: object) -> ElfFacts:
    """Return the facts of a library for amd64."""
    return replace(ElfFacts(64, True, 62, 3, soname=soname, needed=needed), **more)  # type: ignore[arg-type]


@dataclass(slots=True)
class Parts:
    """A tree that grows, and what is known of the contents in it.

    Args:
        tree: The tree; merged /usr.
        elves: ELF facts by content.
    """

    tree: Tree = field(default_factory=Tree)
    elves: dict[str, ElfFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("bin", "lib", "lib64", "sbin"):
            self.tree.make_directories(f"usr/{name}")
            self.link(name, f"usr/{name}")

    def add(self, path: str, content: str = "", *, mode: int = 0o644, package: str = "app") -> Parts:
        """Add a file, in place of what is there."""
        path = self.tree.place_of(path)
        self.tree.make_directories(parent_of(path))
        self.tree.put(path, Entry(Kind.FILE, mode, content=inline(content.encode()), package=package))
        return self

    def elf(self, path: str, facts: ElfFacts, *, mode: int = 0o755, package: str = "app") -> Parts:
        """Add an ELF file with these facts."""
        self.add(path, f"ELF {path} {facts}", mode=mode, package=package)
        content = self.tree[self.tree.place_of(path)].content
        assert content is not None
        self.elves[content.sha256] = facts
        return self

    def link(self, path: str, target: str, *, package: str = "app") -> Parts:
        """Add a symlink."""
        path = self.tree.place_of(path)
        self.tree.make_directories(parent_of(path))
        self.tree.put(path, Entry(Kind.SYMLINK, 0o777, target=target, package=package))
        return self

    def libc(self, versions: tuple[str, ...] = ("GLIBC_2.34",)) -> Parts:
        """Add a C library and its loader."""
        self.elf(f"{LIBRARIES}/ld-linux-x86-64.so.2", shared("ld-linux-x86-64.so.2"), package="libc6")
        self.link("usr/lib64/ld-linux-x86-64.so.2", f"/{LIBRARIES}/ld-linux-x86-64.so.2", package="libc6")
        return self.elf(f"{LIBRARIES}/libc.so.6", shared("libc.so.6", versions_defined=versions), package="libc6")


def accounts(users: Mapping[str, int], groups: Mapping[str, int]) -> dict[str, str]:
    """Return the text of passwd and group."""
    return {
        "etc/passwd": "".join(f"{name}:x:{number}:0::/:/bin/sh\n" for name, number in users.items()),
        "etc/group": "".join(f"{name}:x:{number}:\n" for name, number in groups.items()),
    }
