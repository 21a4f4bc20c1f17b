"""Opening images again: what is in them, and whether we made them.

Reading is for looking: every member is listed and every digest computed anew, and nothing that a file says about
itself is believed or judged. Judging is the work of `pkg2image.image.lint`.

Spec: OCI image-spec v1.1 image-layout.md, layer.md "Whiteouts"; appc spec 0.8.11 aci.md.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from pkg2image.digest import Digest
from pkg2image.errors import RequestError
from pkg2image.image import aci, oci
from pkg2image.image.captured import INSIDE, MANIFEST, ROOTFS, Captured
from pkg2image.image.container import Archive, Container, LayoutDirectory
from pkg2image.image.documents import artifacts, blob_of, document_of, get, json_of, object_of, only_image
from pkg2image.image.inside import Inside, look_inside
from pkg2image.image.owners import owners
from pkg2image.image.scan import (
    MOST_CAPTURED,
    CheckedTarInfo,
    FileInfo,
    HashingReader,
    Scan,
    compression_of,
    decompressor,
    flatten,
    reading,
    scan_directory,
    scan_tar,
)

ROOTFS_COMMENT = "pkg2image"
"""The pax comment of the first member of a rootfs tar of ours."""

OUR_URL = "https://pkg2image.dev/"
"""What is in the head of every bill of materials of ours, and names who made it."""

_HEAD = 4096  # bytes


@dataclass(frozen=True, slots=True)
class LayerContents:
    """A layer as it was found.

    Args:
        path: Of the blob inside the archive; empty for formats without layers.
        name: What the history says about it.
        scan: Its members and digests.
    """

    path: str
    name: str
    scan: Scan

    def render(self) -> dict[str, object]:
        """Return the layer the way ``inspect --json`` shows it."""
        return {
            "name": self.name,
            "digest": str(self.scan.digest),
            "size": self.scan.size,
            "diff_id": str(self.scan.diff_id),
            "uncompressed_size": self.scan.content_size,
            "compression": self.scan.compression,
            "files": len(self.scan.files),
        }


@dataclass(frozen=True, slots=True)
class ImageContents:
    """An image as it was found.

    Args:
        format: ``oci``, ``docker``, ``aci``, ``rootfs`` or ``dir``.
        path: What was read.
        digest: As of `pkg2image.image.model.Output`; of a directory the digest of what is listed.
        size: Bytes of the file, or of all files of a directory.
        reference: Name and tag, as far as the format knows them.
        config: OCI or docker configuration, or the ACI manifest; empty for plain root filesystems.
        manifest: OCI manifest or the entry of docker's ``manifest.json``; else empty.
        layers: From the bottom up; formats without layers have one.
        files: What the layers come to, in byte order, without a prefix such as ``rootfs/``.
        inside: What its files say about it.
        documents: Other JSON documents by path: ``index.json``, ``manifest.json``, ``oci-layout``, and the manifests of
            what is kept beside the image, such as signatures.
        blobs: Path of every blob -> its real digest and size.
    """

    format: str
    path: Path
    digest: Digest
    size: int
    reference: str
    config: Mapping[str, Any]
    manifest: Mapping[str, Any]
    layers: tuple[LayerContents, ...]
    files: tuple[FileInfo, ...]
    inside: Inside
    documents: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, tuple[Digest, int]] = field(default_factory=dict)

    @property
    def packages(self) -> tuple[Mapping[str, object], ...]:
        """What dpkg's database in the image says, sorted by name; each as ``plan --json`` shows packages."""
        return self.inside.packages

    @property
    def captured(self) -> Mapping[str, bytes]:
        """Path -> content of the documents in it, of the lists of dpkg, and of copyright files."""
        return _captured(self.layers)

    @property
    def owners(self) -> Mapping[str, str]:
        """Path -> package, as the lists of dpkg say; what no package ships has none."""
        return owners(_captured(self.layers), self.files)

    def render(self) -> dict[str, object]:
        """Return the image the way ``inspect --json`` shows it."""
        return {
            "format": self.format,
            "path": str(self.path),
            "digest": str(self.digest),
            "size": self.size,
            "reference": self.reference,
            "config": self.config,
            "layers": [layer.render() for layer in self.layers],
            "files": [file.render() for file in self.files],
            "packages": list(self.packages),
            "users": list(self.inside.users),
            "groups": list(self.inside.groups),
            "needs": list(self.inside.needs),
            "scripts": self.inside.scripts,
            "inferred": self.inside.inferred,
            "unmet": None if self.inside.unmet is None else list(self.inside.unmet),
            "wanted": list(self.inside.wanted),
        }


