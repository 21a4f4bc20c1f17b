"""An image is built again from its lock, and compared with what is there."""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pkg2image.digest import Digest
from pkg2image.errors import DifferenceError, RequestError
from pkg2image.image import oci
from pkg2image.image.compress import parse_compression
from pkg2image.image.container import Archive, Container, LayoutDirectory
from pkg2image.image.documents import blob_of, document_of, get, json_of, layer_paths, only_image
from pkg2image.image.glance import Wanted, glance
from pkg2image.image.read import is_ours
from pkg2image.image.scan import MOST_CAPTURED, CheckedTarInfo, HashingReader, compression_of, decompressor, reading
from pkg2image.lock.making import lock_digest
from pkg2image.lock.model import LOCK_PATH, Lock
from pkg2image.lock.reading import LockError, read_lock
from pkg2image.lock.requested import relocked
from pkg2image.pipeline import Locked, build
from pkg2image.planning.relocking import places_of_lock
from pkg2image.request import BuildRequest, Format
from pkg2image.verifying.compare import compare_files
from pkg2image.verifying.divergence import Divergence
from pkg2image.world import World

_ABOUT_THE_LOCK = ("not as the lock", "the lock was")
_COMPRESSION = "gzip"
_AGAIN = "get the image again from whoever made it, or build it anew"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of building an image again.

    Args:
        path: The image.
        format: Of it.
        lock: Digest of its lock.
        divergences: In what it is not what its lock gives; empty when it is that to the last byte.
        notes: What could not be compared, and what to know about the lock.
    """

    path: Path
    format: str
    lock: Digest
    divergences: tuple[Divergence, ...]
    notes: tuple[str, ...] = ()

    def render(self) -> dict[str, object]:
        """Return it the way ``verify --json`` shows it."""
        return {
            "path": str(self.path),
            "format": self.format,
            "lock": str(self.lock),
            "equal": not self.divergences,
            "differences": [each.render() for each in self.divergences],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class _Shape:
    """How an image is written, which its lock does not say.

    Args:
        format: Of the file.
        reference: Its name; empty when it has none.
        compression: ``NAME:LEVEL`` as far as it is known.
        compressor: Identity of what compressed it, where it says.
    """

    format: Format
    reference: str
    compression: str
    compressor: str = ""


def verify(path: Path, world: World, *, lock: Lock | None, compression: str | None, asked: BuildRequest) -> Verdict:
    """Build an image again from the lock inside it, and compare.

    Args:
        path: The image: an OCI archive or layout, a docker archive, an ACI, or a tar of a root filesystem.
        world: Store and network.
        lock: A lock to take in place of the one inside.
        compression: How it was compressed; by default as it says, or as is usual.
        asked: Its mirrors and sources are further places for packages.

    Raises:
        RequestError: When it is no image with a lock.
        DifferenceError: When it is damaged, or its lock was edited.
        Pkg2ImageError: When it cannot be built again.
    """
    if path.is_dir() and not (path / "oci-layout").is_file():
        raise RequestError(
            f"cannot verify {path}: a directory in use does not stay as it was",
            hint="verify an image file, such as one of --format rootfs",
        )
    lock = lock or _lock_in(path)
    with _damage(path, sure=True):
        shape = _shape(path)
    compression = compression or shape.compression
    same = not shape.compressor or shape.compressor == str(parse_compression(compression).identity())
    told = () if same else (f"compressed bytes are not compared: {shape.compressor} made them, which is not here",)
    how = replace(
        asked,
        packages=lock.request.packages,
        formats=(shape.format,),
        tag=shape.reference or None,
        compression=compression,
        sbom=("none",),
    )
    with tempfile.TemporaryDirectory(prefix="pkg2image-") as directory:
        output = Path(directory) / "image"
        request = replace(relocked(lock.request, how, lock.architecture), output=output)
        (result,) = build(request, world, Locked(lock, places=places_of_lock(asked, None)))
        with _damage(path, sure=True), reading(path):
            divergences = compare_files(output, path, same_compressor=same)
    about = (note for note in result.notes if note.startswith(_ABOUT_THE_LOCK))
    return Verdict(path, shape.format.value, lock_digest(lock), divergences, (*told, *about))


@contextmanager
def _damage(path: Path, *, sure: bool = False) -> Iterator[None]:
    """Say of an image of ours that cannot be read that it is not as it was.

    Args:
        path: The image.
        sure: Whether that it is one of ours is known already.
    """
    try:
        yield
    except RequestError as error:
        if not sure and not _seems_ours(path):
            raise
        raise DifferenceError(
            f"cannot verify {path}: it is damaged", differences=(error.message,), hint=_AGAIN
        ) from error


def _seems_ours(path: Path) -> bool:
    return path.exists() and (path.is_dir() or is_ours(path))


def _lock_in(path: Path) -> Lock:
    """Return the lock inside an image."""
    with _damage(path):
        found = glance(path, Wanted(frozenset({LOCK_PATH}), enough=frozenset({LOCK_PATH})))
        if LOCK_PATH not in found:
            raise RequestError(
                f"cannot verify {path}: it has no /{LOCK_PATH}", hint="name its lock with --lock, if there is one"
            )
    try:
        return read_lock(found[LOCK_PATH], origin=f"/{LOCK_PATH}")
    except LockError as error:
        raise DifferenceError(
            f"cannot verify {path}: the lock in it is not as it was written", differences=(error.message,), hint=_AGAIN
        ) from error


def _shape(path: Path) -> _Shape:
    with reading(path):
        if path.is_dir():
            return _shape_of_layout(LayoutDirectory(path))
        with path.open("rb") as file:
            compression = compression_of(file)
            if compression == "none":
                archive = Archive(file)
                if "oci-layout" in archive:
                    return _shape_of_layout(archive)
                if "manifest.json" in archive:
                    return _shape_of_docker(archive)
                file.seek(0)
            return _shape_of_tar(file, compression)


def _shape_of_layout(container: Container) -> _Shape:
    descriptor = only_image(get(json_of(container, "index.json"), "manifests", list))
    annotations = get(document_of(container, blob_of(descriptor)), "annotations", dict, {})
    compressor = str(annotations.get(oci.COMPRESSOR, ""))
    names = get(descriptor, "annotations", dict, {})
    return _Shape(
        Format.OCI,
        _tag(container) or str(names.get(oci.CONTAINERD_NAME, "")),
        ":".join(compressor.split(":")[:2]) or _COMPRESSION,
        compressor,
    )


def _shape_of_docker(container: Container) -> _Shape:
    with container.open(layer_paths(container)[0]) as file:
        return _Shape(Format.DOCKER, _tag(container), compression_of(file))


def _tag(container: Container) -> str:
    if "manifest.json" not in container:
        return ""
    entries = json_of(container, "manifest.json")
    tags = get(only_image(entries if isinstance(entries, list) else ()), "RepoTags", list, [])
    return str(tags[0]) if tags else ""


def _shape_of_tar(file: BinaryIO, compression: str) -> _Shape:
    stream = decompressor(HashingReader(file), compression)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=CheckedTarInfo) as tar:
        first = tar.next()
        document = tar.extractfile(first) if first and first.name == "manifest" and first.isreg() else None
        if document is None:
            return _Shape(Format.ROOTFS, "", compression)
        return _Shape(Format.ACI, get(json.loads(document.read(MOST_CAPTURED)), "name", str), compression)
