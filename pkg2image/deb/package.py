"""One binary package as a Packages index or a control file describes it.

Relations are kept as text and parsed when they are asked for (and memoised by `parse_relations`): a resolution looks
at a few hundred of the sixty thousand packages of a suite.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pkg2image.deb import version as versions
from pkg2image.deb.relation import Alternatives, parse_relations
from pkg2image.errors import MalformedPackageError

_NAME = re.compile(r"[a-z0-9][a-z0-9+.\-]+", re.ASCII)
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9\-]*", re.ASCII)
_SOURCE = re.compile(r"(?P<name>\S+)(?:\s+\((?P<version>[^)]+)\))?")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version can be had: one suite and component of one source.

    Args:
        source: Position of the source among those that were read, in the user's order, from 0.
        suite: The Suite of the Release file, for example ``stable`` (for pins and hints).
        codename: The Codename, for example ``bookworm-security``.
        component: ``main`` and so on; empty for flat repositories.
        uri: Base of the repository, always with a trailing slash; `Package.filename` is relative to it.
        priority: apt's priority of this version's archive: 990, 500, 100 or 1, or the pin of the source.
        trusted: False when the user switched the signature check of this source off.
        date: The Date of the Release, in seconds since the epoch.
        label: The Label of the Release, for example ``Debian-Security``.
    """

    source: int
    suite: str
    codename: str
    component: str
    uri: str
    priority: int = 500
    trusted: bool = True
    date: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A package version that can be installed.

    Args:
        name: Package name.
        version: Full version with epoch.
        architecture: ``all`` or a Debian architecture.
        fields: All fields of the stanza, spelling and order kept; nothing else is known about the package.
        origins: Where it can be had, best first; empty for nothing but a local file.
        local_path: Path of a .deb on this host when the package is a local file, else empty.
    """

    name: str
    version: str
    architecture: str
    fields: Mapping[str, str] = field(compare=False, hash=False, repr=False)
    origins: tuple[Origin, ...] = field(default=(), compare=False, hash=False)
    local_path: str = ""

    @property
    def source_name(self) -> str:
        """Name of the source package."""
        match = _SOURCE.fullmatch(self.fields.get("Source", ""))
        return match["name"] if match else self.name

    @property
    def source_version(self) -> str:
        """Version of the source package, which differs from the binary's after a binary-only rebuild."""
        match = _SOURCE.fullmatch(self.fields.get("Source", ""))
        return (match["version"] if match else None) or self.version

    @property
    def priority(self) -> int:
        """The best archive priority; local files outrank every archive, as in apt."""
        return max((origin.priority for origin in self.origins), default=1000)

    @property
    def multi_arch(self) -> str:
        """``no``, ``same``, ``foreign`` or ``allowed``."""
        return self.fields.get("Multi-Arch", "no")

    @property
    def essential(self) -> bool:
        """Whether the package is marked Essential."""
        return self.fields.get("Essential", "no") == "yes"

    @property
    def filename(self) -> str:
        """Path of the .deb relative to the origin's URI."""
        return self.fields.get("Filename", "")

    @property
    def sha256(self) -> str:
        """SHA-256 of the .deb in hex, empty when the index names none."""
        return self.fields.get("SHA256", "")

    @property
    def size(self) -> int:
        """Size of the .deb in bytes."""
        return _number(self, "Size")

    @property
    def installed_size(self) -> int:
        """Installed-Size in bytes (the field counts KiB)."""
        return _number(self, "Installed-Size") * 1024

    def relations(self, name: str) -> tuple[Alternatives, ...]:
        """Return the or-groups of a relationship field, in field order.

        Args:
            name: ``Depends``, ``Pre-Depends``, ``Recommends``, ``Conflicts``, ``Breaks``, ``Provides``, ``Replaces``.

        Raises:
            MalformedPackageError: When the field cannot be read; the error names the package.
        """
        try:
            return parse_relations(self.fields.get(name, ""))
        except MalformedPackageError as error:
            raise MalformedPackageError(f"cannot use {self}: {name}: {error.message}") from error

    def __str__(self) -> str:
        """Return ``name version``."""
        return f"{self.name} {self.version}"


def _number(package: Package, name: str) -> int:
    text = package.fields.get(name, "0")
    if not text.isdigit() or len(text) > 15:
        raise MalformedPackageError(f"cannot use {package}: {name} is {text[:40]!r}, not a number")
    return int(text)


def package_from_stanza(fields: Mapping[str, str], *, origin: str, origins: tuple[Origin, ...] = ()) -> Package:
    """Make a `Package` of a stanza after checking the fields that become identities.

    Args:
        fields: The stanza.
        origin: What was read, for errors.
        origins: Where the package can be had.

    Raises:
        MalformedPackageError: When Package, Version or Architecture is missing or not legal.

    Spec: Debian Policy 5.6.1, 5.6.8, 5.6.12.
    """
    name, version, architecture = (fields.get(key, "") for key in ("Package", "Version", "Architecture"))
    if _NAME.fullmatch(name) is None:
        raise MalformedPackageError(f"cannot use {origin}: {name[:80]!r} is not a package name")
    if not versions.is_valid(version):
        raise MalformedPackageError(f"cannot use {origin}: {name} has the version {version[:80]!r}, which is not one")
    if _ARCHITECTURE.fullmatch(architecture) is None:
        raise MalformedPackageError(f"cannot use {origin}: {name} has the architecture {architecture[:80]!r}")
    return Package(name, version, architecture, fields, origins)
