"""The indexes of packages of one suite: which ones there are.

Spec: Debian repository format, "Packages Indices".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.databases import Databases, IndexFile, forms_of
from pkg2image.archive.documents import BelievedRelease
from pkg2image.archive.index import INDEX_RECORD, PackageIndex, build_index
from pkg2image.archive.release import Release
from pkg2image.archive.sources import Source
from pkg2image.errors import RequestError
from pkg2image.plan import ReadFile
from pkg2image.store import Store


def choose_indexes(source: Source, release: Release, architecture: str) -> list[tuple[IndexFile, ...]]:
    """Return the indexes that a source has for an architecture, each in all forms that the Release lists, best first.

    Raises:
        RequestError: When there is no such component, or nothing for the architecture.

    Spec: Debian repository format, "Architectures" and "No-Support-for-Architecture-all".
    """
    chosen = []
    for component in source.components or ("",):
        if source.flat:
            paths = ["Packages"]
        else:
            paths = [f"{component}/binary-{architecture}/Packages"]
            if "all" in release.architectures and not release.no_support_for_architecture_all:
                paths.append(f"{component}/binary-all/Packages")
        found = [forms for path in paths if (forms := forms_of(release, component, path))]
        if not found and not source.flat:
            _explain_absence(source, release, component, architecture)
        chosen += found
    if not chosen:
        raise RequestError(f"cannot use {source} for {architecture}: its Release lists no index of packages")
    return chosen


def _explain_absence(source: Source, release: Release, component: str, architecture: str) -> None:
    """Raise when a component or architecture is unknown; return when the one only has nothing of the other."""
    # Debian's security archive lists "updates/main" and keeps it under "main".
    components = [name.removeprefix("updates/") for name in release.components]
    if component.removeprefix("updates/") not in components:
        raise RequestError(
            f"cannot use the component {component} of {source}: there is no such component",
            hint=f"it offers {', '.join(components)}" if components else None,
        )
    architectures = [name for name in release.architectures if name not in {"all", "source"}]
    if architecture not in architectures:
        raise RequestError(
            f"cannot use {source} for {architecture}: it has no packages for this architecture",
            hint=f"it offers {', '.join(architectures)}" if architectures else None,
        )


@dataclass(frozen=True, slots=True)
class SuiteIndexes:
    """The indexes of one suite for one architecture.

    Args:
        believed: The Release that vouches for them.
        architecture: The Debian architecture.
        store: Keeps what was downloaded, and the databases made of it.
        acquirer: For those that are not there.
        offline: Use only what the store has.
    """

    believed: BelievedRelease
    architecture: str
    store: Store
    acquirer: Acquirer
    offline: bool

    def missing_bytes(self) -> int:
        """Return how much there is to download, as far as one can tell beforehand.

        Raises:
            RequestError: When there is no such component, or nothing for the architecture.
        """
        return self._databases().missing_bytes(self._chosen())

    def load(self) -> list[tuple[str, PackageIndex]]:
        """Return each index with its component; one whose database was kept is not read before it is asked.

        Raises:
            RequestError: When there is no such component, or nothing for the architecture.
            NetworkError: When an index cannot be had, or is not in the store and ``offline`` is set.
            TrustError: When an index is not the one that the Release lists.
            MalformedPackageError: When it is, and malformed all the same.
        """
        return [(forms[0].component, self._load(forms)) for forms in self._chosen()]

    def read(self) -> list[ReadFile]:
        """Return the indexes as files that are read, in whatever form.

        Raises:
            RequestError: When there is no such component, or nothing for the architecture.
        """
        databases = self._databases()
        return [databases.read_file(forms) for forms in self._chosen()]

    def _chosen(self) -> list[tuple[IndexFile, ...]]:
        return choose_indexes(self.believed.source, self.believed.release, self.architecture)

    def _load(self, forms: Sequence[IndexFile]) -> PackageIndex:
        databases = self._databases()
        origin = databases.origin(forms)
        if databases.is_kept(forms):
            return PackageIndex(lambda: databases.database(forms), origin=origin)
        database = databases.database(forms)
        return PackageIndex(lambda: database, origin=origin)

    def _databases(self) -> Databases:
        def make(chunks: Iterable[bytes], origin: str) -> bytes:
            return build_index(chunks, origin=origin)

        return Databases(self.believed, self.store, self.acquirer, self.offline, INDEX_RECORD, make)
