"""What files mean whose bytes depend on when they were made, or on an order that means nothing."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

from tests.support.schemas import read_gvdb

_JKS, _CERTIFICATE = 0xFEEDFEED, 2


def schemas(data: bytes) -> object:
    """Return the entries of compiled schemas."""
    return _plain(read_gvdb(data))


def trust_store(data: bytes) -> object:
    """Return what a trust store of Java trusts by alias; anything else than a trust store as it is.

    Raises:
        ValueError: When an entry is no certificate.
    """
    magic, _, count = struct.unpack_from(">III", data)
    return dict(sorted(_certificates(data, count))) if magic == _JKS else data.hex()


def interests(data: bytes) -> object:
    """Return what packages want to hear of; dpkg lists it in the order in which they were installed."""
    return sorted(data.decode().splitlines())


MEANINGS: Mapping[str, Callable[[bytes], object]] = {
    "/usr/share/glib-2.0/schemas/gschemas.compiled": schemas,
    "/etc/ssl/certs/java/cacerts": trust_store,
    "/var/lib/dpkg/triggers/File": interests,
}
"""Absolute path -> what reads it."""


def digest(path: str, data: bytes) -> str:
    """Return the SHA-256 of what a file means, in hex."""
    return sha256(json.dumps(MEANINGS[path](data), sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value.hex() if isinstance(value, bytes) else value


def _certificates(data: bytes, count: int) -> Iterator[tuple[str, str]]:
    place = 12
    for _ in range(count):
        (kind,) = struct.unpack_from(">I", data, place)
        if kind != _CERTIFICATE:
            raise ValueError("an entry of the trust store is no certificate")
        alias, place = _text(data, place + 4)
        _, place = _text(data, place + 8)  # after the time: the type
        (size,) = struct.unpack_from(">I", data, place)
        yield alias, data[place + 4 : place + 4 + size].hex()
        place += 4 + size


def _text(data: bytes, place: int) -> tuple[str, int]:
    (size,) = struct.unpack_from(">H", data, place)
    return data[place + 2 : place + 2 + size].decode(), place + 2 + size
