"""Bounded decompression of the members of a .deb.

Each decoder yields pieces of about a mebibyte whatever its input claims, and insists that the compressed stream ends
exactly where the member ends. dpkg ignores what follows a stream; we refuse it, because no tool that writes .debs
leaves something there, and two readers could see two different packages.

The work is done in C with the interpreter lock released, so that several packages are read at once.

Spec: deb(5); RFC 1952 (gzip, whose members may be concatenated); RFC 8878 section 3.1 (zstd frames and blocks).
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator

import zstandard

from pkg2image.deb.bytestream import ByteStream
from pkg2image.deb.limits import DEFAULT_LIMITS, Limits
from pkg2image.deb.place import Place

_PIECE = 1 << 20
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # zlib's way to ask for the gzip container
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_BLOCK = 128 * 1024
_JUNK = "something follows the compressed data"
_TRUNCATED = "the compressed data ends too early"

_FAILURES = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError, ValueError)


def decompress(
    chunks: Iterable[bytes], compression: str, place: Place, limits: Limits = DEFAULT_LIMITS
) -> Iterator[bytes]:
    """Yield the uncompressed bytes of a member.

    Args:
        chunks: The compressed bytes.
        compression: ``gz``, ``xz``, ``zst``, ``bz2``, ``lzma``, or empty for bytes that are not compressed.
        place: The member, for errors.
        limits: Bounds on the decoder's memory.

    Raises:
        MalformedPackageError: When the bytes are not exactly one compressed stream of this kind.
    """
    match compression:
        case "":
            return iter(chunks)
        case "gz":
            return _gzip(chunks, place)
        case "zst":
            return _zstd(ByteStream(chunks, place), place, limits)
        case "xz":
            return _one_stream(chunks, lzma.LZMADecompressor(lzma.FORMAT_XZ, limits.xz_memory), place)
        case "lzma":
            return _one_stream(chunks, lzma.LZMADecompressor(lzma.FORMAT_ALONE, limits.xz_memory), place)
        case "bz2":
            return _one_stream(chunks, bz2.BZ2Decompressor(), place)
    raise place.error(f"the compression {compression} is not known")


def _one_stream(
    chunks: Iterable[bytes], decoder: lzma.LZMADecompressor | bz2.BZ2Decompressor, place: Place
) -> Iterator[bytes]:
    ended = False
    for chunk in chunks:
        if ended:
            raise place.error(_JUNK)
        yield _run(place, decoder.decompress, chunk, _PIECE)
        while not (decoder.eof or decoder.needs_input):
            yield _run(place, decoder.decompress, b"", _PIECE)
        ended = decoder.eof
        if decoder.unused_data:
            raise place.error(_JUNK)
    if not ended:
        raise place.error(_TRUNCATED)


def _gzip(chunks: Iterable[bytes], place: Place) -> Iterator[bytes]:
    decoder = zlib.decompressobj(_GZIP_WINDOW)
    for chunk in chunks:
        data, full = chunk, False
        while data or full:
            if decoder.eof:
                if not b"\x1f\x8b".startswith(data[:2]):
                    raise place.error(_JUNK)
                decoder = zlib.decompressobj(_GZIP_WINDOW)
            piece = _run(place, decoder.decompress, data, _PIECE)
            yield piece
            # A full piece may leave output behind in the decoder although all input went in.
            full = len(piece) == _PIECE and not decoder.eof
            data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    if not decoder.eof:
        raise place.error(_TRUNCATED)


def _zstd(stream: ByteStream, place: Place, limits: Limits) -> Iterator[bytes]:
    """Decode one frame, some of its blocks at a time.

    The binding neither bounds its output nor says that a frame was cut off, but the sizes of the blocks are there to
    be read: what is given to it at once never has more than a piece and a block of content.
    """
    decoder = zstandard.ZstdDecompressor(max_window_size=limits.zstd_window).decompressobj()
    head = stream.take(5)
    if not head.startswith(_ZSTD_MAGIC):
        raise place.error("it is not compressed by zstd")
    batch = [head, stream.take(zstandard.frame_header_size(head) - len(head))]
    pending, last = 0, False
    while not last:
        block = stream.take(3)
        number = int.from_bytes(block, "little")
        last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
        batch += (block, stream.take(1 if kind == 1 else size))  # kind 1 is one byte that is repeated
        pending += len(block) + (size if kind < 2 else _ZSTD_BLOCK)
        if last and head[4] & 4:  # the descriptor says that a checksum follows
            batch.append(stream.take(4))
        if last or pending >= _PIECE:
            yield _run(place, decoder.decompress, b"".join(batch))
            batch, pending = [], 0
    if not decoder.eof or decoder.unused_data:
        raise place.error("the zstd frame does not end with its last block")
    if not stream.at_end():
        raise place.error(_JUNK)


def _run(place: Place, step: Callable[..., bytes], *arguments: object) -> bytes:
    try:
        return step(*arguments)
    except _FAILURES as error:
        raise place.error(f"it cannot be decompressed: {error}") from error