def read_image(path: Path, *, deep: bool = False) -> ImageContents:
    """Read an image file, an OCI layout directory, or a directory with a root filesystem.

    Args:
        path: What is read.
        deep: Whether the hash and the capabilities of every file are wanted.

    Raises:
        RequestError: When it is none of these, or broken.
    """
    with reading(path):
        if path.is_dir():
            if (path / "oci-layout").is_file():
                return _read_oci(path, LayoutDirectory(path), deep=deep)
            return _read_directory(path, deep=deep)
        with path.open("rb") as file:
            if compression_of(file) == "none":
                archive = Archive(file)
                if "oci-layout" in archive:
                    return _read_oci(path, archive, deep=deep)
                if "manifest.json" in archive:
                    return _read_docker(path, archive, deep=deep)
                file.seek(0)
            return _read_flat(path, file, deep=deep)


def is_ours(path: Path) -> bool:
    """Say whether a file or directory is an output of ours that may be replaced by the next one.

    A directory is ours as long as nothing was added to or removed from its top: the time of a directory of ours is
    `pkg2image.image.tarwriter.DIRECTORY_MTIME`, which no directory in use has.
    """
    if path.is_dir():
        return path.stat().st_mtime_ns == 0
    try:
        with reading(path), path.open("rb") as file:
            head = file.read(_HEAD)
            if head.startswith(b"{"):
                return OUR_URL.encode() in head
            file.seek(0)
            return _first_members_are_ours(file)
    except RequestError:
        return False


def _first_members_are_ours(file: BinaryIO) -> bool:
    """Look only at what comes before the bulk of the data in the formats we write."""
    stream = decompressor(HashingReader(file), compression_of(file))
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=CheckedTarInfo) as tar:
        for number, member in enumerate(tar):
            if number == 0 and member.pax_headers.get("comment") == ROOTFS_COMMENT:
                return True
            if number > 8 or member.size > MOST_CAPTURED:
                return False
            extracted = tar.extractfile(member) if member.isreg() else None
            if extracted is not None and _document_is_ours(extracted.read()):
                return True
    return False


def _document_is_ours(data: bytes) -> bool:
    try:
        document = json.loads(data)
    except ValueError:
        return False
    if not isinstance(document, dict):
        return False
    annotations, history = document.get("annotations"), document.get("history")
    return (
        aci.is_ours(document)
        or (isinstance(annotations, dict) and oci.COMPRESSOR in annotations)
        or (isinstance(history, list) and any(_made_by_us(entry) for entry in history))
    )


def _made_by_us(entry: object) -> bool:
    return isinstance(entry, dict) and str(entry.get("created_by", "")).startswith(f"{oci.CREATED_BY} ")


def _read_oci(path: Path, container: Container, *, deep: bool) -> ImageContents:
    documents = {
        name: json_of(container, name) for name in ("oci-layout", "index.json", "manifest.json") if name in container
    }
    descriptors = get(documents.get("index.json"), "manifests", list)
    documents |= {place: document_of(container, place) for place in map(blob_of, artifacts(descriptors))}
    descriptor = only_image(descriptors)
    manifest_path = blob_of(descriptor)
    manifest = document_of(container, manifest_path)
    config = document_of(container, blob_of(get(manifest, "config", dict)))
    annotations = get(descriptor, "annotations", dict, {})
    layers = _layers(container, [blob_of(layer) for layer in get(manifest, "layers", list)], config, deep=deep)
    blobs = _digests(container, layers)
    return ImageContents(
        format="oci",
        path=path,
        digest=blobs[manifest_path][0],
        size=_size(path, blobs),
        reference=str(annotations.get(oci.CONTAINERD_NAME) or annotations.get(oci.REF_NAME) or ""),
        config=config,
        manifest=manifest,
        layers=layers,
        files=flatten(layer.scan.files for layer in layers),
        inside=_inside(layers),
        documents=documents,
        blobs=blobs,
    )


