"""The outer archive of a .deb: which members it has, and the bytes of each.

The whole structure is checked before the content of any member is looked at.

Spec: deb(5); ar(5) in the common format, without the long names of either dialect.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pkg2image.deb.limits import DEFAULT_LIMITS, Limits
from pkg2image.deb.place import Place
from pkg2image.errors import OutputError

_MAGIC = b"!<arch>\n"
_HEADER_SIZE = 60
_HEADER_END = b"`\n"
_VERSION = re.compile(rb"2\.[0-9]+\n")
_VERSION_SIZE = 4096
_CHUNK = 256 * 1024
_CONTROL = {f"control.tar{end}" for end in ("", ".gz", ".xz", ".zst")}
_DATA = {f"data.tar{end}" for end in ("", ".gz", ".xz", ".zst", ".bz2", ".lzma")}


@dataclass(frozen=True, slots=True)
class ArMember:
    """A member of an ar archive.

    Args:
        name: Without the blanks or the slash that fill the header field.
        offset: Where its content starts in the file.
        size: Bytes of content.
    """

    name: str
    offset: int
    size: int

    @property
    def compression(self) -> str:
        """The end of the name, for example ``xz``; empty when the member is a plain tar."""
        return self.name.partition(".tar")[2].lstrip(".")


@dataclass(frozen=True, slots=True)
class DebLayout:
    """The two members that matter.

    Args:
        control: The control tar.
        data: The data tar.
    """

    control: ArMember
    data: ArMember


def read_layout(deb: BinaryIO, place: Place, limits: Limits = DEFAULT_LIMITS) -> DebLayout:
    """Find the members of a .deb and check their names, number and order.

    Members whose name starts with ``_`` are ignored everywhere after the first; others are ignored after the data tar.
    Stricter than dpkg: a second control or data tar and anything after the last member are refused.

    Args:
        deb: A seekable file.
        place: The package, for errors.
        limits: Bounds.

    Raises:
        MalformedPackageError: When it is not a .deb in format 2.
        OutputError: When the file cannot be read.

    Spec: deb(5) "FORMAT".
    """
    members = _members(deb, place, limits)
    first = next(members, None)
    if first is None or first.name != "debian-binary":
        raise place.error("its first member is not debian-binary")
    if first.size > _VERSION_SIZE or _VERSION.match(_read(deb, first.offset, first.size, place)) is None:
        raise place.inside("debian-binary").error("the format is not version 2")
    found: list[ArMember] = []
    for member in members:
        if member.name.startswith("_"):
            continue
        wanted = (_CONTROL, _DATA, frozenset[str]())[len(found)]
        if member.name in wanted:
            found.append(member)
        elif len(found) < 2:
            raise place.error(f"the member {member.name!r} stands where {min(wanted)} is expected")
        elif member.name in _CONTROL | _DATA | {"debian-binary"}:
            raise place.error(f"the member {member.name} comes after the data tar")
    if len(found) < 2:
        raise place.error("it has no control.tar and data.tar")
    return DebLayout(*found)


def _members(deb: BinaryIO, place: Place, limits: Limits) -> Iterator[ArMember]:
    try:
        end = deb.seek(0, os.SEEK_END)
    except OSError as error:
        raise OutputError(f"cannot read {place.package}: {error.strerror}") from error
    if _read(deb, 0, len(_MAGIC), place) != _MAGIC:
        raise place.error("it is not a Debian package: the file does not start with '!<arch>'")
    position, count = len(_MAGIC), 0
    while position < end:
        header = _read(deb, position, _HEADER_SIZE, place)
        member = _member(header, position, place)
        count += 1
        if count > limits.ar_members:
            raise place.error(f"it has more than {limits.ar_members} members")
        position = member.offset + member.size
        if position > end:
            raise place.inside(member.name).error("it is cut off: the file ends before the member does")
        yield member
        # Members start at even offsets; nothing has to follow the last one.
        position += position % 2


def _member(header: bytes, position: int, place: Place) -> ArMember:
    if len(header) < _HEADER_SIZE or not header.endswith(_HEADER_END):
        raise place.error(
            f"no ar member starts at byte {position}: it is cut off, or something follows the last member"
        )
    name = header[:16].rstrip(b" ").removesuffix(b"/").decode("ascii", "backslashreplace")
    digits = header[48:58].rstrip(b" ")
    if not digits.isdigit():
        raise place.error(f"the size of the ar member {name!r} is {digits!r}, which is not a decimal number")
    return ArMember(name, position + _HEADER_SIZE, int(digits))


def read_member(deb: BinaryIO, member: ArMember, place: Place) -> Iterator[bytes]:
    """Yield the content of a member in chunks.

    Raises:
        MalformedPackageError: When the file became shorter meanwhile.
        OutputError: When the file cannot be read.
    """
    offset, end = member.offset, member.offset + member.size
    while offset < end:
        chunk = _read(deb, offset, min(_CHUNK, end - offset), place)
        if not chunk:
            raise place.error("it is cut off")
        offset += len(chunk)
        yield chunk


def _read(deb: BinaryIO, offset: int, size: int, place: Place) -> bytes:
    try:
        deb.seek(offset)
        return deb.read(size)
    except OSError as error:
        raise OutputError(f"cannot read {place.package}: {error.strerror}") from error
