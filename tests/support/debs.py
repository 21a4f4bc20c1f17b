"""Builds .debs byte by byte: good ones in one line, hostile ones by saying which byte is wrong.

Entries are values (`reg`, `directory`, `symlink`, ...), rendered exactly and without a clock::

    build_deb(CONTROL | {"Package": "hello"}, [reg("usr/bin/hello", mode=0o755), symlink("bin", "usr/bin")])

A hostile entry sets what `FileSpec` calls raw; a hostile archive is put together of `tar`, `compressed` and `ar`.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, BinaryIO

import zstandard

from pkg2image.deb.facts import DebFacts
from pkg2image.deb.reader import read_deb

MTIME = 1_600_000_000
_BLOCK = 512
_TYPES = {
    "file": b"0",
    "hardlink": b"1",
    "symlink": b"2",
    "character": b"3",
    "block": b"4",
    "directory": b"5",
    "fifo": b"6",
}
_MAGIC = {"gnu": b"ustar  \0", "ustar": b"ustar\00000", "v7": b"\0" * 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """One member of a tar.

    Args:
        path: Relative path; written as ``./path``, directories with a slash at the end.
        kind: As `pkg2image.deb.facts.DebEntry.kind`.
        content: Of files.
        mode: Permission bits.
        uid: Numeric owner.
        gid: Numeric group.
        user: Owner by name.
        group: Group by name.
        mtime: Seconds since the epoch.
        target: Of symlinks as is; of hard links a path, written as ``./path``.
        device: Major and minor number.
        xattrs: Extended attributes, written as pax records ``SCHILY.xattr.<name>``.
        pax: More pax records.
        form: ``gnu``, ``ustar`` or ``v7``.
        raw_name: Exactly these bytes as the name, without ``./``.
        raw_target: Exactly these bytes as the link name.
        raw_type: This type flag instead of the kind's.
        raw_size: This size field (12 bytes at most) whatever the content is.
        patches: Offset -> bytes written into the header before its checksum is made.
        checksum: This checksum field instead of the right one.
        padded: Whether the content is filled up to whole blocks.
        blocks: Nothing but these bytes, for what no other field can say.
    """

    path: str = ""
    kind: str = "file"
    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    user: str = "root"
    group: str = "root"
    mtime: int = MTIME
    target: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)
    pax: Mapping[str, bytes] = field(default_factory=dict)
    form: str = "gnu"
    raw_name: bytes | None = None
    raw_target: bytes | None = None
    raw_type: bytes | None = None
    raw_size: bytes | None = None
    patches: Mapping[int, bytes] = field(default_factory=dict)
    checksum: bytes | None = None
    padded: bool = True
    blocks: bytes | None = None


def reg(path: str, content: bytes = b"", *, mode: int = 0o644, **more: object) -> FileSpec:
    """Return a regular file."""
    return _spec(path, "file", mode, content=content, **more)


def directory(path: str, *, mode: int = 0o755, **more: object) -> FileSpec:
    """Return a directory."""
    return _spec(path, "directory", mode, **more)


def symlink(path: str, target: str, *, mode: int = 0o777, **more: object) -> FileSpec:
    """Return a symbolic link."""
    return _spec(path, "symlink", mode, target=target, **more)


def hardlink(path: str, target: str, *, mode: int = 0o644, **more: object) -> FileSpec:
    """Return a hard link to another path of the package."""
    return _spec(path, "hardlink", mode, target=target, **more)


def device(path: str, kind: str, major: int, minor: int, *, mode: int = 0o600, **more: object) -> FileSpec:
    """Return a device node of the kind ``character`` or ``block``."""
    return _spec(path, kind, mode, device=(major, minor), **more)


def fifo(path: str, *, mode: int = 0o644, **more: object) -> FileSpec:
    """Return a named pipe."""
    return _spec(path, "fifo", mode, **more)


def raw(blocks: bytes) -> FileSpec:
    """Return an entry that is nothing but these bytes."""
    return FileSpec(blocks=blocks)


def _spec(path: str, kind: str, mode: int, **more: object) -> FileSpec:
    return replace(FileSpec(path=path, kind=kind, mode=mode), **more)  # type: ignore[arg-type]


def with_parents(entries: Iterable[FileSpec]) -> Iterator[FileSpec]:
    """Yield the entries, each after those of its parent directories (with the root) that were not there yet."""
    known: set[str] = set()
    for entry in entries:
        if entry.blocks is None and entry.raw_name is None:
            parts = entry.path.split("/")
            parents = ["/".join(parts[:depth]) for depth in range(len(parts))] if entry.path else []
            for parent in parents:
                if parent not in known:
                    known.add(parent)
                    yield directory(parent)
            known.add(entry.path)
        yield entry


def tar(entries: Iterable[FileSpec], *, end: bytes = b"\0" * 1024) -> bytes:
    """Render entries as a tar.

    Args:
        entries: In archive order; nothing is added.
        end: What follows the last entry.
    """
    return b"".join(map(member, entries)) + end


def member(entry: FileSpec) -> bytes:
    """Render one tar member: the headers it needs for long names and attributes, its own header, its content."""
    if entry.blocks is not None:
        return entry.blocks
    name = entry.raw_name if entry.raw_name is not None else _name(entry)
    target = entry.raw_target if entry.raw_target is not None else _target(entry)
    records = {**entry.pax, **{f"SCHILY.xattr.{key}": value for key, value in entry.xattrs.items()}}
    parts = [_extended(b"x", b"PaxHeader", b"".join(pax_record(*item) for item in sorted(records.items())))]
    prefix = b""
    if len(name) > 100 and entry.form == "ustar":
        prefix, _, name = name.rpartition(b"/")
    elif len(name) > 100:
        parts.append(_extended(b"L", b"././@LongLink", name + b"\0"))
    if len(target) > 100:
        parts.append(_extended(b"K", b"././@LongLink", target + b"\0"))
    header = _header(entry, name[:100], target[:100], prefix)
    padding = b"\0" * (-len(entry.content) % _BLOCK) if entry.padded else b""
    return b"".join((*parts, header, entry.content, padding))


def pax_record(key: str, value: bytes) -> bytes:
    """Render ``<length> <key>=<value>\\n``."""
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body)
    while length != len(body) + len(str(length)):
        length = len(body) + len(str(length))
    return str(length).encode() + body


def _extended(kind: bytes, name: bytes, body: bytes) -> bytes:
    if not body:
        return b""
    return member(FileSpec(raw_name=name, raw_type=kind, content=body))


def _name(entry: FileSpec) -> bytes:
    slash = "/" if entry.kind == "directory" and entry.path else ""
    return f"./{entry.path}{slash}".encode("utf-8", "surrogateescape")


def _target(entry: FileSpec) -> bytes:
    prefix = "./" if entry.kind == "hardlink" else ""
    return f"{prefix}{entry.target}".encode("utf-8", "surrogateescape") if entry.target else b""


def number(value: int, width: int) -> bytes:
    """Render a number as octal digits, or in base 256 when they do not suffice."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return bytes([0xFF if value < 0 else 0x80]) + value.to_bytes(width - 1, "big", signed=value < 0)


