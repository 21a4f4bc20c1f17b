"""All or nothing: what scripts do to a tree is kept for a whole package or not at all.

A `Journal` is a tree that remembers what was at every path before it was changed. That costs nothing for the thousands
of paths that no script touches, and tells in the end exactly what was made, changed and removed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from pkg2image.maintscript.report import Change
from pkg2image.rootfs.tree import Entry, Kind, Tree, inline, path_key

_LEFTOVERS = (
    # Backups and locks of the programs that edit accounts.
    "etc/passwd-",
    "etc/group-",
    "etc/shadow-",
    "etc/gshadow-",
    "etc/subuid-",
    "etc/subgid-",
    "etc/.pwd.lock",
    "etc/*.dpkg-old",
    "etc/*.dpkg-new",
    "etc/*.ucf-old",
    # Logs of the installation and databases of the programs that ask its questions.
    "var/log/dpkg.log",
    "var/log/alternatives.log",
    "var/log/apt/*",
    "var/cache/debconf/*",
    "var/lib/dpkg/*-old",
    # What lives until the next boot only.
    "tmp/*",
    "var/tmp/*",
    "run/adduser",
)
_MACHINE_ID = "etc/machine-id"  # the same in all copies of an image, unless it is empty: machine-id(5)


class Journal(Tree):
    """A tree that can go back to where it was at the last `commit` or `rollback`.

    Args:
        tree: What is changed, in place. Between a `commit` or `rollback` and the next change it may be changed
            directly: the journal knows nothing of that and does not undo it.
    """

    __slots__ = ("_before", "_removed")

    def __init__(self, tree: Tree) -> None:
        super().__init__()
        self._entries = tree._entries  # noqa: SLF001 - two trees share their insides
        self._children = tree._children  # noqa: SLF001
        self._before: dict[str, Entry | None] = {}
        self._removed: dict[str, str] = {}  # path -> who removed it

    def put(self, path: str, entry: Entry) -> None:
        """Set an entry as `Tree.put` does, and remember the old one."""
        old = self.get(path)
        super().put(path, entry)
        self._before.setdefault(path, old)

    def change(self, path: str, **fields: object) -> None:
        """Change an entry as `Tree.change` does, and remember the old one."""
        old = self[path]
        super().change(path, **fields)
        self._before.setdefault(path, old)

    def remove(self, path: str, *, by: str = "") -> None:
        """Remove an entry as `Tree.remove` does, and remember all that go with it."""
        for doomed in self._below(path) if path else ():
            self._before.setdefault(doomed, self.get(doomed))
            self._removed[doomed] = by
        super().remove(path)

    def _below(self, path: str) -> Iterator[str]:
        pending = [path] if path in self else []
        while pending:
            here = pending.pop()
            yield here
            pending += [f"{here}/{name}" for name in self.children(here)]

    def commit(self, withheld: Iterable[str] = ()) -> tuple[Change, ...]:
        """Keep what was done since the last commit, but for what belongs in no image.

        Args:
            withheld: Paths that are not kept if they were made since then: what stands for keys and databases.

        Returns:
            What became different, in byte order. A file that was written anew with what was in it is as it was.
        """
        self._prune(frozenset(withheld))
        changes = []
        for path in sorted(self._before, key=path_key):
            old, new = self._before[path], self.get(path)
            if old and new and _meaning(old) == _meaning(new):
                super().put(path, old)
            elif old or new:
                action = "changed" if old and new else "made" if new else "removed"
                changes.append(Change(path, action, new.origin if new else self._removed.get(path, "")))
        self._before, self._removed = {}, {}
        return tuple(changes)

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        paths = sorted(self._before, key=path_key)
        for path in reversed(paths):
            if self._before[path] is None:
                super().remove(path)
        for path in paths:
            old = self._before[path]
            if old is not None:
                super().put(path, old)
        self._before, self._removed = {}, {}

    def _prune(self, withheld: Container[str]) -> None:
        for path in [path for path, old in self._before.items() if old is None]:
            if path in withheld or _is_leftover(path):
                super().remove(path)
        machine = self.get(_MACHINE_ID)
        if machine and machine.kind is Kind.FILE and machine.size and _MACHINE_ID in self._before:
            super().put(_MACHINE_ID, replace(machine, content=inline(b"")))


def _is_leftover(path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in _LEFTOVERS)


def _meaning(entry: Entry) -> tuple[object, ...]:
    """Return what of an entry makes a difference in an image: neither its time nor who made it."""
    content = entry.content.sha256 if entry.content else None
    return (entry.kind, entry.mode, entry.user, entry.group, content, entry.target, entry.device, entry.xattrs)
