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
from typing import Any, BinaryIO, TypeVar

from pkg2image.digest import Digest
from pkg2image.errors import RequestError
from pkg2image.image import aci, oci
from pkg2image.image.container import Archive, Container, LayoutDirectory
from pkg2image.image.inside import Inside, look_inside
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

PLAN_PATH = "usr/share/pkg2image/plan.json"
"""Where an image may hold what its dpkg status cannot say: ``{"packages": [render_package, ...]}``."""

SCRIPTS_PATH = "usr/share/pkg2image/scripts.json"
"""Where an image may say what became of the scripts of its packages."""

INFERRED_PATH = "usr/share/pkg2image/runtime.json"
"""Where an image may say how it is started, and why so."""

UNMET_PATH = "usr/share/pkg2image/unmet.json"
"""Where an image may say what its files ask for and do not find: ``{"unmet": [Unmet.render(), ...], "wanted":
[Wanted.render(), ...]}``."""

_INSIDE = {
    "status": "var/lib/dpkg/status",
    "plan": PLAN_PATH,
    "scripts": SCRIPTS_PATH,
    "unmet": UNMET_PATH,
    "inferred": INFERRED_PATH,
    "passwd": "etc/passwd",
    "group": "etc/group",
}
_MANIFEST = "manifest"
_ROOTFS = "rootfs/"
_CAPTURED = frozenset((_MANIFEST, *(prefix + path for prefix in ("", _ROOTFS) for path in _INSIDE.values())))
_T = TypeVar("_T")


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
        documents: Other JSON documents by path: ``index.json``, ``manifest.json``, ``oci-layout``.
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


def read_image(path: Path) -> ImageContents:
    """Read an image file, an OCI layout directory, or a directory with a root filesystem.

    Raises:
        RequestError: When it is none of these, or broken.
    """
    with reading(path):
        if path.is_dir():
            if (path / "oci-layout").is_file():
                return _read_oci(path, LayoutDirectory(path))
            return _read_directory(path)
        with path.open("rb") as file:
            if compression_of(file) == "none":
                archive = Archive(file)
                if "oci-layout" in archive:
                    return _read_oci(path, archive)
                if "manifest.json" in archive:
                    return _read_docker(path, archive)
                file.seek(0)
            return _read_flat(path, file)


def is_ours(path: Path) -> bool:
    """Say whether a file or directory is an output of ours that may be replaced by the next one.

    A directory is ours as long as nothing was added to or removed from its top: the time of a directory of ours is
    `pkg2image.image.tarwriter.DIRECTORY_MTIME`, which no directory in use has.
    """
    if path.is_dir():
        return path.stat().st_mtime_ns == 0
    try:
        with reading(path), path.open("rb") as file:
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


def _read_oci(path: Path, container: Container) -> ImageContents:
    documents = {
        name: _json(container, name) for name in ("oci-layout", "index.json", "manifest.json") if name in container
    }
    descriptor = _only_image(_get(documents.get("index.json"), "manifests", list))
    manifest_path = _blob(descriptor)
    manifest = _document(container, manifest_path)
    config = _document(container, _blob(_get(manifest, "config", dict)))
    annotations = _get(descriptor, "annotations", dict, {})
    layers = _layers(container, [_blob(layer) for layer in _get(manifest, "layers", list)], config)
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


def _read_docker(path: Path, container: Container) -> ImageContents:
    documents = {"manifest.json": _json(container, "manifest.json")}
    entries = documents["manifest.json"]
    manifest = _only_image(entries if isinstance(entries, list) else ())
    config_path = _get(manifest, "Config", str)
    config = _document(container, config_path)
    layers = _layers(container, [str(name) for name in _get(manifest, "Layers", list)], config)
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


def _read_flat(path: Path, file: BinaryIO) -> ImageContents:
    """Read an ACI or a tar with a root filesystem."""
    scan = scan_tar(file, _CAPTURED, image_id=True)
    is_aci = _MANIFEST in scan.captured and any(info.path == "rootfs" for info in scan.files)
    layers = (LayerContents("", "files", scan),)
    manifest = _object(json.loads(scan.captured[_MANIFEST]), _MANIFEST) if is_aci else {}
    return ImageContents(
        format="aci" if is_aci else "rootfs",
        path=path,
        digest=scan.image_id if is_aci and scan.image_id else scan.digest,
        size=scan.size,
        reference=_aci_name(manifest) if is_aci else "",
        config=manifest,
        manifest={},
        layers=layers,
        files=flatten([_within(scan.files, _ROOTFS if is_aci else "")]),
        inside=_inside(layers),
    )


def _read_directory(path: Path) -> ImageContents:
    scan = scan_directory(path, _CAPTURED)
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


def _layers(container: Container, paths: Iterable[str], config: Mapping[str, Any]) -> tuple[LayerContents, ...]:
    history = (entry for entry in _get(config, "history", list, []) if isinstance(entry, dict))
    written = (entry for entry in history if not entry.get("empty_layer"))
    names = [str(entry.get("created_by", "")).removeprefix(f"{oci.CREATED_BY} ") for entry in written]
    layers = []
    for number, path in enumerate(paths):
        with container.open(path) as file:
            layers.append(LayerContents(path, names[number] if number < len(names) else "", scan_tar(file, _CAPTURED)))
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


def _inside(layers: Iterable[LayerContents]) -> Inside:
    captured: dict[str, bytes] = {}
    for layer in layers:
        captured.update({path.removeprefix(_ROOTFS): data for path, data in layer.scan.captured.items()})
    return look_inside(**{name: captured.get(path, b"") for name, path in _INSIDE.items()})


def _aci_name(manifest: Mapping[str, Any]) -> str:
    labels = [label for label in _get(manifest, "labels", list, []) if isinstance(label, dict)]
    version = next((label.get("value") for label in labels if label.get("name") == "version"), "")
    return f"{manifest.get('name', '')}:{version}"


def _size(path: Path, blobs: Mapping[str, tuple[Digest, int]]) -> int:
    return sum(size for _, size in blobs.values()) if path.is_dir() else path.stat().st_size


def _blob(descriptor: object) -> str:
    return oci.blob_path(Digest.parse(_get(descriptor, "digest", str)))


def _only_image(descriptors: Iterable[object]) -> dict[str, Any]:
    images = [entry for entry in descriptors if isinstance(entry, dict) and "artifactType" not in entry]
    if len(images) != 1:
        raise ValueError(f"it holds {len(images)} images, not one")
    return images[0]


def _document(container: Container, path: str) -> dict[str, Any]:
    return _object(_json(container, path), path)


def _object(document: object, path: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError(f"{path} is not a JSON object")  # noqa: TRY004 - foreign data, not a wrong argument
    return document


def _json(container: Container, path: str) -> Any:
    with container.open(path) as file:
        data = file.read(MOST_CAPTURED + 1)
    if len(data) > MOST_CAPTURED:
        raise ValueError(f"{path} is larger than any document of an image")
    return json.loads(data)


def _get(document: object, name: str, kind: type[_T], default: _T | None = None) -> _T:
    value = document.get(name, default) if isinstance(document, dict) else default
    if not isinstance(value, kind):
        raise ValueError(f"{name} is missing or not a {kind.__name__}")  # noqa: TRY004
    return value
