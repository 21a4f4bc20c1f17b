"""Reads a .deb once, from its first byte to its last, and keeps what every later stage needs to know.

The uncompressed data tar goes to a sink (the store) while it is read; nothing is ever extracted to the host. Control
file first: it says how large the rest may be.

Spec: deb(5); deb-control(5); Debian Policy chapter 3 to 7 about what the fields mean.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol

from pkg2image.deb.ar import ArMember, read_layout, read_member
from pkg2image.deb.compression import decompress
from pkg2image.deb.control import parse_stanzas
from pkg2image.deb.elf import read_elf
from pkg2image.deb.facts import DebEntry, DebFacts, ElfFacts
from pkg2image.deb.limits import DEFAULT_LIMITS, MEBIBYTE, Limits
from pkg2image.deb.package import package_from_stanza
from pkg2image.deb.payload import read_payload
from pkg2image.deb.place import Place
from pkg2image.deb.tar import TarReader
from pkg2image.digest import Digest
from pkg2image.errors import MalformedPackageError, OutputError

__all__ = ["DEFAULT_LIMITS", "READER_VERSION", "DataSink", "Limits", "read_control", "read_deb"]

READER_VERSION = 2
"""Part of the key of stored facts: raised whenever the same .deb would give other facts."""

_IDENTITY = ("Package", "Version", "Architecture")
_IGNORED = "list"  # dpkg makes this file itself, and ignores one that a package brings


class DataSink(Protocol):
    """What receives the uncompressed data tar; `pkg2image.store.BlobWriter` is one."""

    @property
    def file(self) -> BinaryIO:
        """The file that has what was written, and nothing else."""
        ...

    def write(self, data: bytes, /) -> object:
        """Append bytes."""
        ...

    def hexdigest(self) -> str:
        """Return the SHA-256 of what was written in hex."""
        ...


def read_deb(
    deb: BinaryIO,
    sink: DataSink,
    *,
    name: str,
    limits: Limits = DEFAULT_LIMITS,
    expect: tuple[str, str, str] | None = None,
) -> DebFacts:
    """Read a .deb.

    Args:
        deb: The package file, seekable.
        sink: Receives the uncompressed data tar. After an error it holds something useless.
        name: What errors call the package.
        limits: Bounds on everything.
        expect: Name, version and architecture that the control file must have.

    Returns:
        The facts. MD5 sums are there for conffiles, and for all files when the package has no ``md5sums``.

    Raises:
        MalformedPackageError: When the package is malformed, unsafe, or another one than expected.
        OutputError: When the package file cannot be read or the sink cannot be written.
    """
    package = Place(name)
    layout = read_layout(deb, package, limits)
    control, control_files = _read_control(deb, layout.control, package, limits)
    if expect is not None:
        _check_identity(control, expect, package)
    files = dict(control_files)
    place = package.inside(layout.data.name)
    bound = _data_limit(control, layout.data, limits)
    pieces = decompress(read_member(deb, layout.data, place), layout.data.compression, place, limits)
    counter = _Counter()
    tar = TarReader(_written(_bounded(pieces, bound, place, counter), sink), place, limits)
    md5_of = _conffiles(files.get("conffiles", b"")) if "md5sums" in files else None
    payload = read_payload(tar, place, md5_of=md5_of, limits=limits)
    return DebFacts(
        tuple(control.items()),
        control_files,
        Digest("sha256", sink.hexdigest()),
        counter.size,
        payload.entries,
        _read_elves(sink.file, payload.elves, name),
    )


def read_control(deb: BinaryIO, *, name: str, limits: Limits = DEFAULT_LIMITS) -> dict[str, str]:
    """Read only the control file of a .deb.

    Args:
        deb: The package file, seekable.
        name: What errors call the package.
        limits: Bounds on everything.

    Returns:
        The fields, spelling and order kept.

    Raises:
        MalformedPackageError: When the package is malformed as far as it was read.
        OutputError: When the file cannot be read.
    """
    package = Place(name)
    return _read_control(deb, read_layout(deb, package, limits).control, package, limits)[0]


def _read_control(
    deb: BinaryIO, member: ArMember, package: Place, limits: Limits
) -> tuple[dict[str, str], tuple[tuple[str, bytes], ...]]:
    """Return the fields of the control file, and the other files of the control tar sorted by name."""
    place = package.inside(member.name)
    pieces = decompress(read_member(deb, member, place), member.compression, place, limits)
    tar = TarReader(_bounded(pieces, limits.control, place, _Counter()), place, limits)
    files: dict[str, bytes] = {}
    for entry in tar:
        if entry.path in files:
            raise place.error("it comes twice", path=entry.path)
        if entry.kind == "file" and "/" not in entry.path:
            files[entry.path] = b"".join(tar.content())
        elif entry.kind == "hardlink" and entry.target in files and "/" not in entry.path:
            files[entry.path] = files[entry.target]
        elif entry.path or entry.kind != "directory":
            raise place.error(f"a control file may not be a {entry.kind} or lie in a directory", path=entry.path)
    if "control" not in files:
        raise place.error("it has no file 'control'")
    fields = _parse_control(files.pop("control"), place)
    files.pop(_IGNORED, None)
    return fields, tuple(sorted(files.items()))


def _parse_control(data: bytes, place: Place) -> dict[str, str]:
    if not data.endswith(b"\n") or b"\0" in data or b"\n#" in b"\n" + data:
        raise place.error("it does not end in a newline, or has NULs or comments", path="control")
    try:
        stanzas = list(parse_stanzas(data.decode("utf-8", "surrogateescape"), origin="control"))
        if len(stanzas) != 1:
            raise place.error(f"it has {len(stanzas)} paragraphs instead of one", path="control")
        package_from_stanza(stanzas[0], origin="control")
    except MalformedPackageError as error:
        if error.message.startswith(f"cannot read {place.package}"):
            raise
        raise place.error(error.message) from error
    return stanzas[0]


def _check_identity(control: dict[str, str], expect: tuple[str, str, str], package: Place) -> None:
    for field, wanted in zip(_IDENTITY, expect, strict=True):
        if control[field] != wanted:
            raise package.error(f"the field {field} is {control[field]!r} where {wanted!r} was expected")


def _data_limit(control: dict[str, str], member: ArMember, limits: Limits) -> int:
    """Return how many bytes the data tar may have: a floor, then multiples of what was announced and sent."""
    bound = limits.ratio * member.size
    installed = control.get("Installed-Size", "")
    if installed.isascii() and installed.isdigit() and len(installed) < 16:
        bound = min(bound, limits.installed_factor * int(installed) * 1024)
    return min(max(limits.data_floor, bound), limits.data)


class _Counter:
    """How many bytes went by."""

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 0


def _bounded(pieces: Iterator[bytes], bound: int, place: Place, counter: _Counter) -> Iterator[bytes]:
    for piece in pieces:
        counter.size += len(piece)
        if counter.size > bound:
            raise place.error(f"it has more than {bound // MEBIBYTE} MiB when uncompressed, which is out of proportion")
        yield piece


def _written(pieces: Iterator[bytes], sink: DataSink) -> Iterator[bytes]:
    for piece in pieces:
        sink.write(piece)
        yield piece


def _conffiles(data: bytes) -> frozenset[str]:
    """Return the paths that the control file ``conffiles`` lists.

    Spec: deb-conffiles(5).
    """
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return frozenset(line.removeprefix("remove-on-upgrade ").strip().lstrip("/") for line in lines)


def _read_elves(file: BinaryIO, entries: Sequence[DebEntry], name: str) -> tuple[tuple[str, ElfFacts], ...]:
    """Read the ELF files among the entries where they lie in the written data tar."""
    if not entries:
        return ()
    try:
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping, memoryview(mapping) as view:
            found = [(entry.path, _read_one_elf(view, entry)) for entry in entries]
    except OSError as error:
        raise OutputError(f"cannot map the data of {name}: {error.strerror}") from error
    return tuple((path, facts) for path, facts in found if facts is not None)


def _read_one_elf(view: memoryview, entry: DebEntry) -> ElfFacts | None:
    with view[entry.offset : entry.offset + entry.size] as part:
        return read_elf(part)
