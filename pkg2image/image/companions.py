"""Names of the files that lie beside an image and tell about it."""

from __future__ import annotations

from pathlib import Path

_ENDS = (
    *(".oci.tar", ".docker.tar", ".aci", ".dir"),
    *(f".rootfs.tar{compression}" for compression in ("", ".gz", ".zst", ".xz")),
)


def companion(image: Path, end: str) -> Path:
    """Return where something about an image lies.

    Args:
        image: Its file or directory; those of one build in several formats have the same companions.
        end: End of the name, for example ``.spdx.json``: ``web.oci.tar`` has ``web.spdx.json``.
    """
    name = next((image.name.removesuffix(each) for each in _ENDS if image.name.endswith(each)), image.name)
    return image.parent / ((name or image.name) + end)
