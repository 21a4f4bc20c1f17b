"""All package versions of several suites, merged: what the resolver chooses from.

A version that several suites have is one `Package` with several origins. Should they disagree about its hash, one of
them lies or is broken, and the package cannot be used at all.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from pkg2image.archive.index import PackageIndex
from pkg2image.deb.package import Origin, Package, package_from_stanza
from pkg2image.deb.version import version_key
from pkg2image.errors import TrustError
from pkg2image.plan import ReadFile, VerifiedSource

if TYPE_CHECKING:
    from pkg2image.archive.contents import ArchiveFiles

_NEAR_NAMES = 5
_NEAR_ENOUGH = 0.7


@dataclass(frozen=True, slots=True)
class OriginIndex:
    """The index of one component of one suite.

    Args:
        index: Its stanzas.
        origin: Where its packages can be had.
    """

    index: PackageIndex
    origin: Origin


class LoadedUniverse:
    """All package versions of some sources for one architecture; implements `pkg2image.resolve.universe.Universe`.

    Stanzas are read when a name is asked for, and remembered.

    Args:
        architecture: The Debian architecture.
        indexes: In the order of the sources.
        local: Packages that are files of this machine; they outrank all others.
        sources: What was believed, in the order of the sources.
        read: The files of the repositories that say so, and their indexes.
        notes: Sentences that every output shows.
        distribution: What the Release of the target suite calls itself, in lower case.
        codename: The codename of the target suite.
        files: Returns which packages have a file; called when somebody asks, and once.
        held: Packages that are the candidates of their names, whatever else there is; see `holding`.
    """

    def __init__(
        self,
        architecture: str,
        indexes: Sequence[OriginIndex],
        *,
        local: Sequence[Package] = (),
        sources: Sequence[VerifiedSource] = (),
        read: Sequence[ReadFile] = (),
        notes: Sequence[str] = (),
        distribution: str = "",
        codename: str = "",
        files: Callable[[], ArchiveFiles],
        held: Iterable[Package] = (),
    ) -> None:
        self.architecture = architecture
        self.sources = tuple(sources)
        self.read = tuple(read)
        self.notes = tuple(notes)
        self.distribution = distribution
        self.codename = codename
        self._open_files = files
        self._files: ArchiveFiles | None = None
        self._indexes = tuple(indexes)
        self._local = tuple(local)
        self._held = {package.name: package for package in held}
        self._versions: dict[str, tuple[Package, ...]] = {}
        self._providers: dict[str, tuple[Package, ...]] = {}

    @property
    def identity(self) -> list[object]:
        """Plain data that is the same when all packages of the sources are; it says nothing of local files."""
        sources = [[source.uri, source.suite, str(source.release)] for source in self.sources]
        held = [[each.name, each.version, each.sha256] for each in self._held.values()]
        return [self.architecture, self.codename, sources, [astuple(each.origin) for each in self._indexes], *held]

    @property
    def held(self) -> frozenset[str]:
        """Names of the packages that are held at a version."""
        return frozenset(self._held)

    def holding(self, packages: Iterable[Package]) -> LoadedUniverse:
        """Return the same with some packages as the candidates of their names, whatever newer ones there are.

        Args:
            packages: At most one of a name; one that no source offers any more is offered all the same.
        """
        return LoadedUniverse(
            self.architecture,
            self._indexes,
            local=self._local,
            sources=self.sources,
            read=self.read,
            notes=self.notes,
            distribution=self.distribution,
            codename=self.codename,
            files=lambda: self.files,
            held=packages,
        )

    @property
    def files(self) -> ArchiveFiles:
        """Which packages have a file."""
        if self._files is None:
            self._files = self._open_files()
        return self._files

    def versions(self, name: str) -> tuple[Package, ...]:
        """Return every version of a package, best first; see `Universe.versions`.

        Raises:
            MalformedPackageError: When a stanza of it makes no sense; names the package and the index.
            TrustError: When two sources disagree about the content of one version.
        """
        known = self._versions.get(name)
        if known is None:
            known = self._versions[name] = tuple(sorted(self._merged(name), key=self._rank, reverse=True))
        return known

    def providers(self, name: str) -> tuple[Package, ...]:
        """Return the candidates that provide a virtual package, in the order of their names; see `Universe.providers`.

        Raises:
            MalformedPackageError: When a stanza of one of them makes no sense.
            TrustError: When two sources disagree about the content of one version.
        """
        known = self._providers.get(name)
        if known is None:
            brought = (package for package in self._held.values() if name in package.fields.get("Provides", ""))
            names = {package.name for package in (*self._local, *brought)}.union(
                *(each.index.providing(name) for each in self._indexes)
            )
            candidates = [self.versions(real)[:1] for real in sorted(names - {name})]
            known = self._providers[name] = tuple(
                package
                for found in candidates
                for package in found
                if package.priority >= 0 and _provides(package, name)
            )
        return known

    def similar(self, name: str) -> tuple[str, ...]:
        """Return a few existing names that look like one that nobody has, best first."""
        local = {package.name for package in self._local}
        names = local.union(*(each.index.near(name) for each in self._indexes))
        ordered = sorted(names)  # among equally near ones the first wins, so the order must not be a set's
        near = difflib.get_close_matches(name, ordered, n=_NEAR_NAMES, cutoff=_NEAR_ENOUGH)
        longer = [other for other in ordered if name in other.split("-") and other not in near]
        return tuple([*near, *longer][:_NEAR_NAMES])

    def names(self) -> Iterator[str]:
        """Yield the names of all real packages in order."""
        names = {package.name for package in self._local}
        yield from sorted(names.union(*(each.index.names() for each in self._indexes)))

    def offered(self, name: str) -> tuple[Package, ...]:
        """Return every version of a package as each suite offers it: with one origin, and not held against others.

        Raises:
            MalformedPackageError: When a stanza of it makes no sense.
        """
        return tuple(package for each in self._indexes for package in self._packages(each, each.index.stanzas(name)))

    def built_from(self, source: str, of: Callable[[Origin], bool]) -> tuple[Package, ...]:
        """Return the packages that are built from a source package, as each suite offers them.

        Args:
            source: Its name.
            of: Says of which suites.

        Raises:
            MalformedPackageError: When a stanza of one makes no sense.
        """
        indexes = (each for each in self._indexes if of(each.origin))
        return tuple(package for each in indexes for package in self._packages(each, each.index.built_from(source)))

    def _packages(self, each: OriginIndex, stanzas: Iterable[Mapping[str, str]]) -> Iterator[Package]:
        for fields in stanzas:
            package = package_from_stanza(fields, origin=each.index.origin, origins=(each.origin,))
            if package.architecture in {self.architecture, "all"}:
                yield package

    def _merged(self, name: str) -> Iterable[Package]:
        merged: dict[tuple[str, str], Package] = {}
        for package in self.offered(name):
            key = package.version, package.architecture
            merged[key] = _joined(merged[key], package) if key in merged else package
        held = self._held.get(name)
        if held is not None and not held.local_path:
            merged.setdefault((held.version, held.architecture), held)
        return (*merged.values(), *(package for package in self._local if package.name == name))

    def _rank(self, package: Package) -> tuple[bool, int, object, bool]:
        is_held = self._held.get(package.name) == package
        native = package.architecture == self.architecture
        return is_held, package.priority, version_key(package.version), native


def _joined(first: Package, second: Package) -> Package:
    """Return one package of the same version in two suites."""
    if first.sha256 != second.sha256:
        places = " and ".join(f"{one.origins[0].uri} {one.origins[0].codename}" for one in (first, second))
        raise TrustError(
            f"cannot use {first}: {places} offer different files under this version",
            hint="one of these sources is broken or lies; leave it out",
        )
    best, other = (first, second) if first.priority >= second.priority else (second, first)
    # A file name holds for its own repository: another layout is another place, which we do without.
    more = other.origins if other.filename == best.filename else ()
    return replace(best, origins=tuple(sorted((*best.origins, *more), key=lambda one: (-one.priority, one.source))))


def _provides(package: Package, name: str) -> bool:
    return any(relation.name == name for group in package.relations("Provides") for relation in group)
