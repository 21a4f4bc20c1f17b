"""Packages that would take all memory, all disk or all time: refused by bounds, in a process that has little memory."""

from __future__ import annotations

import bz2
import lzma
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from pkg2image.deb.reader import read_deb
from pkg2image.errors import MalformedPackageError
from tests.hostile.deb_cases import BINARY, CONTROL_MEMBER, DATA
from tests.support.debs import CONTROL, Sink, ar, build_deb, compressed, control_tar, member, number, pack, reg, tar

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 512 << 20

READ = f"""
import resource, sys, tempfile
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from pathlib import Path
from pkg2image.deb.reader import read_deb
from pkg2image.errors import MalformedPackageError
from pkg2image.store import Store
deb = open(sys.argv[1], "rb")
with tempfile.TemporaryDirectory() as directory, Store(Path(directory)).writer() as sink:
    try:
        read_deb(deb, sink, name="bomb.deb")
    except MalformedPackageError as error:
        print(error.message, sink.size)
"""
"""What runs with little memory: prints why the package was refused, and how much had been written until then."""


def huge_file(size: int) -> bytes:
    """Return the start of a tar: the header of a file of zeros that do not follow."""
    return member(reg("zeros", raw_size=number(size, 12)))


def in_pieces(encoder: lzma.LZMACompressor | bz2.BZ2Compressor, size: int) -> bytes:
    """Compress a tar with a file of zeros."""
    zeros = bytes(1 << 20)
    parts = [encoder.compress(huge_file(size)), *(encoder.compress(zeros) for _ in range(size >> 20)), encoder.flush()]
    return b"".join(parts)


def gzip_bomb() -> bytes:
    encoder = zlib.compressobj(9, zlib.DEFLATED, 31)
    start, zeros = encoder.compress(huge_file(4 << 30)), bytes(1 << 20)
    # The same deflate blocks again and again: zlib is not asked to compress four gigabytes.
    block = encoder.compress(zeros * 8) + encoder.flush(zlib.Z_FULL_FLUSH)
    repeated = encoder.compress(zeros * 8) + encoder.flush(zlib.Z_FULL_FLUSH)
    return start + block + repeated * 511


def zstd_bomb(blocks: int = 1 << 15) -> bytes:
    """Return a frame whose blocks are 128 KiB of zeros in four bytes each: a thousandfold bomb squared."""
    header = huge_file(4 << 30)
    raw = (len(header) << 3).to_bytes(3, "little") + header
    repeat = ((128 << 10) << 3 | 2).to_bytes(3, "little") + b"\0"
    last = ((128 << 10) << 3 | 3).to_bytes(3, "little") + b"\0"
    return b"\x28\xb5\x2f\xfd\x00\x58" + raw + repeat * blocks + last


def many_entries() -> bytes:
    """Return a tar of long names that would fill the memory."""
    return compressed(tar([reg(f"{n:05}/" + "/".join(["n" * 250] * 15)) for n in range(12_000)]), "xz")


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "gzip": (".gz", gzip_bomb, "out of proportion"),
    "xz": (".xz", lambda: in_pieces(lzma.LZMACompressor(preset=0), 80 << 20), "out of proportion"),
    "lzma": (
        ".lzma",
        lambda: in_pieces(lzma.LZMACompressor(lzma.FORMAT_ALONE, preset=0), 80 << 20),
        "out of proportion",
    ),
    "bzip2": (".bz2", lambda: in_pieces(bz2.BZ2Compressor(), 80 << 20), "out of proportion"),
    "zstd": (".zst", zstd_bomb, "out of proportion"),
    "directories": (".xz", many_entries, "directories have no entry"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_data_bombs(bomb: str, tmp_path: Path) -> None:
    suffix, content, reason = BOMBS[bomb]
    deb = tmp_path / "bomb.deb"
    deb.write_bytes(ar([BINARY, CONTROL_MEMBER, (b"data.tar" + suffix.encode(), content())]))
    assert_refused(deb, reason)


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
def test_control_bombs(kind: str, tmp_path: Path) -> None:
    deb = tmp_path / "bomb.deb"
    large = control_tar(CONTROL, {"postinst": bytes(70 << 20)})
    deb.write_bytes(pack(large, DATA, compression=kind))
    assert_refused(deb, "out of proportion")


def assert_refused(deb: Path, reason: str) -> None:
    """Read a package with little memory; check the reason, and that no more than the floor of 64 MiB was written."""
    command = [sys.executable, "-c", READ, str(deb)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    message, _, written = done.stdout.strip().rpartition(" ")
    assert reason in message
    assert int(written) <= 64 << 20


def test_what_was_announced_may_be_large() -> None:
    zeros = [reg("zeros", bytes(80 << 20))]
    small, large = CONTROL | {"Installed-Size": "1000"}, CONTROL | {"Installed-Size": "80000"}
    read_deb(BytesIO(build_deb(large, zeros, compression="none")), Sink(), name="large.deb")
    with pytest.raises(MalformedPackageError, match="more than 64 MiB when uncompressed"):
        read_deb(BytesIO(build_deb(small, zeros, compression="none")), Sink(), name="large.deb")


def xz_with_dictionary(code: int) -> bytes:
    """Return an xz stream whose block header claims a dictionary of 2**(code / 2 + 12) bytes."""
    stream = bytearray(lzma.compress(DATA, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
    header = stream[12 : 12 + (stream[12] + 1) * 4]
    header[header.index(b"\x21\x01") + 2] = code
    header[-4:] = zlib.crc32(header[:-4]).to_bytes(4, "little")
    stream[12 : 12 + len(header)] = header
    return bytes(stream)


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        (".xz", xz_with_dictionary(36), "Memory usage limit exceeded"),
        (".lzma", b"\x5d" + b"\xff" * 12 + lzma.compress(DATA, format=lzma.FORMAT_ALONE)[13:], "Memory usage limit"),
        (".zst", b"\x28\xb5\x2f\xfd\x00" + bytes([(31 - 10) << 3]) + b"\x01\0\0", "it cannot be decompressed"),
    ],
    ids=["xz", "lzma", "zst"],
)
def test_decoders_that_would_need_much_memory(kind: str, content: bytes, reason: str) -> None:
    deb = ar([BINARY, CONTROL_MEMBER, (b"data.tar" + kind.encode(), content)])
    with pytest.raises(MalformedPackageError, match=reason):
        read_deb(BytesIO(deb), Sink(), name="x.deb")
