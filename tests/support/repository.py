"""Signed apt repositories in memory.

A repository is described by nested values and rendered to ``path -> bytes``; what is wrong with it, a test does to
these bytes or says with a knob. They are served by `MemoryTransport` or written to a directory for ``file:`` sources.

    archive = render([Suite("bookworm", packages={"main": [deb("hello", "1.0", Depends="libc6")]})])
    transport = MemoryTransport({"http://archive.example/debian/": archive})
"""

from __future__ import annotations

import email.utils
import gzip
import hashlib
import lzma
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import zstandard

from tests.support.keys import SigningKey, clearsign, sign_detached, signing_key

URI = "http://archive.example/debian/"
DATE = 1_700_000_000
"""When everything here was released unless a test says otherwise; tests judge at ``NOW``, never at the clock's time."""
NOW = DATE + 86_400

_COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "gz": lambda data: gzip.compress(data, mtime=0),
    "xz": lambda data: lzma.compress(data, preset=0),
    "zst": lambda data: zstandard.ZstdCompressor(level=1).compress(data),
}
_HASHES = {"MD5Sum": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}


@dataclass(frozen=True)
class Deb:
    """A package of a repository.

    Args:
        control: Package, Version, Architecture and whatever else the stanza says.
        data: The .deb; by default bytes that are unique to the package but no archive.
        index: Fields of the index that contradict the .deb (SHA256, Size, Filename...).
    """

    control: Mapping[str, str]
    data: bytes = b""
    index: Mapping[str, str] = field(default_factory=dict)

    @property
    def contents(self) -> bytes:
        return self.data or "_".join(self.control[key] for key in ("Package", "Version", "Architecture")).encode()

    @property
    def filename(self) -> str:
        name = self.control["Package"]
        version = self.control["Version"].partition(":")[2] or self.control["Version"]
        return f"pool/main/{name[0]}/{name}/{name}_{version}_{self.control['Architecture']}.deb"

    def stanza(self, prefix: str = "") -> str:
        """Return the paragraph of the Packages index."""
        fields = {
            **self.control,
            "Filename": prefix + self.filename,
            "Size": str(len(self.contents)),
            "SHA256": hashlib.sha256(self.contents).hexdigest(),
            **self.index,
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())


def deb(name: str, version: str = "1.0", architecture: str = "amd64", *, data: bytes = b"", **fields: str) -> Deb:
    """Return a package; underscores in field names stand for hyphens (``Pre_Depends=...``)."""
    control = {
        "Package": name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "Nobody <nobody@archive.example>",
        "Installed-Size": "1",
        "Description": f"the package {name}",
    }
    return Deb({**control, **{key.replace("_", "-"): value for key, value in fields.items()}}, data)


@dataclass(frozen=True)
class Suite:
    """One suite, and everything that may be strange about it.

    Args:
        path: Below ``dists/``; with a trailing slash the directory of a flat repository.
        packages: Component -> packages; a flat repository has the one component ``""``.
        codename: Defaults to the path.
        suite: The alias; defaults to the codename.
        date: Seconds since the epoch.
        valid_until: Seconds since the epoch, or None for a suite that never expires.
        architectures: Each gets an index of its own packages (and of those for ``all``).
        all_index: How ``Architecture: all`` is done. ``merged``: in every index, nothing more. ``debian``: also in an
            index of its own that No-Support-for-Architecture-all tells not to use. ``separate``: only there.
        compressions: Forms of each index: ``xz``, ``gz``, ``zst`` and ``""`` for plain.
        plain_listed: The Release lists the plain index although no such file is there, as Debian does.
        by_hash: Indexes lie under ``by-hash/`` too and the Release says so.
        hashes: Sections of the Release.
        keys: Who signs; nobody means an unsigned repository.
        inline: With InRelease.
        detached: With Release and Release.gpg.
        fields: More fields of the Release, or other values; an empty value leaves a field out.
        more: Other files that the Release lists, path relative to it -> content.
    """

    path: str
    packages: Mapping[str, Sequence[Deb]] = field(default_factory=lambda: {"main": ()})
    codename: str = ""
    suite: str = ""
    origin: str = "Debian"
    label: str = "Debian"
    version: str = "12.0"
    date: int = DATE
    valid_until: int | None = None
    architectures: Sequence[str] = ("amd64",)
    all_index: str = "merged"
    compressions: Sequence[str] = ("xz", "gz")
    plain_listed: bool = True
    by_hash: bool = True
    not_automatic: bool = False
    but_automatic_upgrades: bool = False
    hashes: Sequence[str] = ("MD5Sum", "SHA256")
    keys: Sequence[SigningKey] = field(default_factory=lambda: (signing_key(),))
    inline: bool = True
    detached: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def flat(self) -> bool:
        return self.path.endswith("/")

    @property
    def directory(self) -> str:
        """Where its Release lies, with a trailing slash unless that is the top."""
        return self.path.removeprefix("./") if self.flat else f"dists/{self.path}/"


