"""An in-memory universe built from short textual stanzas.

A stanza is a line ``name [version] [@suite[:priority]]`` and indented fields below it::

    curl 7.88
      Depends: libcurl4 (= 7.88)
    libcurl4 7.88
    curl 8.5 @bookworm-backports:100
      Depends: libcurl4 (= 8.5)

The version is 1 and the suite is bookworm with priority 500 where none is given; every package is for amd64 unless it
has an Architecture field.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from pkg2image.deb.package import Origin, Package
from pkg2image.deb.version import version_key


def parse_packages(text: str) -> list[Package]:
    """Read short stanzas."""
    packages: list[Package] = []
    fields: dict[str, str] = {}
    origins: tuple[Origin, ...] = ()
    for line in [*text.splitlines(), ""]:
        if line.startswith((" ", "\t")) and line.strip():
            name, _, value = line.strip().partition(":")
            fields[name] = value.strip()
            continue
        if fields:
            # Made directly: names of one letter, which Policy does not allow, keep tests readable.
            names = (fields["Package"], fields["Version"], fields["Architecture"])
            packages.append(Package(*names, fields, origins))
            fields = {}
        if line.strip():
            fields, origins = _head(line.split())
    return packages


def _head(words: list[str]) -> tuple[dict[str, str], tuple[Origin, ...]]:
    suite, _, priority = next((word[1:] for word in words if word.startswith("@")), "bookworm").partition(":")
    version = next((word for word in words[1:] if not word.startswith("@")), "1")
    origin = Origin(0, suite, suite, "main", "https://packages.invalid/debian/", int(priority or 500))
    return {"Package": words[0], "Version": version, "Architecture": "amd64"}, (origin,)


@dataclass(slots=True)
class MemoryUniverse:
    """A universe of packages that are given; implements `pkg2image.resolve.universe.Universe`."""

    packages: Sequence[Package]
    architecture: str = "amd64"
    _versions: dict[str, list[Package]] = field(default_factory=lambda: defaultdict(list))
    _providers: dict[str, list[Package]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for package in self.packages:
            self._versions[package.name].append(package)
        for name in sorted(self._versions):
            versions = self._versions[name]
            versions.sort(key=lambda package: (package.priority, version_key(package.version)), reverse=True)
            for virtual in sorted({entry.name for group in versions[0].relations("Provides") for entry in group}):
                if virtual != name:
                    self._providers[virtual].append(versions[0])

    def versions(self, name: str) -> Sequence[Package]:
        return self._versions.get(name, [])

    def providers(self, name: str) -> Sequence[Package]:
        return self._providers.get(name, [])

    def similar(self, name: str) -> Sequence[str]:
        return get_close_matches(name, sorted(self._versions), n=5)


def universe(text: str, *, architecture: str = "amd64") -> MemoryUniverse:
    """Return the universe that short stanzas describe."""
    return MemoryUniverse(parse_packages(text), architecture)
