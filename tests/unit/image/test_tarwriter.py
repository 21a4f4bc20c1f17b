from __future__ import annotations

import io
import struct
import tarfile
from dataclasses import replace

import pytest

from pkg2image.digest import sha256
from pkg2image.errors import MalformedPackageError
from pkg2image.image.tarwriter import END, TarEntry, header, padding, tar_entries, tar_stream, with_parents
from pkg2image.rootfs.tree import Content, Identities, InlineContent, Kind, StoredContent, Tree
from tests.support.images import CAPABILITY, EPOCH, IDENTITIES, directory, file, inline, symlink

FILE = TarEntry("usr/bin/x", Kind.FILE, 0o755, uid=1, gid=2, mtime=3, content=inline(b"abc"))


def inline_pieces(content: Content) -> list[bytes]:
    assert isinstance(content, InlineContent)
    return [content.data]


def read_back(*entries: TarEntry, prefix: str = "") -> list[tarfile.TarInfo]:
    data = b"".join(tar_stream(entries, inline_pieces, prefix=prefix)) + END
    assert len(data) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.getmembers()


def test_a_plain_file_is_the_ustar_record_of_the_standard() -> None:
    start = struct.pack(
        "100s8s8s8s12s12s", b"usr/bin/x", b"0000755", b"0000001", b"0000002", b"00000000003", b"00000000003"
    )
    end = b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2 + bytes(167)
    checksum = b"%06o\0 " % (sum(start) + sum(end) + 8 * ord(" "))
    assert header(FILE) == start + checksum + end


def test_fields_are_read_back() -> None:
    (member,) = read_back(FILE)
    fields = (member.name, member.type, member.mode, member.uid, member.gid, member.mtime, member.size)
    assert fields == ("usr/bin/x", tarfile.REGTYPE, 0o755, 1, 2, 3, 3)
    assert (member.uname, member.gname, member.pax_headers) == ("", "", {})


@pytest.mark.parametrize(
    ("path", "file_extended", "directory_extended"),
    [
        ("a" * 99, False, False),
        ("a" * 100, False, True),
        ("a" * 101, True, True),
        ("d" * 155 + "/" + "a" * 99, False, False),
        ("d" * 155 + "/" + "a" * 100, False, True),
        ("d" * 156 + "/" + "a" * 99, True, True),
        ("d" * 50 + "/" + "e" * 60 + "/" + "f" * 90, False, False),
        ("gr\u00fc\u00dfe", True, True),
        ("\udcff\udcfe", True, True),
    ],
)
def test_paths_of_any_length_and_bytes_come_back(path: str, *, file_extended: bool, directory_extended: bool) -> None:
    for kind, extended in ((Kind.FILE, file_extended), (Kind.DIRECTORY, directory_extended)):
        entry = TarEntry(path, kind, 0o700)
        (member,) = read_back(entry)
        assert member.name == path
        assert (len(header(entry)) > 512) == extended


@pytest.mark.parametrize("target", ["x", "../" * 40 + "x", "\u00fc", "y" * 100, "y" * 101, "/"])
def test_targets_of_symlinks_come_back(target: str) -> None:
    (member,) = read_back(TarEntry("link", Kind.SYMLINK, 0o777, target=target))
    assert (member.issym(), member.linkname) == (True, target)


@pytest.mark.parametrize("number", [0, 0o7777777, 0o10000000, 2**32 - 2])
def test_owners_of_any_number_come_back(number: int) -> None:
    (member,) = read_back(replace(FILE, uid=number, gid=number))
    assert (member.uid, member.gid) == (number, number)


@pytest.mark.parametrize("size", [8 * 2**30 - 1, 8 * 2**30, 2**40])
def test_sizes_beyond_ustar_are_in_the_pax_header(size: int) -> None:
    content = StoredContent(sha256(b""), 0, size, "0" * 64)
    with tarfile.open(fileobj=io.BytesIO(header(replace(FILE, content=content)) + END), mode="r|") as tar:
        member = tar.next()
    assert member is not None
    assert member.size == size


def test_times_beyond_ustar_are_in_the_pax_header() -> None:
    (member,) = read_back(replace(FILE, mtime=2**34))
    assert member.mtime == 2**34


