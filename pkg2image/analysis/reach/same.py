"""Equal files of one source package become one file with several names.

Some packages have a program once for each of its names, or a licence once for each package of a source. A hard link
tells nobody who reads them, and they are in one layer. What somebody may write to stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pkg2image.rootfs.tree import Entry, Kind, Tree

_SMALLEST = 512  # bytes: a name of its own costs about as much


def join_equal(tree: Tree, sources: Mapping[str, str]) -> Tree:
    """Return a tree in which files that are equal in all but their names and times are one.

    Args:
        tree: Not changed.
        sources: Package -> its source package.
    """
    first: dict[tuple[object, ...], tuple[str, Entry]] = {}
    result = tree.copy()
    for path, entry in tree.walk():
        if not _may_be_joined(path, entry) or entry.content is None:
            continue
        source = sources.get(entry.package, entry.package)
        key = entry.content.sha256, entry.mode, entry.user, entry.group, entry.xattrs, source
        if key not in first:
            first[key] = path, entry
            continue
        name, known = first[key]
        inode = known.inode or f"equal to /{name}"
        if not known.inode:
            first[key] = name, replace(known, inode=inode)
            result.put(name, first[key][1])
        result.put(path, replace(entry, inode=inode, mtime=known.mtime))
    return result


def _may_be_joined(path: str, entry: Entry) -> bool:
    return (
        entry.kind is Kind.FILE
        and path.startswith("usr/")
        and bool(entry.package)
        and not entry.inode
        and entry.size >= _SMALLEST
    )
