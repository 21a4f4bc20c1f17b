"""A directory with everything that an image of a lock is made of: packages where their repositories have them.

A build from the lock in it finds the packages by their hashes, so the directory may come from anywhere. It is a flat
repository for apt as well, without a signature.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pkg2image.deb.facts import FetchedDeb
from pkg2image.digest import Digest
from pkg2image.errors import MalformedPackageError
from pkg2image.image.target import failures, new_directory
from pkg2image.lock.model import Lock
from pkg2image.lock.places import filename_of
from pkg2image.lock.writing import write_lock
from pkg2image.store import Store

_PIECE = 1 << 20
_MODE = 0o644


def write_vendored(lock: Lock, debs: Sequence[FetchedDeb], *, name: str, path: Path, store: Store) -> int:
    """Write the packages of a lock, an index of them, and the lock.

    Args:
        lock: The lock.
        debs: Its packages, in its order; they are in the store as a whole.
        name: What the lock is called there.
        path: The directory, which is made; one that was made like that is replaced.
        store: Where the packages are.

    Returns:
        How many bytes the packages have.

    Raises:
        MalformedPackageError: When two packages of the lock have the same place.
        OutputError: When the directory cannot be written, or is somebody else's.
        CorruptBlobError: When a package has changed in the store.
    """
    places = {filename_of(deb.package): deb for deb in debs}
    if len(places) != len(debs) or {name, "Packages"} & places.keys():
        raise MalformedPackageError(f"cannot put the packages of {name} into one directory: two have the same place")
    with new_directory(path) as directory:
        for place, deb in sorted(places.items()):
            target = _inside(directory, place)
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(store, Digest("sha256", deb.package.sha256), target)
        index = "\n".join("".join(_stanza(place, deb)) for place, deb in sorted(places.items()))
        _write(directory / "Packages", index.encode("utf-8", "surrogateescape"))
        _write(directory / name, write_lock(lock))
        # A directory of ours has the time of no other: see `pkg2image.image.read.is_ours`.
        os.utime(directory, (0, 0))
    return sum(deb.package.size for deb in debs)


def _inside(directory: Path, place: str) -> Path:
    target = directory / place
    if not place or Path(place).is_absolute() or ".." in Path(place).parts:
        raise MalformedPackageError(f"cannot write the package {place[:200]!r}: its place is outside of the directory")
    return target


def _copy(store: Store, digest: Digest, target: Path) -> None:
    with store.open(digest) as blob, failures(target), target.open("xb") as file:
        while piece := blob.read(_PIECE):
            file.write(piece)
        os.fchmod(file.fileno(), _MODE)


def _write(target: Path, data: bytes) -> None:
    target.write_bytes(data)
    target.chmod(_MODE)


def _stanza(place: str, deb: FetchedDeb) -> Iterator[str]:
    """Yield the lines of a package in the index: what it says itself, and where it is."""
    for name, value in deb.facts.control:
        yield f"{name}: {value}\n"
    yield f"Filename: {place}\n"
    yield f"Size: {deb.package.size}\n"
    yield f"SHA256: {deb.package.sha256}\n"
    yield f"SHA512: {deb.sha512}\n"
