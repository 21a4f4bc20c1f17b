"""Our ELF reader says the same as pyelftools about the programs and libraries of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection

from pkg2image.deb.elf import read_elf
from pkg2image.deb.facts import ElfFacts

_PLACES = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec")
_LARGEST = 2_000_000
_EVERY = 4  # pyelftools is slow; a fourth of a system is hundreds of files
_ENOUGH = 200
_CONSTANTS = re.compile(r"\.l?(?:ro)?data(?:\..*)?")
_DIRECTORIES = r"/(bin|etc|lib|lib32|lib64|libo32|libx32|opt|run|sbin|srv|usr|var)/."
_SOURCES = {*(".c", ".C", ".h", ".s", ".S", ".cc", ".cpp", ".cxx", ".go", ".hh", ".hpp", ".hxx", ".ipp", ".rs", ".tcc")}
_WORD = re.compile(rb"[A-Za-z0-9_.+@%~*?$={}#^/-]+")


def _candidates() -> Iterator[Path]:
    for place in _PLACES:
        for directory, subdirectories, names in os.walk(place):
            subdirectories.sort()
            for name in sorted(names):
                path = Path(directory, name)
                if path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST:
                    with path.open("rb") as file:
                        if file.read(4) == b"\x7fELF":
                            yield path


def _oracle(path: Path) -> ElfFacts:
    with path.open("rb") as file:
        elf = ELFFile(file)
        tags: dict[str, list[str]] = {}
        interpreter, dynamic = "", False
        for segment in elf.iter_segments():
            if segment["p_type"] == "PT_INTERP":
                interpreter = segment.get_interp_name()
            if isinstance(segment, DynamicSegment) and segment["p_filesz"]:
                dynamic = True
                for tag in segment.iter_tags():
                    for kind in ("needed", "soname", "rpath", "runpath"):
                        if hasattr(tag, kind):
                            tags.setdefault(kind, []).append(getattr(tag, kind))
        symbols = elf.get_section_by_name(".dynsym")
        imports = (
            {symbol.name for symbol in symbols.iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name}
            if isinstance(symbols, SymbolTableSection) and dynamic
            else set()
        )
        needs, defines = elf.get_section_by_name(".gnu.version_r"), elf.get_section_by_name(".gnu.version_d")
        return ElfFacts(
            elf.elfclass,
            elf.little_endian,
            _number(file, 18, elf),
            _number(file, 16, elf),
            interpreter,
            *("".join(tags.get("soname", [])), tuple(tags.get("needed", []))),
            *("".join(tags.get(kind, [])) for kind in ("rpath", "runpath")),
            tuple(sorted(imports)),
            tuple(sorted(_needed(needs))) if isinstance(needs, GNUVerNeedSection) else (),
            tuple(sorted(_defined(defines))) if isinstance(defines, GNUVerDefSection) else (),
            tuple(sorted(set(_named(elf)))),
        )


def _named(elf: ELFFile) -> Iterator[str]:
    """Yield the names in the constants, taken word by word."""
    sections = [section for section in elf.iter_sections() if _CONSTANTS.fullmatch(section.name)]
    data = b"\0".join(section.data() for section in sections if section["sh_type"] == "SHT_PROGBITS")
    for word in {word.decode() for word in _WORD.findall(data)} if elf["e_type"] in {"ET_EXEC", "ET_DYN"} else ():
        if re.fullmatch(r".*\.so(\.[0-9]+)*", word):
            yield word
        starts = [0, *(match.end() for match in re.finditer("=", word))]
        path = next((word[at:] for at in starts if re.match(_DIRECTORIES, word[at:])), "").rstrip("/.")
        if path.count("/") > 1 and Path(path).suffix not in _SOURCES:
            yield path


def _number(file: BinaryIO, offset: int, elf: ELFFile) -> int:
    """Return a header field as a number; pyelftools gives names to most of them."""
    file.seek(offset)
    return int.from_bytes(file.read(2), "little" if elf.little_endian else "big")


def _needed(section: GNUVerNeedSection) -> set[tuple[str, str]]:
    return {(need.name, auxiliary.name) for need, versions in section.iter_versions() for auxiliary in versions}


def _defined(section: GNUVerDefSection) -> set[str]:
    found = set()
    for definition, auxiliaries in section.iter_versions():
        names = [auxiliary.name for auxiliary in auxiliaries]
        if names and not definition["vd_flags"] & 1:
            found.add(names[0])
    return found


def test_every_fact_of_the_programs_and_libraries_here() -> None:
    compared, different = 0, {}
    for path in list(_candidates())[::_EVERY]:
        try:
            expected = _oracle(path)
        except ELFError:
            continue
        compared += 1
        if (actual := read_elf(path.read_bytes())) != expected:
            different[str(path)] = (actual, expected)
    assert not different
    assert compared >= _ENOUGH
