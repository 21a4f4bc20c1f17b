"""Is every entry of real packages read as dpkg-deb and Python's tarfile read it?

    python -m benchmarks.fidelity DIRECTORY [--count 300]

DIRECTORY holds .debs, for example downloaded there with ``apt-get download``. For each package the entries of our
reader are compared with those that Python's tarfile finds in the output of ``dpkg-deb --fsys-tarfile``: path, type,
mode, owner by number and name, size, link target, time and SHA-256. The last line counts packages that are equal and
different; the exit code is 1 when one differs, or when there are fewer packages than asked for.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from pkg2image.deb.reader import read_deb
from pkg2image.errors import Pkg2ImageError
from pkg2image.store import Store

_TYPES = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.LNKTYPE: "hardlink",
    tarfile.SYMTYPE: "symlink",
    tarfile.CHRTYPE: "character",
    tarfile.BLKTYPE: "block",
    tarfile.DIRTYPE: "directory",
    tarfile.FIFOTYPE: "fifo",
}
_TIMEOUT = 600  # seconds; dpkg-deb of some versions does not end on some files


class Line(NamedTuple):
    """One entry, in the words both sides have in common."""

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
    sha256: str


def ours(deb: Path, store: Store) -> list[Line]:
    """Return the entries as our reader sees them."""
    with deb.open("rb") as file, store.writer() as sink:
        entries = read_deb(file, sink, name=deb.name).entries
    return [Line(*(getattr(entry, field) for field in Line._fields)) for entry in entries]


def theirs(deb: Path) -> list[Line]:
    """Return the entries as dpkg-deb and tarfile see them."""
    with tempfile.TemporaryFile() as output:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=output, check=True, timeout=_TIMEOUT)
        output.seek(0)
        with tarfile.open(fileobj=output, encoding="utf-8", errors="surrogateescape") as archive:
            return list(_lines(archive))


def _lines(archive: tarfile.TarFile) -> Iterator[Line]:
    first: dict[str, str] = {}  # hard link -> the file itself
    for member in archive:
        path = _normal(member.name)
        target, digest = member.linkname, ""
        if member.islnk():
            target = first[path] = first.get(_normal(target), _normal(target))
        elif member.isreg():
            content = archive.extractfile(member)
            digest = _sha256(content) if content else ""
        yield Line(
            path,
            _TYPES[member.type],
            member.mode,
            member.uid,
            member.gid,
            member.uname,
            member.gname,
            int(member.mtime),
            member.size if member.isreg() else 0,
            target,
            digest,
        )


def _normal(name: str) -> str:
    return "" if name == "." else name.removeprefix("./")


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    debs = sorted(options.directory.glob("*.deb"))[: options.count]
    equal = different = entries = 0
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        for deb in debs:
            expected = theirs(deb)
            try:
                actual = ours(deb, store)
            except Pkg2ImageError as error:
                actual = []
                print(f"{deb.name}: {error.message}")
            entries += len(expected)
            if actual == expected:
                equal += 1
                continue
            different += 1
            for line in sorted(set(actual) ^ set(expected))[:10]:
                print(f"{deb.name}: {'only ours' if line in actual else 'only theirs'}: {line}")
    print(f"{len(debs)} packages, {entries} entries: {equal} equal, {different} different")
    return 0 if different == 0 and len(debs) >= options.count else 1


if __name__ == "__main__":
    sys.exit(main())
