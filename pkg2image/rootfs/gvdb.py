"""GVDB, GLib's file of nested hash tables that programs map into memory.

Entries are in the order of their names within a bucket, so that one content always gives the same bytes.

Spec: ``gvdb-format.h`` of GLib; little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from pkg2image.rootfs.gvariant import Value, variant

_SIGNATURE = b"GVariant"
_BLOOM_SHIFT = 5 << 27
_NOBODY = 0xFFFFFFFF

Table = Mapping[str, "Value | Table | Children"]
"""Name -> a value, a table, or the list of the entries that lie in it."""


@dataclass(frozen=True, slots=True)
class Children:
    """An entry that has others of its table as children.

    Args:
        names: Their names; they begin with the name of this entry.
    """

    names: frozenset[str]


def render_gvdb(table: Table) -> bytes:
    """Return the file of a table."""
    file = _File()
    start, end = file.add_table(table)
    return b"".join((struct.pack("<8sIIII", _SIGNATURE, 0, 0, start, end), bytes(file.data[24:])))


class _File:
    """Collects chunks, each at its place."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data = bytearray(24)

    def _reserve(self, size: int, align: int) -> int:
        self.data += bytes(-len(self.data) % align)
        start = len(self.data)
        self.data += bytes(size)
        return start

    def _add(self, data: bytes, align: int) -> tuple[int, int]:
        start = self._reserve(len(data), align)
        self.data[start:] = data
        return start, len(self.data)

    def add_table(self, table: Table) -> tuple[int, int]:
        """Add a table and everything in it; return where it is."""
        count = len(table)
        buckets: list[list[str]] = [[] for _ in range(count)]
        for name in sorted(table):
            buckets[_hash(name) % count].append(name)
        order = [name for bucket in buckets for name in bucket]
        index = {name: number for number, name in enumerate(order)}
        parents = {child: name for name, value in table.items() if isinstance(value, Children) for child in value.names}
        size = 8 + 4 * count + 24 * count
        start = self._reserve(size, 4)
        firsts = [sum(map(len, buckets[:number])) for number in range(count)]
        struct.pack_into(f"<II{count}I", self.data, start, _BLOOM_SHIFT, count, *firsts)
        for number, name in enumerate(order):
            parent = parents.get(name)
            base = name[len(parent) :] if parent is not None else name
            key_start, key_end = self._add(base.encode(), 1)
            letter, place = self._add_value(table[name], index)
            header = (_hash(name), index[parent] if parent is not None else _NOBODY, key_start, key_end - key_start)
            struct.pack_into("<IIIHcxII", self.data, start + 8 + 4 * count + 24 * number, *header, letter, *place)
        return start, start + size

    def _add_value(self, value: Value | Table | Children, index: Mapping[str, int]) -> tuple[bytes, tuple[int, int]]:
        if isinstance(value, Value):
            return b"v", self._add(variant(value).data, 8)
        if isinstance(value, Children):
            if not value.names:
                return b"\0", (0, 0)
            numbers = [index[name] for name in sorted(value.names)]
            return b"L", self._add(struct.pack(f"<{len(numbers)}I", *numbers), 4)
        return b"H", self.add_table(value)


def _hash(name: str) -> int:
    value = 5381
    for byte in name.encode():
        # Characters are signed there.
        value = (value * 33 + (byte - 256 if byte > 127 else byte)) & 0xFFFFFFFF
    return value
