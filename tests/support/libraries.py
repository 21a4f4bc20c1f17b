"""A tree with libraries in every form that ldconfig knows of."""

from __future__ import annotations

from collections.abc import Mapping

from pkg2image.deb.elf import read_elf
from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.tree import Content, Entry, InlineContent, Kind, Tree, inline, parent_of
from tests.support.debs import FileSpec, directory, hardlink, reg, symlink
from tests.support.elves import build_elf

MACHINES = {"amd64": (64, 62), "i386": (32, 3), "arm64": (64, 183), "armhf": (32, 40), "s390x": (64, 22)}
TRIPLETS = {
    "amd64": "x86_64-linux-gnu",
    "i386": "i386-linux-gnu",
    "arm64": "aarch64-linux-gnu",
    "armhf": "arm-linux-gnueabihf",
    "s390x": "s390x-linux-gnu",
}
BANNER = b"GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\nCopyright"


def library(
    soname: str, *, architecture: str = "amd64", needed: tuple[str, ...] = ("libc.so.6",), interpreter: str = ""
) -> bytes:
    """Return a library, long enough to be looked at by ldconfig."""
    bits, machine = MACHINES[architecture]
    elf = build_elf(
        bits=bits,
        machine=machine,
        little_endian=architecture != "s390x",
        soname=soname,
        needed=needed,
        interpreter=interpreter,
    )
    return elf + bytes(256)


def libraries(architecture: str = "amd64") -> list[FileSpec]:
    """Return a C library, its configuration, and libraries beside it that are easy to get wrong."""
    there = f"usr/lib/{TRIPLETS[architecture]}"

    def lib(soname: str, *, interpreter: str = "") -> bytes:
        return library(soname, architecture=architecture, interpreter=interpreter)

    return [
        reg("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n# comment\n"),
        reg("etc/ld.so.conf.d/libc.conf", b"# default\n/usr/local/lib\n"),
        reg("etc/ld.so.conf.d/own.conf", b"  /opt/lib/   # with a comment\n/opt/missing\nhwcap 1 x\n/opt/link=libc6\n"),
        reg(
            f"etc/ld.so.conf.d/{TRIPLETS[architecture]}.conf",
            f"/usr/local/lib/{TRIPLETS[architecture]}\n/lib/{TRIPLETS[architecture]}\n/{there}\n".encode(),
        ),
        directory("usr/local/lib"),
        symlink("lib", "usr/lib"),
        symlink("opt/link", "lib2"),
        reg(f"{there}/libc.so.6", lib("libc.so.6", interpreter="/lib/ld.so") + BANNER),
        reg(f"{there}/ld-linux.so.2", lib("ld-linux.so.2")),
        # The usual form, and one whose link is missing.
        reg(f"{there}/libusual.so.1.2.3", lib("libusual.so.1")),
        symlink(f"{there}/libusual.so.1", "libusual.so.1.2.3"),
        symlink(f"{there}/libusual.so", "libusual.so.1.2.3"),
        reg(f"{there}/libunlinked.so.3.1", lib("libunlinked.so.3")),
        # Numbers are compared by value, and the newest gets the link although it leads to another.
        reg(f"{there}/libtwo.so.1.9", lib("libtwo.so.1")),
        reg(f"{there}/libtwo.so.1.10", lib("libtwo.so.1")),
        symlink(f"{there}/libtwo.so.1", "libtwo.so.1.9"),
        # A link of another name stands for a library of its own; so does a file without soname.
        symlink(f"{there}/libalias.so.5", "libusual.so.1.2.3"),
        reg(f"{there}/libnoname.so", lib("")),
        hardlink(f"{there}/libhard.so.1", f"{there}/libusual.so.1.2.3"),
        # What is no library.
        reg(f"{there}/libscript.so", b"/* GNU ld script */\nGROUP ( libusual.so.1 )\n"),
        reg(f"{there}/libarchive.a", b"!<arch>\n"),
        reg(f"{there}/plugin.so", lib("plugin.so")),
        symlink(f"{there}/libgone.so", "nowhere.so.1"),
        # Order of names.
        *(
            reg(f"{there}/lib{name}.so.1", lib(f"lib{name}.so.1"))
            for name in ("a", "a2", "a10", "a-b", "aa", "A", "a_")
        ),
        # The same library in several directories, one of them configured and reached by a link.
        reg("opt/lib/libusual.so.1", lib("libusual.so.1") + b"opt"),
        reg("opt/lib2/libonly.so.2", lib("libonly.so.2")),
        reg("usr/local/lib/libusual.so.1", lib("libusual.so.1") + b"local"),
        # Versions of a library for newer processors.
        reg(f"{there}/glibc-hwcaps/v3/libusual.so.1.2.3", lib("libusual.so.1") + b"v3"),
        reg(f"{there}/glibc-hwcaps/v2/libusual.so.1", lib("libusual.so.1") + b"v2"),
        reg("opt/lib/glibc-hwcaps/v4/libfast.so.1", lib("libfast.so.1") + b"v4"),
        directory(f"{there}/glibc-hwcaps/empty"),
    ]


def library_tree(architecture: str = "amd64", *more: FileSpec) -> tuple[Tree, Mapping[str, ElfFacts]]:
    """Return a tree of all these libraries, and what is known of them by the SHA-256 of their content."""
    tree = Tree()
    elves: dict[str, ElfFacts] = {}
    for spec in (*libraries(architecture), *more):
        place = tree.place_of(spec.path)
        tree.make_directories(parent_of(place))
        content = inline(spec.content) if spec.kind == "file" else None
        facts = read_elf(spec.content)
        if content and facts:
            elves[content.sha256] = facts
        if spec.kind == "hardlink":
            tree.change(spec.target, inode=spec.target)
            tree.put(place, tree[spec.target])
        else:
            tree.put(place, Entry(Kind(spec.kind), spec.mode, content=content, target=spec.target))
    return tree, elves


def read_inline(content: Content) -> bytes:
    """Read what lies in such a tree."""
    assert isinstance(content, InlineContent)
    return content.data
