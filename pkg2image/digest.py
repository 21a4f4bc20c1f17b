"""Digests as OCI and Debian write them: ``sha256:<hex>``."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
_HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A hash algorithm and a lower-case hexadecimal value.

    Args:
        algorithm: ``md5``, ``sha1``, ``sha256`` or ``sha512``; only the last two ever prove anything.
        hex: The value; its length must fit the algorithm.

    Raises:
        ValueError: When the text is not a digest. Callers that read foreign text turn it into an error of theirs.

    Spec: OCI image-spec v1.1 descriptor.md "Digests".
    """

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        if _LENGTHS.get(self.algorithm) != len(self.hex) or _HEX.fullmatch(self.hex) is None:
            msg = f"not a digest: {self.algorithm}:{self.hex[:140]}"
            raise ValueError(msg)

    def __str__(self) -> str:
        """Return ``algorithm:hex``."""
        return f"{self.algorithm}:{self.hex}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``algorithm:hex``.

        Raises:
            ValueError: When the text is not a digest.
        """
        algorithm, separator, value = text.partition(":")
        if not separator:
            msg = f"not a digest: {text[:140]}"
            raise ValueError(msg)
        return cls(algorithm, value)


def sha256(data: bytes) -> Digest:
    """Return the SHA-256 digest of bytes."""
    return Digest("sha256", hashlib.sha256(data).hexdigest())
