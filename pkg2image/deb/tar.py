"""A checked reader of tar streams: header syntax, names and numbers. What members mean together is not its business.

Reads v7, ustar and GNU headers, GNU long names, and the pax records that say something about files (names, owners,
times, sizes and extended attributes). Everything that dpkg does not unpack either (sparse files, multiple volumes,
unknown types, ...) is refused, and so are names that are absolute, not normalised, or have control characters.

Spec: POSIX pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"; deb(5) "data member".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pkg2image.deb.bytestream import ByteStream
from pkg2image.deb.limits import DEFAULT_LIMITS, Limits
from pkg2image.deb.place import Place
from pkg2image.errors import MalformedPackageError

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_KINDS = {
    b"\0": "file",
    b"0": "file",
    b"1": "hardlink",
    b"2": "symlink",
    b"3": "character",
    b"4": "block",
    b"5": "directory",
    b"6": "fifo",
}
_EXTENSIONS = {b"L", b"K", b"x"}
_USTAR, _GNU = b"ustar\00000", b"ustar  \0"
_XATTR = "SCHILY.xattr."
# C0, DEL, and C1 as UTF-8: they do harm on terminals and in line-based lists of files.
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]")
_OWNER = re.compile(r"[^\s:/\x00-\x1f\x7f]*")
_RECORD = re.compile(rb"([1-9][0-9]{0,6}) ([^=\x00\n]+)=")
_TIME = re.compile(rb"(-?[0-9]{1,18})(?:\.[0-9]*)?")
_MAX_ID = 2**32 - 2  # 2**32 - 1 means "leave it as it is" to chown(2)


@dataclass(frozen=True, slots=True)
class TarMember:
    """One member of a tar.

    The fields are those of `pkg2image.deb.facts.DebEntry`, but nothing is known about the content, and the target of
    a hard link is normalised but not looked up.
    """

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    mtime: int
    size: int
    target: str
    device: tuple[int, int]
    xattrs: tuple[tuple[str, bytes], ...]
    offset: int


class TarReader:
    """Reads the members of a tar one after the other.

    Iterate over it; `content` gives the bytes of the member that was yielded last.

    Args:
        chunks: The uncompressed tar.
        place: The tar, for errors.
        limits: Bounds.
    """

    __slots__ = ("_content", "_limits", "_place", "_stream")

    def __init__(self, chunks: Iterable[bytes], place: Place, limits: Limits = DEFAULT_LIMITS) -> None:
        self._stream = ByteStream(chunks, place)
        self._place = place
        self._limits = limits
        self._content: Iterator[memoryview] = iter(())

    def __iter__(self) -> Iterator[TarMember]:
        """Yield the members, and check that after the last one there is nothing but zeros.

        Raises:
            MalformedPackageError: When the tar is malformed, names the member where there is one.
        """
        count = names = 0
        while (header := self._next_header()) is not None:
            extensions: dict[bytes, bytes] = {}
            while header[156:157] in _EXTENSIONS:
                header = self._extension(header, extensions)
            member = self._member(header, extensions)
            count += 1
            names += len(member.path) + len(member.target) + sum(len(value) for _, value in member.xattrs)
            if count > self._limits.entries:
                raise self._place.error(f"it has more than {self._limits.entries} entries")
            if names > self._limits.names:
                raise self._place.error(f"its names take more than {self._limits.names} bytes")
            self._content = self._stream.pieces(member.size)
            yield member
            for _ in self._content:
                pass
            self._stream.skip(-member.size % _BLOCK)
        self._check_end()

    def content(self) -> Iterator[memoryview]:
        """Return the content of the current member in pieces that are valid until the next one is asked for."""
        return self._content

    def _next_header(self) -> bytes | None:
        if self._stream.at_end():
            return None  # dpkg does not miss the zero blocks at the end either.
        header = self._stream.take(_BLOCK)
        if header == _ZEROS:
            return None
        # The field itself counts as blanks.
        expected = sum(header) - sum(header[148:156]) + 8 * 0x20
        if self._number(header[148:156], "checksum", header) != expected:
            raise self._place.error("a header has a wrong checksum", path=_field(header, 0, 100))
        return header

    def _extension(self, header: bytes, extensions: dict[bytes, bytes]) -> bytes:
        """Read the content of an extended header and return the header that follows it."""
        kind, size = header[156:157], self._number(header[124:136], "size", header)
        if kind in extensions:
            raise self._place.error(f"two extended headers of the type {kind.decode()} follow each other")
        if size > self._limits.extended_header:
            raise self._place.error(f"an extended header has {size} bytes")
        extensions[kind] = self._stream.take(size)
        self._stream.skip(-size % _BLOCK)
        following = self._next_header()
        if following is None:
            raise self._place.error("an extended header belongs to no member")
        return following

    def _check_end(self) -> None:
        while not self._stream.at_end():
            if self._stream.take_available().strip(b"\0"):
                raise self._place.error("something follows the end of the tar")

    def _member(self, header: bytes, extensions: Mapping[bytes, bytes]) -> TarMember:
        records = parse_pax(extensions[b"x"], self._place) if b"x" in extensions else {}
        magic = header[257:265]
        raw = _field(header, 0, 100)
        if magic == _USTAR and header[345]:
            raw = _field(header, 345, 500) + b"/" + raw
        raw = records.get("path", _long(extensions, b"L", raw))
        kind = _KINDS.get(header[156:157])
        if kind is None:
            raise self._place.error(f"members of the type {header[156:157]!r} are not unpacked", path=raw)
        path = self._path(raw, directory=kind == "directory")
        target = self._target(kind, records.get("linkpath", _long(extensions, b"K", _field(header, 157, 257))), path)
        size = self._pax_number(records, "size", self._number(header[124:136], "size", header), path)
        if size and kind != "file":
            raise self._place.error(f"a {kind} has {size} bytes of content", path=path)
        named = magic in {_USTAR, _GNU}
        return TarMember(
            path,
            kind,
            self._number(header[100:108], "mode", header) & 0o7777,
            self._id(records, "uid", self._number(header[108:116], "uid", header), path),
            self._id(records, "gid", self._number(header[116:124], "gid", header), path),
            self._owner(records.get("uname", _field(header, 265, 297) if named else b""), path),
            self._owner(records.get("gname", _field(header, 297, 329) if named else b""), path),
            self._time(records, self._number(header[136:148], "mtime", header, signed=True), path),
            size,
            target,
            self._device(header) if kind in {"character", "block"} else (0, 0),
            self._xattrs(records, path),
            self._stream.position,
        )

    def _path(self, raw: bytes, *, directory: bool) -> str:
        """Return a name without ``./`` and the slash of directories, after checking that nothing else is odd."""
        name = raw[:-1] if directory and len(raw) > 1 and raw.endswith(b"/") else raw
        if name == b".":
            return ""
        name = name.removeprefix(b"./")
        parts = name.split(b"/")
        if not name:
            reason = "its name is empty"
        elif not parts[0]:
            reason = "its name is absolute"
        elif _CONTROL.search(name):
            reason = "its name has control characters"
        elif b".." in parts:
            reason = "its name has the component '..'"
        elif not parts[-1]:
            reason = (
                "its name ends in a slash but it is no directory" if not directory else "its name is not normalised"
            )
        elif b"" in parts or b"." in parts:
            reason = "its name is not normalised"
        elif len(name) > self._limits.path or max(map(len, parts)) > self._limits.component:
            reason = "its name is too long"
        else:
            return name.decode("utf-8", "surrogateescape")
        raise self._place.error(reason, path=raw)

    def _target(self, kind: str, raw: bytes, path: str) -> str:
        if kind == "hardlink":
            try:
                return self._path(raw, directory=False)
            except MalformedPackageError as error:
                raise self._place.error("it is a hard link to a name that is refused", path=path) from error
        if kind != "symlink":
            return ""
        if not raw or len(raw) > self._limits.path or _CONTROL.search(raw):
            raise self._place.error("its link target is empty, too long, or has control characters", path=path)
        return raw.decode("utf-8", "surrogateescape")

    def _number(self, field: bytes, what: str, header: bytes, *, signed: bool = False) -> int:
        """Read a numeric header field: octal digits, or GNU's base 256 when the first bit is set."""
        if field[0] >= 0x80:
            value = int.from_bytes(field[1:], "big") - (256 ** (len(field) - 1) if field[0] == 0xFF else 0)
            if field[0] in {0x80, 0xFF} and -(2**63) <= value < 2**63 and (signed or value >= 0):
                return value
        else:
            digits = field.lstrip(b" ").rstrip(b" \0")
            if not digits:
                return 0
            if digits.isdigit() and b"8" not in digits and b"9" not in digits:
                return int(digits, 8)
        raise self._place.error(
            f"the header field {what} is {field!r}, which is no number", path=_field(header, 0, 100)
        )

    def _pax_number(self, records: Mapping[str, bytes], key: str, value: int, path: str) -> int:
        text = records.get(key)
        if text is None:
            return value
        if not text.isdigit() or len(text) > 18:
            raise self._place.error(f"the pax record {key} is {text[:40]!r}, which is no number", path=path)
        return int(text)

    def _id(self, records: Mapping[str, bytes], key: str, value: int, path: str) -> int:
        value = self._pax_number(records, key, value, path)
        if value > _MAX_ID:
            raise self._place.error(f"the {key} {value} is too large", path=path)
        return value

    def _owner(self, raw: bytes, path: str) -> str:
        name = raw.decode("utf-8", "surrogateescape")
        if _OWNER.fullmatch(name) is None:
            raise self._place.error(f"no user or group can have the name {name[:40]!r}", path=path)
        return name

    def _time(self, records: Mapping[str, bytes], value: int, path: str) -> int:
        text = records.get("mtime")
        if text is None:
            return value
        match = _TIME.fullmatch(text)
        if match is None:
            raise self._place.error(f"the pax record mtime is {text[:40]!r}, which is no time", path=path)
        return int(match[1])

    def _device(self, header: bytes) -> tuple[int, int]:
        major, minor = (self._number(header[at : at + 8], "device", header) for at in (329, 337))
        return major, minor

    def _xattrs(self, records: Mapping[str, bytes], path: str) -> tuple[tuple[str, bytes], ...]:
        for key in records:
            if key.startswith("GNU.sparse."):
                raise self._place.error("sparse files are not unpacked", path=path)
        found = ((key.removeprefix(_XATTR), value) for key, value in records.items() if key.startswith(_XATTR))
        return tuple(sorted(found))


def parse_pax(data: bytes, place: Place) -> dict[str, bytes]:
    r"""Parse the records of a pax extended header.

    Args:
        data: ``<length> <key>=<value>\n`` again and again; the length counts the whole record in decimal.
        place: The tar, for errors.

    Raises:
        MalformedPackageError: When it is anything else, or when a key comes twice.

    Spec: POSIX pax, "pax Extended Header".
    """
    records: dict[str, bytes] = {}
    position = 0
    while position < len(data):
        match = _RECORD.match(data, position)
        end = position + int(match[1]) if match else 0
        if match is None or end <= match.end() or data[end - 1 : end] != b"\n":
            raise place.error("a pax header is malformed")
        key = match[2].decode("utf-8", "surrogateescape")
        if key in records:
            raise place.error(f"a pax header has the record {key[:40]!r} twice")
        records[key] = data[match.end() : end - 1]
        position = end
    return records


def _field(header: bytes, start: int, end: int) -> bytes:
    return header[start:end].partition(b"\0")[0]


def _long(extensions: Mapping[bytes, bytes], kind: bytes, short: bytes) -> bytes:
    return extensions[kind].removesuffix(b"\0") if kind in extensions else short
