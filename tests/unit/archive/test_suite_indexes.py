"""Indexes as they are compressed in the wild."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest
import zstandard

from pkg2image.archive.databases import uncompressed
from pkg2image.errors import MalformedPackageError

ORIGIN = "http://archive.example/Packages"
DATA = b"".join(b"Package: name%d\nVersion: 1\n\n" % number for number in range(100_000))
HEAD, TAIL = DATA[:1000], DATA[1000:]
XZ = lzma.compress(DATA, preset=0)
TWO_XZ = lzma.compress(HEAD, preset=0) + lzma.compress(TAIL, preset=0)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize(
    ("compression", "data"),
    [
        pytest.param("", DATA, id="plain"),
        pytest.param("gz", gzip.compress(DATA), id="gz"),
        pytest.param("gz", gzip.compress(HEAD) + gzip.compress(TAIL), id="gz, two members"),
        pytest.param("zst", zstandard.compress(DATA), id="zst"),
        pytest.param("lzma", lzma.compress(DATA, lzma.FORMAT_ALONE, preset=0), id="lzma"),
        pytest.param("bz2", bz2.compress(DATA), id="bz2"),
        pytest.param("bz2", bz2.compress(HEAD) + bz2.compress(TAIL), id="bz2, two streams"),
        pytest.param("xz", XZ, id="xz"),
        pytest.param("xz", TWO_XZ, id="xz, two streams"),
        pytest.param("xz", XZ + lzma.compress(b""), id="xz, an empty stream at the end"),
        pytest.param("xz", XZ + b"\0" * 8 + lzma.compress(b"") + b"\0" * 4, id="xz, padding"),
    ],
)
@pytest.mark.parametrize("size", [7, 1 << 16, 1 << 24])
def test_index_is_uncompressed_in_bounded_pieces(compression: str, data: bytes, size: int) -> None:
    found = list(uncompressed(pieces(data, size), compression, origin=ORIGIN))
    assert b"".join(found) == DATA
    assert compression == "" or max(map(len, found)) <= 1 << 21


@pytest.mark.parametrize(
    ("compression", "data"),
    [
        pytest.param("xz", XZ[:-1], id="xz cut off"),
        pytest.param("xz", b"", id="xz of nothing"),
        pytest.param("xz", TWO_XZ[:-1], id="second stream cut off"),
        pytest.param("xz", XZ + b"junk", id="junk after xz"),
        pytest.param("xz", b"\0" + XZ, id="something before xz"),
        pytest.param("bz2", b"BZh9junk", id="no bz2"),
        pytest.param("gz", gzip.compress(DATA)[:-1], id="gz cut off"),
        pytest.param("zst", b"junk", id="no zst"),
    ],
)
def test_damage_is_told(compression: str, data: bytes) -> None:
    with pytest.raises(MalformedPackageError) as caught:
        list(uncompressed(pieces(data, 1 << 16), compression, origin=ORIGIN))
    assert ORIGIN in caught.value.message
