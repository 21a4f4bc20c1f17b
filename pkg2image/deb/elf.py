"""A small ELF reader: what the dynamic section says, and which symbols and versions are wanted.

Everything is found the way the dynamic loader finds it, through the program headers; section headers are only asked
how many dynamic symbols there are, and where the constants of the program lie. The input is foreign: every offset may
be wrong, and whatever is malformed gives no facts at all.

Spec: System V ABI, "Object Files" and "Program Loading and Dynamic Linking"; Linux Standard Base, "Symbol Versioning".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pkg2image.deb.elf_strings import named_files
from pkg2image.deb.facts import ElfFacts

Buffer = bytes | bytearray | memoryview
"""What an ELF file may lie in; of a mapped file a `memoryview` is taken first."""

_MAGIC = b"\x7fELF"
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_LOADED = frozenset({2, 3})  # types of files that become a part of a process: not object files
_SHT_PROGBITS, _SHT_DYNSYM = 1, 11
_DT_NEEDED, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 4, 5, 6, 10, 14, 15, 29
_DT_VERDEF, _DT_VERDEFNUM, _DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
_VER_FLG_BASE = 1  # the definition that is the name of the library itself

# Sections of constants, each with what a linker adds to the name: .rodata.str1.1, .data.rel.ro.local.
_CONSTANTS = (b".rodata", b".data", b".lrodata", b".ldata")

_MAX_NAME = 1 << 15  # bytes of one string; mangled C++ names have reached a few thousand
_MAX_NAMES = 1 << 24  # bytes of all imported names together, since they may overlap in the string table
_MAX_DYNAMIC = 1 << 16  # entries of the dynamic section
_MAX_VERSIONS = 1 << 14  # version records of a file


class _Malformed(Exception):  # noqa: N818 - never leaves this module
    """The file is not what it claims to be."""


class _Layout(NamedTuple):
    """The structures of one of the two file classes, without the byte order; values come in the same order in both."""

    header: str  # from byte 16: type, machine, phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx
    program: str  # type, offset, vaddr, filesz
    section: str  # name, type, addr, offset, size
    dynamic: str  # tag, value
    symbol: str  # name, shndx


_LAYOUTS = {
    1: _Layout("HH4x4xII4x2xHHHHH", "III4xI", "II4xIII", "iI", "I8x2xH"),
    2: _Layout("HH4x8xQQ4x2xHHHHH", "I4xQQ8xQ", "II8xQQQ", "qQ", "I2xH16x"),
}


@dataclass(frozen=True, slots=True)
class _Segment:
    offset: int
    address: int
    size: int


class _Section(NamedTuple):
    """The header of a section."""

    name: int
    kind: int
    address: int
    offset: int
    size: int


def read_elf(data: Buffer) -> ElfFacts | None:
    """Read the facts of an ELF file.

    Args:
        data: The whole file; of a mapping a `memoryview` of the part that is the file.

    Returns:
        The facts, or None when it is no ELF file or a malformed one.
    """
    if len(data) < 16 or bytes(data[:4]) != _MAGIC or data[4] not in _LAYOUTS or data[5] not in {1, 2}:
        return None
    try:
        return _File(memoryview(data)).facts()
    except (_Malformed, struct.error, OverflowError):
        return None


class _File:
    """One ELF file being read; methods raise `_Malformed`, `struct.error` or `OverflowError`."""

    __slots__ = ("_data", "_layout", "_order", "_segments", "_strings", "_tags")

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._layout = _LAYOUTS[data[4]]
        self._order = "<" if data[5] == 1 else ">"
        self._segments: list[_Segment] = []
        self._tags: dict[int, int] = {}
        self._strings = b""

    def facts(self) -> ElfFacts:
        """Read everything."""
        kind, machine, phoff, shoff, phentsize, phnum, shentsize, shnum, names = self._unpack(self._layout.header, 16)
        interpreter = ""
        dynamic: _Segment | None = None
        for number in range(phnum):
            segment_kind, offset, address, size = self._unpack(self._layout.program, phoff + number * phentsize)
            segment = _Segment(offset, address, size)
            if segment_kind == _PT_LOAD:
                self._segments.append(segment)
            elif segment_kind == _PT_INTERP:
                interpreter = self._string(bytes(self._data[offset : offset + min(size, _MAX_NAME)]) + b"\0", 0)
            elif segment_kind == _PT_DYNAMIC:
                dynamic = segment
        sections = list(self._sections(shoff, shentsize, shnum))
        named = named_files(self._constants(sections, names)) if kind in _LOADED else ()
        base = ElfFacts(self._data[4] * 32, self._order == "<", machine, kind, interpreter, named_files=named)
        if dynamic is None or dynamic.size == 0:
            return base
        return self._dynamic_facts(base, dynamic, sections)

    def _dynamic_facts(self, base: ElfFacts, dynamic: _Segment, sections: Sequence[_Section]) -> ElfFacts:
        entries = list(self._dynamic_entries(dynamic))
        self._tags = dict(entries)
        self._strings = self._string_table()

        def text(tag: int) -> str:
            return self._name(self._tags[tag]) if tag in self._tags else ""

        return replace(
            base,
            soname=text(_DT_SONAME),
            needed=tuple(self._name(value) for tag, value in entries if tag == _DT_NEEDED),
            rpath=text(_DT_RPATH),
            runpath=text(_DT_RUNPATH),
            imports=self._imports(sections),
            versions_needed=tuple(sorted(set(self._versions_needed()))),
            versions_defined=tuple(sorted(set(self._versions_defined()))),
        )

    def _dynamic_entries(self, dynamic: _Segment) -> Iterator[tuple[int, int]]:
        size = struct.calcsize(self._order + self._layout.dynamic)
        for number in range(min(dynamic.size // size, _MAX_DYNAMIC)):
            tag, value = self._unpack(self._layout.dynamic, dynamic.offset + number * size)
            if tag == 0:
                return
            yield tag, value

    def _string_table(self) -> bytes:
        if _DT_STRTAB not in self._tags:
            return b""
        offset, size = self._offset(self._tags[_DT_STRTAB]), self._tags.get(_DT_STRSZ, 0)
        table = bytes(self._data[offset : offset + size])
        if len(table) != size:
            raise _Malformed
        return table

    def _sections(self, shoff: int, shentsize: int, shnum: int) -> Iterator[_Section]:
        """Yield the headers of sections that are there; a stripped file may have none."""
        if shentsize < struct.calcsize(self._order + self._layout.section):
            return
        for number in range(shnum):
            offset = shoff + number * shentsize
            if offset + shentsize > len(self._data):
                break
            yield _Section(*self._unpack(self._layout.section, offset))

    def _constants(self, sections: Sequence[_Section], names: int) -> Iterator[bytes]:
        """Yield the sections of constants; of a file that does not name its sections there are none."""
        if names >= len(sections):
            return
        table = self._bytes(sections[names])
        left = len(self._data)  # sections do not overlap, but headers may say so
        for section in sections:
            if section.kind == _SHT_PROGBITS and table.startswith(_CONSTANTS, section.name) and section.size <= left:
                left -= section.size
                yield self._bytes(section)

    def _bytes(self, section: _Section) -> bytes:
        return bytes(self._data[section.offset : section.offset + section.size])

    def _imports(self, sections: Sequence[_Section]) -> tuple[str, ...]:
        table = self._tags.get(_DT_SYMTAB)
        if table is None:
            return ()
        offset, size = self._offset(table), struct.calcsize(self._order + self._layout.symbol)
        end = offset + self._symbol_count(table, sections, size) * size
        if end > len(self._data):
            raise _Malformed
        names: set[str] = set()
        total = 0
        for name, section in struct.iter_unpack(self._order + self._layout.symbol, self._data[offset:end]):
            if section == 0 and name:
                symbol = self._name(name)
                names.add(symbol)
                total += len(symbol)
                if total > _MAX_NAMES:
                    raise _Malformed
        names.discard("")
        return tuple(sorted(names))

    def _symbol_count(self, table: int, sections: Sequence[_Section], size: int) -> int:
        """Return how many dynamic symbols there are, which the dynamic section itself does not say.

        The section header knows; so does the old hash table, which has a chain for every symbol. Without both the
        string table follows the symbols, as every linker lays them out.
        """
        dynsym = next((section for section in sections if section.kind == _SHT_DYNSYM), None)
        if dynsym is not None and dynsym.address == table:
            return dynsym.size // size
        if _DT_HASH in self._tags:
            (chains,) = self._unpack("4xI", self._offset(self._tags[_DT_HASH]))
            return int(chains)
        return max(self._tags.get(_DT_STRTAB, 0) - table, 0) // size

    def _versions_needed(self) -> Iterator[tuple[str, str]]:
        """Yield what the chain of Verneed records, each with its chain of Vernaux records, says."""
        if _DT_VERNEED not in self._tags:
            return
        offset = self._offset(self._tags[_DT_VERNEED])
        budget = _MAX_VERSIONS
        for _ in range(min(self._tags.get(_DT_VERNEEDNUM, 0), _MAX_VERSIONS)):
            _, count, library, first, following = self._unpack("HHIII", offset)
            auxiliary = offset + first
            budget -= count + 1
            if budget < 0:
                raise _Malformed
            for _ in range(count):
                version, next_auxiliary = self._unpack("4x2x2xII", auxiliary)
                yield self._name(library), self._name(version)
                auxiliary += next_auxiliary
            offset += following

    def _versions_defined(self) -> Iterator[str]:
        """Yield the first name of every Verdef record, which is the version; the other names are its parents."""
        if _DT_VERDEF not in self._tags:
            return
        offset = self._offset(self._tags[_DT_VERDEF])
        for _ in range(min(self._tags.get(_DT_VERDEFNUM, 0), _MAX_VERSIONS)):
            flags, count, first, following = self._unpack("2xH2xH4xII", offset)
            if count and not flags & _VER_FLG_BASE:
                (version,) = self._unpack("I", offset + first)
                yield self._name(version)
            offset += following

    def _offset(self, address: int) -> int:
        """Return where in the file an address of memory is."""
        for segment in self._segments:
            if segment.address <= address < segment.address + segment.size:
                return segment.offset + address - segment.address
        raise _Malformed

    def _name(self, offset: int) -> str:
        return self._string(self._strings, offset)

    @staticmethod
    def _string(table: bytes, offset: int) -> str:
        end = table.find(b"\0", offset, offset + _MAX_NAME)
        if end < 0:
            raise _Malformed
        return table[offset:end].decode("utf-8", "surrogateescape")

    def _unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + layout, self._data, offset)
