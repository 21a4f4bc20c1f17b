"""What is signed: one digest that stands for all bytes of an image, recomputed from these bytes.

Of an OCI image that is the digest of its manifest, which names all the rest. So all the rest is compared with it: every
blob, and everything else in the file that a tool may go by, above all ``manifest.json``, which ``docker load`` believes
and no signature covers. Of other files it is the digest of the file.

Spec: OCI image-spec v1.1 image-layout.md, descriptor.md.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pkg2image.digest import Digest
from pkg2image.errors import RequestError, TrustError
from pkg2image.image.container import Archive, Container, LayoutDirectory
from pkg2image.image.names import parse_reference
from pkg2image.image.oci import (
    CONTAINERD_NAME,
    INDEX_MEDIA_TYPE,
    LAYOUT,
    MANIFEST_MEDIA_TYPE,
    REF_NAME,
    Document,
    blob_path,
)
from pkg2image.image.scan import MOST_CAPTURED, CheckedTarInfo, compression_of, reading
from pkg2image.signing.cosign import KIND, Attached, Beside

_MEMBER = re.compile(r"oci-layout|index\.json|manifest\.json|blobs/sha256/[0-9a-f]{64}")
_DIRECTORIES = {".", "blobs", "blobs/sha256"}
_AGAIN = "get the image again, from whoever made it"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is signed.

    Args:
        path: The file, or the directory of a layout.
        name: Of an OCI image its repository, else the name of the file.
        digest: Of an OCI image that of its manifest, else that of the file.
        manifest: The manifest of an OCI image, else None.
        index: The ``index.json`` of an OCI image, else empty.
        attached: What is kept beside an OCI image, as it was found: not verified.
    """

    path: Path
    name: str
    digest: Digest
    manifest: Document | None = None
    index: Mapping[str, Any] = field(default_factory=dict)
    attached: Mapping[Beside, tuple[Attached, ...]] = field(default_factory=dict)


def subject_of(path: Path) -> Subject:
    """Return what a signature of an image is of.

    Args:
        path: An image file of any format, or the directory of an OCI layout.

    Raises:
        TrustError: When parts of an OCI image do not belong together.
        RequestError: When it cannot be read, or is a directory of another kind.
    """
    with reading(path), ExitStack() as stack:
        if path.is_dir():
            if not (path / "oci-layout").is_file():
                raise RequestError(
                    f"cannot verify or sign {path}: it is a directory", hint="build it with --format rootfs: one file"
                )
            return _Layout(path, LayoutDirectory(path)).subject()
        file = stack.enter_context(path.open("rb"))
        if compression_of(file) == "none" and (archive := _archive(path, file)) is not None:
            return _Layout(path, archive).subject()
        file.seek(0)
        return Subject(path, path.name, Digest("sha256", hashlib.file_digest(file, "sha256").hexdigest()))


def _archive(path: Path, file: BinaryIO) -> Archive | None:
    """Return the members of a layout in a tar, of which no reader finds others; None when it is something else.

    Raises:
        TrustError: When readers may differ about what is in it.
    """
    try:
        with tarfile.open(fileobj=file, mode="r:", tarinfo=CheckedTarInfo) as tar:
            members = list(tar)
    except tarfile.TarError:
        return None
    names = Counter(member.name.removeprefix("./") for member in members)
    if "oci-layout" not in names:
        return None
    for member in members:
        name = member.name.removeprefix("./")
        is_file = member.isreg() and not member.issparse() and _MEMBER.fullmatch(name)
        if not is_file and not (member.isdir() and name in _DIRECTORIES):
            raise TrustError(f"cannot trust {path}: it holds {name[:120]!r}, which belongs to no image", hint=_AGAIN)
        if names[name] > 1:
            raise TrustError(f"cannot trust {path}: it holds {name} {names[name]} times", hint=_AGAIN)
    file.seek(0)
    return Archive(file)


