"""The ELF reader in both classes and byte orders; what real files say is compared in tests/oracle."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest

from pkg2image.deb.elf import read_elf
from pkg2image.deb.facts import ElfFacts
from tests.support.elves import build_elf


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("hash_table", [True, False])
def test_every_fact_in_every_layout(bits: int, little_endian: bool, hash_table: bool) -> None:  # noqa: FBT001
    data = build_elf(
        bits=bits,
        little_endian=little_endian,
        hash_table=hash_table,
        machine=183,
        kind=2,
        interpreter="/lib/ld.so.1",
        soname="libx.so.1",
        needed=["libb.so", "liba.so"],
        rpath="$ORIGIN/lib",
        runpath="/opt/lib:/usr/lib",
        imports=["write", "open", "read"],
        exports=["main"],
        versions={"libb.so": ["B_2", "B_1"], "liba.so": ["A_1"]},
        constants=b"libc.so.6\0/etc/x.conf\0",
    )
    assert read_elf(data) == ElfFacts(
        bits,
        little_endian,
        183,
        2,
        "/lib/ld.so.1",
        "libx.so.1",
        ("libb.so", "liba.so"),
        "$ORIGIN/lib",
        "/opt/lib:/usr/lib",
        ("open", "read", "write"),
        (("liba.so", "A_1"), ("libb.so", "B_1"), ("libb.so", "B_2")),
        (),
        ("/etc/x.conf", "libc.so.6"),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fELF",
        b"\x7fELF" + bytes(100),
        b"\x7fELF\x03\x01" + bytes(100),
        b"\x7fELF\x02\x03" + bytes(100),
        b"#!/bin/sh\n",
        build_elf(needed=["x"])[:100],
        build_elf(imports=["x"], hash_table=True)[:-20],
        build_elf(soname="x" * 40_000),
    ],
    ids=["empty", "magic", "no class", "class 3", "order 3", "script", "no program headers", "no dynamic", "long name"],
)
def test_what_is_no_elf_file_or_malformed_has_no_facts(data: bytes) -> None:
    assert read_elf(data) is None


def test_static_programs_have_few_facts() -> None:
    data = bytearray(build_elf(constants=b"/etc/x"))
    data[64 + 56] = 4  # the second program header is no PT_DYNAMIC any more
    assert read_elf(data) == ElfFacts(64, True, 62, 3, named_files=("/etc/x",))


@pytest.mark.parametrize("section", [".rodata", ".rodata.str1.1", ".data", ".data.rel.ro", ".lrodata"])
def test_constants_lie_in_many_sections(section: str) -> None:
    facts = read_elf(build_elf(constants=b"\0/etc/x\0", section=section))
    assert facts is not None
    assert facts.named_files == ("/etc/x",)


@pytest.mark.parametrize(("section", "kind"), [(".text", 3), (".comment", 3), (".rodata", 1)])
def test_what_no_program_can_use_names_nothing(section: str, kind: int) -> None:
    facts = read_elf(build_elf(constants=b"\0/etc/x\0", section=section, kind=kind))
    assert facts is not None
    assert facts.named_files == ()


def test_sections_are_never_more_than_the_file() -> None:
    # Many headers of one large section would be read again and again.
    data = build_elf(constants=b"/etc/x\0")
    size = len(data) - 64 + 32  # where the header of the constants says it
    facts = read_elf(data[:size] + (len(data) + 1).to_bytes(8, "little") + data[size + 8 :])
    assert facts is not None
    assert facts.named_files == ()


def test_a_mapped_file() -> None:
    with (
        Path(sys.executable).resolve().open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping,
        memoryview(mapping) as view,
    ):
        facts = read_elf(view)
    assert facts is not None
    assert "libc.so.6" in facts.needed
    assert facts.interpreter.startswith("/lib")
