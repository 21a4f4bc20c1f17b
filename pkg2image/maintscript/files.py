"""The files of the image as scripts use them: system calls over a `Tree`.

Spec: open(2), write(2), link(2), mkdir(2) of Linux, called by root.
"""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakSet

from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.filechanges import ChangingFiles
from pkg2image.maintscript.filesview import ENTRY_WORK, NULL, FilesError
from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree, inline

__all__ = ["Files", "FilesError", "Handle"]

_MAX_WRITTEN = 64 * 1024 * 1024  # bytes a script may write


class Handle:
    """An open file: it keeps its place in the file, and keeps the file when that is renamed.

    Args:
        files: Where the file is.
        place: Its canonical path, None once it was removed.
        append: Whether everything is written to the end.
    """

    __slots__ = ("__weakref__", "_files", "append", "place", "position")

    def __init__(self, files: Files, place: str, *, append: bool) -> None:
        self._files = files
        self.place: str | None = place
        self.append = append
        self.position = 0

    def write(self, data: bytes) -> None:
        """Write bytes at the position of this handle."""
        self._files.write_through(self, data)

    def read(self) -> bytes:
        """Return and take everything after the position."""
        data = b"" if self.place is None else self._files.read(f"/{self.place}")
        rest = data[self.position :]
        self.position += len(rest)
        return rest


