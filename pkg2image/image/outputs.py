"""Writing images to files: OCI and docker archives, ACIs and plain tars of the root filesystem.

All formats of one build hold the same files, because all of them are made of `tar_entries`. A function here returns
only after its output is complete, synced and in place; otherwise nothing is left behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from pkg2image.digest import Digest
from pkg2image.image.aci import aci_stream
from pkg2image.image.compress import Compression, HashedBlocks, compress, workers
from pkg2image.image.content import ContentReader
from pkg2image.image.docker import docker_members
from pkg2image.image.model import Image, Layer, Output
from pkg2image.image.oci import layout_members, render_config, render_manifest
from pkg2image.image.read import ROOTFS_COMMENT
from pkg2image.image.target import new_file
from pkg2image.image.tarwriter import END, TarEntry, header, padding, tar_entries, tar_stream
from pkg2image.rootfs.tree import Identities, InlineContent, Kind, StoredContent, Tree
from pkg2image.store import CorruptBlobError, Store

_PIECE = 1 << 20


def write_oci_archive(image: Image, store: Store, path: Path, *, force: bool = False) -> Output:
    """Write the archive that is an OCI image layout and can be loaded by docker.

    Args:
        image: The image; its layers lie in the store.
        store: Where they lie.
        path: The destination.
        force: Whether a file that is not ours may be replaced.

    Returns:
        The output with the digest of the manifest.

    Raises:
        OutputError: When the file cannot be written or may not be replaced.
        CorruptBlobError: When a layer has changed in the store.
    """
    size = _write_archive(layout_members(image), image.epoch, store, path, force=force)
    return Output("oci", path, render_manifest(image, render_config(image)).digest, size, _zstd_notes(image))


def write_docker_archive(image: Image, store: Store, path: Path, *, force: bool = False) -> Output:
    """Write the archive of ``docker save``; arguments and errors as of `write_oci_archive`.

    Returns:
        The output with the image ID, which is the digest of the configuration.
    """
    size = _write_archive(docker_members(image), image.epoch, store, path, force=force)
    return Output("docker", path, render_config(image).digest, size, _zstd_notes(image))


def _zstd_notes(image: Image) -> tuple[str, ...]:
    """Say who cannot read what the user asked for: found by trying."""
    if all(layer.compression != "zstd" for layer in image.layers):
        return ()
    return ("layers compressed with zstd cannot be read by docker before 23 and by umoci 0.4",)


def write_aci(
    image: Image,
    tree: Tree,
    *,
    identities: Identities,
    store: Store,
    path: Path,
    compression: Compression,
    jobs: int = 1,
    force: bool = False,
) -> Output:
    """Write an app container image.

    Args:
        image: The image; its layers are not used.
        tree: The root filesystem.
        identities: Numbers of users and groups.
        store: Where content lies.
        path: The destination.
        compression: ``gzip``, ``xz`` or ``none``.
        jobs: How many threads may compress.
        force: Whether a file that is not ours may be replaced.

    Returns:
        The output with the image ID: the SHA-512 of the uncompressed tar.

    Raises:
        RequestError: When appc has no legal value for something.
        OutputError: When the file cannot be written or may not be replaced.
        TrustError: When content has changed in the store.
    """
    with ContentReader(store) as reader:
        pieces = aci_stream(image, tree, identities=identities, read=reader.read, pieces=reader.pieces)
        tar = HashedBlocks(pieces, "sha512")
        _, size = _write_compressed(tar, path, compression=compression, jobs=jobs, force=force)
    return Output("aci", path, tar.digest, size)


def write_rootfs_tar(
    tree: Tree,
    *,
    identities: Identities,
    store: Store,
    path: Path,
    epoch: int,
    compression: Compression,
    jobs: int = 1,
    force: bool = False,
) -> Output:
    """Write the root filesystem as a tar; arguments and errors as of `write_aci`.

    Args:
        tree: The root filesystem.
        identities: Numbers of users and groups.
        store: Where content lies.
        path: The destination.
        epoch: Seconds; no file is younger.
        compression: ``gzip``, ``zstd``, ``xz`` or ``none``.
        jobs: How many threads may compress.
        force: Whether a file that is not ours may be replaced.

    Returns:
        The output with the SHA-256 of the file.
    """
    paths = chain(("",), (name for name, _ in tree.walk()))
    with ContentReader(store) as reader:
        entries = tar_entries(tree, paths, identities=identities, epoch=epoch)
        tar = HashedBlocks(chain(tar_stream(_signed(entries), reader.pieces), (END,)))
        digest, size = _write_compressed(tar, path, compression=compression, jobs=jobs, force=force)
    return Output("rootfs", path, digest, size)


def _signed(entries: Iterable[TarEntry]) -> Iterator[TarEntry]:
    """Give the first entry the comment by which the file is known as ours."""
    for number, entry in enumerate(entries):
        yield entry if number else replace(entry, comment=ROOTFS_COMMENT)


def _write_compressed(
    tar: HashedBlocks, path: Path, *, compression: Compression, jobs: int, force: bool
) -> tuple[Digest, int]:
    """Write compressed blocks to a file and return the digest and size of it."""
    seen, size, count = hashlib.sha256(), 0, workers(jobs)
    with new_file(path, force=force) as file, ThreadPoolExecutor(count) as pool:
        for piece in compress(tar, compression, pool=pool, ahead=count + 1):
            file.write(piece)
            seen.update(piece)
            size += len(piece)
    return Digest("sha256", seen.hexdigest()), size


def _write_archive(
    members: Iterable[tuple[str, bytes | Layer | None]], epoch: int, store: Store, path: Path, *, force: bool
) -> int:
    """Write a plain tar of documents and layers and return its size."""
    with new_file(path, force=force) as file:
        for name, content in members:
            file.write(header(_member(name, content, epoch)))
            if isinstance(content, Layer):
                copy_blob(store, content, file)
                file.write(padding(content.size))
            elif content is not None:
                file.write(content + padding(len(content)))
        file.write(END)
        return file.tell()


def _member(name: str, content: bytes | Layer | None, epoch: int) -> TarEntry:
    match content:
        case None:
            return TarEntry(name, Kind.DIRECTORY, 0o755, mtime=epoch)
        case Layer():
            reference = StoredContent(content.digest, 0, content.size, content.digest.hex)
            return TarEntry(name, Kind.FILE, 0o644, mtime=epoch, content=reference)
        case _:
            return TarEntry(name, Kind.FILE, 0o644, mtime=epoch, content=InlineContent(content, ""))


def copy_blob(store: Store, layer: Layer, file: BinaryIO) -> None:
    """Copy the blob of a layer out of the store and hash it on the way.

    Raises:
        MissingBlobError: When it is not there.
        CorruptBlobError: When it has changed; it is quarantined.
    """
    seen = hashlib.sha256()
    with store.open_unchecked(layer.digest) as blob:
        while piece := blob.read(_PIECE):
            seen.update(piece)
            file.write(piece)
    if seen.hexdigest() != layer.digest.hex:
        store.quarantine(layer.digest)
        raise CorruptBlobError(layer.digest, seen.hexdigest())
