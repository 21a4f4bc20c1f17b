"""Tar archives, written: ustar wherever it can say what is meant, a pax header where it cannot.

One function decides about the form of each entry, so that equal entries are equal bytes everywhere. User and group
names stay empty (they are read in the wrong file by whoever unpacks), there are no access times, no sparse files and
no padding to a record size.

Spec: POSIX.1-2017 pax(1) "ustar Interchange Format" and "pax Extended Header"; OCI image-spec v1.1 layer.md.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pkg2image.errors import MalformedPackageError
from pkg2image.rootfs.tree import Content, Entry, Identities, Kind, Tree, parent_of

BLOCK = 512
END = bytes(2 * BLOCK)
"""Two empty records end an archive."""

DIRECTORY_MTIME = 0
"""The time of every directory in every image.

A directory is repeated in each layer that has something below it. If it kept the time that its first owner gave it, an
update of that owner would change all of these layers; and nobody can ask when a directory of an image was changed.
"""

_NAME_SIZE = 100
_PREFIX_SIZE = 155
_OCTAL_7 = 0o7777777
_OCTAL_11 = 0o77777777777
_TYPES = {
    Kind.FILE: b"0",
    Kind.SYMLINK: b"2",
    Kind.CHARACTER: b"3",
    Kind.BLOCK: b"4",
    Kind.DIRECTORY: b"5",
    Kind.FIFO: b"6",
}
_HARD_LINK = b"1"
_PAX_NAME = b"PaxHeaders/entry"

# name mode uid gid size mtime checksum typeflag linkname magic version uname+gname devmajor devminor prefix
_USTAR = struct.Struct("100s8s8s8s12s12s8sc100s6s2s64x8s8s155s12x")
_CHECKSUM_AT = 148


@dataclass(frozen=True, slots=True)
class TarEntry:
    """One member of an archive: an entry of the tree with numbers for owners.

    Args:
        path: Without leading and trailing slash; the root is ``""``.
        kind: What it is.
        mode: Permission bits.
        uid: Owner.
        gid: Group.
        mtime: Seconds since the epoch.
        content: Of files, but not of a hard link.
        target: Of a symlink as written, of a hard link the path of the earlier member.
        hard_link: True for the second and later names of a file.
        device: Major and minor number.
        xattrs: Extended attributes sorted by name.
        comment: A pax comment, which every reader ignores.
    """

    path: str
    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    content: Content | None = None
    target: str = ""
    hard_link: bool = False
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, bytes], ...] = ()
    comment: str = ""

    @property
    def size(self) -> int:
        """Bytes of content that follow the header."""
        return self.content.size if self.content and not self.hard_link else 0


def tar_entries(
    tree: Tree, paths: Iterable[str], *, identities: Identities, epoch: int, links: dict[str, str] | None = None
) -> Iterator[TarEntry]:
    """Yield the members for paths of a tree.

    Every image, whatever its format, holds exactly what this function says: owners by number, no time after the epoch,
    `DIRECTORY_MTIME` for directories, and the first name of a hard-linked file as the file itself.

    Args:
        tree: The root filesystem.
        paths: Paths of the tree in byte order.
        identities: Numbers of users and groups.
        epoch: Seconds; later times are set to it.
        links: Where the first name of each inode is remembered; given by who calls more than once for one archive.

    Raises:
        MalformedPackageError: When a file belongs to nobody the image knows.
    """
    first_names: dict[str, str] = {} if links is None else links
    for path in paths:
        entry = tree[path]
        target, hard_link = entry.target, False
        if entry.inode:
            target = first_names.setdefault(entry.inode, path)
            hard_link = target != path
            target = target if hard_link else ""
        yield TarEntry(
            path=path,
            kind=entry.kind,
            mode=entry.mode,
            uid=identities.uid(entry.user),
            gid=identities.gid(entry.group),
            mtime=_time(entry, epoch),
            content=None if hard_link else entry.content,
            target=target,
            hard_link=hard_link,
            device=entry.device,
            xattrs=entry.xattrs,
        )


def _time(entry: Entry, epoch: int) -> int:
    return DIRECTORY_MTIME if entry.kind is Kind.DIRECTORY else max(0, min(entry.mtime, epoch))


def with_parents(paths: Iterable[str]) -> set[str]:
    """Return paths together with all directories above them and the root."""
    complete = {""}
    for path in paths:
        here = path
        while here not in complete:
            complete.add(here)
            here = parent_of(here)
    return complete


def tar_stream(
    entries: Iterable[TarEntry], read: Callable[[Content], Iterable[bytes]], *, prefix: str = ""
) -> Iterator[bytes]:
    """Yield the bytes of an archive without its end.

    Args:
        entries: Members in order.
        read: Yields the verified content of a file in pieces.
        prefix: Put before every path and before the target of hard links, for example ``rootfs/``.
    """
    for entry in entries:
        yield header(entry, prefix=prefix)
        if entry.content is not None and entry.size:
            yield from read(entry.content)
            yield padding(entry.size)


def padding(size: int) -> bytes:
    """Return the zeros that fill the last record of a content of this size."""
    return bytes(-size % BLOCK)


def header(entry: TarEntry, *, prefix: str = "") -> bytes:
    """Return the header of a member, with a pax header before it where ustar has no room.

    Args:
        entry: The member.
        prefix: Put before its path and the target of a hard link.

    Raises:
        MalformedPackageError: When the name of an extended attribute cannot be written.
    """
    name = _bytes(prefix + entry.path if prefix or entry.path else ".")
    if entry.kind is Kind.DIRECTORY and not name.endswith(b"/"):
        name += b"/"
    link = _bytes(prefix + entry.target if entry.hard_link else entry.target)
    records: dict[bytes, bytes] = {}
    split = _split(name)
    if split is None or not name.isascii():
        records[b"path"] = name
        split = split or (b"", name[:_NAME_SIZE])
    if len(link) > _NAME_SIZE or not link.isascii():
        records[b"linkpath"] = link
    for key, number, most in (
        (b"uid", entry.uid, _OCTAL_7),
        (b"gid", entry.gid, _OCTAL_7),
        (b"size", entry.size, _OCTAL_11),
        (b"mtime", entry.mtime, _OCTAL_11),
    ):
        if number > most:
            records[key] = b"%d" % number
    for attribute, value in entry.xattrs:
        records[b"SCHILY.xattr." + _attribute_name(attribute, entry.path)] = value
    if entry.comment:
        records[b"comment"] = _bytes(entry.comment)
    ustar = _ustar(entry, split, link[:_NAME_SIZE])
    return _pax(records) + ustar if records else ustar


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _attribute_name(name: str, path: str) -> bytes:
    if not name or "=" in name or "\0" in name:
        raise MalformedPackageError(f"cannot write /{path}: its extended attribute {name[:80]!r} has no legal name")
    return _bytes(name)


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """Return a path as the prefix and name fields of ustar, or None when they have no room for it."""
    if len(name) <= _NAME_SIZE:
        return b"", name
    # the name field must not become empty: the slash at the end of a directory is no place to cut
    slash = name.rfind(b"/", 0, min(_PREFIX_SIZE + 1, len(name) - 1))
    if slash <= 0 or len(name) - slash - 1 > _NAME_SIZE:
        return None
    return name[:slash], name[slash + 1 :]


def _ustar(entry: TarEntry, split: tuple[bytes, bytes], link: bytes) -> bytes:
    return _sealed(
        prefix=split[0],
        name=split[1],
        mode=entry.mode,
        owner=(entry.uid, entry.gid),
        size=entry.size,
        mtime=entry.mtime,
        typeflag=_HARD_LINK if entry.hard_link else _TYPES[entry.kind],
        link=link,
        device=entry.device,
    )


def _pax(records: dict[bytes, bytes]) -> bytes:
    """Return a pax header that holds records; its own name is never used by anybody."""
    body = b"".join(_record(key, records[key]) for key in sorted(records))
    head = _sealed(name=_PAX_NAME, mode=0o644, size=len(body), typeflag=b"x")
    return head + body + padding(len(body))


def _record(key: bytes, value: bytes) -> bytes:
    """Return ``length key=value newline``, where the length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def _sealed(
    *,
    name: bytes,
    mode: int,
    typeflag: bytes,
    size: int = 0,
    owner: tuple[int, int] = (0, 0),
    mtime: int = 0,
    link: bytes = b"",
    device: tuple[int, int] = (0, 0),
    prefix: bytes = b"",
) -> bytes:
    """Return a ustar record with its checksum. A number without room is 0: the pax header before it says more."""
    record = _USTAR.pack(
        name,
        b"%07o" % mode,
        *(b"%07o" % (number if number <= _OCTAL_7 else 0) for number in owner),
        *(b"%011o" % (number if number <= _OCTAL_11 else 0) for number in (size, mtime)),
        b" " * 8,
        typeflag,
        link,
        b"ustar",
        b"00",
        *(b"%07o" % (number if number <= _OCTAL_7 else 0) for number in device),
        prefix,
    )
    return b"%b%06o\0 %b" % (record[:_CHECKSUM_AT], sum(record), record[_CHECKSUM_AT + 8 :])
