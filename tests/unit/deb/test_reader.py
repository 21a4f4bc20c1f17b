"""What is remembered of an ordinary package."""

from __future__ import annotations

import hashlib
import threading
from io import BytesIO
from typing import Any

import pytest

from pkg2image.deb.facts import DebEntry, ElfFacts
from pkg2image.deb.facts_codec import dump_facts, load_facts
from pkg2image.deb.reader import read_control
from pkg2image.errors import OutputError
from tests.support.debs import CONTROL, MTIME, build_deb, device, directory, fifo, hardlink, read, reg, symlink
from tests.support.elves import build_elf

ELF = build_elf(needed=["libc.so.6"], imports=["puts"])
SCRIPT = b"#! /usr/bin/env perl\nprint 1;\n"
SPECS = [
    directory("usr/bin", mode=0o2755, user="root", group="staff"),
    reg("usr/bin/tool", ELF, mode=0o4755),
    reg("usr/bin/script", SCRIPT, mode=0o755, uid=5, gid=6, user="games", group=""),
    reg("etc/tool.conf", b"x=1\n"),
    symlink("usr/bin/t", "/etc/alternatives/t"),
    hardlink("usr/bin/same", "usr/bin/tool"),
    reg("usr/bin/ping", b"", xattrs={"security.capability": b"\1\0"}),
    fifo("run/fifo"),
    device("dev/null", "character", 1, 3, mode=0o666),
]
FILES = {"conffiles": b"/etc/tool.conf\nremove-on-upgrade /etc/old\n", "postinst": b"#!/bin/sh\n"}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def test_every_field_of_every_kind() -> None:
    facts = read(build_deb(CONTROL, SPECS, control_files=FILES | {"md5sums": b""}))
    found = {entry.path: entry for entry in facts.entries}

    def expected(path: str, kind: str, mode: int, **more: Any) -> DebEntry:
        common = {"user": "root", "group": "root", "mtime": MTIME, "offset": found[path].offset}
        return DebEntry(path, kind, mode, **{**common, **more})

    assert list(found)[:4] == ["", "usr", "usr/bin", "usr/bin/tool"]
    for entry in (
        expected("usr/bin", "directory", 0o2755, group="staff"),
        expected("usr/bin/tool", "file", 0o4755, size=len(ELF), sha256=sha(ELF)),
        expected(
            *("usr/bin/script", "file", 0o755),
            uid=5,
            gid=6,
            user="games",
            group="",
            size=len(SCRIPT),
            sha256=sha(SCRIPT),
            interpreter="/usr/bin/env perl",
        ),
        expected("etc/tool.conf", "file", 0o644, size=4, sha256=sha(b"x=1\n"), md5=md5(b"x=1\n")),
        expected("usr/bin/t", "symlink", 0o777, target="/etc/alternatives/t"),
        expected("usr/bin/same", "hardlink", 0o644, target="usr/bin/tool"),
        expected("usr/bin/ping", "file", 0o644, sha256=sha(b""), xattrs=(("security.capability", b"\1\0"),)),
        expected("run/fifo", "fifo", 0o644),
        expected("dev/null", "character", 0o666, device=(1, 3)),
    ):
        assert found[entry.path] == entry
    assert facts.elves == (("usr/bin/tool", ElfFacts(64, True, 62, 3, needed=("libc.so.6",), imports=("puts",))),)


def test_control_and_control_files() -> None:
    facts = read(build_deb(CONTROL | {"X-Long": "first\n second\n ."}, [], control_files=FILES))
    assert dict(facts.control) == CONTROL | {"X-Long": "first\n second\n ."}
    assert facts.name == "sample"
    assert facts.control_files == (("conffiles", FILES["conffiles"]), ("postinst", FILES["postinst"]))
    assert facts.control_file("postinst") == b"#!/bin/sh\n"
    assert facts.control_file("preinst") is None


def test_md5_of_every_file_when_the_package_has_no_md5sums() -> None:
    facts = read(build_deb(CONTROL, [reg("a", b"1"), reg("b", b"2"), symlink("c", "a")]))
    assert [entry.md5 for entry in facts.entries] == ["", md5(b"1"), md5(b"2"), ""]


@pytest.mark.parametrize("compression", ["none", "gz", "xz", "zst", "bz2", "lzma"])
def test_facts_do_not_depend_on_the_compression(compression: str) -> None:
    facts = read(build_deb(CONTROL, SPECS, compression=compression))
    assert facts == read(build_deb(CONTROL, SPECS, compression="none"))
    assert load_facts(dump_facts(facts)) == facts


@pytest.mark.parametrize(
    ("content", "interpreter"),
    [
        (b"#!/bin/sh", "/bin/sh"),
        (b"#!/bin/sh -e\necho", "/bin/sh -e"),
        (b"#!\t /usr/bin/perl -w \n", "/usr/bin/perl -w"),
        (b"#!/bin/sh\r\n", "/bin/sh"),
        (b"#!" + b"/x" * 300, "/x" * 127),
        (b"#![allow(dead_code)]\n", ""),
        (b"#!perl\n", ""),
        (b"# !/bin/sh\n", ""),
        (b" #!/bin/sh\n", ""),
        (b"#!", ""),
        (b"", ""),
        (b"#!/bin/\x00x\n", "/bin/"),
    ],
)
def test_shebang_lines(content: bytes, interpreter: str) -> None:
    assert read(build_deb(CONTROL, [reg("x", content)])).entries[1].interpreter == interpreter


def test_the_control_file_alone() -> None:
    assert read_control(BytesIO(build_deb(CONTROL, SPECS)), name="x.deb") == CONTROL


def test_what_was_expected_is_accepted() -> None:
    assert read(build_deb(CONTROL, []), expect=("sample", "1.0-1", "amd64")).name == "sample"


def test_a_large_member_is_read_in_pieces() -> None:
    content = bytes(range(256)) * 40_000
    (root, entry) = read(build_deb(CONTROL, [reg("big", content)], compression="zst")).entries
    assert (root.path, entry.size, entry.sha256) == ("", len(content), sha(content))


def test_packages_can_be_read_in_several_threads() -> None:
    deb = build_deb(CONTROL, SPECS)
    expected = read(deb)
    found = []
    threads = [threading.Thread(target=lambda: found.append(read(deb))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [expected] * 4


class BrokenDisk(BytesIO):
    """A file that fails after its first bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 100:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_disk_that_fails_is_not_a_malformed_package() -> None:
    with pytest.raises(OutputError, match=r"cannot read x\.deb: Input/output error"):
        read_control(BrokenDisk(build_deb(CONTROL, [])), name="x.deb")
