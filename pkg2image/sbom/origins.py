"""The document in which an image says what made or changed files that are not as a package ships them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import PurePosixPath

from pkg2image.image.captured import ORIGINS_PATH
from pkg2image.plan import canonical_json
from pkg2image.rootfs.dpkgdb import ADMINISTRATION
from pkg2image.rootfs.dpkgdb import ORIGIN as DATABASE
from pkg2image.rootfs.tree import Kind, Tree

OWN = PurePosixPath(ORIGINS_PATH).parent.as_posix()
"""Where documents of ours are; none of them is in the document, nor is anything of dpkg's database."""

_UNSAID = {f"{OWN}/": "pkg2image", f"{ADMINISTRATION}/": DATABASE}
_UNKNOWN = "made for the image"


def render_origins(tree: Tree) -> bytes:
    """Return the document of a tree that has everything but documents of ours and dpkg's database."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, entry in tree.walk():
        if entry.kind is Kind.FILE and entry.origin and not path.startswith(tuple(_UNSAID)):
            found[entry.origin].append(path)
    return canonical_json(dict(found), errors="backslashreplace")


def read_origins(data: bytes) -> dict[str, str]:
    """Return path -> what made or changed it; what is not of the right form says nothing."""
    try:
        document = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    groups: Mapping[object, object] = document if isinstance(document, dict) else {}
    return {
        path: origin
        for origin, paths in groups.items()
        for path in (paths if isinstance(paths, list) else ())
        if isinstance(origin, str) and isinstance(path, str)
    }


def origin_of(path: str, known: Mapping[str, str], *, owned: bool) -> str:
    """Return what made a file, or changed it.

    Args:
        path: Of the file.
        known: What the document says.
        owned: Whether a package ships it, which then made it unless something is known.
    """
    if path in known:
        return known[path]
    unsaid = (what for place, what in _UNSAID.items() if path.startswith(place))
    return "" if owned else next(unsaid, _UNKNOWN)
