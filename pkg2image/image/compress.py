"""Compression whose bytes depend on nothing but the input and the compressor's identity.

gzip is written as a series of gzip members, one for every 4 MiB of input, each with a header of ours (no name, no time,
no operating system). Members are compressed in parallel by libdeflate, and because the size of a block is part of the
format, the number of workers never shows in the bytes. All readers of layers take several members (RFC 1952 2.2); the
ratio suffers by less than a thousandth. xz is written the same way, as a series of streams. zstd is one frame, made by
one thread, without content size and checksum.

``stored`` is gzip that does not compress: a few bytes around each block, written here and not by a library, so that
they are the same for ever.

Libraries change their output between versions: a digest of compressed bytes is only comparable between equal
`CompressorIdentity` values, which hold the digest of a compressed probe. The identity of an image that must never
change (diff_ids, configuration) is made of uncompressed bytes.

Spec: RFC 1952 (gzip), RFC 1951 section 3.2.4 "Non-compressed blocks", RFC 8878 (zstd), the .xz file format 1.2
section 2 "Overall Structure".
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import lzma
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import deflate
import zstandard

from pkg2image.digest import Digest
from pkg2image.errors import RequestError

BLOCK_SIZE = 4 << 20
"""Bytes of input in one gzip member or xz stream; changing it changes every compressed digest."""

_PROBE_SIZE = 1 << 20
_MOST_WORKERS = 8  # beyond that, compression waits for the hashes, and every worker holds a block
# lowest, highest, default
_LEVELS = {"gzip": (0, 12, 6), "zstd": (1, 19, 3), "xz": (0, 9, 3), "none": (0, 0, 0), "stored": (0, 0, 0)}
_LIBRARIES = {"gzip": "deflate", "zstd": "zstandard", "xz": "liblzma", "none": "", "stored": ""}
_SUFFIXES = {"gzip": ".gz", "zstd": ".zst", "xz": ".xz", "none": "", "stored": ".gz"}
_MOST_STORED = 0xFFFF  # bytes in a block of deflate that is not compressed

# ID1 ID2 CM FLG, MTIME 0, XFL 0, OS 255 (unknown)
_GZIP_HEADER = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))


@dataclass(frozen=True, slots=True)
class CompressorIdentity:
    """What determines compressed bytes besides the input.

    Args:
        name: ``gzip``, ``stored``, ``zstd``, ``xz`` or ``none``.
        level: The level.
        library: Library and version.
        probe: SHA-256 of a fixed compressed probe of 1 MiB, in hex; equal probes mean equal bytes.
    """

    name: str
    level: int
    library: str
    probe: str

    def __str__(self) -> str:
        """Return one word that can be recorded and compared."""
        return f"{self.name}:{self.level}:{self.library}:{self.probe[:32]}" if self.library else self.name


@dataclass(frozen=True, slots=True)
class Compression:
    """A format and a level.

    Args:
        name: ``gzip``, ``stored``, ``zstd``, ``xz`` or ``none``.
        level: As the library counts; 0 of gzip stores without compressing.
    """

    name: str = "gzip"
    level: int = 6

    @property
    def suffix(self) -> str:
        """What a file name ends with, for example ``.gz``."""
        return _SUFFIXES[self.name]

    def identity(self) -> CompressorIdentity:
        """Return who compresses: the library, its version, and what it makes of the probe."""
        return _identity(self)

    def __str__(self) -> str:
        """Return what `parse_compression` reads."""
        return f"{self.name}:{self.level}" if _LIBRARIES[self.name] else self.name


@cache
def _identity(compression: Compression) -> CompressorIdentity:
    # Once per process: the probe takes as long as a small layer.
    library = _LIBRARIES[compression.name]
    if not library:
        return CompressorIdentity(compression.name, compression.level, "", "")
    # the standard library does not say which liblzma it uses; the probe does
    version = f"/{importlib.metadata.version(library)}" if compression.name != "xz" else ""
    with ThreadPoolExecutor(1) as pool:
        probe = hashlib.sha256(b"".join(compress([_probe()], compression, pool=pool, ahead=1))).hexdigest()
    return CompressorIdentity(compression.name, compression.level, library + version, probe)


def parse_compression(text: str, *, allowed: tuple[str, ...] = ("gzip", "zstd", "stored", "none")) -> Compression:
    """Parse ``name[:level]``.

    Args:
        text: For example ``gzip`` or ``zstd:19``.
        allowed: The names that the wanted output can hold.

    Raises:
        RequestError: When the name is not allowed or the level out of range.
    """
    name, colon, level = text.partition(":")
    if name not in allowed:
        raise RequestError(f"cannot compress with {text[:40]!r}: choose one of {', '.join(allowed)}")
    lowest, highest, default = _LEVELS[name]
    if not colon:
        return Compression(name, default)
    if not (level.isascii() and level.isdigit() and lowest <= int(level[:4]) <= highest):
        raise RequestError(f"cannot compress with {text[:40]!r}: the level of {name} is {lowest} to {highest}")
    return Compression(name, int(level))


def workers(jobs: int) -> int:
    """Return how many threads compress when a user allows a number of jobs."""
    return max(1, min(jobs, _MOST_WORKERS))


def fixed_blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in blocks of `BLOCK_SIZE`; only the last may be shorter, and it is never empty."""
    pending: list[bytes | memoryview] = []
    missing = BLOCK_SIZE
    for piece in pieces:
        rest = memoryview(piece)
        while len(rest) >= missing:
            pending.append(rest[:missing])
            yield b"".join(pending)
            pending.clear()
            rest = rest[missing:]
            missing = BLOCK_SIZE
        if rest:
            pending.append(rest)
            missing -= len(rest)
    if pending:
        yield b"".join(pending)


