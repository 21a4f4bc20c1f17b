"""What a file of the user says about vulnerabilities: Debian's security tracker as JSON, or OSV as JSON or zip.

Both speak of source packages and their versions, and so do the answers. What is not about the packages in question is
dropped while it is read, for a feed of a distribution has a hundred thousand entries.

Spec: OSV schema 1.7, "affected", "Evaluation"; https://security-tracker.debian.org/tracker/data/json as of 2026.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pkg2image.deb.version import is_valid, version_key
from pkg2image.errors import RequestError

_LIMIT = 1 << 29
_LIMIT_ENTRY = 1 << 26
_MOST_ENTRIES = 1_000_000
_ECOSYSTEMS = {
    "bullseye": "Debian:11",
    "bookworm": "Debian:12",
    "trixie": "Debian:13",
    "forky": "Debian:14",
    "duke": "Debian:15",
    "focal": "Ubuntu:20.04",
    "jammy": "Ubuntu:22.04",
    "noble": "Ubuntu:24.04",
    "resolute": "Ubuntu:26.04",
}
"""What OSV calls a suite; what may follow after another colon (``:LTS``) makes no difference."""

_UNIMPORTANT = "unimportant"
_HINT = "give the JSON of Debian's security tracker, or OSV entries as JSON or zip"


@dataclass(frozen=True, slots=True)
class Range:
    """Versions that are affected.

    Args:
        introduced: The first of them; ``0`` for all from the beginning.
        fixed: The first that is no more, or None when there is none.
        last: The last one that is, where that is all that is known.
    """

    introduced: str = "0"
    fixed: str | None = None
    last: str | None = None

    def __contains__(self, version: str) -> bool:
        """Say whether a version is affected."""
        key = version_key(version)
        return (
            (self.introduced == "0" or key >= version_key(self.introduced))
            and (self.fixed is None or key < version_key(self.fixed))
            and (self.last is None or key <= version_key(self.last))
        )


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """What a feed says about one vulnerability in one source package of a suite.

    Args:
        name: ``CVE-...`` where it has such a name.
        source: The source package.
        ranges: Versions that are affected.
        versions: More of them, one by one.
    """

    name: str
    source: str
    ranges: tuple[Range, ...] = ()
    versions: frozenset[str] = frozenset()

    def affects(self, version: str) -> bool:
        """Say whether a version of the source package is affected."""
        return version in self.versions or any(version in each for each in self.ranges)


@dataclass(frozen=True, slots=True)
class Feed:
    """What feeds say about the source packages that somebody asked about.

    Args:
        known: Source package -> its vulnerabilities, by name.
    """

    known: Mapping[str, tuple[Vulnerability, ...]] = field(default_factory=dict)

    def about(self, source: str) -> tuple[Vulnerability, ...]:
        """Return the vulnerabilities of a source package, whatever version they are in."""
        return self.known.get(source, ())

    def affecting(self, source: str, version: str) -> tuple[str, ...]:
        """Return the names of the vulnerabilities that are in a version of a source package."""
        return tuple(dict.fromkeys(each.name for each in self.about(source) if each.affects(version)))


def read_feeds(paths: Collection[Path], *, suite: str, sources: Collection[str]) -> Feed:
    """Read what feeds say about some source packages of a suite.

    Args:
        paths: The files.
        suite: Codename.
        sources: The source packages in question.

    Raises:
        RequestError: When a file cannot be read, is no feed, or says nothing about the suite.
    """
    found: dict[str, dict[tuple[str, tuple[Range, ...]], Vulnerability]] = defaultdict(dict)
    for path in paths:
        reader = _Reader(path, suite, frozenset(sources))
        for each in reader.read():
            found[each.source][each.name, each.ranges] = each
        if not reader.seen:
            raise reader.error(f"it says nothing about {suite or 'the suite'}", "give the feed of this distribution")
    return Feed(
        {
            source: tuple(sorted(each.values(), key=lambda one: (one.name, repr(one.ranges))))
            for source, each in sorted(found.items())
        }
    )


class _Reader:
    """Reads one feed.

    Args:
        path: The file.
        suite: Codename.
        sources: The source packages in question.
    """

    def __init__(self, path: Path, suite: str, sources: frozenset[str]) -> None:
        self._path = path
        self._suite = suite
        self._sources = sources
        self._ecosystem = _ECOSYSTEMS.get(suite, "")
        self.seen = False  # whether anything in it is about the suite

    def error(self, why: str, hint: str = _HINT) -> RequestError:
        return RequestError(f"cannot use the feed {self._path}: {why}", hint=hint)

    def read(self) -> Iterator[Vulnerability]:
        try:
            if zipfile.is_zipfile(self._path):
                yield from self._read_zip()
                return
            with self._path.open("rb") as file:
                data = file.read(_LIMIT + 1)
        except OSError as error:
            raise self.error(error.strerror or "it cannot be read") from error
        if len(data) > _LIMIT:
            raise self.error(f"it is larger than {_LIMIT >> 20} MiB")
        try:
            yield from self._read_text(data.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise self.error(f"it is not JSON: {error}") from error

    def _read_zip(self) -> Iterator[Vulnerability]:
        wanted = self._ecosystem.encode()
        total = 0
        try:
            with zipfile.ZipFile(self._path) as archive:
                for number, info in enumerate(archive.infolist()):
                    total += info.file_size
                    if number >= _MOST_ENTRIES or total > _LIMIT * 4 or info.file_size > _LIMIT_ENTRY:
                        raise self.error("it is larger than any feed when it is unpacked")
                    if not info.filename.endswith(".json"):
                        continue
                    with archive.open(info) as stream:
                        data = stream.read(_LIMIT_ENTRY + 1)
                    if wanted and wanted in data:
                        yield from self._advisory(json.loads(data))
        except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError) as error:
            raise self.error(f"it cannot be unpacked: {error}") from error

    def _read_text(self, text: str) -> Iterator[Vulnerability]:
        if text.lstrip()[:1] == "[":
            entries = json.loads(text)
            for entry in entries:
                yield from self._advisory(entry)
            return
        is_tracker = None
        rest: dict[str, Any] = {}
        for name, value in _members(text):
            if is_tracker is None:
                # The one has names of source packages at its top, the other names of fields.
                is_tracker = isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())
                is_tracker = is_tracker and name not in {"affected", "database_specific"}
            if is_tracker:
                yield from self._tracked(name, value)
            else:
                rest[name] = value
        if is_tracker is None:
            raise self.error("it is empty")
        if rest:
            entries = rest["vulns"] if isinstance(rest.get("vulns"), list) else [rest]
            for entry in entries:
                yield from self._advisory(entry)

    def _tracked(self, source: str, entries: object) -> Iterator[Vulnerability]:
        """Yield what the security tracker says about a source package.

        Raises:
            RequestError: When it is of another form.
        """
        if not isinstance(entries, dict):
            raise self.error(f"{source[:80]!r} is not a source package with its vulnerabilities")
        for name, entry in entries.items():
            releases = entry.get("releases") if isinstance(entry, dict) else None
            if not isinstance(releases, dict):
                raise self.error(f"{name[:80]!r} of {source[:80]} has no releases")
            release = releases.get(self._suite)
            if not isinstance(release, dict):
                continue
            self.seen = True
            if source not in self._sources or release.get("urgency") == _UNIMPORTANT:
                continue
            match release.get("status"), release.get("fixed_version"):
                case "resolved", str(fixed) if is_valid(fixed):
                    yield Vulnerability(name, source, () if fixed == "0" else (Range(fixed=fixed),))
                case "open", _:
                    yield Vulnerability(name, source, (Range(),))

    def _advisory(self, entry: object) -> Iterator[Vulnerability]:
        """Yield what one OSV entry says about packages of the suite.

        Raises:
            RequestError: When it is of another form.
        """
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise self.error("an entry has no id")
        for each in _list(entry, "affected"):
            package = each.get("package") if isinstance(each, dict) else None
            if not isinstance(package, dict) or not self._is_of_the_suite(package.get("ecosystem")):
                continue
            self.seen = True
            specific = each.get("ecosystem_specific")
            urgency = specific.get("urgency") if isinstance(specific, dict) else None
            if package.get("name") not in self._sources or entry.get("withdrawn") or urgency == _UNIMPORTANT:
                continue
            ranges = tuple(self._ranges(_list(each, "ranges"), entry["id"]))
            versions = frozenset(version for version in _list(each, "versions") if isinstance(version, str))
            for name in _names(entry):
                yield Vulnerability(name, str(package["name"]), ranges, versions)

    def _is_of_the_suite(self, ecosystem: object) -> bool:
        text = str(ecosystem)
        return bool(self._ecosystem) and (text == self._ecosystem or text.startswith(f"{self._ecosystem}:"))

    def _ranges(self, ranges: Sequence[Any], name: str) -> Iterator[Range]:
        for each in ranges:
            if not isinstance(each, dict) or each.get("type") != "ECOSYSTEM":
                continue
            introduced = None
            for event in _list(each, "events"):
                kind, version = next(iter(event.items())) if isinstance(event, dict) and event else ("", "")
                if not isinstance(version, str) or not is_valid(version):
                    raise self.error(f"{name[:80]}: {str(version)[:80]!r} is not a version")
                match kind:
                    case "introduced":
                        introduced = version
                    case "fixed" if introduced is not None:
                        yield Range(introduced, fixed=version)
                        introduced = None
                    case "last_affected" if introduced is not None:
                        yield Range(introduced, last=version)
                        introduced = None
            if introduced is not None:
                yield Range(introduced)


def _names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the CVE names of an OSV entry, or its own where it has none."""
    every = [entry["id"].removeprefix("DEBIAN-").removeprefix("UBUNTU-")]
    every += [name for key in ("aliases", "upstream", "related") for name in _list(entry, key)]
    return tuple(sorted({str(name) for name in every if str(name).startswith("CVE-")})) or (entry["id"],)


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    """Return a member of foreign data that should be a list, else an empty one."""
    found = value.get(name)
    return found if isinstance(found, list) else []


def _members(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the members of a JSON object one by one, so that nobody holds all of it.

    Raises:
        ValueError: When it is not a JSON object.
    """
    decoder = json.JSONDecoder()
    position = _skip(text, 0, "{")
    while True:
        position = _skip(text, position)
        if text[position : position + 1] == "}":
            break
        name, position = decoder.raw_decode(text, position)
        if not isinstance(name, str):
            raise ValueError(f"a name was expected at character {position}")  # noqa: TRY004 -- foreign data
        value, position = decoder.raw_decode(text, _skip(text, _skip(text, position, ":")))
        yield name, value
        position = _skip(text, position)
        if text[position : position + 1] == ",":
            position += 1
        elif text[position : position + 1] != "}":
            raise ValueError(f"a comma or a brace was expected at character {position}")
    if text[position + 1 :].strip():
        raise ValueError(f"something follows after character {position}")


def _skip(text: str, position: int, expected: str = "") -> int:
    """Return where the next thing begins that is no blank, or the end of what was expected there."""
    while text[position : position + 1].isspace():
        position += 1
    if expected and text[position : position + 1] != expected:
        raise ValueError(f"{expected!r} was expected at character {position}")
    return position + len(expected)
