"""The cache of the loader in all byte orders, read back; that it is what ldconfig makes, `tests.oracle` says."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.ldcache import CacheEntry, library_key, render_cache
from pkg2image.rootfs.ldconfig import CACHE, install_cache, known_elves
from pkg2image.rootfs.tree import Content, Entry, Kind, Tree
from tests.support.debs import FileSpec, reg, symlink
from tests.support.libraries import TRIPLETS, library, library_tree, read_inline
from tests.support.trees import Shelf


def _parse(cache: bytes, order: str = "<") -> tuple[list[tuple[str, str, int, str]], str]:
    """Return (library, path, flags, hwcaps) of each entry in order, and who made the cache."""
    magic, count, size, flags, extension = struct.unpack_from(order + "20sIIB3xI12x", cache)
    assert magic == b"glibc-ld.so.cache1.1"
    assert flags == (2 if order == "<" else 3)
    assert extension % 4 == 0
    assert 48 + count * 24 + size <= extension < 48 + count * 24 + size + 4

    def text(offset: int) -> str:
        return cache[offset : cache.index(b"\0", offset)].decode()

    extension_magic, sections = struct.unpack_from(order + "II", cache, extension)
    assert extension_magic == 0xEAA42174
    found = [struct.unpack_from(order + "IIII", cache, extension + 8 + number * 16) for number in range(sections)]
    (_, _, generator_at, generator_size), *more = found
    names = []
    for tag, _, at, length in more:
        assert tag == 1
        names = [text(offset) for offset in struct.unpack_from(f"{order}{length // 4}I", cache, at)]
    entries = []
    for number in range(count):
        kind, key, value, _, hwcap = struct.unpack_from(order + "iIIIQ", cache, 48 + number * 24)
        entries.append((text(key), text(value), kind, names[hwcap & 0xFFFFFFFF] if hwcap >> 62 else ""))
    return entries, cache[generator_at : generator_at + generator_size].decode()


def _install(tree: Tree, elves: dict[str, ElfFacts] | object, architecture: str) -> Tree:
    assert isinstance(elves, dict)
    return install_cache(tree, elves=elves, read=read_inline, architecture=architecture, mtime=7)


def _cache(tree: Tree) -> bytes:
    content = tree[CACHE].content
    assert content is not None
    return read_inline(content)


@pytest.mark.parametrize("order", ["<", ">"])
def test_cache_can_be_read_back(order: str) -> None:
    entries = [
        CacheEntry("libx.so.2", "/a/libx.so.2", 3),
        CacheEntry("libx.so.10", "/a/libx.so.10", 3),
        CacheEntry("libx.so.2", "/b/libx.so.2", 3),
        CacheEntry("libx.so.2", "/a/glibc-hwcaps/v4/libx.so.2.1", 3, "v4"),
        CacheEntry("libx.so.2", "/a/glibc-hwcaps/v3/libx.so.2.1", 3, "v3"),
        CacheEntry("libx.so.2", "/c/libx.so.2", 0x303),
    ]
    cache = render_cache(entries, generator="test", little_endian=order == "<", hwcaps=("v3", "v4", "v9"))
    assert _parse(cache, order) == (
        [
            ("libx.so.10", "/a/libx.so.10", 3, ""),
            ("libx.so.2", "/c/libx.so.2", 0x303, ""),
            ("libx.so.2", "/a/glibc-hwcaps/v3/libx.so.2.1", 3, "v3"),
            ("libx.so.2", "/a/glibc-hwcaps/v4/libx.so.2.1", 3, "v4"),
            ("libx.so.2", "/a/libx.so.2", 3, ""),
            ("libx.so.2", "/b/libx.so.2", 3, ""),
        ],
        "test",
    )
    # The name of a library is the tail of its path.
    assert cache.count(b"libx.so.10") == 1


def test_a_cache_without_libraries() -> None:
    assert _parse(render_cache([], generator="x", little_endian=True)) == ([], "x")


def test_numbers_in_names_count_by_value() -> None:
    names = ["liba.so", "liba-b.so", "liba.so.1", "liba.so.2", "liba.so.02.1", "liba.so.10", "libaa.so", "liba1.so"]
    ordered = sorted(names, key=library_key)
    assert ordered == [
        *("liba-b.so", "liba.so", "liba.so.1", "liba.so.2", "liba.so.02.1", "liba.so.10", "libaa.so", "liba1.so")
    ]


@pytest.mark.parametrize(
    ("architecture", "flags"),
    [("amd64", 0x303), ("arm64", 0xA03), ("armhf", 0x903), ("s390x", 0x403), ("i386", 3)],
)
def test_every_architecture(architecture: str, flags: int) -> None:
    tree, elves = library_tree(architecture)
    ours = _install(tree, elves, architecture)
    order = ">" if architecture == "s390x" else "<"
    entries, generator = _parse(_cache(ours), order)
    there = f"/lib/{TRIPLETS[architecture]}"
    assert generator == "ldconfig (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36"
    usual = [entry for entry in entries if entry[0] == "libusual.so.1"]
    assert usual[:2] == [
        ("libusual.so.1", f"{there}/glibc-hwcaps/v2/libusual.so.1", flags, "v2"),
        ("libusual.so.1", f"{there}/glibc-hwcaps/v3/libusual.so.1.2.3", flags, "v3"),
    ]
    # The files of ld.so.conf.d are read in the order of their names, and that of the architecture is one of them.
    plain = {f"{path}/libusual.so.1" for path in (there, "/opt/lib", "/usr/local/lib")}
    assert {(path, kind, hwcaps) for _, path, kind, hwcaps in usual[2:]} == {(path, flags, "") for path in plain}
    assert {name for name, *_ in entries} >= {"libunlinked.so.3", "libonly.so.2", "libnoname.so", "ld-linux.so.2"}
    assert {name for name, *_ in entries}.isdisjoint({"libscript.so", "plugin.so", "libgone.so", "libalias.so.5"})
    links = {path: entry.target for path, entry in ours.walk() if entry.origin == "ldconfig" and entry.target}
    assert {path.rpartition("/")[2]: target for path, target in links.items()} == {
        "libtwo.so.1": "libtwo.so.1.10",
        "libunlinked.so.3": "libunlinked.so.3.1",
    }
    assert {entry.mtime for _, entry in ours.walk() if entry.origin == "ldconfig"} == {7}
    assert CACHE not in tree


def test_foreign_libraries_are_not_listed() -> None:
    foreign = reg("usr/lib/libforeign.so.1", library("libforeign.so.1", architecture="arm64"))
    old = reg("usr/lib/lib32.so.1", library("lib32.so.1", architecture="i386"))
    bare = reg("usr/lib/libbare.so.1", library("libbare.so.1", architecture="i386", needed=()))
    entries, _ = _parse(_cache(_install(*library_tree("amd64", foreign, old, bare), "amd64")))
    flags = {name: flags for name, _, flags, _ in entries}
    assert "libforeign.so.1" not in flags
    # Only what the library needs tells ldconfig whether a 32-bit library belongs to glibc.
    assert (flags["lib32.so.1"], flags["libbare.so.1"]) == (3, 1)


def test_a_program_is_no_library() -> None:
    tree, elves = library_tree()
    content = tree["usr/lib/x86_64-linux-gnu/libnoname.so"].content
    assert content is not None
    program = {**elves, content.sha256: replace(elves[content.sha256], type=2)}
    entries, _ = _parse(_cache(_install(tree, program, "amd64")))
    assert "libnoname.so" not in {name for name, *_ in entries}


def test_a_library_with_a_name_like_a_path_gets_no_link() -> None:
    there = "usr/lib/x86_64-linux-gnu"
    evil = reg(f"{there}/libevil.so", library("../../../etc/evil"))
    ours = _install(*library_tree("amd64", evil), "amd64")
    assert "etc/evil" not in ours


@pytest.mark.parametrize(
    "configuration",
    [b"include /etc/ld.so.conf\n", b"include ld.so.conf\n/opt/lib\n" * 20, b"\xff\n=\n/\n//\ninclude\n\0"],
    ids=["includes itself", "includes itself often", "nonsense"],
)
def test_a_configuration_that_makes_no_sense(configuration: bytes) -> None:
    tree, elves = library_tree("amd64", reg("etc/ld.so.conf", configuration))
    entries, _ = _parse(_cache(_install(tree, elves, "amd64")))
    assert "libc.so.6" in {name for name, *_ in entries}


@pytest.mark.parametrize("architecture", ["amd64", "vax"])
def test_a_tree_whose_loader_reads_no_cache_stays_as_it_is(architecture: str) -> None:
    tree = Tree()
    tree.put("lib", Entry(Kind.SYMLINK, 0o777, target="usr/lib"))
    assert _install(tree, {}, architecture) is tree


def test_a_c_library_that_does_not_say_its_name() -> None:
    tree, elves = library_tree()

    def read(content: Content) -> bytes:
        return read_inline(content).replace(b"GNU C Library", b"musl")

    ours = install_cache(tree, elves=elves, read=read, architecture="amd64", mtime=0)
    assert _parse(_cache(ours))[1] == "ldconfig"


def test_known_elves_are_found_by_content() -> None:
    deb = Shelf().deb("sample", FileSpec(path="a"), reg("lib/libx.so", b"library"), symlink("b", "a"))
    facts = ElfFacts(64, little_endian=True, machine=62, type=3)
    deb = replace(deb, facts=replace(deb.facts, elves=(("lib/libx.so", facts),)))
    sha256 = next(entry.sha256 for entry in deb.facts.entries if entry.path == "lib/libx.so")
    assert known_elves([deb, Shelf().deb("other")]) == {sha256: facts}
