"""The nouns of a bill of materials, whatever it is written as."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pkg2image.digest import Digest
from pkg2image.image.read import OUR_URL
from pkg2image.sbom.licences import Licence

MAKER = "pkg2image"
MAKER_URL = OUR_URL
"""Who made the image and the bill: nobody but this program is known to have."""

_CONTACT = re.compile(r"(?P<name>[^<]*?)\s*<(?P<email>[^<>\s]+@[^<>\s]+)>.*", re.DOTALL)
_GROUPS = re.compile(
    r"\b(team|teams|maintainers?|group|developers?|packagers?|packaging|project|debian|ubuntu|force|foundation|inc)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Who answers for a package.

    Args:
        name: As in the Maintainer field, without address.
        email: The address; empty when there is none.
    """

    name: str
    email: str

    @property
    def is_group(self) -> bool:
        """Whether the name is that of a team, as far as its words tell."""
        return _GROUPS.search(self.name) is not None


def contact(maintainer: str) -> Contact:
    """Return who a Maintainer field names."""
    match = _CONTACT.fullmatch(maintainer)
    if match is None:
        return Contact(" ".join(maintainer.split()) or "unknown", "")
    name = " ".join(match["name"].replace('"', "").split())
    return Contact(name or match["email"], match["email"])


@dataclass(frozen=True, slots=True, order=True)
class SourcePackage:
    """What binary packages were built from.

    Args:
        name: Of the source package.
        version: Its version.
        purl: Package URL, with the architecture ``source``.
        url: Where its .dsc is, by the rules of a pool; empty when that is not known.
    """

    name: str
    version: str
    purl: str
    url: str = ""

    @property
    def dsc(self) -> str:
        """The name of the file that describes it."""
        return f"{self.name}_{self.version.partition(':')[2] or self.version}.dsc"


@dataclass(frozen=True, slots=True)
class BuiltWith:
    """Another source that went into a binary package when it was built.

    Args:
        field: ``Built-Using``, ``Static-Built-Using`` or ``X-Cargo-Built-Using``.
        source: The source.
    """

    field: str
    source: SourcePackage

    @property
    def is_static(self) -> bool:
        """Whether code of it is linked into the package."""
        return self.field != "Built-Using"


@dataclass(frozen=True, slots=True)
class File:
    """A regular file of the image.

    Args:
        path: Relative, without leading slash; bytes that are no text as escapes.
        sha1: Of the content, in hex.
        sha256: Of the content, in hex.
        size: Bytes.
        origin: Of a file without package what made it, of another one what changed it; empty when it is as its package
            ships it.
    """

    path: str
    sha1: str
    sha256: str
    size: int
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """A package of the image.

    Args:
        name: Package name.
        version: Full version.
        architecture: ``all`` or a Debian architecture.
        purl: Package URL.
        source: What it was built from.
        built_with: Other sources that went into it.
        maintainer: Who answers for it.
        homepage: Of its upstream; empty when it names none that is a URL.
        summary: First line of its description.
        filename: Name of the .deb.
        url: Where the .deb was; empty for a file of the user.
        size: Bytes of the .deb.
        sha256: Of the .deb, in hex.
        sha512: Of the .deb, in hex.
        depends: Names of the packages of the image that it needs, sorted.
        is_whole: Whether none of its dependencies was left out of the image.
        is_part: Whether only the parts that every image gets were taken from it.
        licence: What its copyright file states.
        files: Its files that are in the image, in byte order.
    """

    name: str
    version: str
    architecture: str
    purl: str
    source: SourcePackage
    built_with: tuple[BuiltWith, ...]
    maintainer: Contact
    homepage: str
    summary: str
    filename: str
    url: str
    size: int
    sha256: str
    sha512: str
    depends: tuple[str, ...]
    is_whole: bool
    is_part: bool
    licence: Licence
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """All that is in an image.

    Args:
        name: Name of the package that was asked for first.
        version: Its version.
        architecture: Debian architecture of the image.
        distribution: ``debian`` and the like.
        suite: Codename.
        epoch: Time of everything that was made for the image, in seconds since 1970.
        tool: Version of the program that made the image.
        lock: Digest of the lock of the image.
        roots: Names of the requested packages.
        components: The packages, by name and architecture.
        sources: All sources that they were built from and with, each once, in order.
        generated: Files that no package ships, in byte order.
        sums: SHA-256 and SHA-512 of what ``sha256sum`` prints for all files in byte order of their paths.
        licence: All licences of the packages together.
        texts: Reference -> text of the licences that SPDX does not know.
    """

    name: str
    version: str
    architecture: str
    distribution: str
    suite: str
    epoch: int
    tool: str
    lock: Digest
    roots: tuple[str, ...]
    components: tuple[Component, ...]
    sources: tuple[SourcePackage, ...]
    generated: tuple[File, ...]
    sums: tuple[str, str]
    licence: str
    texts: Mapping[str, str]

    @property
    def title(self) -> str:
        """Name, version and architecture as Debian puts them together in names of files."""
        return f"{self.name}_{self.version.partition(':')[2] or self.version}_{self.architecture}"

    @property
    def description(self) -> str:
        """What the image is, in a sentence."""
        roots = ", ".join(self.roots)
        return f"An image of {roots} from {self.distribution} {self.suite} for {self.architecture}."

    @property
    def uuid(self) -> uuid.UUID:
        """What identifies the bill: the same content has the same, whoever makes it and whenever."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{MAKER_URL}{self.lock}/{self.sums[0]}")


def package_url(distribution: str, suite: str, name: str, version: str, architecture: str) -> str:
    """Return the package URL of a Debian package.

    Spec: package-url/purl-spec, types "deb"; of what a version may hold only ``+`` has to be escaped.
    """
    vendor = quote(distribution, safe="", errors="replace")
    where = f"arch={quote(architecture, safe='')}&distro={quote(suite, safe='', errors='replace')}"
    return f"pkg:deb/{vendor}/{quote(name, safe='')}@{quote(version, safe=':')}?{where}"
