"""Directories, files and symlinks that no package ships: what the skeleton and recipes add to a tree.

The tree is changed in place. Every entry made here says in `Entry.origin` where it comes from, in words such as
``recipe postgresql``.
"""

from __future__ import annotations

from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.rootfs.tree import Content, Entry, Kind, Tree, inline, parent_of


def add_directory(
    tree: Tree,
    path: str,
    *,
    origin: str,
    mtime: int,
    mode: int = 0o755,
    user: str = "root",
    group: str = "root",
) -> str:
    """Make a directory, or give an existing one the owner and mode; missing parents are 0755 root:root.

    Args:
        tree: Changed in place.
        path: Relative or absolute; symlinks are followed, also at the end.
        origin: Where what is made comes from.
        mtime: Seconds since the epoch, usually the epoch of the plan.
        mode: Permission bits.
        user: Owner by name or number.
        group: Group by name or number.

    Returns:
        The canonical path.

    Raises:
        RequestError: When something on the way is no directory.
    """
    place = _make_directories(tree, path, origin, mtime)
    tree.change(place, mode=mode, user=user, group=group)
    return place


def add_file(
    tree: Tree,
    path: str,
    content: bytes | Content,
    *,
    origin: str,
    mtime: int,
    mode: int = 0o644,
    user: str = "root",
    group: str = "root",
) -> str:
    """Make a file with its parents; a file or symlink that is there already is replaced.

    Args:
        tree: Changed in place.
        path: Relative or absolute; symlinks of its parents are followed.
        content: Bytes, or content that is in the store.
        origin: Where it comes from.
        mtime: Seconds since the epoch.
        mode: Permission bits.
        user: Owner by name or number.
        group: Group by name or number.

    Returns:
        The canonical path.

    Raises:
        RequestError: When there is a directory, or something on the way is none.
    """
    what = inline(content) if isinstance(content, bytes) else content
    return _add(tree, path, Entry(Kind.FILE, mode, user, group, mtime, content=what, origin=origin))


def add_symlink(tree: Tree, path: str, target: str, *, origin: str, mtime: int) -> str:
    """Make a symlink with its parents; a file or symlink that is there already is replaced.

    Args:
        tree: Changed in place.
        path: Relative or absolute; symlinks of its parents are followed.
        target: As written into the link; relative targets start at the link's directory.
        origin: Where it comes from.
        mtime: Seconds since the epoch.

    Returns:
        The canonical path.

    Raises:
        RequestError: When there is a directory, or something on the way is none.
    """
    return _add(tree, path, Entry(Kind.SYMLINK, 0o777, mtime=mtime, target=target, origin=origin))


def _add(tree: Tree, path: str, entry: Entry) -> str:
    place = tree.place_of(path)
    _make_directories(tree, parent_of(place), entry.origin, entry.mtime)
    old = tree.get(place)
    if old is not None and old.kind is Kind.DIRECTORY:
        raise RequestError(f"cannot add /{place} ({entry.origin}): the image has a directory of this name")
    tree.put(place, entry)
    return place


def _make_directories(tree: Tree, path: str, origin: str, mtime: int) -> str:
    try:
        return tree.make_directories(path, origin=origin, mtime=mtime)
    except MalformedPackageError as error:
        raise RequestError(f"cannot add /{path} ({origin}): {error.message}") from error
