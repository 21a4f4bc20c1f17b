"""What the resolver needs to know of the world: candidates by name and providers by virtual name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pkg2image.deb.package import Package


class Universe(Protocol):
    """All package versions of the configured sources, for one architecture.

    Both look-ups are pure: the same question has the same answer for the life of the object.
    """

    @property
    def architecture(self) -> str:
        """The Debian architecture that packages are resolved for."""
        ...

    def versions(self, name: str) -> Sequence[Package]:
        """Return every version of a real package, best first: highest priority, then highest version.

        Equal versions from several suites are one element with several origins. The first element is apt's candidate
        unless its priority is negative.
        """
        ...

    def providers(self, name: str) -> Sequence[Package]:
        """Return the candidates whose Provides names a virtual package, in the order of their names.

        Only candidates (first of `versions`) are listed, never the package of that name itself.
        """
        ...

    def similar(self, name: str) -> Sequence[str]:
        """Return a few existing package names that look like a name nobody has, best first."""
        ...
