"""What a line of tmpfiles.d does to a tree.

Spec: tmpfiles.d(5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from pkg2image.rootfs.dropins import DropInError, split_line
from pkg2image.rootfs.tmpfiles_line import Item
from pkg2image.rootfs.tree import Entry, Identities, Kind, ReadContent, Tree, inline, parent_of

_DEFAULT_FILE, _DEFAULT_DIRECTORY = 0o644, 0o755
_NUMBER = re.compile("[0-9]{1,10}")
_USER_XATTRS = frozenset({Kind.FILE, Kind.DIRECTORY})  # what the kernel allows attributes of users on
_LOOKING_AT_LAST = frozenset("zZtTe")  # types that open what they change by its whole path
_MAX_WRITTEN = 1 << 26  # bytes of one file; lines only append
_MAX_COPIED = 1 << 13  # entries that all lines copy together: each could double what is there


class Maker:
    """Follows lines on a tree, which is changed in place.

    Args:
        tree: Changed in place.
        read: Reads files that are copied or appended to.
        identities: Who exists.
        mtime: Seconds since the epoch, of what is made.
    """

    __slots__ = ("_copied", "_identities", "_mtime", "_read", "_tree")

    def __init__(self, tree: Tree, *, read: ReadContent, identities: Identities, mtime: int) -> None:
        self._tree = tree
        self._read = read
        self._identities = identities
        self._mtime = mtime
        self._copied = 0

    def make(self, item: Item, path: str) -> None:
        """Follow a line.

        Args:
            item: The line.
            path: Its path, or what its pattern matches.

        Raises:
            DropInError: When something is in the way, or nobody has the name of the owner.
            MalformedPackageError: When a parent is no directory.
        """
        self._insist_on_owner(item)
        place = self._tree.place_of(path)
        self._insist_on_safety(place if item.type in _LOOKING_AT_LAST else parent_of(place))
        makers: Mapping[str, Callable[[Item, str], None]] = {
            **dict.fromkeys("dDvqQ", self._directory),
            **dict.fromkeys("fF", self._file),
            **dict.fromkeys("pcb", self._node),
            **dict.fromkeys("ze", self._adjust),
            **dict.fromkeys("Tt", self._set_xattrs),
            "w": self._write,
            "L": self._symlink,
            "C": self._copy,
            "Z": self._adjust_all,
        }
        if item.type in makers:
            makers[item.type](item, place)

    def _insist_on_owner(self, item: Item) -> None:
        named = {"user": (item.ownership.user, self._identities.users)}
        named["group"] = (item.ownership.group, self._identities.groups)
        for what, (name, known) in named.items():
            if name and name not in known and not _NUMBER.fullmatch(name):
                raise DropInError(f"there is no {what} {name}")

    def _insist_on_safety(self, path: str) -> None:
        """Make sure that nobody but root could have put on a path what belongs to another user.

        systemd-tmpfiles follows no path that leads from a directory of one user to what another user owns.
        """
        owner = "root"
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            step = "/".join(parts[:depth])
            entry = self._tree.get(step)
            if entry is None:
                return
            if owner not in {"root", "0", entry.user}:
                raise DropInError(f"/{step} belongs to {entry.user}, but the directory it is in to {owner}")
            owner = entry.user

    def _directory(self, item: Item, place: str) -> None:
        if self._clear(item, place, Kind.DIRECTORY) is None:
            self._put(place, Entry(Kind.DIRECTORY, _DEFAULT_DIRECTORY), item)
        else:
            self._own(place, item)

    def _file(self, item: Item, place: str) -> None:
        old = self._clear(item, place, Kind.FILE)
        if old is None:
            self._put(place, Entry(Kind.FILE, _DEFAULT_FILE, content=inline(item.argument)), item)
            return
        if item.force or item.type == "F":
            self._change(place, item, content=inline(item.argument), mtime=self._mtime, inode="")
        self._own(place, item)

    def _write(self, item: Item, place: str) -> None:
        path = self._tree.reach(place)
        entry = self._tree.get(path) if path is not None else None
        if path is None or entry is None or entry.kind is not Kind.FILE or entry.content is None:
            return
        old = self._read(entry.content)
        # Without "+" the file is written over from its start, but not cut off.
        data = old + item.argument if item.force else item.argument + old[len(item.argument) :]
        if len(data) > _MAX_WRITTEN:
            raise DropInError(f"/{path} gets too large")
        self._change(path, item, content=inline(data), mtime=self._mtime, inode="")
        self._own(path, item)

    def _node(self, item: Item, place: str) -> None:
        kind = {"p": Kind.FIFO, "c": Kind.CHARACTER, "b": Kind.BLOCK}[item.type]
        old = self._tree.get(place)
        is_same = old is not None and old.kind is kind and old.device == item.device
        if old is None or (item.force and not is_same):
            self._tree.remove(place)
            self._put(place, Entry(kind, _DEFAULT_FILE, device=item.device), item)
        elif is_same:
            self._own(place, item)
        else:
            raise DropInError(f"/{place} is there already and is something else")

    def _symlink(self, item: Item, place: str) -> None:
        old = self._tree.get(place)
        if old is not None and not item.force:
            return
        if old is not None and old.kind is Kind.SYMLINK and old.target == item.text:
            return
        self._tree.remove(place)
        self._put(place, Entry(Kind.SYMLINK, 0o777, target=item.text), item)

    def _copy(self, item: Item, place: str) -> None:
        source = self._tree.place_of(item.text)
        entry, old = self._tree.get(source), self._tree.get(place)
        is_empty = old is not None and old.kind is Kind.DIRECTORY and not self._tree.children(place)
        if entry is None or (old is not None and not is_empty):
            return
        if f"{place}/".startswith(f"{source}/"):
            raise DropInError(f"/{source} cannot be copied into itself")
        if old is not None and entry.kind is not Kind.DIRECTORY:
            raise DropInError(f"/{place} is there already and is something else")
        below = _below(self._tree, source)
        self._copied += 1 + len(below)
        if self._copied > _MAX_COPIED:
            raise DropInError("too much is copied")
        self._copy_one(item, entry, place)
        for path in below:
            self._copy_one(item, self._tree[path], place + path[len(source) :])
        self._own(place, item, is_fresh=True)

    def _copy_one(self, item: Item, entry: Entry, place: str) -> None:
        user, group = item.ownership.user or entry.user, item.ownership.group or entry.group
        self._tree.make_directories(parent_of(place), origin=item.origin, mtime=self._mtime)
        self._tree.put(place, replace(entry, package="", inode="", origin=item.origin, user=user, group=group))

    def _adjust(self, item: Item, place: str) -> None:
        entry = self._tree.get(place)
        if entry is None:
            return
        if item.type == "e" and entry.kind is not Kind.DIRECTORY:
            raise DropInError(f"/{place} is not a directory")
        self._own(place, item)

    def _adjust_all(self, item: Item, place: str) -> None:
        for path in (place, *_below(self._tree, place)):
            self._adjust(item, path)

    def _set_xattrs(self, item: Item, place: str) -> None:
        given = dict(_assignments(item.text))
        for path in (place, *(_below(self._tree, place) if item.type == "T" else ())):
            entry = self._tree[path]
            allowed = given if entry.kind in _USER_XATTRS else _without_user(given)
            self._tree.change(path, xattrs=tuple(sorted({**dict(entry.xattrs), **allowed}.items())))

    def _clear(self, item: Item, place: str, kind: Kind) -> Entry | None:
        """Return what is there when it is of the right kind; with ``=`` remove what is not."""
        old = self._tree.get(place)
        if old is None or old.kind is kind:
            return old
        if not item.replaces:
            raise DropInError(f"/{place} is there already and is not a {kind}")
        self._tree.remove(place)
        return None

    def _put(self, place: str, entry: Entry, item: Item) -> None:
        self._tree.make_directories(parent_of(place), origin=item.origin, mtime=self._mtime)
        self._tree.put(place, replace(entry, mtime=self._mtime, origin=item.origin))
        self._own(place, item, is_fresh=True)

    def _change(self, place: str, item: Item, **fields: object) -> None:
        self._tree.change(place, package="", origin=item.origin, **fields)

    def _own(self, place: str, item: Item, *, is_fresh: bool = False) -> None:
        """Give an entry the mode and owner of a line, as far as the line says any."""
        wanted, entry = item.ownership, self._tree[place]
        fields: dict[str, object] = {}
        if wanted.mode is not None and entry.kind is not Kind.SYMLINK and (is_fresh or "mode" not in wanted.fresh):
            fields["mode"] = _masked(wanted.mode, entry) if wanted.is_masked else wanted.mode
        # A symlink that is made belongs to root; the owner in an L line says nothing.
        owner = {} if item.type == "L" else {"user": wanted.user, "group": wanted.group}
        fields |= {name: value for name, value in owner.items() if value and (is_fresh or name not in wanted.fresh)}
        if fields:
            for path in self._names(place):
                self._tree.change(path, **fields)

    def _names(self, place: str) -> list[str]:
        """Return all names of a file: hard links have one owner and mode."""
        inode = self._tree[place].inode
        return [path for path, entry in self._tree.walk() if entry.inode == inode] if inode else [place]


def _below(tree: Tree, place: str) -> list[str]:
    """Return all paths below a directory, parents first."""
    found: list[str] = []
    pending = [place]
    while pending:
        path = pending.pop()
        below = [f"{path}/{name}" if path else name for name in tree.children(path)]
        found += below
        pending += below
    return found


def _without_user(xattrs: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return {name: value for name, value in xattrs.items() if not name.startswith("user.")}


def _masked(mode: int, entry: Entry) -> int:
    for bits in (0o111, 0o222, 0o444):
        if not entry.mode & bits:
            mode &= ~bits
    return mode if entry.kind is Kind.DIRECTORY else mode & 0o777


def _assignments(text: str) -> list[tuple[str, bytes]]:
    """Return the pairs of ``name=value name="a value"``."""
    pairs: list[tuple[str, bytes]] = []
    rest = text
    while rest:
        (word,), rest = split_line(rest, 1)
        name, equals, value = word.partition("=")
        if not equals or "." not in name:
            raise DropInError(f"{word!r} is not an extended attribute")
        pairs.append((name, value.encode("utf-8", "surrogateescape")))
    return pairs