def render(suites: Iterable[Suite]) -> dict[str, bytes]:
    """Return all files of a repository: path below its base -> content."""
    files: dict[str, bytes] = {}
    for suite in suites:
        prefix = suite.directory if suite.flat else ""
        for packages in suite.packages.values():
            files |= {prefix + package.filename: package.contents for package in packages}
        indexes = {**dict(_indexes(suite)), **suite.more}
        listed = indexes if suite.plain_listed else {path: data for path, data in indexes.items() if "." in path}
        release = render_release(suite, listed)
        present = {path: data for path, data in indexes.items() if _is_present(suite, path)}
        files |= {suite.directory + path: data for path, data in present.items()}
        if suite.by_hash:
            files |= {suite.directory + path: data for path, data in _by_hash(suite, present)}
        files |= {suite.directory + name: data for name, data in sign_release(suite, release).items()}
    return files


def render_release(suite: Suite, indexes: Mapping[str, bytes]) -> bytes:
    """Return the Release that lists these indexes (path relative to the Release -> content)."""
    codename = suite.codename or suite.path
    architectures = [*(["all"] if suite.all_index != "merged" else []), *suite.architectures]
    fields = {
        "Origin": suite.origin,
        "Label": suite.label,
        "Suite": suite.suite or codename,
        "Version": suite.version,
        "Codename": codename,
        "Date": _rfc2822(suite.date),
        "Valid-Until": "" if suite.valid_until is None else _rfc2822(suite.valid_until),
        "NotAutomatic": "yes" if suite.not_automatic else "",
        "ButAutomaticUpgrades": "yes" if suite.but_automatic_upgrades else "",
        "Acquire-By-Hash": "yes" if suite.by_hash else "",
        "No-Support-for-Architecture-all": "Packages" if suite.all_index == "debian" else "",
        "Architectures": " ".join(architectures),
        "Components": "" if suite.flat else " ".join(suite.packages),
        "Description": f"the suite {codename}",
        **suite.fields,
    }
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    for section in suite.hashes:
        lines.append(f"{section}:")
        for path, data in sorted(indexes.items()):
            lines.append(f" {hashlib.new(_HASHES[section], data).hexdigest()} {len(data):>8} {path}")
    return "\n".join([*lines, ""]).encode()


def sign_release(suite: Suite, release: bytes) -> dict[str, bytes]:
    """Return the Release files of a suite: InRelease, Release and Release.gpg as it says."""
    if not suite.keys:
        return {"Release": release}
    files = {}
    if suite.inline:
        files["InRelease"] = clearsign(release, suite.keys)
    if suite.detached:
        files |= {"Release": release, "Release.gpg": sign_detached(release, suite.keys)}
    return files


def write_repository(files: Mapping[str, bytes], directory: Path) -> None:
    """Write a rendered repository for ``file:`` sources."""
    for path, data in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _indexes(suite: Suite) -> Iterator[tuple[str, bytes]]:
    prefix = suite.directory if suite.flat else ""
    for component, packages in suite.packages.items():
        for architecture in [""] if suite.flat else [*suite.architectures, "all"]:
            if architecture == "all" and suite.all_index == "merged":
                continue
            wanted = {architecture} | ({"all"} if suite.all_index != "separate" else set())
            chosen = [each for each in packages if suite.flat or each.control["Architecture"] in wanted]
            plain = "\n".join(each.stanza(prefix) for each in chosen).encode()
            path = "Packages" if suite.flat else f"{component}/binary-{architecture}/Packages"
            for compression in dict.fromkeys(["", *suite.compressions]):
                suffix = f".{compression}" if compression else ""
                yield path + suffix, _COMPRESSORS[compression](plain)


def _is_present(suite: Suite, path: str) -> bool:
    return "" in suite.compressions or not path.endswith("Packages")


def _by_hash(suite: Suite, indexes: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for path, data in indexes.items():
        for section in suite.hashes:
            parent = "".join(path.rpartition("/")[:2])
            yield f"{parent}by-hash/{section}/{hashlib.new(_HASHES[section], data).hexdigest()}", data


def _rfc2822(moment: int) -> str:
    return email.utils.formatdate(moment, usegmt=True).replace("GMT", "UTC")


@dataclass(frozen=True)
class MemoryDownload:
    """What a server answers."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), 65_536):
            yield self.body[start : start + 65_536]


@dataclass
class MemoryTransport:
    """Serves rendered repositories, keeps what was asked for in ``requests``.

    Args:
        sites: Base URL with a trailing slash -> files; the mapping may be changed between two requests.
        ranges: Whether the server honours an offset (206) or ignores it (200), as dumb mirrors do.
    """

    sites: dict[str, dict[str, bytes]]
    ranges: bool = True
    requests: list[str] = field(default_factory=list)

    def open(self, url: str, *, offset: int = 0, fresh: bool = False) -> MemoryDownload:  # noqa: ARG002
        self.requests.append(url)
        for base, files in self.sites.items():
            body = files.get(url.removeprefix(base)) if url.startswith(base) else None
            if body is None:
                continue
            if not offset or not self.ranges:
                return MemoryDownload(url, 200, {"content-length": str(len(body))}, body)
            headers = {
                "content-length": str(len(body) - offset),
                "content-range": f"bytes {offset}-{len(body) - 1}/{len(body)}",
            }
            return MemoryDownload(url, 206, headers, body[offset:])
        return MemoryDownload(url, 404, {"content-length": "0"}, b"")
