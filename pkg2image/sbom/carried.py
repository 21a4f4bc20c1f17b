"""The bill of an image file: of the lock, the database and the files that it carries, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pkg2image.digest import Digest, sha256
from pkg2image.errors import RequestError
from pkg2image.image.glance import Wanted, glance
from pkg2image.image.read import ImageContents, read_image
from pkg2image.image.scan import FileInfo
from pkg2image.lock.model import LOCK_PATH, Lock
from pkg2image.lock.reading import read_lock
from pkg2image.rootfs.tree import Content, Entry, InlineContent, Kind, StoredContent, Tree
from pkg2image.sbom.bill import Bill
from pkg2image.sbom.survey import bill_of


@dataclass(slots=True)
class CarriedFiles:
    """The files of an image.

    Args:
        path: Of the image.
        tree: What is in it; contents that were not captured are named by their hash only.
        sha1s: SHA-256 -> SHA-1 of contents.
        places: SHA-256 -> a path that has this content.
    """

    path: Path
    tree: Tree
    sha1s: Mapping[str, str]
    places: Mapping[str, str]
    _later: dict[str, bytes] = field(default_factory=dict)

    def read(self, content: Content) -> bytes:
        """Return a content; what was not captured is looked for in the image again.

        Raises:
            RequestError: When the image has changed meanwhile.
        """
        if isinstance(content, InlineContent):
            return content.data
        if content.sha256 not in self._later:
            place = self.places[content.sha256]
            found = glance(self.path, Wanted(frozenset({place}))).get(place, b"")
            if sha256(found).hex != content.sha256:
                raise RequestError(f"cannot read /{place} of the image {self.path}: it is not the same any more")
            self._later[content.sha256] = found
        return self._later[content.sha256]

    def sha1(self, content: Content) -> str:
        """Return the SHA-1 of a content in hex."""
        return self.sha1s[content.sha256]


def read_carried(path: Path) -> tuple[Lock, CarriedFiles]:
    """Read an image file of ours.

    Raises:
        RequestError: When it is no image, broken, or carries no lock.
        MalformedPackageError: When its paths contradict each other.
    """
    contents = read_image(path, deep=True)
    lock = contents.captured.get(LOCK_PATH)
    if lock is None:
        raise RequestError(
            f"cannot list what is in {path}: the image carries no lock",
            hint="only images of pkg2image do; for others use a scanner",
        )
    return read_lock(lock, origin=f"/{LOCK_PATH} of {path}"), _files(path, contents)


def carried_bill(path: Path) -> Bill:
    """Return the bill of an image file: the same as that of the build that made it.

    Raises:
        RequestError: When it is no image of ours, or broken.
        MalformedPackageError: When its database is not that of its lock.
    """
    lock, files = read_carried(path)
    return bill_of(lock, files.tree, read=files.read, sha1=files.sha1)


def _files(path: Path, contents: ImageContents) -> CarriedFiles:
    captured, tree = contents.captured, Tree()
    known = {info.path: info for info in contents.files}
    sha1s: dict[str, str] = {}
    places: dict[str, str] = {}
    for info in contents.files:
        first = _first(info, known)
        content: Content | None = None
        if info.kind is Kind.FILE:
            data = captured.get(first.path)
            if data is not None and sha256(data).hex == first.sha256:
                content = InlineContent(data, first.sha256)
            else:
                content = StoredContent(Digest("sha256", first.sha256), 0, first.size, first.sha256)
            sha1s[first.sha256] = first.sha1
            places.setdefault(first.sha256, first.path)
        target = info.target if info.kind is Kind.SYMLINK else ""
        tree.put(info.path, Entry(info.kind, info.mode, mtime=info.mtime, content=content, target=target))
    return CarriedFiles(path, tree, sha1s, places)


def _first(info: FileInfo, known: Mapping[str, FileInfo]) -> FileInfo:
    """Return the name of a file that has its content: of a hard link the one that it leads to."""
    found = known.get(info.target, info) if info.hard_link else info
    if info.kind is Kind.FILE and not found.sha256:
        raise RequestError(f"cannot read /{info.path} of the image: it leads to no file")
    return found
