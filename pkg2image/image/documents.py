"""JSON documents of images that somebody hands to us: what is not of the expected form is an error that says so.

Errors are `ValueError`, which `pkg2image.image.scan.reading` turns into one of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from pkg2image.digest import Digest
from pkg2image.image import oci
from pkg2image.image.container import Container
from pkg2image.image.scan import MOST_CAPTURED

_T = TypeVar("_T")


def layer_paths(container: Container) -> list[str]:
    """Return where the layers of the only image of a container lie, from the bottom up; empty when it is no image."""
    if "oci-layout" in container:
        descriptor = only_image(get(json_of(container, "index.json"), "manifests", list))
        layers = get(document_of(container, blob_of(descriptor)), "layers", list)
        return [blob_of(layer) for layer in layers]
    if "manifest.json" in container:
        entries = json_of(container, "manifest.json")
        return [str(name) for name in get(only_image(entries if isinstance(entries, list) else ()), "Layers", list)]
    return []


def only_image(descriptors: Iterable[object]) -> dict[str, Any]:
    """Return the one image of a list of descriptors; signatures and the like are none."""
    images = [entry for entry in descriptors if isinstance(entry, dict) and "artifactType" not in entry]
    if len(images) != 1:
        raise ValueError(f"it holds {len(images)} images, not one")
    return images[0]


def artifacts(descriptors: Iterable[object]) -> list[dict[str, Any]]:
    """Return the descriptors of what is beside the image: signatures and the like."""
    return [entry for entry in descriptors if isinstance(entry, dict) and "artifactType" in entry]


def blob_of(descriptor: object) -> str:
    """Return where the blob of an OCI descriptor lies."""
    return oci.blob_path(Digest.parse(get(descriptor, "digest", str)))


def document_of(container: Container, path: str) -> dict[str, Any]:
    """Read a JSON object."""
    return object_of(json_of(container, path), path)


def object_of(document: object, path: str) -> dict[str, Any]:
    """Return a document that must be a JSON object."""
    if not isinstance(document, dict):
        raise ValueError(f"{path} is not a JSON object")  # noqa: TRY004 - foreign data, not a wrong argument
    return document


def json_of(container: Container, path: str) -> Any:
    """Read a JSON document of a sane size."""
    with container.open(path) as file:
        data = file.read(MOST_CAPTURED + 1)
    if len(data) > MOST_CAPTURED:
        raise ValueError(f"{path} is larger than any document of an image")
    return json.loads(data)


def get(document: object, name: str, kind: type[_T], default: _T | None = None) -> _T:
    """Return a member of a JSON object that must be of some type."""
    value = document.get(name, default) if isinstance(document, dict) else default
    if not isinstance(value, kind):
        raise ValueError(f"{name} is missing or not a {kind.__name__}")  # noqa: TRY004
    return value
