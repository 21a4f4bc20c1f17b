"""The nouns of an image: layers that were written, and the image that is made of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from pkg2image.digest import Digest
from pkg2image.image.config import ImageConfig
from pkg2image.image.names import Reference

LAYER_MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar"
_MEDIA_TYPE_SUFFIXES = {"gzip": "+gzip", "stored": "+gzip", "zstd": "+zstd", "none": ""}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer whose blob lies in the store.

    Args:
        name: The source package, or what else the layer holds, in a few words.
        digest: SHA-256 of the blob as it is, compressed or not.
        size: Bytes of the blob.
        diff_id: SHA-256 of the uncompressed tar.
        uncompressed_size: Bytes of the uncompressed tar.
        compression: ``gzip``, ``stored``, ``zstd`` or ``none``.
        packages: Names of the packages whose files are in it, sorted.
    """

    name: str
    digest: Digest
    size: int
    diff_id: Digest
    uncompressed_size: int
    compression: str
    packages: tuple[str, ...] = ()

    @property
    def media_type(self) -> str:
        """The OCI media type."""
        return LAYER_MEDIA_TYPE + _MEDIA_TYPE_SUFFIXES[self.compression]


@dataclass(frozen=True, slots=True)
class Image:
    """Everything an image file is made of but the content of its files.

    Args:
        architecture: Debian architecture.
        config: How it is started.
        layers: From the bottom up; formats without layers (ACI, rootfs, directory) ignore them.
        epoch: Seconds; the time of everything that was made for this image.
        reference: Its name and tag.
        version: Version of the requested package, as Debian writes it; may be empty.
        annotations: More pairs, sorted by name, for example ``org.opencontainers.image.title``.
        packages: Name and version of every package in it, sorted.
        compressor: Identity of what compressed the layers (`CompressorIdentity`); may be empty.
    """

    architecture: str
    config: ImageConfig
    layers: tuple[Layer, ...]
    epoch: int
    reference: Reference
    version: str = ""
    annotations: tuple[tuple[str, str], ...] = ()
    packages: tuple[tuple[str, str], ...] = ()
    compressor: str = ""

    @property
    def created(self) -> str:
        """The epoch as RFC 3339 wants it."""
        return render_time(self.epoch)


@dataclass(frozen=True, slots=True)
class Output:
    """Something that was written.

    Args:
        format: ``oci``, ``docker``, ``aci``, ``rootfs`` or ``dir``.
        path: Where it lies.
        digest: What identifies it: of OCI the manifest, of docker the configuration (the image ID), of ACI the image
            ID (SHA-512 of the uncompressed tar), of a rootfs tar the file, of a directory its listing.
        size: Bytes of the file, or of all files of the directory.
        notes: Sentences about what could not be written as the image has it.
    """

    format: str
    path: Path
    digest: Digest
    size: int
    notes: tuple[str, ...] = ()


def render_time(seconds: int) -> str:
    """Return a time as RFC 3339 in UTC, to the second.

    Args:
        seconds: Since the epoch.
    """
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
