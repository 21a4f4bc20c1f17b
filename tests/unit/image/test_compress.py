from __future__ import annotations

import gzip
import hashlib
import lzma
import random
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from pkg2image.errors import RequestError
from pkg2image.image.compress import (
    BLOCK_SIZE,
    Compression,
    HashedBlocks,
    compress,
    fixed_blocks,
    parse_compression,
    workers,
)

DATA = random.Random(7).randbytes(3000) * (BLOCK_SIZE // 2000)  # a block and a half that do compress
READERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "xz": lzma.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "none": bytes,
    "stored": gzip.decompress,
}


STORED = "185ef8a7e0dd0929bea85db017369e9ba96d405c7bad80e7fe7ee0269e33d36c"
"""SHA-256 of the data as they are stored, in this version and all others."""


def compressed(data: bytes, compression: Compression, *, jobs: int = 1, ahead: int = 1) -> bytes:
    with ThreadPoolExecutor(jobs) as pool:
        return b"".join(compress(fixed_blocks([data]), compression, pool=pool, ahead=ahead))


@pytest.mark.parametrize("text", ["gzip", "gzip:1", "gzip:0", "zstd", "zstd:1", "xz:0", "none", "stored"])
def test_what_is_compressed_can_be_read_by_others(text: str) -> None:
    compression = parse_compression(text, allowed=tuple(READERS))
    assert READERS[compression.name](compressed(DATA, compression)) == DATA
    assert len(compressed(DATA, compression)) < len(DATA) or text in ("none", "gzip:0", "stored")


@pytest.mark.parametrize("text", ["gzip", "xz:0", "zstd", "none", "stored"])
def test_bytes_do_not_depend_on_workers(text: str) -> None:
    compression = parse_compression(text, allowed=tuple(READERS))
    assert compressed(DATA, compression, jobs=1, ahead=1) == compressed(DATA, compression, jobs=4, ahead=7)


def test_bytes_that_are_stored_never_change() -> None:
    compression = Compression("stored", 0)
    expected = "1f8b08000000000000ff010600f9ff73746f7265640bf9435606000000"
    assert compressed(b"stored", compression).hex() == expected
    assert hashlib.sha256(compressed(DATA, compression)).hexdigest() == STORED
    assert str(compression.identity()) == str(compression) == "stored"
    assert compression.suffix == ".gz"


def test_a_gzip_member_begins_with_a_header_that_says_nothing() -> None:
    member = compressed(b"abc", Compression())
    assert member[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    assert member[-8:] == zlib.crc32(b"abc").to_bytes(4, "little") + (3).to_bytes(4, "little")


def test_every_block_is_a_gzip_member_of_its_own() -> None:
    stream = compressed(DATA, Compression("gzip", 1))
    sizes = []
    while stream:
        reader = zlib.decompressobj(wbits=31)
        sizes.append(len(reader.decompress(stream)))
        stream = reader.unused_data
    assert sizes == [BLOCK_SIZE] * (len(DATA) // BLOCK_SIZE) + [len(DATA) % BLOCK_SIZE]


@pytest.mark.parametrize("size", [1, 1000, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1])
def test_blocks_do_not_depend_on_how_the_input_arrives(size: int) -> None:
    data = (DATA + DATA)[: 2 * BLOCK_SIZE + 5] if size > 1 else DATA[:5]
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    blocks = list(fixed_blocks([*pieces, b""]))
    assert b"".join(blocks) == data
    assert [len(block) for block in blocks[:-1]] == [BLOCK_SIZE] * (len(blocks) - 1)
    assert blocks[-1]


def test_hashed_blocks_know_digest_and_size_in_the_end() -> None:
    blocks = HashedBlocks([DATA], "sha512")
    assert b"".join(blocks) == DATA
    assert (blocks.digest.hex, blocks.size) == (hashlib.sha512(DATA).hexdigest(), len(DATA))


def test_identities_tell_formats_and_levels_apart_and_nothing_else() -> None:
    texts = ["gzip", "gzip:5", "zstd", "zstd:4", "xz", "xz:4", "none"]
    identities = [parse_compression(text, allowed=tuple(READERS)).identity() for text in texts]
    assert len({str(identity) for identity in identities}) == len(texts)
    assert len({identity.probe for identity in identities}) == len(texts)
    assert Compression().identity() == Compression().identity()


@pytest.mark.parametrize(
    "text", ["", "bzip2", "xz", "gzip:", "gzip:13", "gzip:-1", "zstd:0", "zstd:20", "none:1", "gzip:\u0663"]
)
def test_unknown_compressions_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="cannot compress with"):
        parse_compression(text)


def test_a_compression_prints_as_it_is_written() -> None:
    assert [str(parse_compression(text)) for text in ("gzip", "zstd:19", "none")] == ["gzip:6", "zstd:19", "none"]


@pytest.mark.parametrize(("jobs", "count"), [(0, 1), (1, 1), (4, 4), (64, 8)])
def test_the_number_of_workers_is_bounded(jobs: int, count: int) -> None:
    assert workers(jobs) == count
