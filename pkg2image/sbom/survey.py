"""From a lock and a finished tree to the bill of materials.

Nothing is asked but what an image carries: the lock, dpkg's database, copyright files, and what they say about files.
So the bill of an image is the same whether it is made while the image is built or of the image alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pkg2image.deb.control import parse_stanzas
from pkg2image.errors import MalformedPackageError
from pkg2image.image.captured import ORIGINS_PATH
from pkg2image.lock.making import lock_digest
from pkg2image.lock.model import Lock, LockedPackage
from pkg2image.maintscript.parsed import Records
from pkg2image.rootfs.diversions import DivertedPaths, read_diversions
from pkg2image.rootfs.dpkgdb import ADMINISTRATION
from pkg2image.rootfs.tree import Content, Kind, ReadContent, Tree
from pkg2image.sbom.bill import Bill, BuiltWith, Component, File, SourcePackage, contact, package_url
from pkg2image.sbom.copyrights import MOST_BYTES
from pkg2image.sbom.expressions import joined, parsed
from pkg2image.sbom.licences import LICENCES_VERSION, NOASSERTION, UNKNOWN, Licence, licence_of, load_licence, too_long
from pkg2image.sbom.origins import OWN, origin_of, read_origins

INSIDE = re.compile(rf"{OWN}/sbom\.[a-z0-9]+\.json")
"""The bill in an image, which does not list itself."""

_BUILT_WITH = ("Built-Using", "Static-Built-Using", "X-Cargo-Built-Using")
_TEXTS = "usr/share/"  # where texts of licences may be; a link to anything else says nothing
_KIND = f"licence-{LICENCES_VERSION}"
_HOMEPAGE = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:[0-9]+)?(/[!-~]*)?", re.IGNORECASE)
_LIBRARIES = re.compile(r"(?P<name>\S+) \(= (?P<version>[^)]+)\)")

Sha1 = Callable[[Content], str]
"""Returns the SHA-1 of a content in hex."""


@dataclass(frozen=True, slots=True)
class _Surveyed:
    """What is being looked at.

    Args:
        lock: What the image was made of.
        tree: Its files.
        read: Reads their contents.
        records: Where is kept what was found in copyright files.
    """

    lock: Lock
    tree: Tree
    read: ReadContent
    records: Records | None

    def content(self, path: str) -> bytes:
        entry = self.tree.lookup(path)
        return self.read(entry.content) if entry and entry.content else b""


def bill_of(lock: Lock, tree: Tree, *, read: ReadContent, sha1: Sha1, records: Records | None = None) -> Bill:
    """Make the bill of materials of an image.

    Args:
        lock: What it was made of.
        tree: All of its files.
        read: Reads their contents.
        sha1: Of their contents.
        records: Where is kept what was found in copyright files, for other runs.

    Raises:
        MalformedPackageError: When dpkg's database in the tree is not that of the lock.
        TrustError: When content has changed in the store.
    """
    surveyed = _Surveyed(lock, tree, read, records)
    status = list(
        parse_stanzas(surveyed.content(f"{ADMINISTRATION}/status").decode("utf-8", "replace"), origin="status")
    )
    owners = _owners(surveyed, status)
    files, sums = _files(surveyed, owners, sha1)
    locked = {(each.package.name, each.package.architecture): each for each in lock.packages}
    present = {fields.get("Package", "") for fields in status}
    missed = {edge.package for edge in lock.cut}
    components = []
    for fields in status:
        key = fields.get("Package", ""), fields.get("Architecture", "")
        if key not in locked:
            raise MalformedPackageError(f"cannot list what is in the image: its lock knows no package {' '.join(key)}")
        depends = tuple(sorted(_needed(lock, locked[key]) & present - {key[0]}))
        whole = key[0] not in missed
        components.append(_component(surveyed, fields, locked[key], depends, files.get(key, ()), whole=whole))
    components.sort(key=lambda component: (component.name, component.architecture))
    root = next((each.package for each in lock.packages if each.package.name in lock.roots[:1]), None)
    if root is None:
        raise MalformedPackageError("cannot list what is in the image: its lock does not say what was asked for")
    return Bill(
        name=root.name,
        version=root.version,
        architecture=lock.architecture,
        distribution=lock.distribution,
        suite=lock.suite,
        epoch=lock.epoch,
        tool=lock.tool,
        lock=lock_digest(lock),
        roots=lock.roots,
        components=tuple(components),
        sources=_sources(components),
        generated=tuple(files.get(_NOBODY, ())),
        sums=sums,
        licence=_together([component.licence.concluded for component in components]),
        texts={name: text for component in components for name, text in component.licence.texts},
    )


_NOBODY = ("", "")
_Key = tuple[str, str]


def _owners(surveyed: _Surveyed, status: Sequence[Mapping[str, str]]) -> dict[str, _Key]:
    """Return path -> name and architecture of the package that ships it, for regular files."""
    tree = surveyed.tree
    diversions = read_diversions(tree, surveyed.read)
    diverted = DivertedPaths(tree, diversions)
    found: dict[str, _Key] = {}
    for fields in status:
        name, architecture = key = fields.get("Package", ""), fields.get("Architecture", "")
        stem = f"{ADMINISTRATION}/info/{name}"
        place = next((each for each in (f"{stem}:{architecture}.list", f"{stem}.list") if each in tree), "")
        for line in surveyed.content(place).decode("utf-8", "surrogateescape").split("\n") if place else ():
            path = line[1:]
            entry = tree.get(path)
            if entry is None or entry.kind is not Kind.FILE or diversions:
                path = diverted.place(tree.place_of(path), name)
                entry = tree.get(path)
            if entry is not None and entry.kind is Kind.FILE:
                found.setdefault(path, key)
    return found


def _files(
    surveyed: _Surveyed, owners: Mapping[str, _Key], sha1: Sha1
) -> tuple[Mapping[_Key, Sequence[File]], tuple[str, str]]:
    """Return the files of each package, and the two digests of the list of all."""
    origins = read_origins(surveyed.content(ORIGINS_PATH))
    found: dict[_Key, list[File]] = {}
    sums = []
    for path, entry in surveyed.tree.walk():
        content = entry.content
        if content is None or INSIDE.fullmatch(path):
            continue
        name = path if path.isascii() else path.encode("utf-8", "backslashreplace").decode()
        owner = owners.get(path, _NOBODY)
        origin = origin_of(path, origins, owned=owner is not _NOBODY)
        found.setdefault(owner, []).append(File(name, sha1(content), content.sha256, content.size, origin))
        sums.append(f"{content.sha256}  {name}\n")
    listing = "".join(sums).encode()
    return found, (hashlib.sha256(listing).hexdigest(), hashlib.sha512(listing).hexdigest())


def _needed(lock: Lock, locked: LockedPackage) -> set[str]:
    """Return what a package declares that it needs, and what its files show that they need."""
    shown = (need.provider for need in lock.needs if need.package == locked.package.name)
    return {*locked.depends, *shown}


def _component(
    surveyed: _Surveyed,
    fields: Mapping[str, str],
    locked: LockedPackage,
    depends: tuple[str, ...],
    files: Sequence[File],
    *,
    whole: bool,
) -> Component:
    lock, package = surveyed.lock, locked.package
    is_local = not package.origins
    homepage = fields.get("Homepage", "")
    return Component(
        name=package.name,
        version=package.version,
        architecture=package.architecture,
        purl=package_url(lock.distribution, lock.suite, package.name, package.version, package.architecture),
        source=_source(lock, package.source_name, package.source_version, "" if is_local else locked.url),
        built_with=tuple(_built_with(lock, fields)),
        maintainer=contact(fields.get("Maintainer", "")),
        homepage=homepage if _HOMEPAGE.fullmatch(homepage) else "",
        summary=fields.get("Description", "").partition("\n")[0],
        filename=PurePosixPath(package.filename).name,
        url="" if is_local else locked.url,
        size=package.size,
        sha256=package.sha256,
        sha512=locked.sha512,
        depends=depends,
        is_whole=whole,
        is_part=locked.skeleton,
        licence=_licence(surveyed, package.name),
        files=tuple(files),
    )


def _source(lock: Lock, name: str, version: str, url: str = "") -> SourcePackage:
    """Return a source package; in a pool its files lie beside the binary packages that were built from it."""
    source = SourcePackage(name, version, package_url(lock.distribution, lock.suite, name, version, "source"))
    directory = url.rpartition("/")[0]
    if "/pool/" not in directory:
        return source
    return SourcePackage(name, version, source.purl, f"{directory}/{source.dsc}")


def _built_with(lock: Lock, fields: Mapping[str, str]) -> Iterator[BuiltWith]:
    given = {name.lower(): value for name, value in fields.items()}
    for field in _BUILT_WITH:
        text = " ".join(given.get(field.lower(), "").split())
        seen = dict.fromkeys((match["name"], match["version"]) for match in _LIBRARIES.finditer(text))
        for name, version in sorted(seen):
            yield BuiltWith(field, _source(lock, name, version))


def _sources(components: Sequence[Component]) -> tuple[SourcePackage, ...]:
    """Return all sources, each once; what is known of where one lies counts."""
    named = [(component.source, *(each.source for each in component.built_with)) for component in components]
    found: dict[str, SourcePackage] = {}
    for source in sorted(source for sources in named for source in sources):
        if source.url or source.purl not in found:
            found[source.purl] = source
    return tuple(found[purl] for purl in sorted(found))


def _licence(surveyed: _Surveyed, package: str) -> Licence:
    """Return the licence of a package, from where its copyright file leads: that may be another package's."""
    place = surveyed.tree.reach(f"usr/share/doc/{package}/copyright")
    content = surveyed.tree[place].content if place and place.startswith(_TEXTS) else None
    if content is None:
        return UNKNOWN
    if content.size > MOST_BYTES:
        return too_long(content.sha256)
    records = surveyed.records
    known = records.record(_KIND, content.sha256) if records else None
    kept = load_licence(known) if known else None
    if kept:
        return kept
    found = licence_of(surveyed.read(content))
    if records:
        records.put_record(_KIND, content.sha256, found.dump())
    return found


def _together(expressions: Sequence[str]) -> str:
    """Return the conjunction of the licences of all packages, or ``NOASSERTION`` when one is not known."""
    if NOASSERTION in expressions or not expressions:
        return NOASSERTION
    return str(joined("AND", map(parsed, expressions)))
