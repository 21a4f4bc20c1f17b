"""What an image or a lock holds: packages by name, version and hash, and what was believed of their sources.

Whatever dpkg knows is enough, so the images of others can be asked about too; only a lock knows hashes and sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkg2image.deb.control import parse_stanzas
from pkg2image.deb.package import package_from_stanza
from pkg2image.errors import RequestError
from pkg2image.image.glance import Wanted, glance
from pkg2image.image.scan import compression_of, reading
from pkg2image.lock.model import LOCK_PATH, Lock
from pkg2image.lock.reading import load_lock, read_lock
from pkg2image.plan import VerifiedSource

_STATUS = "var/lib/dpkg/status"
_STATUS_PARTS = "var/lib/dpkg/status.d/"
_OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
_WANTED = Wanted(frozenset({_STATUS, *_OS_RELEASE}), (_STATUS_PARTS,), enough=frozenset({LOCK_PATH}))
_BEGINNING = 4096


@dataclass(frozen=True, slots=True)
class HeldPackage:
    """A package as an image or a lock holds it.

    Args:
        name: Its name.
        version: Its version.
        architecture: ``all`` or a Debian architecture.
        source: Name of its source package.
        source_version: Version of that.
        sha256: Of the .deb, in hex; empty when nobody remembers.
        is_local: Whether it was a file of the user, which no source has to have.
    """

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    sha256: str = ""
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What an image or a lock holds.

    Args:
        packages: By name and architecture.
        suite: Codename of the main suite; empty when nothing names it.
        distribution: ``debian`` or what it calls itself, in lower case; empty likewise.
        architecture: Debian architecture.
        sources: What was believed when it was made, in order; empty when nothing remembers.
    """

    packages: tuple[HeldPackage, ...]
    suite: str
    architecture: str
    distribution: str = ""
    sources: tuple[VerifiedSource, ...] = ()


def read_held(path: Path) -> Held:
    """Read what a lock, or an image of any format, holds.

    Args:
        path: A lock file, an image file, an OCI layout, or a directory with a root filesystem.

    Raises:
        RequestError: When it is none of these, or an image that does not say what is in it.
        MalformedPackageError: When what dpkg knows in an image cannot be read.
    """
    if _is_text(path):
        return held_in_lock(load_lock(path))
    found = glance(path, _WANTED)
    if LOCK_PATH in found:
        return held_in_lock(read_lock(found[LOCK_PATH], origin=f"in {path}"))
    return _held_in_image(found, path)


def _is_text(path: Path) -> bool:
    """Say whether a file is text; images are none, with their zeros or the letters of a compression."""
    with reading(path, "file"):
        if path.is_dir():
            return False
        with path.open("rb") as file:
            return compression_of(file) == "none" and b"\0" not in file.read(_BEGINNING)


def held_in_lock(lock: Lock) -> Held:
    """Return what a lock holds."""
    packages = (
        HeldPackage(
            each.package.name,
            each.package.version,
            each.package.architecture,
            each.package.source_name,
            each.package.source_version,
            each.package.sha256,
            is_local=not each.package.origins,
        )
        for each in lock.packages
    )
    return Held(_sorted(packages), lock.suite, lock.architecture, lock.distribution, lock.sources)


def _held_in_image(found: Mapping[str, bytes], path: Path) -> Held:
    """Return what dpkg's database of an image says is installed."""
    packages = _sorted(_installed(found))
    if not packages:
        raise RequestError(
            f"cannot tell what is in {path}: it has neither a lock nor packages that dpkg knows",
            hint="name a lock file, or an image of Debian packages",
        )
    native = Counter(each.architecture for each in packages if each.architecture != "all")
    architecture = native.most_common(1)[0][0] if native else "all"
    release = _os_release(found)
    return Held(packages, release.get("VERSION_CODENAME", ""), architecture, release.get("ID", "debian"))


def _installed(found: Mapping[str, bytes]) -> Iterator[HeldPackage]:
    for path, data in sorted(found.items()):
        if path in _OS_RELEASE or path.endswith(".md5sums"):
            continue
        for fields in parse_stanzas(data.decode("utf-8", "replace"), origin=f"/{path}"):
            # One file for each package, as images without dpkg have it, needs no word about its status.
            if path == _STATUS and not fields.get("Status", "").endswith(" installed"):
                continue
            package = package_from_stanza(fields, origin=f"/{path}")
            yield HeldPackage(
                package.name, package.version, package.architecture, package.source_name, package.source_version
            )


def _os_release(found: Mapping[str, bytes]) -> Mapping[str, str]:
    """Return what an image says about its distribution.

    Spec: os-release(5).
    """
    text = next((found[path] for path in _OS_RELEASE if path in found), b"").decode("utf-8", "replace")
    pairs = (line.partition("=")[::2] for line in text.splitlines())
    return {name: value.strip("\"'") for name, value in pairs}


def _sorted(packages: Iterator[HeldPackage]) -> tuple[HeldPackage, ...]:
    return tuple(sorted(packages, key=lambda each: (each.name, each.architecture)))
