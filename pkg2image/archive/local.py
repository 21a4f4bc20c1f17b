"""A package in a file of this host, as if a repository had it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from pkg2image.deb.package import Package, package_from_stanza
from pkg2image.deb.reader import read_control
from pkg2image.errors import RequestError


def read_local(path: Path, architecture: str) -> Package:
    """Return the package in a local file.

    Args:
        path: A .deb.
        architecture: The Debian architecture it must be usable for.

    Raises:
        RequestError: When the file cannot be read or is for another architecture.
        MalformedPackageError: When it is not a .deb.
    """
    try:
        with path.open("rb") as stream:
            fields = read_control(stream, name=str(path))
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as error:
        raise RequestError(
            f"cannot read the package file {path}: {error.strerror}", hint="a word with / and .deb is a file"
        ) from error
    package = package_from_stanza({**fields, "Size": str(size), "SHA256": digest}, origin=str(path))
    if package.architecture not in {architecture, "all"}:
        raise RequestError(f"cannot use the package {path}: it is for {package.architecture}, not for {architecture}")
    return replace(package, local_path=str(path))
