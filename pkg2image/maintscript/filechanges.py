"""Changing the entries of an image as scripts do it: removing, renaming, owners and modes.

Spec: rename(2), unlink(2), rmdir(2), chmod(2), chown(2) of Linux, called by root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.filesview import ENTRY_WORK, FilesError, FilesView
from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree, parent_of

_MAX_MADE = 20_000  # entries a script may make
_MAX_NAME = 255  # NAME_MAX
_KERNEL = frozenset({"proc", "sys"})
_SPECIAL_BITS = 0o6000


class ChangingFiles(FilesView):
    """Everything but content.

    Args:
        tree: Changed in place.
        read: Reads content of packages.
        epoch: Modification time of what is written, seconds since the epoch.
        package: The package whose script runs.
    """

    __slots__ = ("_made", "epoch", "origin", "package", "umask")

    def __init__(self, tree: Tree, *, read: ReadContent, epoch: int, package: str) -> None:
        super().__init__(tree, read=read)
        self._made = 0
        self.epoch = epoch
        self.package = package
        self.umask = 0o022
        """File creation mask."""
        self.origin = ""
        """Which line is running, ``postinst:12``; goes into `Entry.origin` of what is made."""

    def remove(self, path: str, *, recursive: bool = False) -> None:
        """Remove a file or symlink, with `recursive` also a directory and all below it.

        Raises:
            FilesError: As unlink(2).
        """
        place = self._walk(path, follow=False)
        entry = self._existing(place, path)
        if entry.kind is Kind.DIRECTORY and not recursive:
            raise FilesError("EISDIR", path)
        self._check_removable(place, path)
        self._take_away(place)
        self._moved(place, None)

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory.

        Raises:
            FilesError: As rmdir(2).
        """
        place = self._walk(path, follow=False)
        entry = self._existing(place, path)
        if entry.kind is not Kind.DIRECTORY:
            raise FilesError("ENOTDIR", path)
        if self._tree.children(place):
            raise FilesError("ENOTEMPTY", path)
        self._check_removable(place, path)
        self._take_away(place)
        self._moved(place, None)

    def rename(self, source: str, target: str, *, owned: bool = False) -> None:
        """Rename; the target is the new name itself, never a directory to move into.

        Args:
            source: What is renamed, with all below it.
            target: A file there is replaced.
            owned: Whether what is renamed still belongs to its package (diversions).

        Raises:
            FilesError: As rename(2).
        """
        place = self._walk(source, follow=False)
        entry = self._existing(place, source)
        self._check_removable(place, source)
        goal = self._walk(target, follow=False)
        old = self._get(goal)
        if goal == place:
            return
        if f"{goal}/".startswith(f"{place}/"):
            raise FilesError("EINVAL", target)
        self._check_replaceable(entry, old, goal, target)
        self._check_place(goal, target)
        moved = [
            (
                goal + path[len(place) :],
                each if owned else replace(each, package="", origin=self._full_origin()),
            )
            for path, each in self._below(place)
        ]
        self._take_away(place)
        if old is not None:
            self._take_away(goal)
            self._moved(goal, None)
        for path, each in moved:
            self._tree.put(path, each)
        self._moved(place, goal)

    def _check_replaceable(self, entry: Entry, old: Entry | None, goal: str, target: str) -> None:
        if old is None:
            return
        if entry.kind is Kind.DIRECTORY and old.kind is not Kind.DIRECTORY:
            raise FilesError("ENOTDIR", target)
        if entry.kind is not Kind.DIRECTORY and old.kind is Kind.DIRECTORY:
            raise FilesError("EISDIR", target)
        if self._tree.children(goal):
            raise FilesError("ENOTEMPTY", target)
        self._check_removable(goal, target)

    def chmod(self, path: str, mode: int, *, follow: bool = True) -> None:
        """Set the permission bits; those of a symlink itself never change.

        Raises:
            FilesError: When it does not exist.
        """
        place = self._walk(path, follow=follow)
        if self._existing(place, path).kind is not Kind.SYMLINK:
            self._update(place, mode=mode & 0o7777)

    def chown(self, path: str, user: str | None, group: str | None, *, follow: bool = True) -> None:
        """Set owner and group; None leaves one as it is. setuid and setgid of a file are cleared, as in Linux.

        Raises:
            FilesError: When it does not exist.
        """
        place = self._walk(path, follow=follow)
        entry = self._existing(place, path)
        mode = entry.mode
        if entry.kind is Kind.FILE:
            # setgid without group execution is mandatory locking and survives.
            mode &= ~(_SPECIAL_BITS if mode & 0o010 else 0o4000)
        owner = entry.user if user is None else user
        self._update(place, user=owner, group=entry.group if group is None else group, mode=mode)

    def set_xattr(self, path: str, name: str, value: bytes | None) -> None:
        """Set an extended attribute, or remove it.

        Raises:
            FilesError: When the path does not exist.
        """
        place = self._walk(path, follow=True)
        attributes = dict(self._existing(place, path).xattrs)
        attributes.pop(name, None)
        if value is not None:
            attributes[name] = value
        self._update(place, xattrs=tuple(sorted(attributes.items())))

    def set_mtime(self, path: str, mtime: int) -> None:
        """Set the modification time, seconds since the epoch.

        Raises:
            FilesError: When it does not exist.
        """
        place = self._walk(path, follow=True)
        self._existing(place, path)
        self._update(place, mtime=mtime)

    # -- underneath -----------------------------------------------------------------------------------------------

    def _moved(self, place: str, goal: str | None) -> None:
        """Hear that an entry went elsewhere or away; open files have something to do here."""

    def _create(self, path: str, entry: Entry) -> None:
        place = self._walk(path, follow=False)
        if self._get(place) is not None:
            raise FilesError("EEXIST", path)
        if path.endswith("/") and entry.kind is not Kind.DIRECTORY:
            raise FilesError("ENOENT", path)
        self._make(path, place, entry)

    def _make(self, path: str, place: str, entry: Entry) -> None:
        self._check_place(place, path)
        self._made += 1
        if self._made > _MAX_MADE:
            raise NotUnderstoodError(f"more than {_MAX_MADE} files are made")
        group = self._tree[parent_of(place)]
        fields: dict[str, object] = {"origin": self._full_origin(), "package": "", "mtime": self.epoch}
        if group.mode & 0o2000:
            fields["group"] = group.group
            if entry.kind is Kind.DIRECTORY:
                fields["mode"] = entry.mode | 0o2000
        self._tree.put(place, replace(entry, **fields))  # type: ignore[arg-type]

    def _check_place(self, place: str, path: str) -> None:
        if len(place.rpartition("/")[2].encode("utf-8", "surrogateescape")) > _MAX_NAME:
            raise FilesError("ENAMETOOLONG", path)
        above = self._tree.get(parent_of(place))
        if above is None:
            raise self._missing(place, path)
        if above.kind is not Kind.DIRECTORY:
            raise FilesError("ENOTDIR", path)
        top = place.partition("/")[0]
        if top in _KERNEL:
            raise FilesError("EROFS", path)
        if top == "dev":
            raise NotUnderstoodError(f"making {path}")

    def _check_removable(self, place: str, path: str) -> None:
        if not place or place in self._devices:
            raise NotUnderstoodError(f"removing {path}")

    def _take_away(self, place: str) -> None:
        self.toil(ENTRY_WORK * len(self._below(place)))
        self._tree.remove(place, by=self._full_origin())

    def _below(self, place: str) -> Sequence[tuple[str, Entry]]:
        found = [place]
        for path in found:
            found += [f"{path}/{name}" for name in self._tree.children(path)]
        return [(path, self._tree[path]) for path in found]

    def _full_origin(self) -> str:
        return f"{self.package} {self.origin}".strip()

    def _update(self, place: str, **fields: object) -> None:
        """Replace fields of an entry and of all other names of the same file.

        The running line has the blame; of what the same package made, the line that made it keeps it.
        """
        if place in self._devices and place not in self._tree:
            return
        inode = self._tree[place].inode
        if inode:
            self.toil(ENTRY_WORK * len(self._tree))
        names = [path for path, entry in self._tree.walk() if entry.inode == inode] if inode else [place]
        for name in names:
            made_here = self._tree[name].origin.startswith(f"{self.package} ")
            blame = {} if made_here else {"origin": self._full_origin()}
            self._tree.change(name, **{**blame, **fields})
