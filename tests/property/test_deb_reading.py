"""Laws of reading .debs: what was written is what is read, and no bytes whatever make anything but our errors."""

from __future__ import annotations

import hashlib
import tarfile
from contextlib import suppress
from functools import cache
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from pkg2image.deb.compression import decompress
from pkg2image.deb.elf import read_elf
from pkg2image.deb.facts import DebEntry, DebFacts
from pkg2image.deb.facts_codec import dump_facts, load_facts
from pkg2image.deb.limits import Limits
from pkg2image.deb.place import Place
from pkg2image.deb.tar import TarReader
from pkg2image.errors import MalformedPackageError
from tests.support.debs import (
    CONTROL,
    FileSpec,
    build_deb,
    compressed,
    directory,
    hardlink,
    read,
    reg,
    symlink,
    tar,
    with_parents,
)
from tests.support.elves import build_elf

COMPRESSIONS = ["none", "gz", "xz", "zst", "bz2", "lzma"]
SMALL = Limits(data_floor=1 << 20, control=1 << 20, extended_header=1 << 12)
# Names and numbers around the edges of header fields; names may be no UTF-8 and have all but control characters.
COMPONENTS = st.text("aB.~ +\\é\udce9", min_size=1, max_size=4) | st.sampled_from(["n" * 48, "n" * 99, "n" * 255])
PATHS = st.lists(COMPONENTS.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3).map("/".join)
OWNERS = st.sampled_from(["root", "www-data", "_apt", "a" * 31, ""])
NUMBERS = st.sampled_from([0, 1, 1000, 8**7 - 1, 8**7, 2**32 - 2])
META = st.fixed_dictionaries(
    {
        "mode": st.sampled_from([0, 0o644, 0o755, 0o1777, 0o4755, 0o7777]),
        "uid": NUMBERS,
        "gid": NUMBERS,
        "user": OWNERS,
        "group": OWNERS,
        "mtime": st.sampled_from([0, 1_600_000_000, 8**11 - 1, 8**11, 2**40, -1, -(2**40)]),
    }
)
CONTENTS = st.binary(max_size=40) | st.sampled_from([0, 511, 512, 513, 5000]).map(bytes)
LEAVES = st.one_of(
    st.builds(lambda path, content, meta: reg(path, content, **meta), PATHS, CONTENTS, META),
    st.builds(lambda path, meta: directory(path, **meta), PATHS, META),
    st.builds(lambda path, target, meta: symlink(path, target, **meta), PATHS, PATHS, META),
)


def fitting(specs: list[FileSpec]) -> list[FileSpec]:
    """Return the entries that make a tree: no path twice, nothing below something that is no directory."""
    kinds: dict[str, str] = {}
    kept = []
    for spec in specs:
        parents = ["/".join(spec.path.split("/")[:depth]) for depth in range(1, spec.path.count("/") + 1)]
        if spec.path not in kinds and all(kinds.get(parent, "directory") == "directory" for parent in parents):
            kinds |= dict.fromkeys(parents, "directory") | {spec.path: spec.kind}
            kept.append(spec)
    return kept


TREES = st.lists(LEAVES, max_size=8).map(fitting)


@given(TREES, st.sampled_from(COMPRESSIONS))
def test_what_is_built_is_what_is_read(specs: list[FileSpec], compression: str) -> None:
    facts = read(build_deb(CONTROL, specs, compression=compression))
    expected = list(with_parents(specs))
    assert [entry.path for entry in facts.entries] == [spec.path for spec in expected]
    for entry, spec in zip(facts.entries, expected, strict=True):
        assert (entry.kind, entry.mode, entry.uid, entry.gid) == (spec.kind, spec.mode, spec.uid, spec.gid)
        assert (entry.user, entry.group, entry.mtime) == (spec.user, spec.group, spec.mtime)
        assert (entry.target, entry.size) == (spec.target, len(spec.content))
        if spec.kind == "file":
            assert entry.sha256 == hashlib.sha256(spec.content).hexdigest()
            assert entry.md5 == hashlib.md5(spec.content).hexdigest()
    data = tar(with_parents(specs))
    assert (facts.data_size, facts.data.hex) == (len(data), hashlib.sha256(data).hexdigest())
    assert all(
        data[entry.offset : entry.offset + entry.size] == spec.content
        for entry, spec in zip(facts.entries, expected, strict=True)
    )


TYPES = {"file": tarfile.REGTYPE, "directory": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE}
DIALECTS = [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT]


