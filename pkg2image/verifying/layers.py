"""Two tars of which one should be the other: which paths differ, and in what.

First their members are compared, which names every path. What no member shows - padding, the form of a header, what
comes after a damaged place - is found by comparing bytes, and named by the member that they belong to.
"""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from pkg2image.errors import RequestError
from pkg2image.image.scan import (
    CheckedTarInfo,
    FileInfo,
    HashingReader,
    Scan,
    compression_of,
    decompressor,
    reading,
    scan_tar,
)
from pkg2image.rootfs.tree import path_key
from pkg2image.verifying.divergence import Divergence

_PIECE = 1 << 20
_STEP = 1 << 12  # what is read at once where a stream may be damaged: less of it is lost with the damage
_BROKEN = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


def compare_tars(where: str, expected: BinaryIO, found: BinaryIO) -> tuple[Divergence, ...]:
    """Return in what a tar differs from another one, compressed or not; empty when their contents are the same bytes.

    Args:
        where: What it is.
        expected: The tar as it should be, at its start.
        found: The tar, at its start.
    """
    right = scan_tar(expected, deep=True)
    expected.seek(0)
    scan = _scanned(where, found)
    found.seek(0)
    if isinstance(scan, Scan):
        if scan.diff_id == right.diff_id:
            return ()
        # A header that makes no sense ends a tar for its reader, and everything after it would seem to be missing.
        is_cut = right.files[: len(scan.files)] == scan.files
        named = () if is_cut else tuple(_members(where, _by_path(right.files), _by_path(scan.files)))
        return named or (_first(where, expected, found),)
    return (_first(where, expected, found, scan),)


def _scanned(where: str, file: BinaryIO) -> Scan | str:
    """Return what is in a tar, or why it cannot be read."""
    try:
        with reading(Path(where), "tar"):
            return scan_tar(file, deep=True)
    except RequestError as error:
        return error.message.removeprefix(f"cannot read the tar {where}: ")


def _by_path(files: tuple[FileInfo, ...]) -> dict[tuple[str, int], FileInfo]:
    """Return members by path; of a path that comes several times each."""
    found: dict[tuple[str, int], FileInfo] = {}
    for info in files:
        number = 0
        while (info.path, number) in found:
            number += 1
        found[info.path, number] = info
    return found


def _members(
    where: str, expected: dict[tuple[str, int], FileInfo], found: dict[tuple[str, int], FileInfo]
) -> Iterator[Divergence]:
    for key in sorted({*expected, *found}, key=lambda key: (path_key(key[0]), key[1])):
        one, other = expected.get(key), found.get(key)
        path = f"/{key[0]}"
        if one is None or other is None:
            yield Divergence(where, path, _short(one) if one else "", _short(other) if other else "")
        elif one != other:
            yield Divergence(where, path, *_words(one, other))


def _short(info: FileInfo) -> str:
    return f"a {info.kind.value} of mode {info.mode:04o}"


def _words(one: FileInfo, other: FileInfo) -> tuple[str, str]:
    """Return what differs between two members of the same path, once for each."""
    facts = [
        (f"{word} {_fact(one, name)}", f"{word} {_fact(other, name)}")
        for word, name in (
            ("", "kind"),
            ("mode", "mode"),
            ("uid", "uid"),
            ("gid", "gid"),
            ("time", "mtime"),
            ("size", "size"),
            ("target", "target"),
            ("hard link", "hard_link"),
            ("names of owners", "named"),
            ("capabilities", "capabilities"),
            ("sha256", "sha256"),
        )
        if getattr(one, name) != getattr(other, name)
    ]
    return ", ".join(one.strip() for one, _ in facts), ", ".join(other.strip() for _, other in facts)


def _fact(info: FileInfo, name: str) -> str:
    value = getattr(info, name)
    return f"{value:04o}" if name == "mode" else str(value) or "none"


def _first(where: str, expected: BinaryIO, found: BinaryIO, reason: str = "") -> Divergence:
    """Return the first place where the bytes of two tars differ."""
    offset = _first_difference(_stream(expected), _stream(found))
    expected.seek(0)
    path, place = _member_at(_stream(expected), offset)
    trouble = f" ({reason})" if reason else ""
    return Divergence(where, path, "other bytes", f"byte {offset} of the tar differs, in {place}{trouble}")


def _stream(file: BinaryIO) -> BinaryIO:
    return decompressor(HashingReader(file), compression_of(file))


def _first_difference(one: BinaryIO, other: BinaryIO) -> int:
    offset = 0
    while True:
        first, second = _piece(one), _piece(other)
        if first != second or not first:
            pairs = zip(first, second, strict=False)
            return offset + next(
                (number for number, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second))
            )
        offset += len(first)


def _piece(stream: BinaryIO) -> bytes:
    """Return the next bytes of a stream that may be damaged; from the damage on it has none."""
    parts = bytearray()
    try:
        while len(parts) < _PIECE and (part := stream.read(_STEP)):
            parts += part
    except _BROKEN:
        pass
    return bytes(parts)


def _member_at(stream: BinaryIO, offset: int) -> tuple[str, str]:
    """Return the path of the member that a byte belongs to, and which part of it that is."""
    last = ""
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=CheckedTarInfo) as tar:
        for member in tar:
            if member.offset > offset:
                break
            last = f"/{member.name}".replace("/.", "/", 1) if member.name == "." else f"/{member.name}"
            if offset < member.offset_data:
                return last, "its header"
            if offset < member.offset_data + member.size:
                return last, "its content"
    return last, "what follows it"
