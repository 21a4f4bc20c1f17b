"""The root filesystem as a value: path -> entry.

Scripts, triggers, slimming and layers all work on a `Tree`. Nothing in here touches the host: a path is a key, content
is a reference into the store or a few bytes made by us, an owner is a name until layers are written.

Invariants, kept by every method that adds an entry:

* a path is relative, normalised, and has no component ``.``, ``..`` or empty;
* the parent of every entry exists and is a directory: no entry lies below a symlink (paths are canonicalised through
  the symlinks of the tree first, which is how merged-/usr packages end up in ``usr/``);
* every path exists once.

Spec: OCI image-spec v1.1 layer.md (no duplicate paths); Filesystem Hierarchy as dpkg sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pkg2image.digest import Digest, sha256
from pkg2image.errors import MalformedPackageError

_MAX_LINKS = 40  # what Linux allows on one path walk (path_resolution(7))
_MAX_WALK = 1024  # components of their targets together; a chain of long targets would make every path slow


class Kind(StrEnum):
    """What an entry is; hard links are files that share an `Entry.inode`."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    CHARACTER = "character"
    BLOCK = "block"
    FIFO = "fifo"


@dataclass(frozen=True, slots=True)
class StoredContent:
    """Content that lies in a blob of the store.

    Args:
        blob: The uncompressed data tar of a .deb.
        offset: First byte of the content.
        size: Bytes.
        sha256: SHA-256 of exactly these bytes in hex; whoever reads them checks it.
    """

    blob: Digest
    offset: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class InlineContent:
    """Content that was made for this image: configuration, generated databases.

    Args:
        data: The bytes.
        sha256: Their SHA-256 in hex.
    """

    data: bytes
    sha256: str

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)


Content = StoredContent | InlineContent

ReadContent = Callable[[Content], bytes]
"""Returns the bytes of a content after checking them; what reads the store is passed in as such a function."""


