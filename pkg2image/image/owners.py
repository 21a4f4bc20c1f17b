"""Which package a file of an image belongs to, as the lists of dpkg's database in it say.

Spec: dpkg's ``info/PACKAGE.list``, or ``info/PACKAGE:ARCHITECTURE.list`` for packages that are there for several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pkg2image.image.scan import FileInfo
from pkg2image.rootfs.tree import Kind

_LIST = re.compile(r"var/lib/dpkg/info/([^/:]+)(?::[^/:]+)?\.list")


def is_list(path: str) -> bool:
    """Say whether a file of an image is the list of a package."""
    return _LIST.fullmatch(path) is not None


def owners(captured: Mapping[str, bytes], files: Iterable[FileInfo]) -> dict[str, str]:
    """Return path -> package for everything but directories that a package ships.

    Args:
        captured: Contents of the lists, and perhaps of other files.
        files: What is in the image.
    """
    kinds = {file.path: file for file in files}
    found: dict[str, str] = {}
    for place in sorted(captured):
        match = _LIST.fullmatch(place)
        if match:
            paths = (_merged(path, kinds) for path in _lines(captured[place]))
            found |= {
                path: match[1]
                for path in paths
                if path in kinds and path not in found and kinds[path].kind is not Kind.DIRECTORY
            }
    return found


def _lines(data: bytes) -> Iterator[str]:
    return (line.strip("/") for line in data.decode("utf-8", "surrogateescape").split("\n"))


def _merged(path: str, files: Mapping[str, FileInfo]) -> str:
    """Return where a file lies whose directory at the top is a link, as ``/bin`` is in a merged ``/usr``."""
    top, slash, rest = path.partition("/")
    link = files.get(top)
    if not slash or link is None or link.kind is not Kind.SYMLINK:
        return path
    return f"{link.target.strip('/')}/{rest}"
