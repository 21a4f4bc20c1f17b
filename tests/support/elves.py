"""Builds small ELF files with a dynamic section, in both classes and both byte orders."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_BASE = 0x10000  # where the file is mapped; addresses and offsets must differ or mistakes would not show


@dataclass(frozen=True, slots=True)
class _Class:
    """Struct formats of one file class."""

    header: str
    program: str
    dynamic: str
    symbol: str
    section: str


_CLASSES = {
    32: _Class("HHIIIIIHHHHHH", "IIIIIIII", "II", "IIIBBH", "IIIIIIIIII"),
    64: _Class("HHIQQQIHHHHHH", "IIQQQQQQ", "QQ", "IBBHQQ", "IIQQQQIIQQ"),
}


class _Strings:
    """A string table being made."""

    def __init__(self) -> None:
        self.data = b"\0"

    def add(self, text: str) -> int:
        offset = len(self.data)
        self.data += text.encode() + b"\0"
        return offset


def build_elf(
    *,
    bits: int = 64,
    little_endian: bool = True,
    machine: int = 62,
    kind: int = 3,
    interpreter: str = "",
    soname: str = "",
    needed: Sequence[str] = (),
    rpath: str = "",
    runpath: str = "",
    imports: Sequence[str] = (),
    exports: Sequence[str] = (),
    versions: Mapping[str, Sequence[str]] | None = None,
    hash_table: bool = True,
    constants: bytes = b"",
    section: str = ".rodata",
) -> bytes:
    """Return an ELF file that says this in its dynamic section; it has no code.

    It has no section headers either, except for those of its constants.

    Args:
        bits: 32 or 64.
        little_endian: Byte order.
        machine: ``e_machine``.
        kind: ``e_type``.
        interpreter: PT_INTERP.
        soname: DT_SONAME.
        needed: DT_NEEDED.
        rpath: DT_RPATH.
        runpath: DT_RUNPATH.
        imports: Undefined symbols.
        exports: Defined symbols.
        versions: Library -> versions that are needed of it.
        hash_table: Write DT_HASH, which says how many symbols there are; else the string table follows them.
        constants: What lies in a section of their own.
        section: Its name.
    """
    formats, order = _CLASSES[bits], "<" if little_endian else ">"
    strings = _Strings()

    def pack(layout: str, *values: int) -> bytes:
        return struct.pack(order + layout, *values)

    texts = [(1, name) for name in needed] + [(14, soname)] * bool(soname)
    texts += [(15, rpath)] * bool(rpath) + [(29, runpath)] * bool(runpath)
    entries = [(tag, strings.add(text)) for tag, text in texts]
    symbols = [(0, 0), *((strings.add(name), 0) for name in imports), *((strings.add(name), 7) for name in exports)]
    needs = _version_needs(versions or {}, strings, pack)

    start = 16 + struct.calcsize(order + formats.header)
    phentsize = struct.calcsize(order + formats.program)
    body_at = start + phentsize * 3
    interp = interpreter.encode() + b"\0" if interpreter else b""
    symtab = b"".join(
        pack(formats.symbol, name, 0, 0, section, 0, 0)
        if bits == 64
        else pack(formats.symbol, name, 0, 0, 0, 0, section)
        for name, section in symbols
    )
    chains = pack("IIII", 1, len(symbols), 0, 0) if hash_table else b""
    symtab_at = body_at + len(interp)
    strtab_at = symtab_at + len(symtab)
    needs_at = strtab_at + len(strings.data)
    hash_at = needs_at + len(needs)
    dynamic_at = hash_at + len(chains)
    entries += [(5, _BASE + strtab_at), (6, _BASE + symtab_at), (10, len(strings.data))]
    entries += [(0x6FFFFFFE, _BASE + needs_at), (0x6FFFFFFF, len(versions))] if versions else []
    entries += [(4, _BASE + hash_at)] if hash_table else []
    dynamic = b"".join(pack(formats.dynamic, tag, value) for tag, value in [*entries, (0, 0)])
    end = dynamic_at + len(dynamic)
    names = b"\0" + section.encode() + b"\0"
    headers = b"".join(
        (
            pack(formats.section, 0, 3, 0, 0, end, len(names), 0, 0, 1, 0),
            pack(formats.section, 1, 1, 2, 0, end + len(names), len(constants), 0, 0, 1, 0),
        )
    )
    sections_at = end + len(names) + len(constants)

    def program(kind: int, offset: int, size: int) -> bytes:
        if bits == 64:
            return pack(formats.program, kind, 4, offset, _BASE + offset, 0, size, size, 1)
        return pack(formats.program, kind, offset, _BASE + offset, 0, size, size, 4, 1)

    ident = b"\x7fELF" + bytes([bits // 32, 1 if little_endian else 2, 1]) + bytes(9)
    sections = (sections_at, len(headers) // 2, 2) if constants else (0, 0, 0)
    header = pack(formats.header, kind, machine, 1, 0, start, sections[0], 0, start, phentsize, 3, *sections[1:], 0)
    programs = (
        program(1, 0, end) + program(2, dynamic_at, len(dynamic)) + program(3 if interp else 4, body_at, len(interp))
    )
    tail = (names, constants, headers) if constants else ()
    return b"".join((ident, header, programs, interp, symtab, strings.data, needs, chains, dynamic, *tail))


def _version_needs(versions: Mapping[str, Sequence[str]], strings: _Strings, pack: Callable[..., bytes]) -> bytes:
    """Return the chain of Verneed records, each followed by its Vernaux records."""
    records = b""
    for number, (library, names) in enumerate(versions.items(), start=1):
        following = 16 * (len(names) + 1) if number < len(versions) else 0
        records += pack("HHIII", 1, len(names), strings.add(library), 16, following)
        for position, name in enumerate(names, start=1):
            records += pack("IHHII", _hashed(name), 0, 2, strings.add(name), 16 if position < len(names) else 0)
    return records


def _hashed(name: str) -> int:
    """Return the hash of a name, System V ABI, "Hash Table"."""
    value = 0
    for character in name.encode():
        value = (value << 4) + character
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value