def inline(data: bytes) -> InlineContent:
    """Return bytes of ours as content."""
    return InlineContent(data, sha256(data).hex)


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the tree.

    Args:
        kind: What it is.
        mode: Permission bits with setuid, setgid and sticky (0 to 0o7777).
        user: Owner by name, or a decimal number when no name is known.
        group: Group by name, or a decimal number.
        mtime: Seconds since the epoch.
        content: Of files only.
        target: Of symlinks only, as written.
        device: Major and minor number of device nodes.
        xattrs: Extended attributes sorted by name.
        package: Name of the package that owns the entry, empty for what was made for this image. With several
            owners (directories) it is the first.
        inode: Equal for all names of one hard-linked file, empty for all others.
        origin: Why an entry without package exists, in words (``recipe postgresql``, ``skeleton``); of any entry that
            a script changed the script and line (``redis-server postinst:12``).
    """

    kind: Kind
    mode: int
    user: str = "root"
    group: str = "root"
    mtime: int = 0
    content: Content | None = None
    target: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, bytes], ...] = ()
    package: str = ""
    inode: str = ""
    origin: str = ""

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self.content.size if self.content else 0


@dataclass(frozen=True, slots=True)
class Identities:
    """The numbers of users and groups, used when owners leave the world of names.

    Args:
        users: User name -> uid.
        groups: Group name -> gid.
    """

    users: Mapping[str, int]
    groups: Mapping[str, int]

    def uid(self, name: str) -> int:
        """Return the uid of a name or of a decimal number.

        Raises:
            MalformedPackageError: When nobody has this name.
        """
        return _identity(self.users, name, "user")

    def gid(self, name: str) -> int:
        """Return the gid of a name or of a decimal number.

        Raises:
            MalformedPackageError: When no group has this name.
        """
        return _identity(self.groups, name, "group")


def _identity(table: Mapping[str, int], name: str, what: str) -> int:
    if name in table:
        return table[name]
    if name.isascii() and name.isdigit():
        return int(name)
    raise MalformedPackageError(
        f"cannot give files to the {what} {name!r}: the image has no such {what}",
        hint=f"add the {what} in a recipe",
    )


def path_key(path: str) -> bytes:
    """Return the sort key of paths: the order of their bytes, as every tar and listing of ours has it."""
    return path.encode("utf-8", "surrogateescape")


def _components(path: str) -> list[str]:
    """Return the components of a path that matter, the last one first."""
    return [part for part in reversed(path.split("/")) if part and part != "."]


def parent_of(path: str) -> str:
    """Return the parent directory of a path; of a top-level path the root ``""``."""
    return path.rpartition("/")[0]


class Tree:
    """A mutable map of paths with value entries; `copy` is cheap, so that a stage works on its own.

    The root directory ``""`` always exists.
    """

    __slots__ = ("_children", "_entries")

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {"": Entry(Kind.DIRECTORY, 0o755)}
        self._children: dict[str, set[str]] = {}

    def copy(self) -> Tree:
        """Return an independent tree with the same entries."""
        twin = Tree()
        twin._entries = dict(self._entries)
        twin._children = {path: set(names) for path, names in self._children.items()}
        return twin

    def __len__(self) -> int:
        """Return the number of entries with the root."""
        return len(self._entries)

    def __contains__(self, path: str) -> bool:
        """Say whether exactly this (canonical) path exists; symlinks are not followed."""
        return path in self._entries

    def __getitem__(self, path: str) -> Entry:
        """Return the entry at exactly this path.

        Raises:
            KeyError: When there is none.
        """
        return self._entries[path]

    def get(self, path: str) -> Entry | None:
        """Return the entry at exactly this path, or None."""
        return self._entries.get(path)

    def walk(self) -> Iterator[tuple[str, Entry]]:
        """Yield every path but the root with its entry, in byte order, so that parents come before children."""
        for path in sorted(self._entries, key=path_key):
            if path:
                yield path, self._entries[path]

    def children(self, path: str) -> tuple[str, ...]:
        """Return the names in a directory in byte order."""
        return tuple(sorted(self._children.get(path, ()), key=path_key))

    def put(self, path: str, entry: Entry) -> None:
        """Set the entry of a canonical path whose parent directory exists.

        Raises:
            MalformedPackageError: When the path is not canonical, when the parent is missing or is no directory, or
                when the root or a directory that has children would become something else.
        """
        parent, slash, name = path.rpartition("/")
        if path and (name in {"", ".", ".."} or (slash and not parent)):
            raise MalformedPackageError(f"cannot place {path!r}: not a normal path")
        above = self._entries.get(parent)
        if above is None or above.kind is not Kind.DIRECTORY:
            raise MalformedPackageError(f"cannot place /{path}: /{parent} is not a directory of the image")
        if entry.kind is not Kind.DIRECTORY and (not path or self._children.get(path)):
            why = "it is not empty" if path else "it is the root"
            raise MalformedPackageError(f"cannot replace the directory /{path} by a {entry.kind}: {why}")
        self._entries[path] = entry
        if path:
            self._children.setdefault(parent, set()).add(name)

    def make_directories(self, path: str, *, package: str = "", origin: str = "", mtime: int = 0) -> str:
        """Create a directory and its missing parents (0755 root:root), following symlinks.

        Returns:
            The canonical path.

        Raises:
            MalformedPackageError: When a component exists and is no directory.
        """
        path = self.canonical(path)
        missing = []
        while path not in self._entries:
            missing.append(path)
            path = parent_of(path)
        if self._entries[path].kind is not Kind.DIRECTORY:
            raise MalformedPackageError(f"cannot make the directory /{(missing or [path])[0]}: /{path} is not one")
        for path in reversed(missing):
            self.put(path, Entry(Kind.DIRECTORY, 0o755, mtime=mtime, package=package, origin=origin))
        return path

    def remove(self, path: str, *, by: str = "") -> None:  # noqa: ARG002 - for trees that keep account of changes
        """Remove an entry and everything below it; a missing path is no error.

        Args:
            path: Canonical.
            by: Who does it, as in `Entry.origin`.
        """
        if path not in self._entries or not path:
            return
        parent, _, name = path.rpartition("/")
        self._children[parent].discard(name)
        doomed = [path]
        while doomed:
            path = doomed.pop()
            doomed += [f"{path}/{name}" for name in self._children.pop(path, ())]
            del self._entries[path]

    def change(self, path: str, **fields: object) -> None:
        """Replace fields of the entry at a canonical path.

        Raises:
            KeyError: When there is none.
        """
        self._entries[path] = replace(self._entries[path], **fields)  # type: ignore[arg-type]

    def canonical(self, path: str, *, follow_last: bool = True) -> str:
        """Resolve symlinks the way the kernel does with the image as root.

        Components that do not exist are kept as they are, so that the path of a file to be made can be asked for.

        Args:
            path: Relative to the root, or absolute; ``..`` never leaves the root.
            follow_last: Whether a symlink at the end is followed too.

        Raises:
            MalformedPackageError: When symlinks form a loop.
        """
        parent, slash, name = path.rpartition("/")
        above = self._entries.get(parent)
        if above is not None and above.kind is Kind.DIRECTORY and name not in {"", ".", ".."} and (parent or not slash):
            # Every path of the tree is canonical, so a path in one of its directories needs no walk.
            entry = self._entries.get(path)
            if entry is None or entry.kind is not Kind.SYMLINK or not follow_last:
                return path
        pending = _components(path)
        here = ""
        links = walked = 0
        while pending:
            part = pending.pop()
            if part == "..":
                here = parent_of(here)
                continue
            step = f"{here}/{part}" if here else part
            entry = self._entries.get(step)
            if entry is None or entry.kind is not Kind.SYMLINK or (not pending and not follow_last):
                here = step
                continue
            target = _components(entry.target)
            links += 1
            walked += len(target)
            if links > _MAX_LINKS or walked > _MAX_WALK:
                raise MalformedPackageError(f"cannot follow /{path}: too many symbolic links")
            if entry.target.startswith("/"):
                here = ""
            pending += target
        return here

    def place_of(self, path: str) -> str:
        """Return where an entry of this path lies: symlinks of its parents are followed, the entry itself is not."""
        return self.canonical(path, follow_last=False)

    def reach(self, path: str) -> str | None:
        """Return the canonical path of what a path leads to, or None when it leads nowhere (or in circles)."""
        try:
            place = self.canonical(path)
        except MalformedPackageError:
            return None
        return place if place in self._entries else None

    def lookup(self, path: str) -> Entry | None:
        """Return the entry a path leads to after following symlinks, or None."""
        place = self.reach(path)
        return None if place is None else self._entries[place]

    def is_directory(self, path: str) -> bool:
        """Say whether a path leads to a directory."""
        entry = self.lookup(path)
        return entry is not None and entry.kind is Kind.DIRECTORY
