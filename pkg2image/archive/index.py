"""A Packages index as a small database: which block of stanzas knows a name, and the blocks themselves, compressed.

A resolution looks at a few hundred of the seventy thousand packages of a suite. So the index is read once, cut into
blocks (`pkg2image.archive.stanzas`), and kept in the store under the hash of the index that it was made of: no
question of staleness ever arises. The database is a blob like any other, hashed again before it is used, and SQLite
works on exactly the bytes that were hashed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import zstandard

from pkg2image.archive.stanzas import read_blocks
from pkg2image.deb.control import parse_stanzas

INDEX_RECORD = "index-2"
"""What databases are kept as: another one when what is in one changes."""

_MAX_BLOCK = 1 << 24
_ENOUGH_NAMES = 60
_PACKAGE = re.compile(r"\nPackage:[ \t]*(\S+)")
_BUILT_FROM = re.compile(r"\n(?:Source|Package):[ \t]*([^\s(]+)")
_SCHEMA = """
    CREATE TABLE block (id INTEGER PRIMARY KEY, stanzas BLOB NOT NULL);
    CREATE TABLE package (name TEXT NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (name, block)) WITHOUT ROWID;
    CREATE TABLE provided (name TEXT NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (name, block)) WITHOUT ROWID;
    CREATE TABLE source (name TEXT NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (name, block)) WITHOUT ROWID;
"""


class PackageIndex:
    """The stanzas of one Packages index, by name. Look-ups read the database, nothing is kept in memory but that.

    Args:
        read: Returns what `build_index` made; called when the first question is asked, and raises what it likes.
        origin: Address of the index, for errors.
    """

    def __init__(self, read: Callable[[], bytes], *, origin: str) -> None:
        self.origin = origin
        self._read = read
        self._opened: sqlite3.Connection | None = None
        self._decompressor = zstandard.ZstdDecompressor()

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            database = self._read()
            self._opened = sqlite3.connect(":memory:", isolation_level=None)
            self._opened.deserialize(database)
        return self._opened

    def stanzas(self, name: str) -> tuple[dict[str, str], ...]:
        """Return all stanzas of a package, in the order of the index.

        Raises:
            MalformedPackageError: When one of them is not a stanza; names the package and the index.
        """
        origin = f"the stanza of {name} in {self.origin}"
        return tuple(
            fields
            for text in self._texts("package", name)
            if name in text and name in _PACKAGE.findall("\n" + text)
            for fields in parse_stanzas(text, origin=origin)
            if fields.get("Package") == name
        )

    def providing(self, virtual: str) -> frozenset[str]:
        """Return the names of packages that may provide a virtual package: some version mentions it."""
        return frozenset(
            name
            for text in self._texts("provided", virtual)
            if virtual in text and "\nProvides:" in "\n" + text
            for name in _PACKAGE.findall("\n" + text)
        )

    def built_from(self, source: str) -> tuple[dict[str, str], ...]:
        """Return the stanzas of all packages that are built from a source package.

        Raises:
            MalformedPackageError: When one of them is not a stanza; names the source package and the index.
        """
        origin = f"a stanza of the source package {source} in {self.origin}"
        texts = dict.fromkeys((*self._texts("package", source), *self._texts("source", source)))
        likely = (text for text in texts if source in text and source in _BUILT_FROM.findall("\n" + text))
        found = (fields for text in likely for fields in parse_stanzas(text, origin=origin))
        return tuple(
            fields
            for fields in found
            if (fields.get("Source", "").partition(" ")[0] or fields.get("Package")) == source
        )

    def names(self) -> Iterator[str]:
        """Yield the names of all packages in order."""
        for (name,) in self._connection.execute("SELECT DISTINCT name FROM package ORDER BY name"):
            yield name

    def near(self, name: str) -> frozenset[str]:
        """Return names that begin like a name or hold a part of it: candidates for a spelling correction."""
        found: set[str] = set()
        for length in range(len(name), 1, -1):
            prefix = name[:length]
            query = "SELECT name FROM package WHERE name >= ? AND name < ? AND length(name) BETWEEN ? AND ?"
            limits = (prefix, prefix + "\U0010ffff", len(name) - 3, len(name) + 3)
            found.update(row[0] for row in self._connection.execute(query, limits))
            if len(found) >= _ENOUGH_NAMES:
                break
        for part in {name, name[1:], name[2:]}:
            if len(part) > 2:
                query = "SELECT DISTINCT name FROM package WHERE instr(name, ?) LIMIT ?"
                found.update(row[0] for row in self._connection.execute(query, (part, _ENOUGH_NAMES)))
        return frozenset(found)

    def _texts(self, table: str, name: str) -> Iterator[str]:
        """Yield the stanzas of all blocks that a table has for a name."""
        query = f"SELECT stanzas FROM block WHERE id IN (SELECT block FROM {table} WHERE name = ?) ORDER BY id"  # noqa: S608
        for (block,) in self._connection.execute(query, (name,)):
            text = self._decompressor.decompress(block, max_output_size=_MAX_BLOCK).decode("utf-8", "replace")
            yield from text.split("\n\n")


def build_index(chunks: Iterable[bytes], *, origin: str) -> bytes:
    """Make the database of an index.

    Args:
        chunks: The uncompressed Packages file, in pieces of any size.
        origin: What is read, for errors.

    Returns:
        The database file.

    Raises:
        MalformedPackageError: When it cannot be cut into stanzas that each name a package.
    """
    compressor = zstandard.ZstdCompressor(level=1)
    packages: list[tuple[str, int]] = []
    provided: list[tuple[str, int]] = []
    sources: list[tuple[str, int]] = []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        for number, block in enumerate(read_blocks(chunks, origin=origin)):
            connection.execute("INSERT INTO block VALUES (?, ?)", (number, compressor.compress(block.text)))
            packages.extend((name, number) for name in block.names)
            provided.extend((name, number) for name in block.provides)
            sources.extend((name, number) for name in block.sources)
        # Rows in the order of their key append to the tree instead of being sought a place one by one.
        connection.executemany("INSERT INTO package VALUES (?, ?)", sorted(packages))
        connection.executemany("INSERT INTO provided VALUES (?, ?)", sorted(provided))
        connection.executemany("INSERT INTO source VALUES (?, ?)", sorted(sources))
        connection.execute("COMMIT")
        return connection.serialize()
