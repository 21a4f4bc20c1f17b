"""Is every entry of real packages in the tree as dpkg-deb and Python's tarfile read it?

    python -m benchmarks.fidelity [--suite bookworm] [--count 300] [--seed 1]
    python -m benchmarks.fidelity --directory DIRECTORY

Without a directory of .debs a seeded choice of packages is downloaded from the host's mirror (small ones, and those of
postgresql). For each package the entries of our reader, and the tree it unpacks to, are compared with what Python's
tarfile finds in the output of ``dpkg-deb --fsys-tarfile``: path, type, mode, owner, size, link target, time and
SHA-256; in the tree paths are mapped through the links of merged /usr. The last line counts packages that are equal and
different; the exit code is 1 when one differs, or when there are fewer packages than asked for.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from pkg2image.archive.defaults import default_sources
from pkg2image.archive.fetch import fetch_debs
from pkg2image.archive.repository import load_universe
from pkg2image.deb.facts import DebFacts, FetchedDeb
from pkg2image.deb.package import package_from_stanza
from pkg2image.deb.reader import read_deb
from pkg2image.digest import Digest
from pkg2image.errors import Pkg2ImageError
from pkg2image.plan import PlannedPackage, Reason
from pkg2image.planning.planned import plan
from pkg2image.progress import Silence
from pkg2image.request import make_request
from pkg2image.rootfs.aliases import ALIASES, link_aliases, loader_alias
from pkg2image.rootfs.tree import Entry, Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.store import Store
from pkg2image.world import open_world

_SMALL = 1 << 20  # bytes of a .deb that is downloaded for this alone
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


def ours(deb: Path, store: Store) -> DebFacts:
    """Return what our reader sees."""
    with deb.open("rb") as file, store.writer() as sink:
        return read_deb(file, sink, name=deb.name)


def entries_of(facts: DebFacts) -> list[Line]:
    """Return the entries of the reader in the words of both sides."""
    return [Line(*(getattr(entry, field) for field in Line._fields)) for entry in facts.entries]


def differences(facts: DebFacts, expected: list[Line]) -> list[str]:
    """Return how the tree differs from what was expected, one line for each difference."""
    package = package_from_stanza(dict(facts.control), origin=facts.name)
    tree = Tree()
    link_aliases(tree, (*ALIASES, *loader_alias("amd64")))
    aliases = {path for path, _ in tree.walk()}
    tree = unpack(tree, [FetchedDeb(package, facts)])
    found = []
    inodes: dict[str, str] = {}
    for line in expected:
        place = tree.place_of(line.path)
        entry = tree.get(place)
        if not line.path or place in aliases:
            continue  # the image's own: the root and the links of merged /usr
        if line.kind == "hardlink":
            entry = entry if entry and entry.inode == inodes.get(tree.place_of(line.target)) else None
            if entry is None:
                found.append(f"/{line.path} is no hard link to /{line.target}")
            continue
        actual = None if entry is None else _in_tree(line.path, entry)
        inodes[place] = entry.inode if entry else ""
        if actual != line._replace(uid=0, gid=0):
            found.append(f"the tree has {actual}, expected {line}")
    return found


def _in_tree(path: str, entry: Entry) -> Line:
    digest = entry.content.sha256 if entry.content else ""
    kind = str(entry.kind)
    return Line(path, kind, entry.mode, 0, 0, entry.user, entry.group, entry.mtime, entry.size, entry.target, digest)


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


def downloaded(suite: str, count: int, seed: int, work: Path) -> list[Path]:
    """Download a seeded choice of packages and return their files."""
    world = open_world(
        store=Store(work / "downloads"),
        state=work / "state",
        environment=dict(os.environ),
        now=int(time.time()),
        jobs=4,
        offline=False,
        reporter=Silence(),
    )
    sources = default_sources(suite, mirror=None, host=world.host).sources
    universe = load_universe(
        sources,
        architecture=world.host.architecture,
        suite=suite,
        acquirer=world.acquirer,
        store=world.store,
        memory=world.memory,
        now=world.now,
        offline=False,
        reporter=Silence(),
    )
    request = make_request({"packages": ("postgresql",), "suite": suite}, None)
    packages = {item.package.name: item.package for item in plan(request, world)[0].plan.packages}
    names = sorted(universe.names())
    random.Random(seed).shuffle(names)
    for name in names:
        if len(packages) >= count:
            break
        candidates = universe.versions(name)
        if candidates and candidates[0].size < _SMALL:
            packages.setdefault(name, candidates[0])
    wanted = [PlannedPackage(package, Reason("requested", "", name)) for name, package in sorted(packages.items())]
    fetch_debs(wanted, store=world.store, acquirer=world.acquirer, jobs=world.jobs, offline=False, reporter=Silence())
    return [world.store.path(Digest("sha256", item.package.sha256)) for item in wanted]


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        if options.directory:
            debs = sorted(options.directory.glob("*.deb"))[: options.count]
        else:
            debs = downloaded(options.suite, options.count, options.seed, work)
        return compare(debs, Store(work / "store"), options.count)


def compare(debs: list[Path], store: Store, count: int) -> int:
    """Compare packages, print what differs, and return the exit code."""
    equal = different = entries = 0
    for deb in debs:
        expected = theirs(deb)
        entries += len(expected)
        try:
            facts = ours(deb, store)
            actual = entries_of(facts)
            unlike = [
                f"{'only ours' if line in actual else 'only theirs'}: {line}" for line in set(actual) ^ set(expected)
            ]
            unlike += differences(facts, expected)
        except Pkg2ImageError as error:
            unlike = [error.message]
        equal += not unlike
        different += bool(unlike)
        for text in sorted(unlike)[:10]:
            print(f"{deb.name}: {text}")
    print(f"{len(debs)} packages, {entries} entries: {equal} equal, {different} different")
    return 0 if different == 0 and len(debs) >= count else 1


if __name__ == "__main__":
    sys.exit(main())
