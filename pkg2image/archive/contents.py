"""Which packages have a file: the Contents indexes of suites, cut down to what programs ask for.

A Contents index names every file of every package, half a gigabyte of documentation and icons for the most part. Kept
of it are programs, shared libraries and modules of Python, Perl and Ruby; as a small database in the store, under the
hash of the index that it was made of. It is verified like an index of packages: hashed before it is decompressed.

Paths are those of a merged /usr, whatever the packages call them: ``bin/sh`` is ``usr/bin/sh``.

Spec: Debian repository format, "Contents indices".
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.databases import Databases, IndexFile, forms_of
from pkg2image.archive.documents import BelievedRelease
from pkg2image.errors import MalformedPackageError, NetworkError, Pkg2ImageError, TrustError
from pkg2image.plan import ReadFile
from pkg2image.progress import Reporter, Silence
from pkg2image.store import Store

# What databases are kept as: another one when what is in one changes.
_RECORD = "contents-1"
_BLOCK = 1 << 20
_LONGEST_LINE = 1 << 20  # bytes; a path with all packages that have it
_SCHEMA = "CREATE TABLE file (path TEXT PRIMARY KEY, packages TEXT NOT NULL) WITHOUT ROWID"

_KEPT = (
    rb"(?:usr/)?s?bin/[^/\s]+|usr/games/[^/\s]+"
    rb"|(?:usr/)?lib(?:32|64|x32)?/(?:[^/\s]+-linux-[^/\s]+/)?[^/\s]+\.so(?:\.[^/\s]+)?"
    rb"|usr/lib/python3/dist-packages/[^/\s]+(?:\.py|\.so|/__init__\.py)"
    rb"|usr/(?:share|lib/[^/\s]+)/(?:perl|perl5)/[^\s]+\.pm"
    rb"|usr/lib/ruby/vendor_ruby/[^\s]+\.rb"
)
_LINE = re.compile(rb"(" + _KEPT + rb")[ \t]+(\S+)[ \t]*")
# What lines that are kept begin with: of the rest, nine of ten lines, nothing more is looked at.
_BEGINNINGS = (b"bin/", b"sbin/", b"lib", b"usr/bin/", b"usr/sbin/", b"usr/games/", b"usr/lib", b"usr/share/perl")
_UNMERGED = re.compile(r"(?:bin|sbin|lib|lib32|lib64|libx32)/")


class FileIndex:
    """The files of one Contents index.

    Args:
        database: What `build_contents` returned.
    """

    def __init__(self, database: bytes) -> None:
        # Made in the thread that downloads, asked in the one that resolves, never in two at once.
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.deserialize(database)

    def packages(self, path: str) -> tuple[str, ...]:
        """Return the names of the packages that have a file, sorted.

        Args:
            path: Relative to the root, of a merged /usr.
        """
        found = self._connection.execute("SELECT packages FROM file WHERE path = ?", (path,)).fetchone()
        return tuple(found[0].split(" ")) if found else ()


def build_contents(chunks: Iterable[bytes]) -> bytes:
    """Make the database of a Contents index. Lines that are none, such as the heading of old ones, are passed over.

    Args:
        chunks: The uncompressed index, in pieces of any size.

    Returns:
        The database file.
    """
    files: dict[str, set[str]] = {}
    for block in _blocks(chunks):
        likely = (line for line in block.split(b"\n") if line.startswith(_BEGINNINGS))
        for match in filter(None, map(_LINE.fullmatch, likely)):
            path = match[1].decode("utf-8", "replace")
            path = f"usr/{path}" if _UNMERGED.match(path) else path
            # "universe/net/curl" says area and section before the name.
            names = (item.rpartition("/")[2] for item in match[2].decode("utf-8", "replace").split(","))
            files.setdefault(path, set()).update(name for name in names if name)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(_SCHEMA)
        connection.execute("BEGIN")
        rows = ((path, " ".join(sorted(files[path]))) for path in sorted(files) if files[path])
        connection.executemany("INSERT INTO file VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        return connection.serialize()


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines, many at once; of a line that is longer than any honest one the beginning is lost."""
    waiting: list[bytes] = []
    size = 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size < _BLOCK:
            continue
        text = b"".join(waiting)
        end = text.rfind(b"\n") + 1
        yield text[:end]
        waiting = [text[max(end, len(text) - _LONGEST_LINE) :]]
        size = len(waiting[0])
    yield b"".join(waiting)


