"""Packages -> Tree, by dpkg's rules about files.

What ``dpkg --unpack`` does with every member of a data tar (its ``tarobject``), done to a value: paths go through the
symlinks of the tree, directories are shared, and a file that two packages ship is a conflict unless one of them
Replaces the other. No script runs here, and conffiles are files like others: on a first installation nobody has
changed them.

Two deliberate deviations. dpkg compares names as written, so ``/bin/x`` of one package silently overwrites
``/usr/bin/x`` of another on a merged-/usr system; here both are one place and the rules apply. And dpkg drops extended
attributes; here they are kept.

Spec: Debian Policy 7.6.1 (Replaces), 6.6 (unpacking); dpkg-divert(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pkg2image.deb.facts import DebEntry, DebFacts, FetchedDeb
from pkg2image.deb.package import Package
from pkg2image.errors import FileConflictError, MalformedPackageError
from pkg2image.rootfs.aliases import merge_usr
from pkg2image.rootfs.diversions import Diversion, DivertedPaths
from pkg2image.rootfs.tree import Entry, Identities, Kind, StoredContent, Tree, parent_of


def unpack(
    tree: Tree,
    debs: Sequence[FetchedDeb],
    *,
    installed: Iterable[Package] = (),
    diversions: Sequence[Diversion] = (),
    identities: Identities | None = None,
) -> Tree:
    """Unpack packages over a tree.

    Args:
        tree: What is there already, usually the skeleton; not changed.
        debs: In the order of unpacking; on directories the first owner decides.
        installed: Packages whose files are in the tree already (those of the skeleton), for their Replaces and
            versions.
        diversions: All that will ever be made: they count from the first package on.
        identities: Who exists while packages are unpacked. Like dpkg, an owner of a file that is not among them is
            known by number only. Without identities every name is believed.

    Returns:
        A new tree.

    Raises:
        FileConflictError: When two packages ship one path and neither may replace the other.
        MalformedPackageError: When a package contradicts itself or places a file below something that is no directory.
    """
    result = tree.copy()
    merge_usr(result, debs)
    unpacker = _Unpacker(result, [*installed, *(deb.package for deb in debs)], diversions, identities)
    for deb in debs:
        unpacker.unpack(deb)
    return result


def may_replace(new: Package, old: Package) -> bool:
    """Say whether a package declares that it replaces files of another.

    dpkg looks at the real name only: a package that merely Provides the name is not meant.

    Spec: Debian Policy 7.6.1.
    """
    return any(
        relation.name == old.name
        and relation.accepts(old.version)
        and relation.architecture in {None, "any", old.architecture}
        for group in new.relations("Replaces")
        for relation in group
    )


def stored_content(facts: DebFacts, member: DebEntry) -> StoredContent:
    """Return where the content of a file of a package lies in the store."""
    return StoredContent(facts.data, member.offset, member.size, member.sha256)


def in_unpack_order(facts: DebFacts) -> list[DebEntry]:
    """Return the members of a package in the order in which dpkg unpacks and lists them: symlinks come last."""
    return sorted(facts.entries, key=lambda member: member.kind == "symlink")


class _Unpacker:
    """The tree while packages come in, and what is remembered of each of its paths."""

    def __init__(
        self,
        tree: Tree,
        packages: Iterable[Package],
        diversions: Sequence[Diversion],
        identities: Identities | None,
    ) -> None:
        self._tree = tree
        self._packages: dict[str, Package] = {package.name: package for package in packages}
        self._identities = identities
        self._diverted = DivertedPaths(tree, diversions)
        # Which instance of a package placed a file: `Entry.package` has only its name, and what the skeleton took from
        # a package may be placed again by that package.
        self._placed: dict[str, Package] = {}

    def unpack(self, deb: FetchedDeb) -> None:
        """Unpack one package."""
        for member in in_unpack_order(deb.facts):
            if not member.path:
                continue  # the root is the image's own
            place = self._prepared(self._tree.place_of(member.path))
            match member.kind:
                case "directory":
                    self._directory(deb.package, self._entry(deb, member, Kind.DIRECTORY), place)
                case "hardlink":
                    self._hardlink(deb.package, member, place)
                case kind:
                    self._file(deb.package, self._entry(deb, member, Kind(kind)), place)

    def _prepared(self, place: str) -> str:
        # Packages ship the directories of their files. One that does not still unpacks when another has made them.
        if parent_of(place) not in self._tree:
            self._tree.make_directories(parent_of(place), origin="unpack")
        return place

    def _entry(self, deb: FetchedDeb, member: DebEntry, kind: Kind) -> Entry:
        known = self._identities
        return Entry(
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

    def _directory(self, package: Package, entry: Entry, place: str) -> None:
        old = self._tree.get(place)
        if old is None or (old.kind is Kind.DIRECTORY and _is_implicit(old)):
            self._tree.put(place, entry)
            return
        if self._tree.is_directory(place):
            return  # It exists, if only through a symlink: dpkg leaves it alone, and its metadata with it.
        if self._may_take(package, entry, place, old):
            self._put(package, entry, place)

    def _hardlink(self, package: Package, member: DebEntry, place: str) -> None:
        first = self._diverted.place(self._tree.place_of(member.target), package.name)
        target = self._tree.get(first)
        if target is None or target.kind is Kind.DIRECTORY:
            raise MalformedPackageError(
                f"cannot unpack {package.name}: /{member.path} is a hard link to /{member.target}, which is no file"
            )
        if first == place:
            return
        inode = target.inode or f"{package.name}:{package.architecture}/{first}"
        # All names of a file share its metadata, whatever the header of the later name says.
        if self._file(package, replace(target, package=package.name, inode=inode), place):
            self._tree.change(first, inode=inode)

    def _file(self, package: Package, entry: Entry, place: str) -> bool:
        """Place anything but a directory, unless what is there stays; say whether it was placed."""
        taker = self._diverted.taken_by(place)
        if taker is not None:
            reason = f"{taker.package or 'a local diversion'} diverts /{taker.path} there"
            raise FileConflictError(place, (taker.package or "a local diversion", package.name), reason)
        place = self._prepared(self._tree.place_of(self._diverted.place(place, package.name)))
        old = self._tree.get(place)
        if old is not None and old.kind is Kind.DIRECTORY:
            if entry.kind is Kind.SYMLINK:
                return False  # dpkg keeps the directory: files of others may be in it
            if self._tree.children(place):
                raise FileConflictError(place, (old.package or "the skeleton", package.name), "it is a directory there")
        if old is not None and not self._may_take(package, entry, place, old):
            return False
        self._put(package, entry, place)
        return True

    def _put(self, package: Package, entry: Entry, place: str) -> None:
        self._tree.put(place, entry)
        self._placed[place] = package

    def _may_take(self, package: Package, entry: Entry, place: str, old: Entry) -> bool:
        """Say whether an entry takes the place of an old one (True) or the old one stays (False)."""
        if self._leads_to_itself(entry, place):
            # bin/x -> /usr/bin/x is for systems where these are two places. dpkg would destroy the program here.
            return False
        if not old.package or self._leads_to_itself(old, place):
            return True
        placer = self._placed.get(place)
        if old.package == package.name:
            return placer is None or _may_take_own(package, entry, place, old, placer)
        if _is_same(entry, old) and entry.kind is Kind.SYMLINK and self._tree.is_directory(place):
            return False  # both may own it, like a directory
        owner = placer or self._packages.get(old.package)
        if owner is None or not (may_replace(package, owner) or may_replace(owner, package)):
            raise FileConflictError(place, (old.package, package.name))
        # When each Replaces the other, dpkg lets the newcomer have the file.
        return may_replace(package, owner)

    def _leads_to_itself(self, entry: Entry, place: str) -> bool:
        if entry.kind is not Kind.SYMLINK:
            return False
        start = "" if entry.target.startswith("/") else parent_of(place)
        return self._tree.place_of(f"{start}/{entry.target}") == place


def _may_take_own(package: Package, entry: Entry, place: str, old: Entry, placer: Package) -> bool:
    if placer is package:
        # Two names of one place (bin/x and usr/bin/x), or one name twice.
        if _is_same(entry, old):
            return False
        raise MalformedPackageError(f"cannot unpack {package.name}: it ships different files as /{place}")
    # Two architectures of one package share what is equal in both.
    if "same" == package.multi_arch == placer.multi_arch and _is_same(entry, old):
        return False
    names = (f"{placer.name}:{placer.architecture}", f"{package.name}:{package.architecture}")
    raise FileConflictError(place, names, "the two are not the same file")


def _owner(name: str, number: int, known: Mapping[str, int] | None) -> str:
    if name and (known is None or name in known):
        return name
    return "root" if number == 0 else str(number)


def _is_implicit(entry: Entry) -> bool:
    """Say whether a directory was only made because something lies in it, so that its package may still describe it."""
    return not entry.package and (entry.mode, entry.user, entry.group) == (0o755, "root", "root")


def _is_same(one: Entry, other: Entry) -> bool:
    """Say whether two entries are the same thing, as dpkg compares the files of two architectures of a package."""
    if one.kind is not other.kind:
        return False
    if one.content is not None and other.content is not None:
        return one.content.sha256 == other.content.sha256
    return (one.target, one.device) == (other.target, other.device)