def _header(entry: FileSpec, name: bytes, target: bytes, prefix: bytes) -> bytes:
    size = entry.raw_size if entry.raw_size is not None else number(len(entry.content), 12)
    fields = {
        0: name,
        100: number(entry.mode, 8),
        108: number(entry.uid, 8),
        116: number(entry.gid, 8),
        124: size,
        136: number(entry.mtime, 12),
        156: entry.raw_type if entry.raw_type is not None else _TYPES[entry.kind],
        157: target,
        257: _MAGIC[entry.form],
    }
    if entry.form != "v7":
        fields |= {265: entry.user.encode(), 297: entry.group.encode(), 345: prefix}
        if entry.kind in {"character", "block"}:
            fields |= {329: number(entry.device[0], 8), 337: number(entry.device[1], 8)}
    header = bytearray(_BLOCK)
    for offset, value in (*fields.items(), *entry.patches.items()):
        header[offset : offset + len(value)] = value
    header[148:156] = b" " * 8
    header[148:156] = entry.checksum if entry.checksum is not None else b"%06o\0 " % sum(header)
    return bytes(header)


def compressed(data: bytes, compression: str) -> bytes:
    """Compress with ``none``, ``gz``, ``xz``, ``bz2``, ``lzma`` or ``zst``."""
    match compression:
        case "none":
            return data
        case "gz":
            return gzip.compress(data, mtime=0)
        case "xz":
            return lzma.compress(data, preset=1)
        case "bz2":
            return bz2.compress(data)
        case "lzma":
            return lzma.compress(data, format=lzma.FORMAT_ALONE, preset=1)
        case "zst":
            return zstandard.ZstdCompressor().compress(data)
    raise ValueError(compression)


