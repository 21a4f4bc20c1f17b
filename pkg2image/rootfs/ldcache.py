"""The bytes of ``ld.so.cache``, which the dynamic loader of the target maps into memory.

Only the new format is written, as ldconfig does since glibc 2.32; every glibc since 2.2 reads it. The file has no byte
that depends on anything but the libraries: sorted entries, a table of strings that share their tails, the names of
``glibc-hwcaps`` directories.

Spec: glibc, ``struct cache_file_new`` and ``struct cache_extension`` of ``sysdeps/generic/dl-cache.h``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_MAGIC = b"glibc-ld.so.cache1.1"
_EXTENSION_MAGIC = 0xEAA42174
_TAG_GENERATOR, _TAG_HWCAPS = 0, 1
_HWCAP_EXTENSION = 1 << 62  # the entry is of a glibc-hwcaps directory; the low 32 bits number its name
_HEADER, _ENTRY = "20sIIB3xI12x", "iIIIQ"
_EXTENSION, _SECTION = "II", "IIII"
_DIGITS = re.compile("[0-9]+")
_AFTER_ALL_CHARACTERS = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A library the loader can find by name.

    Args:
        library: What DT_NEEDED of others calls it.
        path: Absolute path of the file or of a link to it.
        flags: Kind of library: ``FLAG_ELF_LIBC6`` with the ABI of the architecture.
        hwcaps: Name of the ``glibc-hwcaps`` directory it lies in, else empty.
    """

    library: str
    path: str
    flags: int
    hwcaps: str = ""


def library_key(name: str) -> str:
    """Return the key by which the loader compares names of libraries: numbers in them by value, and after letters."""
    return _DIGITS.sub(_numbered, name)


def _numbered(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0")
    return f"{_AFTER_ALL_CHARACTERS}{chr(len(digits))}{digits}"


def render_cache(
    entries: Iterable[CacheEntry], *, generator: str, little_endian: bool, hwcaps: Iterable[str] = ()
) -> bytes:
    """Render the cache.

    Args:
        entries: In the order of their directories: of several alike the loader takes the first.
        generator: Who made the file, for people.
        little_endian: Byte order of the target.
        hwcaps: Names of all ``glibc-hwcaps`` directories; those without libraries are among the strings only.

    Returns:
        The whole file.
    """
    order = "<" if little_endian else ">"
    ordered = _in_order(entries)
    names = sorted({entry.hwcaps for entry in ordered} - {""})
    start = struct.calcsize(order + _HEADER) + len(ordered) * struct.calcsize(order + _ENTRY)
    strings = (text for entry in ordered for text in (entry.library, entry.path))
    table, offsets = _merged({*strings, *names, *hwcaps}, start)
    extension_at = -(-(start + len(table)) // 4) * 4
    # 2 says little, 3 big; 0 would be "unknown".
    header = (_MAGIC, len(ordered), len(table), 2 if little_endian else 3, extension_at)
    parts = [struct.pack(order + _HEADER, *header)]
    parts += (
        struct.pack(
            order + _ENTRY,
            entry.flags,
            offsets[entry.library],
            offsets[entry.path],
            0,  # the kernel it needs; glibc 2.36 does not ask any more
            _HWCAP_EXTENSION | names.index(entry.hwcaps) if entry.hwcaps else 0,
        )
        for entry in ordered
    )
    parts += [table, bytes(extension_at - start - len(table))]
    parts.append(_extensions(extension_at, [offsets[name] for name in names], _bytes(generator), order))
    return b"".join(parts)


def _in_order(entries: Iterable[CacheEntry]) -> list[CacheEntry]:
    # The loader searches by bisection in descending order, and takes what comes first of one name: entries of
    # glibc-hwcaps directories come before the plain one.
    ordered = sorted(entries, key=lambda entry: (not entry.hwcaps, entry.hwcaps))
    return sorted(ordered, key=lambda entry: (library_key(entry.library), entry.flags), reverse=True)


def _merged(texts: Iterable[str], start: int) -> tuple[bytes, Mapping[str, int]]:
    """Return the table of strings, and where in the file each one starts: one may be the tail of another."""
    backwards = sorted(((_bytes(text)[::-1], text) for text in texts), reverse=True)
    offsets: dict[str, int] = {}
    parts: list[bytes] = []
    end = start  # of the last string that was written, with its NUL
    previous = b""
    for reverse, text in backwards:
        if not previous.startswith(reverse) or not parts:
            parts += [reverse[::-1], b"\0"]
            end += len(reverse) + 1
            previous = reverse
        offsets[text] = end - len(reverse) - 1
    return b"".join(parts), offsets


def _extensions(at: int, names: Sequence[int], generator: bytes, order: str) -> bytes:
    """Return the extension directory with its sections: who made the file, and the names of hwcaps directories."""
    count = 2 if names else 1
    data_at = at + struct.calcsize(order + _EXTENSION) + count * struct.calcsize(order + _SECTION)
    packed = struct.pack(f"{order}{len(names)}I", *names)
    parts = [
        struct.pack(order + _EXTENSION, _EXTENSION_MAGIC, count),
        struct.pack(order + _SECTION, _TAG_GENERATOR, 0, data_at + len(packed), len(generator)),
    ]
    if names:
        parts.append(struct.pack(order + _SECTION, _TAG_HWCAPS, 0, data_at, len(packed)))
    return b"".join((*parts, packed, generator))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