@dataclass(frozen=True, slots=True)
class SuiteContents:
    """The Contents indexes of one suite for one architecture.

    Args:
        believed: The Release that vouches for them.
        architecture: The Debian architecture.
        store: Keeps what was downloaded, and the databases made of it.
        acquirer: For those that are not there.
        offline: Use only what the store has.
    """

    believed: BelievedRelease
    architecture: str
    store: Store
    acquirer: Acquirer
    offline: bool

    def read(self) -> list[ReadFile]:
        """Return the indexes as files that are read, in whatever form."""
        databases = self._databases()
        return [databases.read_file(forms) for forms in self.chosen()]

    def load(self) -> list[FileIndex]:
        """Return the indexes that the suite has; many suites have none.

        Raises:
            NetworkError: When one cannot be had, or is not in the store and ``offline`` is set.
            TrustError: When one is not what the Release lists.
            MalformedPackageError: When one cannot be decompressed.
        """
        databases = self._databases()
        return [FileIndex(databases.database(forms)) for forms in self.chosen()]

    def chosen(self) -> list[tuple[IndexFile, ...]]:
        """Return the indexes that the Release lists, each in all its forms, best first.

        Debian has one for each component and another for what is the same on all architectures; Ubuntu has a single
        one for all components.
        """
        source, release = self.believed.source, self.believed.release
        found = []
        for component in source.components:
            paths = [f"{component}/Contents-{architecture}" for architecture in (self.architecture, "all")]
            found += [forms for path in paths if (forms := forms_of(release, component, path))]
        if not found and (forms := forms_of(release, "", f"Contents-{self.architecture}")):
            found.append(forms)
        return found

    def missing_bytes(self) -> int:
        """Return how much there is to download, as far as one can tell beforehand."""
        return self._databases().missing_bytes(self.chosen())

    def _databases(self) -> Databases:
        return Databases(self.believed, self.store, self.acquirer, self.offline, _RECORD, _make)


def _make(chunks: Iterable[bytes], origin: str) -> bytes:  # noqa: ARG001 -- every line is right, or passed over
    return build_contents(chunks)


class ArchiveFiles:
    """All files of some suites; nothing is loaded before the first question.

    A suite whose lists cannot be had or believed has no files, which is not the end of anything: only fewer questions
    have an answer.

    Args:
        suites: In the order of the sources.
        reporter: Told when something is loaded.
    """

    __slots__ = ("_indexes", "_reporter", "_suites", "problems", "read")

    def __init__(self, suites: Sequence[SuiteContents], reporter: Reporter | None = None) -> None:
        self._suites = tuple(suites)
        self._reporter = reporter or Silence()
        self._indexes: list[FileIndex] | None = None
        self.problems: dict[str, Pkg2ImageError] = {}
        """Suite -> why it has no files; complete after the first question."""
        self.read: tuple[ReadFile, ...] = ()
        """The indexes that answer questions; complete after the first one."""

    def packages(self, path: str) -> tuple[str, ...]:
        """Return the names of the packages that have a file, sorted.

        Args:
            path: Relative to the root, of a merged /usr.
        """
        if self._indexes is None:
            self._indexes = self._load()
        return tuple(sorted({name for index in self._indexes for name in index.packages(path)}))

    def _load(self) -> list[FileIndex]:
        if self._suites:
            size = sum(suite.missing_bytes() for suite in self._suites)
            self._reporter.step("downloading the lists of files" if size else "reading the lists of files", size)
        found: list[FileIndex] = []
        for suite in self._suites:
            try:
                found += suite.load()
                self.read += tuple(suite.read())
            except (NetworkError, TrustError, MalformedPackageError) as error:
                self.problems[str(suite.believed.source)] = error
        return found
