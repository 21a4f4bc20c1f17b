"""An image as OCI describes it: configuration, manifest, index; and the archive that most tools read.

The default archive is a tar that is two things at once: an OCI image layout, and (through ``manifest.json``, which
names the same blobs) what ``docker load`` reads. Every document is canonical JSON, so equal images are equal bytes.

Spec: OCI image-spec v1.1 config.md, manifest.md, image-index.md, image-layout.md, annotations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pkg2image.digest import Digest, sha256
from pkg2image.errors import RequestError
from pkg2image.image.model import Image, Layer
from pkg2image.image.names import platform_of
from pkg2image.plan import canonical_json

CONFIG_MEDIA_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_MEDIA_TYPE = "application/vnd.oci.image.index.v1+json"
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
COMPRESSOR = "dev.pkg2image.compressor"
"""Annotation of manifests, which are comparable when their compressors are equal. It marks an image as ours."""

CREATED_BY = "pkg2image"
"""First word of ``created_by`` in the history, which marks a configuration as ours."""

_TITLE = "org.opencontainers.image.title"
_VERSION = "org.opencontainers.image.version"
_CREATED = "org.opencontainers.image.created"


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document of an image.

    Args:
        media_type: What it is.
        data: Canonical JSON.
    """

    media_type: str
    data: bytes

    @property
    def digest(self) -> Digest:
        """SHA-256 of the bytes."""
        return sha256(self.data)

    def descriptor(self) -> dict[str, object]:
        """Return the descriptor of this document."""
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": len(self.data)}


def annotations_of(image: Image) -> dict[str, str]:
    """Return what is said about an image everywhere: title, version, time, and what the image adds or overrides."""
    standard = {_TITLE: image.reference.repository.rpartition("/")[2], _CREATED: image.created}
    version = {_VERSION: image.version} if image.version else {}
    return {**standard, **version, **dict(image.annotations)}


def render_config(image: Image) -> Document:
    """Return the configuration of an image; its digest is the image ID.

    Annotations are repeated as labels, because many tools look nowhere else.

    Raises:
        RequestError: When OCI has no name for the architecture, or a value is no text.
    """
    platform = platform_of(image.architecture)
    document = {
        "architecture": platform.architecture,
        "os": platform.os,
        **({"variant": platform.variant} if platform.variant else {}),
        "created": image.created,
        "config": _runtime(image),
        "rootfs": {"type": "layers", "diff_ids": [str(layer.diff_id) for layer in image.layers]},
        "history": [_history(layer, image.created) for layer in image.layers],
    }
    return _document(CONFIG_MEDIA_TYPE, document)


def _runtime(image: Image) -> dict[str, object]:
    config = image.config
    fields: dict[str, object] = {
        "User": config.user,
        "ExposedPorts": {f"{port.number}/{port.protocol}": {} for port in config.ports},
        "Env": [f"{name}={value}" for name, value in config.environment],
        "Entrypoint": list(config.entrypoint),
        "Cmd": list(config.command),
        "Volumes": {path: {} for path in config.volumes},
        "WorkingDir": config.workdir,
        "Labels": {**annotations_of(image), **dict(config.labels)},
        "StopSignal": config.stop_signal,
    }
    return {name: value for name, value in fields.items() if value}


def _history(layer: Layer, created: str) -> dict[str, str]:
    fields = {"created": created, "created_by": f"{CREATED_BY} {layer.name}", "comment": " ".join(layer.packages)}
    return {name: value for name, value in fields.items() if value}


def render_manifest(image: Image, config: Document) -> Document:
    """Return the manifest of an image.

    Args:
        image: The image.
        config: Its configuration.
    """
    compressor = {COMPRESSOR: image.compressor or image.layers[0].compression}
    return _document(
        MANIFEST_MEDIA_TYPE,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_MEDIA_TYPE,
            "config": config.descriptor(),
            "layers": [
                {"mediaType": layer.media_type, "digest": str(layer.digest), "size": layer.size}
                for layer in image.layers
            ],
            "annotations": {**annotations_of(image), **compressor},
        },
    )


def render_index(image: Image, manifest: Document) -> Document:
    """Return the ``index.json`` of a layout with one image.

    Args:
        image: The image.
        manifest: Its manifest.
    """
    descriptor = {
        **manifest.descriptor(),
        "platform": platform_of(image.architecture).render(),
        # podman and containerd name an image after the second, all others know a tag only
        "annotations": {REF_NAME: image.reference.tag, CONTAINERD_NAME: image.reference.full},
    }
    return _document(INDEX_MEDIA_TYPE, {"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": [descriptor]})


def blob_path(digest: Digest) -> str:
    """Return the path of a blob in a layout."""
    return f"blobs/{digest.algorithm}/{digest.hex}"


def layout_members(image: Image) -> Iterator[tuple[str, bytes | Layer | None]]:
    """Yield the members of the hybrid archive in order: path and content, None for directories.

    What says what the archive is comes first, so that nobody has to read far.

    Raises:
        RequestError: When the image cannot be described.
    """
    config = render_config(image)
    manifest = render_manifest(image, config)
    loadable = {
        "Config": blob_path(config.digest),
        "RepoTags": [str(image.reference)],
        "Layers": [blob_path(layer.digest) for layer in image.layers],
    }
    yield "oci-layout", LAYOUT
    yield "index.json", render_index(image, manifest).data
    yield "manifest.json", canonical_json([loadable])
    yield "blobs", None
    yield "blobs/sha256", None
    yield blob_path(manifest.digest), manifest.data
    yield blob_path(config.digest), config.data
    yield from _unique_layers(image)


def _unique_layers(image: Image) -> Iterator[tuple[str, Layer]]:
    written: set[Digest] = set()
    for layer in image.layers:
        if layer.digest not in written:
            written.add(layer.digest)
            yield blob_path(layer.digest), layer


def _document(media_type: str, value: object) -> Document:
    try:
        return Document(media_type, canonical_json(value))
    except UnicodeEncodeError as error:
        raise RequestError("cannot describe the image: a value of its configuration is not valid text") from error