class Files(ChangingFiles):
    """The files of one script run.

    Args:
        tree: Changed in place.
        read: Reads content of packages.
        epoch: Modification time of what is written, seconds since the epoch.
        package: The package whose script runs.
    """

    __slots__ = ("_buffers", "_handles", "_temporary", "_written")

    def __init__(self, tree: Tree, *, read: ReadContent, epoch: int, package: str) -> None:
        super().__init__(tree, read=read, epoch=epoch, package=package)
        self._buffers: dict[str, tuple[bytearray, str]] = {}
        self._handles: WeakSet[Handle] = WeakSet()
        self._written = self._temporary = 0

    @property
    def tree(self) -> Tree:
        """The tree with everything written so far; for the functions of `rootfs`, whose work is not limited here."""
        self._settle()
        return self._tree

    def open(
        self, path: str, *, append: bool = False, truncate: bool = False, exclusive: bool = False, mode: int = 0o666
    ) -> Handle:
        """Open a file for writing; it is made when there is none.

        Args:
            path: Symlinks are followed.
            append: Write to the end only.
            truncate: Empty it first.
            exclusive: It must not exist yet.
            mode: Of a new file, before the umask.

        Raises:
            FilesError: As open(2).
        """
        place = self._walk(path, follow=True)
        entry = self._get(place)
        if entry is None:
            if path.endswith("/"):
                raise FilesError("EISDIR", path)
            content = inline(b"")
            self._make(path, place, Entry(Kind.FILE, mode & ~self.umask, content=content))
        elif exclusive:
            raise FilesError("EEXIST", path)
        elif entry.kind is Kind.DIRECTORY:
            raise FilesError("EISDIR", path)
        elif entry.kind is not Kind.FILE and place != NULL:
            raise NotUnderstoodError(f"writing to the {entry.kind} device {path}")
        elif truncate and entry.size:
            self._replace_content(place, b"", self._full_origin())
        handle = Handle(self, place, append=append)
        if place != NULL:
            self._handles.add(handle)
        return handle

    def write(self, path: str, data: bytes, *, append: bool = False, mode: int | None = None) -> None:
        """Write a file; an existing one keeps its owner and mode.

        Args:
            path: Symlinks are followed.
            data: The new content, or what comes after the old.
            append: Keep the old content.
            mode: Of a new file; 0666 without the umask by default.

        Raises:
            FilesError: As open(2).
        """
        place = self._walk(path, follow=True)
        if self._get(place) is None:
            self._spend(len(data))
            made = 0o666 & ~self.umask if mode is None else mode
            if path.endswith("/"):
                raise FilesError("EISDIR", path)
            self._make(path, place, Entry(Kind.FILE, made, content=inline(data)))
            return
        self.open(path, append=append)
        if place != NULL:
            self._spend(len(data))
            self._replace_content(place, self.read(path) + data if append else data, self._full_origin())

    def write_through(self, handle: Handle, data: bytes) -> None:
        """Write bytes at the position of a handle; the work of `Handle.write`."""
        self._spend(len(data))
        place = handle.place
        if place is None or place == NULL or not data:
            return
        if place in self._buffers:
            buffer = self._buffers[place][0]
        else:
            self._settle()
            entry = self._tree.get(place)
            if entry is None:
                return
            buffer = bytearray(self._content(entry.content))
        self._buffers[place] = buffer, self._full_origin()
        if handle.append:
            handle.position = len(buffer)
        end = handle.position + len(data)
        buffer.extend(bytes(max(0, handle.position - len(buffer))))
        buffer[handle.position : end] = data
        handle.position = end

    def make_directory(self, path: str, mode: int | None = None, *, parents: bool = False) -> None:
        """Make a directory.

        Args:
            path: May end in a slash.
            mode: 0777 without the umask by default.
            parents: Also make missing parents, and accept a directory that is there: ``mkdir -p``.

        Raises:
            FilesError: As mkdir(2).
        """
        path = path.rstrip("/") or ("/" if path.startswith("/") else path)
        if parents and self.is_directory(path):
            return
        above = path.rpartition("/")[0]
        if parents and above and not self.is_directory(above):
            self.make_directory(above, parents=True)
        made = 0o777 & ~self.umask if mode is None else mode
        self._create(path, Entry(Kind.DIRECTORY, made))

    def symlink(self, target: str, path: str) -> None:
        """Make a symlink.

        Raises:
            FilesError: As symlink(2).
        """
        if not target:
            raise FilesError("ENOENT", path)
        self._create(path, Entry(Kind.SYMLINK, 0o777, target=target))

    def link(self, source: str, path: str) -> None:
        """Make a hard link; a symlink at the end of the source is not followed.

        Raises:
            FilesError: As link(2).
        """
        place = self._walk(source, follow=False)
        entry = self._existing(place, source)
        if entry.kind is Kind.DIRECTORY:
            raise FilesError("EPERM", source)
        if entry.kind is Kind.FILE and not entry.inode:
            entry = replace(entry, inode=f"made:{place}:{self._made}")
            self._tree.put(place, entry)
        self._create(path, entry)

    def copy(self, source: str, target: str, *, preserve: bool = False, follow: bool = True) -> None:
        """Copy one file; an existing target keeps its owner and mode, as with ``cp``.

        Args:
            source: A file, or any entry but a directory when not followed.
            target: Where to; no directory.
            preserve: Give the copy owner, mode, time and attributes of the source.
            follow: Copy what a symlink leads to rather than the symlink.

        Raises:
            FilesError: As open(2) of either.
        """
        place = self._walk(source, follow=follow)
        entry = self._existing(place, source)
        if entry.kind is Kind.DIRECTORY:
            raise FilesError("EISDIR", source)
        if place in self._devices:
            entry = Entry(Kind.FILE, 0o666, content=inline(self.read(source)))
        if entry.kind is not Kind.FILE:
            self._create(target, replace(entry, inode="", package=""))
            return
        goal = self._walk(target, follow=True)
        old = self._get(goal)
        made = Entry(Kind.FILE, entry.mode & ~self.umask & 0o777, content=entry.content)
        if old is None:
            self._make(target, goal, made)
        else:
            self.open(target)
            if goal == NULL:
                return
            self._update(goal, content=entry.content, mtime=self.epoch, package="", origin=self._full_origin())
        if preserve:
            self._update(
                goal, mode=entry.mode, user=entry.user, group=entry.group, mtime=entry.mtime, xattrs=entry.xattrs
            )

    def temporary(self, template: str, *, directory: bool = False) -> str:
        """Make a new file (0600) or directory (0700) whose name replaces the X at the end of a template.

        Returns:
            Its path.

        Raises:
            FilesError: When it cannot be made.
        """
        stem = template.rstrip("X")
        width = len(template) - len(stem)
        while True:
            self._temporary += 1
            path = stem + str(self._temporary).rjust(width, "0")[-width:] if width else stem
            if not width or self.lstat(path) is None:
                break
            self.toil(ENTRY_WORK)
        self._create(path, Entry(Kind.DIRECTORY, 0o700) if directory else Entry(Kind.FILE, 0o600, content=inline(b"")))
        return path

    # -- underneath -----------------------------------------------------------------------------------------------

    def _moved(self, place: str, goal: str | None) -> None:
        for handle in self._handles:
            if handle.place is not None and f"{handle.place}/".startswith(f"{place}/"):
                handle.place = None if goal is None else goal + handle.place[len(place) :]

    def _replace_content(self, place: str, data: bytes, origin: str) -> None:
        content = inline(data)
        old = self._tree[place].content
        if old is None or old.sha256 != content.sha256:
            self._update(place, content=content, mtime=self.epoch, package="", origin=origin)

    def _settle(self) -> None:
        if not self._buffers:
            return
        buffers, self._buffers = self._buffers, {}
        for place, (data, origin) in buffers.items():
            if place in self._tree:
                self.toil(ENTRY_WORK + len(data))
                self._replace_content(place, bytes(data), origin)

    def _spend(self, size: int) -> None:
        self._written += size
        if self._written > _MAX_WRITTEN:
            raise NotUnderstoodError(f"more than {_MAX_WRITTEN} bytes are written")
