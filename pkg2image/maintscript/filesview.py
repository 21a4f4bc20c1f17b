"""Looking at the files of the image as scripts see them: paths, symlinks, directories, globbing, content.

Paths are absolute or relative to `FilesView.cwd`; symlinks are followed as the kernel follows them with the image as
root, so nothing is outside of the tree. What the kernel would refuse is a `FilesError`; what an image cannot answer for
and what is too much is a `NotUnderstoodError`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pkg2image.errors import MalformedPackageError
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.patterns import has_wildcards, matches, unquote_pattern
from pkg2image.rootfs.tree import Content, Entry, Kind, ReadContent, Tree, parent_of, path_key

ENTRY_WORK = 256  # what looking at one entry counts
_WALKED_AT_ONCE = 4
_GLOB_WORK = 4096  # what a path counts that is found: there may be many to one place, by way of symlinks
READ_WORK = 16  # what a byte counts that a program reads, and splits into lines and fields
_MAX_PATH = 4095  # PATH_MAX without its NUL
_REASONS = {
    "EBADF": "Bad file descriptor",
    "EEXIST": "File exists",
    "EINVAL": "Invalid argument",
    "EISDIR": "Is a directory",
    "ELOOP": "Too many levels of symbolic links",
    "ENAMETOOLONG": "File name too long",
    "ENOENT": "No such file or directory",
    "ENOTDIR": "Not a directory",
    "ENOTEMPTY": "Directory not empty",
    "ENXIO": "No such device or address",
    "EPERM": "Operation not permitted",
    "EROFS": "Read-only file system",
}
NULL = "dev/null"
DEVICES = {
    NULL: (1, 3),
    "dev/zero": (1, 5),
    "dev/full": (1, 7),
    "dev/random": (1, 8),
    "dev/urandom": (1, 9),
    "dev/tty": (5, 0),
}


class FilesError(Exception):
    """A system call is refused.

    Args:
        code: The name of the error number, ``ENOENT``.
        path: As the caller gave it.
    """

    def __init__(self, code: str, path: str) -> None:
        super().__init__(f"{path}: {_REASONS[code]}")
        self.code = code
        self.path = path
        self.reason = _REASONS[code]


class FilesView:
    """The files of one script run, to look at.

    Args:
        tree: What is looked at.
        read: Reads content of packages.
    """

    __slots__ = ("_devices", "_read", "_tree", "_work", "cwd", "most_work")

    def __init__(self, tree: Tree, *, read: ReadContent) -> None:
        self._tree = tree
        self._read = read
        self._work = 0
        self._devices = {path: Entry(Kind.CHARACTER, 0o666, device=device) for path, device in DEVICES.items()}
        self.cwd = "/"
        """Working directory, absolute."""
        self.most_work = Limits().work
        """What `toil` allows."""

    def absolute(self, path: str) -> str:
        """Return a path with the working directory before it unless it is absolute; nothing is resolved."""
        return path if path.startswith("/") else f"{self.cwd.rstrip('/')}/{path}"

    def canonical(self, path: str) -> str:
        """Return the path in the tree, without leading slash, after all symlinks; it need not exist.

        Raises:
            FilesError: When there is nothing to walk through on the way, or symlinks form a loop.
        """
        return self._walk(path, follow=True)

    def place_of(self, path: str) -> str:
        """Return the path in the tree of the entry itself: a symlink at the end is not followed.

        Raises:
            FilesError: As `canonical`.
        """
        return self._walk(path, follow=False)

    def lookup(self, path: str) -> Entry | None:
        """Return the entry a path leads to, or None."""
        return self._find(path, follow=True)

    def lstat(self, path: str) -> Entry | None:
        """Return the entry at a path, which may be a symlink, or None."""
        return self._find(path, follow=path.endswith("/"))

    def exists(self, path: str) -> bool:
        """Say whether a path leads anywhere."""
        return self.lookup(path) is not None

    def is_directory(self, path: str) -> bool:
        """Say whether a path leads to a directory."""
        entry = self.lookup(path)
        return entry is not None and entry.kind is Kind.DIRECTORY

    def is_file(self, path: str) -> bool:
        """Say whether a path leads to a regular file."""
        entry = self.lookup(path)
        return entry is not None and entry.kind is Kind.FILE

    def list(self, path: str) -> tuple[str, ...]:
        """Return the names in a directory in byte order.

        Raises:
            FilesError: When it is no directory.
        """
        place = self._directory(path)
        names = self._tree.children(place)
        self.toil(ENTRY_WORK * (1 + len(names)))
        return names

    def walk(self, path: str) -> tuple[str, ...]:
        """Return the paths of everything below a directory, relative to it, parents first, in byte order.

        Symlinks are not followed.

        Raises:
            FilesError: When it is no directory.
        """
        place = self._directory(path)
        found: list[str] = []
        pending = [""]
        while pending:
            above = pending.pop()
            names = [f"{above}{name}" for name in self._tree.children(f"{place}/{above}".strip("/"))]
            self.toil(ENTRY_WORK * (1 + len(names)))
            found += names
            pending += [f"{name}/" for name in names]
        return tuple(sorted(found, key=path_key))

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the paths that match a pattern in byte order, as the shell has it; none when nothing matches.

        Args:
            pattern: A backslash quotes the character after it.
        """
        self._settle()
        absolute = pattern.startswith("/")
        parts = pattern.split("/")
        found = ["/" * (len(pattern) - len(pattern.lstrip("/")))] if absolute else [""]
        parts = pattern.lstrip("/").split("/")
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            found = [path for above in found for path in self._glob_part(above, part, last=last)]
        return tuple(sorted(found, key=path_key))

    def _glob_part(self, above: str, part: str, *, last: bool) -> Sequence[str]:
        end = "" if last else "/"
        self.toil(ENTRY_WORK)
        if not has_wildcards(part):
            path = above + unquote_pattern(part)
            there = self.lstat(path or ".") if last else part == "" or self.is_directory(path)
            return [path + end] if there else []
        if not self.is_directory(above or "."):
            return []
        names = self.list(above or ".")
        if part.startswith((".", "\\.")):
            names = (".", "..", *names)
        else:
            names = tuple(name for name in names if not name.startswith("."))
        found = [above + name for name in names if matches(part, name)]
        self.toil(_GLOB_WORK * len(found))
        return found if last else [f"{path}/" for path in found if self.is_directory(path)]

    def read(self, path: str) -> bytes:
        """Return the content of a file; that of ``/dev/null`` is empty.

        Raises:
            FilesError: When it is a directory or does not exist.
            NotUnderstoodError: When it is another device.
        """
        place = self._walk(path, follow=True)
        entry = self._existing(place, path)
        if entry.kind is Kind.DIRECTORY:
            raise FilesError("EISDIR", path)
        if place == NULL:
            return b""
        if entry.kind is not Kind.FILE:
            raise NotUnderstoodError(f"reading the {entry.kind} device {path}")
        return self._content(entry.content)

    def text(self, path: str) -> str:
        """Return the content of a file as text; bytes that are not UTF-8 become surrogate escapes.

        Raises:
            FilesError: As `read`.
        """
        return self.read(path).decode("utf-8", "surrogateescape")

    def toil(self, work: int) -> None:
        """Count work, for commands as well: what a script makes them do has an end, however it is divided.

        Args:
            work: In bytes that are moved about in the same time.

        Raises:
            NotUnderstoodError: When it was too much.
        """
        self._work += work
        if self._work > self.most_work:
            raise NotUnderstoodError("too much work on files and text")

    def readlink(self, path: str) -> str:
        """Return the target of a symlink.

        Raises:
            FilesError: When there is none.
        """
        entry = self._existing(self._walk(path, follow=False), path)
        if entry.kind is not Kind.SYMLINK:
            raise FilesError("EINVAL", path)
        return entry.target

    # -- underneath -----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Bring the tree up to date; whoever writes has something to do here."""

    def _walk(self, path: str, *, follow: bool) -> str:
        self._settle()
        if not path:
            raise FilesError("ENOENT", path)
        full = self.absolute(path)
        if len(full) > _MAX_PATH:
            raise FilesError("ENAMETOOLONG", path)
        self.toil(len(full) * full.count("/") // _WALKED_AT_ONCE)  # what is walked is put together again step by step
        if "/.." in full:
            self._check_steps_up(full, path)
        try:
            return self._tree.canonical(full, follow_last=follow)
        except MalformedPackageError as error:
            raise FilesError("ELOOP", path) from error

    def _check_steps_up(self, full: str, path: str) -> None:
        parts = full.split("/")
        for number, part in enumerate(parts):
            if part == ".." and not self._tree.is_directory("/".join(parts[:number]) or "/"):
                raise FilesError("ENOENT", path)

    def _get(self, place: str) -> Entry | None:
        return self._tree.get(place) or self._devices.get(place)

    def _find(self, path: str, *, follow: bool) -> Entry | None:
        try:
            entry = self._get(self._walk(path, follow=follow))
        except FilesError:
            return None
        if entry is not None and entry.kind is not Kind.DIRECTORY and path.endswith(("/", "/.")):
            return None
        return entry

    def _existing(self, place: str, path: str) -> Entry:
        entry = self._get(place)
        if entry is None:
            raise self._missing(place, path)
        if entry.kind is not Kind.DIRECTORY and path.endswith(("/", "/.")):
            raise FilesError("ENOTDIR", path)
        return entry

    def _missing(self, place: str, path: str) -> FilesError:
        above = parent_of(place)
        while above not in self._tree:
            above = parent_of(above)
        return FilesError("ENOENT" if self._tree[above].kind is Kind.DIRECTORY else "ENOTDIR", path)

    def _directory(self, path: str) -> str:
        place = self._walk(path, follow=True)
        if self._existing(place, path).kind is not Kind.DIRECTORY:
            raise FilesError("ENOTDIR", path)
        return place

    def _content(self, content: Content | None) -> bytes:
        if content is None:
            return b""
        self.toil(ENTRY_WORK + READ_WORK * content.size)
        return self._read(content)
