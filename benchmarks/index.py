"""What package indexes cost: made from cold, opened warm, asked.

    python benchmarks/index.py INDEX...

Each INDEX is a Packages file, compressed (.xz, .gz, .zst) or plain. CPU seconds of this process are printed; the floors
measured beside them are those that no reader can avoid (decompression) and libapt's reader, where python-apt is there.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pkg2image.archive.databases import keep_database, kept_database  # noqa: E402
from pkg2image.archive.index import INDEX_RECORD, PackageIndex, build_index  # noqa: E402
from pkg2image.archive.stanzas import read_blocks  # noqa: E402
from pkg2image.deb.compression import decompress  # noqa: E402
from pkg2image.deb.place import Place  # noqa: E402
from pkg2image.digest import Digest, sha256  # noqa: E402
from pkg2image.store import Store  # noqa: E402

_LOOK_UPS = 300


@contextmanager
def timed(what: str, *, per: int = 1, unit: str = "s") -> Iterator[None]:
    """Print the CPU time of a block."""
    start = time.process_time()
    yield
    spent = (time.process_time() - start) / per
    print(f"  {what:42} {spent * 1000 if unit == 'ms' else spent:8.3f} {unit} CPU")


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(1 << 18):
            yield piece


def uncompressed(path: Path) -> Iterator[bytes]:
    return decompress(pieces(path), path.suffix.removeprefix("."), Place(str(path)))


def measure(path: Path) -> None:
    """Print one table."""
    data = b"".join(uncompressed(path))
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {len(data) / 1e6:.1f} MB uncompressed")
    with timed("floor: decompression"):
        for _ in uncompressed(path):
            pass
    _measure_libapt(data)
    with timed("cut into blocks, names found"):
        for _ in read_blocks([data], origin=str(path)):
            pass
    with timed("database made of the uncompressed index"):
        database = build_index([data], origin=str(path))
    with timed("whole: decompressed and made"):
        build_index(uncompressed(path), origin=str(path))
    print(f"  {'database':42} {len(database) / 1e6:8.1f} MB")
    _measure_warm(database, sha256(data), str(path))


def _measure_libapt(data: bytes) -> None:
    try:
        import apt_pkg  # noqa: PLC0415 - only where it is there
    except ImportError:
        return
    with tempfile.NamedTemporaryFile() as plain:
        plain.write(data)
        plain.flush()
        with timed("floor: libapt's TagFile, names and Provides"):
            for section in apt_pkg.TagFile(plain.name, bytes=True):
                section.get("Package"), section.get("Provides")


def _measure_warm(database: bytes, key: Digest, origin: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        keep_database(Store(Path(directory)), INDEX_RECORD, key, database)
        with timed("opened from the store, hash checked, all names read", unit="ms"):
            kept = kept_database(Store(Path(directory)), INDEX_RECORD, key)
            index = PackageIndex(lambda: kept or b"", origin=origin)
            names = list(index.names())
    chosen = random.Random(1).sample(names, min(_LOOK_UPS, len(names)))
    look_ups: Sequence[tuple[str, Callable[[str], object]]] = [
        ("look-up of a package", index.stanzas),
        ("look-up of a virtual package", index.providing),
        ("near names of a misspelt one", lambda name: index.near(name[:-2] + name[-1:])),
    ]
    for what, look_up in look_ups:
        with timed(what, per=len(chosen), unit="ms"):
            for name in chosen:
                look_up(name)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[1:]:
        measure(Path(name))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB (the whole index is in it)")


if __name__ == "__main__":
    main()