class HashedBlocks:
    """The `fixed_blocks` of pieces, hashed by a thread of their own while others compress them.

    Args:
        pieces: The uncompressed bytes; they are read once.
        algorithm: ``sha256`` or ``sha512``.

    Attributes:
        size: Bytes that were yielded so far.
    """

    def __init__(self, pieces: Iterable[bytes], algorithm: str = "sha256") -> None:
        self.size = 0
        self._pieces = pieces
        self._algorithm = algorithm
        self._hash = hashlib.new(algorithm)

    def __iter__(self) -> Iterator[bytes]:
        with ThreadPoolExecutor(1) as thread:
            hashed: Future[None] | None = None
            for block in fixed_blocks(self._pieces):
                if hashed is not None:
                    hashed.result()
                hashed = thread.submit(self._hash.update, block)
                self.size += len(block)
                yield block

    @property
    def digest(self) -> Digest:
        """The digest of everything, once the last block was yielded."""
        return Digest(self._algorithm, self._hash.hexdigest())


def compress(blocks: Iterable[bytes], compression: Compression, *, pool: Executor, ahead: int) -> Iterator[bytes]:
    """Yield the compressed form of blocks, in order.

    Args:
        blocks: As `fixed_blocks` cuts them.
        compression: Format and level.
        pool: Who compresses; the bytes do not depend on it.
        ahead: The most blocks that are compressed or wait for it at one time, which bounds memory.
    """
    match compression.name:
        case "none":
            yield from blocks
        case "zstd":
            yield from _zstd_frame(blocks, compression.level)
        case "xz":
            yield from _in_order(lambda block: _xz_stream(block, compression.level), blocks, pool, ahead)
        case "stored":
            yield from map(_stored_member, blocks)
        case _:
            yield from _in_order(lambda block: _gzip_member(block, compression.level), blocks, pool, ahead)


def _in_order(work: Callable[[bytes], bytes], blocks: Iterable[bytes], pool: Executor, ahead: int) -> Iterator[bytes]:
    """Map blocks in parallel, at most `ahead` of them before the result that is yielded next."""
    running: deque[Future[bytes]] = deque()
    try:
        for block in blocks:
            if len(running) >= ahead:
                yield running.popleft().result()
            running.append(pool.submit(work, block))
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()


def _gzip_member(block: bytes, level: int) -> bytes:
    trailer = struct.pack("<II", deflate.crc32(block), len(block))
    return b"".join((_GZIP_HEADER, deflate.deflate_compress(block, level), trailer))


def _stored_member(block: bytes) -> bytes:
    parts = [_GZIP_HEADER]
    for start in range(0, len(block), _MOST_STORED):
        size = min(_MOST_STORED, len(block) - start)
        is_last = start + size == len(block)
        parts += [struct.pack("<BHH", is_last, size, size ^ 0xFFFF), block[start : start + size]]
    parts.append(struct.pack("<II", deflate.crc32(block), len(block)))
    return b"".join(parts)


def _xz_stream(block: bytes, level: int) -> bytes:
    # a dictionary larger than the block would only cost memory
    dictionary = min(BLOCK_SIZE, 1 << (18 + level))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": level, "dict_size": dictionary}]
    return lzma.compress(block, lzma.FORMAT_XZ, lzma.CHECK_CRC64, filters=filters)


def _zstd_frame(blocks: Iterable[bytes], level: int) -> Iterator[bytes]:
    compressor = zstandard.ZstdCompressor(level=level, write_content_size=False, write_checksum=False, threads=0)
    frame = compressor.compressobj()
    for block in blocks:
        yield frame.compress(block)
    yield frame.flush()


def _probe() -> bytes:
    """Return a mebibyte that is neither random nor uniform, so that a change of any compressor shows in it."""
    words = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(256)]
    picks = b"".join(words)
    text = b"".join(
        words[pick][: 1 + pick % 32] + picks[position : position + pick % 7] for position, pick in enumerate(picks)
    )
    return (text * (_PROBE_SIZE // len(text) + 1))[:_PROBE_SIZE]