def test_extended_attributes_keep_every_byte() -> None:
    entry = replace(FILE, xattrs=(("security.capability", CAPABILITY), ("user.x", b"=\n\0\xff")))
    raw = header(entry)
    assert b"SCHILY.xattr.security.capability=" + CAPABILITY + b"\n" in raw
    assert b"SCHILY.xattr.user.x==\n\0\xff\n" in raw
    (member,) = read_back(replace(entry, xattrs=entry.xattrs[:1]))
    assert member.pax_headers["SCHILY.xattr.security.capability"].encode("utf-8", "surrogateescape") == CAPABILITY


@pytest.mark.parametrize("name", ["", "user.a=b", "user.\0"])
def test_attributes_that_cannot_be_written_are_refused(name: str) -> None:
    with pytest.raises(MalformedPackageError, match="/usr/bin/x: its extended attribute"):
        header(replace(FILE, xattrs=((name, b""),)))


@pytest.mark.parametrize("total", [*range(90, 110), *range(990, 1010)])
def test_the_length_of_a_pax_record_counts_itself(total: int) -> None:
    (member,) = read_back(replace(FILE, path="p" * total))
    assert member.name == "p" * total


def test_devices_and_fifos() -> None:
    node, fifo = read_back(TarEntry("null", Kind.CHARACTER, 0o666, device=(1, 3)), TarEntry("pipe", Kind.FIFO, 0o600))
    assert (node.type, node.devmajor, node.devminor, fifo.type) == (tarfile.CHRTYPE, 1, 3, tarfile.FIFOTYPE)


def test_a_prefix_goes_before_paths_and_hard_links_but_not_before_symlinks() -> None:
    root, name, link, symbolic = read_back(
        TarEntry("", Kind.DIRECTORY, 0o755),
        replace(FILE, path="a"),
        TarEntry("b", Kind.FILE, 0o755, target="a", hard_link=True),
        TarEntry("c", Kind.SYMLINK, 0o777, target="a"),
        prefix="rootfs/",
    )
    assert [root.name, name.name, link.name, symbolic.name] == ["rootfs", "rootfs/a", "rootfs/b", "rootfs/c"]
    assert (link.linkname, link.islnk(), symbolic.linkname) == ("rootfs/a", True, "a")


def test_without_a_prefix_the_root_is_a_dot() -> None:
    assert header(TarEntry("", Kind.DIRECTORY, 0o755))[:3] == b"./\0"


@pytest.mark.parametrize(("size", "zeros"), [(0, 0), (1, 511), (512, 0), (513, 511)])
def test_content_is_padded_to_records(size: int, zeros: int) -> None:
    assert padding(size) == bytes(zeros)


def test_entries_have_numbers_for_owners_and_no_time_after_the_epoch() -> None:
    tree = Tree()
    tree.put("d", directory(user="web", group="web", mode=0o2750))
    tree.put("d/new", file("p", b"n", mtime=EPOCH + 1))
    tree.put("d/old", file("p", b"o", mtime=-5, user="7", group="8"))
    tree.put("d/link", symlink("new"))
    made, link, new, old = tar_entries(tree, ["d", "d/link", "d/new", "d/old"], identities=IDENTITIES, epoch=EPOCH)
    assert (made.uid, made.gid, made.mode, made.mtime) == (101, 102, 0o2750, 0)
    assert (new.mtime, old.mtime, old.uid, old.gid) == (EPOCH, 0, 7, 8)
    assert (link.target, link.mtime) == ("new", EPOCH - 1000)


def test_the_first_name_of_a_hard_linked_file_is_the_file() -> None:
    tree = Tree()
    for name in ("c", "a", "b"):
        tree.put(name, file("p", b"same", inode="1"))
    first, *others = tar_entries(tree, ["a", "b", "c"], identities=IDENTITIES, epoch=EPOCH)
    assert (first.content, first.hard_link, first.target) == (inline(b"same"), False, "")
    assert [(entry.content, entry.hard_link, entry.target, entry.size) for entry in others] == [
        (None, True, "a", 0)
    ] * 2


def test_files_of_nobody_are_refused() -> None:
    tree = Tree()
    tree.put("a", file("p", user="stranger"))
    with pytest.raises(MalformedPackageError, match="stranger"):
        list(tar_entries(tree, ["a"], identities=Identities({}, {}), epoch=EPOCH))


def test_parents_of_paths() -> None:
    assert with_parents(["a/b/c", "a/d"]) == {"", "a", "a/b", "a/b/c", "a/d"}
    assert with_parents([]) == {""}
