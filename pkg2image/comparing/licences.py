"""What the copyright files of an image say, in a few words, for a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pkg2image.digest import sha256
from pkg2image.image.glance import Wanted, glance
from pkg2image.sbom.licences import NOASSERTION, licence_of

_DIGITS = 12


def licences_in(path: Path, paths: frozenset[str]) -> Mapping[str, str]:
    """Return the licences that copyright files state; of free text only which text it is.

    Args:
        path: An image.
        paths: Copyright files in it.

    Raises:
        RequestError: When the image cannot be read.
    """
    found = glance(path, Wanted(paths)) if paths else {}
    return {name: _words(data) for name, data in found.items()}


def _words(data: bytes) -> str:
    stated = licence_of(data).declared
    return f"{'free text' if stated == NOASSERTION else stated} (text {sha256(data).hex[:_DIGITS]})"