def ar(members: Iterable[tuple[bytes, bytes]], *, magic: bytes = b"!<arch>\n", tail: bytes = b"") -> bytes:
    """Render an ar archive of ``(name, data)`` members and something after the last one."""
    return magic + b"".join(ar_member(name, data) for name, data in members) + tail


def ar_member(name: bytes, data: bytes, *, size: bytes | None = None, end: bytes = b"`\n") -> bytes:
    """Render one ar member, with a wrong size field or header end when asked for."""
    digits = size if size is not None else str(len(data)).encode()
    header = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"100644".ljust(8) + digits.ljust(10) + end
    return header + data + b"\n" * (len(data) % 2)


def suffix(compression: str) -> str:
    """Return the end of a member name, for example ``.xz``."""
    return "" if compression == "none" else f".{compression}"


def control_text(control: Mapping[str, str]) -> bytes:
    """Render the ``control`` file."""
    return "".join(f"{name}: {value}\n" for name, value in control.items()).encode("utf-8", "surrogateescape")


def control_tar(control: Mapping[str, str], control_files: Mapping[str, bytes] | None = None) -> bytes:
    """Render the tar with the ``control`` file and the other control files; scripts are executable."""
    files = {"control": control_text(control), **(control_files or {})}
    scripts = {"preinst", "postinst", "prerm", "postrm", "config"}
    entries = [reg(name, data, mode=0o755 if name in scripts else 0o644) for name, data in sorted(files.items())]
    return tar([directory(""), *entries])


CONTROL: dict[str, str] = {
    "Package": "sample",
    "Version": "1.0-1",
    "Architecture": "amd64",
    "Maintainer": "Nobody <nobody@example.org>",
    "Installed-Size": "1",
    "Description": "made by a test",
}
"""A complete control file, to be used as it is or changed with ``CONTROL | {...}``."""


def build_deb(
    control: Mapping[str, str],
    entries: Sequence[FileSpec],
    *,
    control_files: Mapping[str, bytes] | None = None,
    compression: str = "xz",
    parents: bool = True,
) -> bytes:
    """Render a .deb as dpkg-deb would lay it out.

    Args:
        control: Fields of the ``control`` file in order; Package, Version and Architecture should be there.
        entries: Members of the data tar in order.
        control_files: More control files: ``md5sums``, ``conffiles``, ``postinst``, ...
        compression: Of both tars, see `compressed`.
        parents: Add missing parent directories, with the root first.
    """
    data = tar(with_parents(entries) if parents else entries)
    return pack(control_tar(control, control_files), data, compression=compression)


def pack(control: bytes, data: bytes, *, compression: str = "xz", more: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Put a control tar, a data tar and further ar members together."""
    end = suffix(compression).encode()
    # dpkg knows no control.tar.bz2 and no control.tar.lzma.
    control_compression = compression if compression in {"none", "gz", "xz", "zst"} else "gz"
    return ar(
        [
            (b"debian-binary", b"2.0\n"),
            (b"control.tar" + suffix(control_compression).encode(), compressed(control, control_compression)),
            (b"data.tar" + end, compressed(data, compression)),
            *more,
        ]
    )


class Sink:
    """A sink of `pkg2image.deb.reader.read_deb`.

    Args:
        file: A real file that keeps what is written; without one it is forgotten, and no ELF file can be read.
    """

    def __init__(self, file: BinaryIO | None = None) -> None:
        self._hash = hashlib.sha256()
        self._keep = file is not None
        self.file: BinaryIO = file if file is not None else BytesIO()

    def write(self, data: bytes, /) -> None:
        """Hash, and keep if asked to."""
        self._hash.update(data)
        if self._keep:
            self.file.write(data)

    def hexdigest(self) -> str:
        """Return the SHA-256 of what was written."""
        return self._hash.hexdigest()


def read(deb: bytes, **more: Any) -> DebFacts:
    """Read a package; the arguments are those of `pkg2image.deb.reader.read_deb`."""
    with tempfile.TemporaryFile() as file:
        return read_deb(BytesIO(deb), Sink(file), **{"name": "test.deb", **more})
