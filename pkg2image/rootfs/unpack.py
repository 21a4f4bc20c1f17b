"""Packages -> Tree, by dpkg's rules about files.

What ``dpkg --unpack`` does with every member of a data tar (its ``tarobject``), done to a value: paths go through the
symlinks of the tree, directories are shared, and a file that two packages ship is a conflict unless one of them
Replaces the other. No script runs here; what scripts did before a package comes in is asked of the tree. Conffiles are
files like others: on a first installation nobody has changed them.

Deliberate deviations. dpkg compares names as written, so ``/bin/x`` of one package silently overwrites ``/usr/bin/x``
of another on a merged-/usr system; here both are one place and the rules apply. dpkg lets a file replace a directory
with everything that others have in it; here that is a conflict. A later name of a hard-linked file gives all names the
owner and mode of its own header in dpkg, which undoes an override; here all have those of the first. And dpkg drops
extended attributes; here they are kept.

Spec: Debian Policy 7.6.1 (Replaces), 6.6 (unpacking); dpkg-divert(1), dpkg-statoverride(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pkg2image.deb.facts import DebEntry, DebFacts, FetchedDeb
from pkg2image.deb.package import Package
from pkg2image.errors import FileConflictError, MalformedPackageError
from pkg2image.rootfs.aliases import merge_usr
from pkg2image.rootfs.diversions import DIVERSIONS, Diversion, DivertedPaths, read_diversions
from pkg2image.rootfs.ownership import Claim, Claims, gives_up
from pkg2image.rootfs.statoverrides import STATOVERRIDES, StatOverride, read_statoverrides
from pkg2image.rootfs.tree import Entry, Identities, Kind, ReadContent, StoredContent, Tree, parent_of
from pkg2image.rootfs.users import identities

_ASKED = (DIVERSIONS, STATOVERRIDES, "etc/passwd", "etc/group")
"""The files of a tree that decide how a package is unpacked."""
_UNPACK = "unpack"
_IMPLICIT = frozenset({"", _UNPACK, "skeleton"})


def unpack(
    tree: Tree, debs: Sequence[FetchedDeb], *, installed: Iterable[Package] = (), read: ReadContent | None = None
) -> Tree:
    """Unpack packages over a tree, one after the other and without their scripts.

    Args:
        tree: What is there already, usually the skeleton; not changed.
        debs: In the order of unpacking; on directories the first owner decides.
        installed: As for `Unpacker`.
        read: As for `Unpacker`.

    Returns:
        A new tree.

    Raises:
        FileConflictError: When two packages ship one path and neither may replace the other.
        MalformedPackageError: When a package contradicts itself or places a file below something that is no directory.
    """
    result = tree.copy()
    unpacker = Unpacker(result, debs, installed=installed, read=read)
    for deb in debs:
        unpacker.unpack(deb)
    return result


def stored_content(facts: DebFacts, member: DebEntry) -> StoredContent:
    """Return where the content of a file of a package lies in the store."""
    return StoredContent(facts.data, member.offset, member.size, member.sha256)


def in_unpack_order(facts: DebFacts) -> list[DebEntry]:
    """Return the members of a package in the order in which dpkg unpacks and lists them: symlinks come last."""
    return sorted(facts.entries, key=lambda member: member.kind == "symlink")


class Unpacker:
    """A tree while packages come in, and who owns what in it.

    Args:
        tree: What is there already; changed in place. Between two packages others may change it too.
        debs: All packages that will come in.
        installed: Packages whose files are in the tree already (those of the skeleton), for their Replaces and
            versions.
        read: Reads contents of the tree: its diversions, overrides of owners and accounts count as they are when a
            package comes in. Like dpkg, an owner of a file that the accounts do not have is known by number only.
            Without it nothing is diverted or overridden, and every name is believed.
    """

    def __init__(
        self,
        tree: Tree,
        debs: Sequence[FetchedDeb],
        *,
        installed: Iterable[Package] = (),
        read: ReadContent | None = None,
    ) -> None:
        merge_usr(tree, debs)
        self._tree = tree
        self._read = read
        self._claims = Claims([*installed, *(deb.package for deb in debs)])
        self._asked: tuple[Entry | None, ...] = ()
        self._diversions: tuple[Diversion, ...] = ()
        self._diverted = DivertedPaths(tree, ())
        self._overrides: dict[str, StatOverride] = {}
        self._identities: Identities | None = None
        # Parent as shipped -> canonical directory: thousands of paths begin with lib/x86_64-linux-gnu.
        self._parents: dict[str, str] = {}

    def unpack(self, deb: FetchedDeb) -> None:
        """Unpack one package.

        Raises:
            FileConflictError: As `unpack`.
            MalformedPackageError: As `unpack`.
        """
        self._ask()
        for member in in_unpack_order(deb.facts):
            if not member.path:
                continue  # the root is the image's own
            claim = Claim(deb.package, member.path)
            place = self._place(member.path, claim)
            match member.kind:
                case "directory":
                    self._directory(claim, self._entry(deb, member, Kind.DIRECTORY, place), place)
                case "hardlink":
                    self._hardlink(claim, member, place)
                case kind:
                    self._file(claim, self._entry(deb, member, Kind(kind), place), place)

    def _ask(self) -> None:
        """Learn what scripts may have changed since the last package."""
        self._parents.clear()
        answers = tuple(self._tree.lookup(path) for path in _ASKED)
        if self._read is None or answers == self._asked:
            return
        self._asked = answers
        self._identities = identities(self._tree, self._read)
        self._overrides = {self._tree.place_of(item.path): item for item in read_statoverrides(self._tree, self._read)}
        old, self._diversions = self._diversions, read_diversions(self._tree, self._read)
        self._diverted = DivertedPaths(self._tree, self._diversions)
        # dpkg goes by names: from now on other packages own what lies at the other end of a diversion.
        for item in old:
            if item not in self._diversions:
                self._divert(item.to, item.path, item)
        for item in self._diversions:
            if item not in old:
                self._divert(item.path, item.to, item)

    def _divert(self, source: str, target: str, diversion: Diversion) -> None:
        source, target = self._tree.place_of(source), self._tree.place_of(target)
        self._claims.divert(source, target, except_of=diversion.package)

    def _place(self, path: str, claim: Claim) -> str:
        """Return where an entry of this path lies, after making sure that it lies in a directory."""
        parent, _, name = path.rpartition("/")
        if parent not in self._parents:
            try:
                place = self._tree.place_of(path)
            except MalformedPackageError as error:
                raise MalformedPackageError(f"cannot unpack {claim.package.name}: {error.message}") from error
            self._parents[parent] = self._make_parent(parent_of(place), claim)
        parent = self._parents[parent]
        return f"{parent}/{name}" if parent else name

    def _make_parent(self, parent: str, claim: Claim) -> str:
        above = parent
        while above not in self._tree:
            above = parent_of(above)
        entry = self._tree[above]
        if entry.kind is not Kind.DIRECTORY:
            owners = (entry.package or "the skeleton", claim.package.name)
            raise FileConflictError(above, owners, "it is no directory there")
        # Packages ship the directories of their files. One that does not still unpacks when another has made them.
        return self._tree.make_directories(parent, origin=_UNPACK)

    def _take(self, claim: Claim, entry: Entry, place: str) -> None:
        """Put an entry in a place that is empty or was given up."""
        old = self._tree.get(place)
        if old is not None and old.kind in {Kind.SYMLINK, Kind.DIRECTORY}:
            self._parents.clear()  # paths may have led through it
        self._tree.put(place, entry)
        self._claims.take(place, claim)

    def _entry(self, deb: FetchedDeb, member: DebEntry, kind: Kind, place: str) -> Entry:
        known = self._identities
        entry = Entry(
            kind,
            member.mode,
            _owner(member.user, member.uid, known.users if known else None),
            _owner(member.group, member.gid, known.groups if known else None),
            member.mtime,
            stored_content(deb.facts, member) if kind is Kind.FILE else None,
            member.target,
            member.device,
            member.xattrs,
            deb.package.name,
        )
        override = self._overrides.get(place)
        return override.over(entry) if override else entry

    def _directory(self, claim: Claim, entry: Entry, place: str) -> None:
        old = self._tree.get(place)
        if old is None or (old.kind is Kind.DIRECTORY and _is_implicit(old)):
            self._tree.put(place, entry)
        elif not self._tree.is_directory(place):
            if not self._may_take(claim, entry, place, old):
                return
            self._take(claim, entry, place)
            return
        # It exists, if only through a symlink: dpkg leaves it alone, and its metadata with it.
        self._claims.share(place, claim)

    def _hardlink(self, claim: Claim, member: DebEntry, place: str) -> None:
        package = claim.package
        first = self._diverted.place(self._tree.place_of(member.target), package.name)
        target = self._tree.get(first)
        if target is None or target.kind is not Kind.FILE:
            raise MalformedPackageError(
                f"cannot unpack {package.name}: /{member.path} is a hard link to /{member.target}, which is no file"
            )
        if first == place:
            return
        # All names of a file share its metadata, whatever the header of the later name says.
        inode = target.inode or f"{package.name}:{package.architecture}/{first}"
        if self._file(claim, replace(target, package=package.name, inode=inode), place):
            self._tree.change(first, inode=inode)

    def _file(self, claim: Claim, entry: Entry, place: str) -> bool:
        """Place anything but a directory, unless what is there stays; say whether it was placed."""
        name = claim.package.name
        diversion = self._diverted.taken_by(place)
        if diversion is not None:
            diverter = diversion.package or "a local diversion"
            raise FileConflictError(place, (diverter, name), f"{diverter} diverts /{diversion.path} there")
        place = self._place(self._diverted.place(place, name), claim)
        old = self._tree.get(place)
        if old is not None and old.kind is Kind.DIRECTORY and entry.kind is Kind.SYMLINK:
            # dpkg keeps the directory, for files of others may be in it.
            self._claims.share(place, claim)
            return False
        if old is not None and not self._may_take(claim, entry, place, old):
            return False
        if old is not None and self._tree.children(place):
            # dpkg would remove what other packages have in it.
            raise FileConflictError(place, (old.package or "the skeleton", name), "it is a directory there")
        self._take(claim, entry, place)
        return True

    def _may_take(self, claim: Claim, entry: Entry, place: str, old: Entry) -> bool:
        """Say whether an entry takes the place of an old one (True) or the old one stays (False)."""
        holders = self._claims.holders(place, old, claim)
        if any(holder.path != claim.path for holder in holders):
            # bin/x -> /usr/bin/x is for systems where these are two places. dpkg would destroy the program here.
            if self._end_of(entry, place) == place:
                return False
            if self._end_of(old, place) == place:
                return True
        if holders and self._reach_one_directory(entry, old, place):
            # Links to one directory are shared, like the directory itself.
            self._claims.share(place, claim)
            return False
        is_same = _is_same(entry, old)
        verdicts = [gives_up(holder, claim, place=place, is_same=is_same) for holder in holders]
        return all(verdicts)

    def _end_of(self, entry: Entry, place: str) -> str | None:
        """Return where a symlink leads in one step, or None when it leads in circles; nothing else leads anywhere."""
        if entry.kind is not Kind.SYMLINK:
            return None
        start = "" if entry.target.startswith("/") else parent_of(place)
        try:
            return self._tree.place_of(f"{start}/{entry.target}")
        except MalformedPackageError:
            return None

    def _reach_one_directory(self, entry: Entry, old: Entry, place: str) -> bool:
        """Say whether an entry and the old one are symlinks to one directory."""
        end, reached = self._end_of(entry, place), self._tree.reach(place)
        if old.kind is not Kind.SYMLINK or end is None or reached is None:
            return False
        return self._tree.reach(end) == reached and self._tree.is_directory(reached)


def _owner(name: str, number: int, known: Mapping[str, int] | None) -> str:
    if name and (known is None or name in known):
        return name
    return "root" if number == 0 else str(number)


def _is_implicit(entry: Entry) -> bool:
    """Say whether a directory was only made because something lies in it, so that its package may still describe it.

    One that a script made stays as the script wanted it.
    """
    plain = (entry.mode, entry.user, entry.group) == (0o755, "root", "root")
    return plain and not entry.package and entry.origin in _IMPLICIT


def _is_same(one: Entry, other: Entry) -> bool:
    """Say whether two entries are the same thing, as dpkg compares the files of two architectures of a package."""
    if one.kind is not other.kind:
        return False
    if one.content is not None and other.content is not None:
        return one.content.sha256 == other.content.sha256
    return (one.target, one.device) == (other.target, other.device)
