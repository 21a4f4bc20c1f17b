"""Trees as directories, so that real tools can be compared with what we make of a tree."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from pkg2image.rootfs.tree import Content, Entry, Identities, Kind, Tree


def write_root(tree: Tree, root: Path, *, read: Callable[[Content], bytes], identities: Identities) -> Path:
    """Write a tree into an empty directory, which root alone can do.

    Args:
        tree: What is written; hard links become files of their own.
        root: Made here.
        read: Reads files.
        identities: Numbers of the owners.
    """
    root.mkdir()
    for path, entry in tree.walk():
        place = root / path
        match entry.kind:
            case Kind.DIRECTORY:
                place.mkdir()
            case Kind.SYMLINK:
                place.symlink_to(entry.target)
            case Kind.FIFO:
                os.mkfifo(place)
            case Kind.FILE:
                assert entry.content is not None
                place.write_bytes(read(entry.content))
            case _:
                kind = stat.S_IFCHR if entry.kind is Kind.CHARACTER else stat.S_IFBLK
                os.mknod(place, kind, os.makedev(*entry.device))
        os.chown(place, identities.uid(entry.user), identities.gid(entry.group), follow_symlinks=False)
        if entry.kind is not Kind.SYMLINK:
            place.chmod(entry.mode)
        for name, value in entry.xattrs:
            os.setxattr(place, name, value, follow_symlinks=False)
    return root


def list_root(root: Path) -> dict[str, str]:
    """Return path -> ``kind mode uid:gid what`` of everything below a directory."""
    found = {}
    for top, directories, names in os.walk(root):
        for name in (*directories, *names):
            path = Path(top, name)
            found[str(path.relative_to(root))] = _describe(path)
    return found


def list_tree(tree: Tree, *, read: Callable[[Content], bytes], identities: Identities) -> dict[str, str]:
    """Return a tree in the form of `list_root`."""

    def line(entry: Entry) -> str:
        what = repr(read(entry.content)) if entry.content is not None else entry.target
        if entry.kind in {Kind.CHARACTER, Kind.BLOCK}:
            what = f"{entry.device[0]}:{entry.device[1]}"
        mode = 0o777 if entry.kind is Kind.SYMLINK else entry.mode
        owner = f"{identities.uid(entry.user)}:{identities.gid(entry.group)}"
        return " ".join((str(entry.kind), f"{mode:04o}", owner, what, *_xattrs(dict(entry.xattrs))))

    return {path: line(entry) for path, entry in tree.walk()}


def _describe(path: Path) -> str:
    status = path.lstat()
    kind, what = _kind_and_content(path, status)
    xattrs = {
        name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)
    }
    owner = f"{status.st_uid}:{status.st_gid}"
    return " ".join((str(kind), f"{stat.S_IMODE(status.st_mode):04o}", owner, what, *_xattrs(xattrs)))


def _xattrs(xattrs: dict[str, bytes]) -> list[str]:
    return [f"{name}={value!r}" for name, value in sorted(xattrs.items()) if name.startswith("user.")]


def _kind_and_content(path: Path, status: os.stat_result) -> tuple[Kind, str]:
    match stat.S_IFMT(status.st_mode):
        case stat.S_IFREG:
            return Kind.FILE, repr(path.read_bytes())
        case stat.S_IFDIR:
            return Kind.DIRECTORY, ""
        case stat.S_IFLNK:
            return Kind.SYMLINK, str(path.readlink())
        case stat.S_IFIFO:
            return Kind.FIFO, ""
        case kind:
            device = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
            return (Kind.CHARACTER if kind == stat.S_IFCHR else Kind.BLOCK), device
