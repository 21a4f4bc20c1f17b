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
    data = bytearray(build_elf())
    data[64 + 56] = 4  # the second program header is no PT_DYNAMIC any more
    assert read_elf(data) == ElfFacts(64, True, 62, 3)


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