@dataclass(slots=True)
class _Layout:
    """A layout that is held against itself."""

    path: Path
    container: Container

    def subject(self) -> Subject:
        if self._json("oci-layout") != json.loads(LAYOUT):
            raise self._error("it is no OCI image layout of version 1.0.0")
        index = _object(self._json("index.json"))
        image, others = self._descriptors(index)
        manifest = Document(MANIFEST_MEDIA_TYPE, self._blob(image, "its manifest"))
        parts = _object(json.loads(manifest.data))
        if (image.get("mediaType"), parts.get("mediaType")) != (MANIFEST_MEDIA_TYPE, MANIFEST_MEDIA_TYPE):
            raise self._error("its manifest is none of an image")
        self._check(_object(parts.get("config")), "its configuration")
        layers = [_object(layer) for layer in _list(parts.get("layers"))]
        for number, layer in enumerate(layers, 1):
            self._check(layer, f"its layer {number}")
        self._check_docker_manifest(_object(parts.get("config")), layers)
        attached = {kind: self._attached(descriptor, kind) for kind, descriptor in others.items()}
        return Subject(self.path, _repository(image), manifest.digest, manifest, index, attached)

    def _descriptors(self, index: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Beside, dict[str, Any]]]:
        """Return the descriptors of the image and of what is beside it."""
        kinds = {kind.annotation: kind for kind in Beside}
        images: list[dict[str, Any]] = []
        others: dict[Beside, dict[str, Any]] = {}
        if index.get("mediaType", INDEX_MEDIA_TYPE) != INDEX_MEDIA_TYPE:
            raise self._error("its index.json is no index")
        for descriptor in map(_object, _list(index.get("manifests"))):
            kind = kinds.get(str(_object(descriptor.get("annotations", {})).get(KIND)))
            if kind is None:
                images.append(descriptor)
            elif others.setdefault(kind, descriptor) is not descriptor:
                raise self._error(f"it holds more than one list of {kind.name.lower()}")
        if len(images) != 1:
            raise self._error(f"it holds {len(images)} images, and a signature is of one")
        return images[0], others

    def _attached(self, descriptor: Mapping[str, Any], kind: Beside) -> tuple[Attached, ...]:
        what = kind.name.lower()
        manifest = _object(json.loads(self._blob(descriptor, f"the manifest of its {what}")))
        self._check(_object(manifest.get("config")), f"the configuration of its {what}")
        found = []
        for layer in map(_object, _list(manifest.get("layers"))):
            annotations = _object(layer.get("annotations", {}))
            texts = {str(name): str(value) for name, value in annotations.items()}
            data = self._blob(layer, f"a payload of its {what}")
            found.append(Attached(str(layer.get("mediaType")), data, texts))
        return tuple(found)

    def _check_docker_manifest(self, config: Mapping[str, Any], layers: list[dict[str, Any]]) -> None:
        if "manifest.json" not in self.container:
            return
        entries = _list(self._json("manifest.json"))
        wanted = [_place(config), [_place(layer) for layer in layers]]
        if [[_object(entry).get("Config"), _object(entry).get("Layers")] for entry in entries] != [wanted]:
            raise self._error("its manifest.json, which docker loads, describes another image than its index.json")

    def _check(self, descriptor: Mapping[str, Any], what: str) -> None:
        with self._open(descriptor, what) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        self._compare(descriptor, what, digest, size)

    def _blob(self, descriptor: Mapping[str, Any], what: str) -> bytes:
        with self._open(descriptor, what) as file:
            data: bytes = file.read(MOST_CAPTURED + 1)
        self._compare(descriptor, what, hashlib.sha256(data).hexdigest(), len(data))
        return data

    @contextmanager
    def _open(self, descriptor: Mapping[str, Any], what: str) -> Iterator[Any]:
        place = _place(descriptor)
        if place not in self.container:
            raise self._error(f"{what} ({place}) is missing")
        with self.container.open(place) as file:
            yield file

    def _compare(self, descriptor: Mapping[str, Any], what: str, digest: str, size: int) -> None:
        if descriptor.get("digest") != f"sha256:{digest}":
            raise self._error(f"{what} was changed: it has the digest sha256:{digest}, not {descriptor.get('digest')}")
        if descriptor.get("size") != size:
            raise self._error(f"{what} has {size} bytes, not {descriptor.get('size')}")

    def _json(self, name: str) -> Any:
        with self.container.open(name) as file:
            return json.loads(file.read(MOST_CAPTURED))

    def _error(self, reason: str) -> TrustError:
        return TrustError(f"cannot trust {self.path}: {reason}", hint=_AGAIN)


def _place(descriptor: Mapping[str, Any]) -> str:
    digest = Digest.parse(str(descriptor.get("digest")))
    if digest.algorithm != "sha256":
        raise ValueError(f"{digest.algorithm} names no blobs here")
    return blob_path(digest)


def _repository(image: Mapping[str, Any]) -> str:
    annotations = _object(image.get("annotations", {}))
    name = annotations.get(CONTAINERD_NAME) or annotations.get(REF_NAME) or "image"
    return parse_reference(str(name)).repository


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("something in its documents is not a JSON object")  # noqa: TRY004 -- foreign data
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("something in its documents is not a JSON list")  # noqa: TRY004 -- foreign data
    return value
