"""Where in a .deb something is wrong: the one shape of the errors about package files."""

from __future__ import annotations

from dataclasses import dataclass

from pkg2image.errors import MalformedPackageError

_SHOWN = 200  # characters of a foreign name; it may be a megabyte long


@dataclass(frozen=True, slots=True)
class Place:
    """A place that errors name.

    Args:
        package: What the caller calls the package.
        member: The ar member, for example ``data.tar.xz``, or empty.
    """

    package: str
    member: str = ""

    def inside(self, member: str) -> Place:
        """Return the place of an ar member of this package."""
        return Place(self.package, member)

    def error(self, reason: str, *, path: str | bytes | None = None) -> MalformedPackageError:
        """Return the error about this place, to be raised.

        Args:
            reason: What is wrong.
            path: The tar member that is concerned; shown with everything strange in it escaped.
        """
        parts = [f"cannot read {self.package}"]
        if self.member:
            parts.append(self.member)
        if path is not None:
            text = path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path
            parts.append(repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "..."))
        return MalformedPackageError(": ".join((*parts, reason)))
