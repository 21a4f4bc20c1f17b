"""Where the packages of a lock were: addresses, and what they say about the repositories of the lock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from pkg2image.deb.package import Origin, Package
from pkg2image.lock.model import LockedSource

LOCAL = "file:"
"""What the address of a package begins with that was a file of the user; its directory is nobody's business."""

_SAFE = "/+~:=@,"


def filename_of(package: Package) -> str:
    """Return the path of a package below its repository; of a file of the user its name."""
    return PurePosixPath(package.local_path).name if package.local_path else package.filename


def url_of(package: Package) -> str:
    """Return where a package was."""
    return (package.origins[0].uri if package.origins else LOCAL) + quoted(filename_of(package))


def quoted(filename: str) -> str:
    """Return a path as part of an address."""
    return quote(filename, safe=_SAFE)


def filename_in(url: str, origins: Sequence[Origin]) -> str:
    """Return the path that `url_of` made an address of.

    Raises:
        ValueError: When the address is not one of the repository.
    """
    base = origins[0].uri if origins else LOCAL
    if not url.startswith(base):
        raise ValueError(f"it does not begin with {base}")
    return unquote(url.removeprefix(base))


def origin_in(sources: Sequence[LockedSource], position: int, component: str) -> Origin:
    """Return what a lock knows about where a package was.

    Args:
        sources: Of the lock.
        position: Which of them, from 0.
        component: Of the repository; empty when it is flat.
    """
    source = sources[position]
    return Origin(
        source=position,
        suite=source.suite,
        codename=source.codename,
        component=component,
        uri=source.uri,
        priority=500 if source.pin is None else source.pin,
        trusted=bool(source.signers),
        date=source.date,
        label=source.label,
    )