def _read_docker(path: Path, container: Container, *, deep: bool) -> ImageContents:
    documents = {"manifest.json": json_of(container, "manifest.json")}
    entries = documents["manifest.json"]
    manifest = only_image(entries if isinstance(entries, list) else ())
    config_path = get(manifest, "Config", str)
    config = document_of(container, config_path)
    layers = _layers(container, [str(name) for name in get(manifest, "Layers", list)], config, deep=deep)
    blobs = _digests(container, layers)
    return ImageContents(
        format="docker",
        path=path,
        digest=blobs[config_path][0],
        size=_size(path, blobs),
        reference=", ".join(map(str, manifest.get("RepoTags") or [])),
        config=config,
        manifest=manifest,
        layers=layers,
        files=flatten(layer.scan.files for layer in layers),
        inside=_inside(layers),
        documents=documents,
        blobs=blobs,
    )


def _read_flat(path: Path, file: BinaryIO, *, deep: bool) -> ImageContents:
    """Read an ACI or a tar with a root filesystem."""
    scan = scan_tar(file, Captured(), image_id=True, deep=deep)
    is_aci = MANIFEST in scan.captured and any(info.path == "rootfs" for info in scan.files)
    layers = (LayerContents("", "files", scan),)
    manifest = object_of(json.loads(scan.captured[MANIFEST]), MANIFEST) if is_aci else {}
    return ImageContents(
        format="aci" if is_aci else "rootfs",
        path=path,
        digest=scan.image_id if is_aci and scan.image_id else scan.digest,
        size=scan.size,
        reference=_aci_name(manifest) if is_aci else "",
        config=manifest,
        manifest={},
        layers=layers,
        files=flatten([_within(scan.files, ROOTFS if is_aci else "")]),
        inside=_inside(layers),
    )


def _read_directory(path: Path, *, deep: bool) -> ImageContents:
    scan = scan_directory(path, Captured(), deep=deep)
    layers = (LayerContents("", "files", scan),)
    return ImageContents(
        format="dir",
        path=path,
        digest=scan.digest,
        size=scan.size,
        reference="",
        config={},
        manifest={},
        layers=layers,
        files=scan.files,
        inside=_inside(layers),
    )


def _within(files: Iterable[FileInfo], prefix: str) -> Iterator[FileInfo]:
    """Yield the files below a prefix, without the prefix."""
    for info in files:
        if info.path.startswith(prefix):
            target = info.target.removeprefix(prefix) if info.hard_link else info.target
            yield replace(info, path=info.path.removeprefix(prefix), target=target)


def _layers(
    container: Container, paths: Iterable[str], config: Mapping[str, Any], *, deep: bool
) -> tuple[LayerContents, ...]:
    history = (entry for entry in get(config, "history", list, []) if isinstance(entry, dict))
    written = (entry for entry in history if not entry.get("empty_layer"))
    names = [str(entry.get("created_by", "")).removeprefix(f"{oci.CREATED_BY} ") for entry in written]
    layers = []
    for number, path in enumerate(paths):
        with container.open(path) as file:
            scan = scan_tar(file, Captured(), deep=deep)
        layers.append(LayerContents(path, names[number] if number < len(names) else "", scan))
    return tuple(layers)


def _digests(container: Container, layers: Iterable[LayerContents]) -> dict[str, tuple[Digest, int]]:
    """Return the digest and size of every file; those of layers are known already."""
    found = {layer.path: (layer.scan.digest, layer.scan.size) for layer in layers}
    for name in container.names():
        if name not in found:
            with container.open(name) as file:
                reader = HashingReader(file, "sha256")
                reader.drain()
                found[name] = (reader.digests()[0], reader.count)
    return found


def _captured(layers: Iterable[LayerContents]) -> dict[str, bytes]:
    captured: dict[str, bytes] = {}
    for layer in layers:
        captured.update({path.removeprefix(ROOTFS): data for path, data in layer.scan.captured.items()})
    return captured


def _inside(layers: Iterable[LayerContents]) -> Inside:
    captured = _captured(layers)
    return look_inside(**{name: captured.get(path, b"") for name, path in INSIDE.items()})


def _aci_name(manifest: Mapping[str, Any]) -> str:
    labels = [label for label in get(manifest, "labels", list, []) if isinstance(label, dict)]
    version = next((label.get("value") for label in labels if label.get("name") == "version"), "")
    return f"{manifest.get('name', '')}:{version}"


def _size(path: Path, blobs: Mapping[str, tuple[Digest, int]]) -> int:
    return sum(size for _, size in blobs.values()) if path.is_dir() else path.stat().st_size
