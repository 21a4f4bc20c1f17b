"""The archive that ``docker save`` writes and ``docker load`` reads, for tools that know nothing else.

Spec: Docker image specification v1.2 "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

from collections.abc import Iterator

from pkg2image.image.model import Image, Layer
from pkg2image.image.oci import render_config
from pkg2image.plan import canonical_json


def docker_members(image: Image) -> Iterator[tuple[str, bytes | Layer | None]]:
    """Yield the members of a docker archive in order: path and content, None for directories.

    The configuration is that of the OCI image, so an image has the same ID in both formats. Layers may be compressed:
    every reader looks at their first bytes.

    Raises:
        RequestError: When the image cannot be described.
    """
    config = render_config(image)
    name = f"{config.digest.hex}.json"
    layers = {f"{layer.diff_id.hex}/layer.tar": layer for layer in image.layers}
    paths = [f"{layer.diff_id.hex}/layer.tar" for layer in image.layers]
    yield "manifest.json", canonical_json([{"Config": name, "RepoTags": [str(image.reference)], "Layers": paths}])
    yield name, config.data
    for path, layer in layers.items():
        yield path.rpartition("/")[0], None
        yield path, layer