def written_by_tarfile(specs: list[FileSpec], dialect: int) -> bytes:
    """Write entries with Python's tarfile; those that ustar has no room for are left out."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=dialect) as archive:
        for spec in with_parents(specs):
            member = tarfile.TarInfo(f"./{spec.path}")
            member.type, member.mode, member.uname = TYPES[spec.kind], spec.mode, spec.user
            member.size, member.linkname = len(spec.content), spec.target
            with suppress(ValueError):
                archive.addfile(member, BytesIO(spec.content))
    return buffer.getvalue()


@given(TREES, st.sampled_from(DIALECTS), st.sampled_from([1, 100, 511, 512, 513, 1 << 20]))
def test_every_dialect_of_another_writer_in_pieces_of_any_size(specs: list[FileSpec], dialect: int, piece: int) -> None:
    data = written_by_tarfile(specs, dialect)
    reader = TarReader((data[at : at + piece] for at in range(0, len(data), piece)), Place("x"))
    ours = [(member.path, member.mode, member.target, b"".join(reader.content())) for member in reader]
    theirs = []
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        for member in archive:
            path = "" if member.name == "." else member.name.removeprefix("./")
            file = archive.extractfile(member) if member.isreg() else None
            theirs.append((path, member.mode, member.linkname, file.read() if file else b""))
    assert ours == theirs


@cache
def sample(compression: str) -> bytes:
    """Return a small package with one of everything."""
    specs = [
        reg("usr/bin/tool", build_elf(needed=["libc.so.6"], imports=["puts"]), mode=0o755),
        reg("etc/tool.conf", b"a=b\n", xattrs={"user.x": b"1"}),
        symlink("usr/bin/t", "tool"),
        hardlink("usr/bin/u", "usr/bin/tool"),
        reg("usr/share/" + "long" * 40, b"x" * 700),
    ]
    return build_deb(CONTROL, specs, control_files={"conffiles": b"/etc/tool.conf\n"}, compression=compression)


def outcome(deb: bytes) -> DebFacts | None:
    """Read a package whatever it is; only our error may come out."""
    try:
        return read(deb, limits=SMALL)
    except MalformedPackageError:
        return None


CHANGES = st.lists(st.tuples(st.integers(0, 1 << 14), st.integers(0, 255)), min_size=1, max_size=6)


@given(st.sampled_from(COMPRESSIONS), CHANGES)
def test_changed_bytes_of_the_file(compression: str, changes: list[tuple[int, int]]) -> None:
    deb = bytearray(sample(compression))
    for position, value in changes:
        deb[position % len(deb)] = value
    outcome(bytes(deb))


@given(st.sampled_from(COMPRESSIONS), st.data())
def test_a_package_that_is_cut_off_is_never_read(compression: str, data: st.DataObject) -> None:
    deb = sample(compression).removesuffix(b"\n")
    end = data.draw(st.integers(0, len(deb) - 2))
    assert outcome(deb[:end]) is None


@given(CHANGES, st.integers(1, 2000))
def test_changed_bytes_of_a_tar(changes: list[tuple[int, int]], piece: int) -> None:
    content = bytearray(
        tar([directory(""), reg("a", b"x" * 600, xattrs={"user.a": b"b"}), symlink("b", "c" * 120), hardlink("d", "a")])
    )
    for position, value in changes:
        content[position % len(content)] = value
    try:
        for _ in TarReader(
            (bytes(content[at : at + piece]) for at in range(0, len(content), piece)), Place("x"), SMALL
        ):
            pass
    except MalformedPackageError:
        pass


@given(st.binary(max_size=4000), st.sampled_from(COMPRESSIONS[1:]), st.integers(1, 5000))
def test_compressed_bytes_come_back_in_pieces_of_any_size(content: bytes, compression: str, piece: int) -> None:
    packed = compressed(content, compression)
    pieces = (packed[at : at + piece] for at in range(0, len(packed), piece))
    assert b"".join(decompress(pieces, compression, Place("x"))) == content


ELF = build_elf(needed=["liba.so"], imports=["a", "b"], soname="libx.so", runpath="/x", interpreter="/lib/ld.so")


@given(CHANGES)
def test_a_changed_elf_file_never_raises(changes: list[tuple[int, int]]) -> None:
    content = bytearray(ELF)
    for position, value in changes:
        content[position % len(content)] = value
    read_elf(content)


@given(st.integers(0, len(ELF)), st.binary(max_size=64))
def test_a_cut_elf_file_never_raises(end: int, tail: bytes) -> None:
    read_elf(ELF[:end] + tail)


ENTRIES = st.builds(
    DebEntry,
    st.text(),
    st.sampled_from(["file", "symlink"]),
    st.integers(0, 0o7777),
    target=st.text(st.characters(exclude_categories=[])),
    device=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    xattrs=st.lists(st.tuples(st.text(), st.binary()), max_size=2).map(tuple),
    mtime=st.integers(),
)


@given(st.lists(ENTRIES, max_size=5))
def test_facts_survive_the_store(entries: list[DebEntry]) -> None:
    facts = read(sample("none"))
    changed = DebFacts(facts.control, facts.control_files, facts.data, 1, tuple(entries), (("x", read_elf(ELF)),))  # type: ignore[arg-type]
    assert load_facts(dump_facts(changed)) == changed


@given(st.binary(max_size=200) | st.text().map(str.encode) | st.sampled_from([b"{}", b"[]", b"null", b'{"control":1}']))
def test_damaged_facts_are_an_error_of_ours(data: bytes) -> None:
    try:
        load_facts(data)
    except MalformedPackageError:
        return
    raise AssertionError(data)
