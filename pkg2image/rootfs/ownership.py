"""Who owns each path while packages are unpacked, and who has to give one up.

Spec: Debian Policy 7.6.1 (Replaces); the rules are those of dpkg's ``tarobject`` and ``does_replace``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pkg2image.deb.package import Package
from pkg2image.errors import FileConflictError, MalformedPackageError
from pkg2image.rootfs.tree import Entry


@dataclass(frozen=True, slots=True)
class Claim:
    """A package ships a path.

    Args:
        package: Which one; of several architectures of one package each has its own claim.
        path: The path as shipped: ``bin/x`` and ``usr/bin/x`` are one place.
    """

    package: Package
    path: str


class Claims:
    """Place -> the claims on it; on directories (and what is shared like them) there may be several.

    Args:
        packages: All packages that may own something in the tree already.
    """

    __slots__ = ("_claims", "_packages")

    def __init__(self, packages: Iterable[Package]) -> None:
        self._packages = {package.name: package for package in packages}
        self._claims: dict[str, list[Claim]] = {}

    def share(self, place: str, claim: Claim) -> None:
        """Note that a package owns a place too."""
        self._claims.setdefault(place, []).append(claim)

    def take(self, place: str, claim: Claim) -> None:
        """Note that a package, and nobody else any more, owns a place."""
        self._claims[place] = [claim]

    def divert(self, source: str, target: str, *, except_of: str) -> None:
        """Note that what packages ship as one place lies in another, whether it was moved there or not.

        Args:
            source: Where it was.
            target: Where it is from now on.
            except_of: Name of the package that diverts: what it ships itself stays.
        """
        claims = self._claims.pop(source, [])
        self._claims[source] = [claim for claim in claims if claim.package.name == except_of]
        moved = [claim for claim in claims if claim.package.name != except_of]
        if moved:
            self._claims[target] = moved

    def holders(self, place: str, entry: Entry, newcomer: Claim) -> Sequence[Claim]:
        """Return who owns a place before a newcomer claims it; nobody when it was made for this image.

        What the skeleton took from a package is no obstacle for the whole package.

        Raises:
            FileConflictError: When an unknown package owns it.
        """
        claims = self._claims.get(place)
        if claims is not None:
            return claims
        if entry.package in {"", newcomer.package.name}:
            return ()
        if entry.package not in self._packages:
            raise FileConflictError(place, (entry.package, newcomer.package.name))
        return (Claim(self._packages[entry.package], place),)


def gives_up(holder: Claim, newcomer: Claim, *, place: str, is_same: bool) -> bool:
    """Say whether the owner of a file gives it up to a newcomer (True) or keeps it (False).

    Args:
        holder: Who has it.
        newcomer: Who ships it too.
        place: The canonical path.
        is_same: Whether both ship the same thing.

    Raises:
        FileConflictError: When neither may have what the other has.
        MalformedPackageError: When one package ships two different things as one path.
    """
    old, new = holder.package, newcomer.package
    if old is new:
        # Two names of one place: lib/x and usr/lib/x.
        if is_same:
            return False
        raise MalformedPackageError(f"cannot unpack {new.name}: it ships different files as /{place}")
    if old.name == new.name:
        # Two architectures of one package share what is equal in both.
        if "same" == old.multi_arch == new.multi_arch and is_same:
            return False
        names = (f"{old.name}:{old.architecture}", f"{new.name}:{new.architecture}")
        raise FileConflictError(place, names, "the two are not the same file")
    # When each replaces the other, dpkg lets the newcomer have the file.
    if may_replace(new, old):
        return True
    if may_replace(old, new):
        return False
    raise FileConflictError(place, (old.name, new.name))


def may_replace(new: Package, old: Package) -> bool:
    """Say whether a package declares that it replaces files of another.

    dpkg looks at the real name only: a package that merely Provides the name is not meant.

    Spec: Debian Policy 7.6.1.
    """
    return any(
        relation.name == old.name
        and relation.architecture in {None, "any", old.architecture}
        and relation.accepts(old.version)
        for group in new.relations("Replaces")
        for relation in group
    )
