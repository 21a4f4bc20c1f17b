"""Release files: what a suite calls itself, how old it is, and the hashes of its indexes.

Parsing and judging are apart: `parse_release` turns bytes that a verifier returned into values, `check_freshness`
decides whether these may be believed now.

Spec: Debian repository format, "Release" files; rules 5 to 8 of the trust policy.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pkg2image.archive.sources import Source
from pkg2image.archive.trust import HighWater
from pkg2image.deb.control import Stanza, parse_stanzas
from pkg2image.digest import Digest
from pkg2image.errors import MalformedPackageError, TrustError

_DAY = 86_400
_QUIET_DAYS = 100
"""How old a Release without an end may be before the user is told."""
_PATH = re.compile(r"(?!/)(?!(.*/)?\.{1,2}(/|$))[!-~]+", re.ASCII)
_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{1,2}):(\d{2}):(\d{2}) (?:UTC|GMT|\+0000)"
)
_FILE = re.compile(r"[ \t]+(?P<hash>[0-9a-f]+)[ \t]+(?P<size>[0-9]{1,18})[ \t]+(?P<path>\S+)[ \t]*", re.ASCII)
_HEX_LENGTHS = {"sha256": 64, "sha512": 128}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AGES = ("testing", "stable", "oldstable", "oldoldstable")
"""What a Debian suite is called, one after the other, while its codename stays."""


class ExpiredReleaseError(TrustError):
    """The Release says itself that it is too old by now."""


class FrozenReleaseError(TrustError):
    """The Release is older than the user lets this source be."""


class FutureReleaseError(TrustError):
    """The Release is dated after now."""


class RolledBackReleaseError(TrustError):
    """A newer Release of this source was seen before."""


class WrongSuiteError(TrustError):
    """The Release is that of another suite."""


class ChangedIdentityError(TrustError):
    """The source calls itself something else than before."""


class WeakHashesError(TrustError):
    """The Release lists no hash that proves anything."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a Release says about one file; one of the hashes is always there.

    Args:
        size: In bytes.
        sha256: Lower-case hex, or None when only SHA-512 is listed.
        sha512: Lower-case hex, or None.
    """

    size: int
    sha256: str | None
    sha512: str | None = None

    @property
    def digest(self) -> Digest:
        """SHA-256 where there is one (the name of things in the store), else SHA-512."""
        return Digest("sha256", self.sha256) if self.sha256 else Digest("sha512", self.sha512 or "")


@dataclass(frozen=True, slots=True)
class Release:
    """A Release file; texts are empty where it says nothing.

    Args:
        origin: Who publishes it, for example ``Debian``.
        label: For example ``Debian-Security``.
        suite: What it is now, for example ``stable``.
        codename: What it stays, for example ``bookworm``.
        version: Of the distribution.
        date: When it was made, in seconds since the epoch.
        valid_until: When it expires, in seconds since the epoch, or None.
        components: As listed; Debian's security archive writes ``updates/main`` for its ``main``.
        architectures: As listed, ``all`` included where it is.
        acquire_by_hash: Indexes can be had by their hash.
        not_automatic: Nothing is taken from it unless asked for.
        but_automatic_upgrades: ... but what was taken is kept up to date.
        no_support_for_architecture_all: ``binary-all`` indexes are not to be used: the others hold those packages too.
        files: Path relative to the Release -> size and hashes.
        description: One line for people.

    Spec: Debian repository format, "Release" files.
    """

    origin: str
    label: str
    suite: str
    codename: str
    version: str
    date: int
    valid_until: int | None
    components: tuple[str, ...]
    architectures: tuple[str, ...]
    acquire_by_hash: bool
    not_automatic: bool
    but_automatic_upgrades: bool
    no_support_for_architecture_all: bool
    files: Mapping[str, FileRecord] = field(repr=False)
    description: str = ""

    @property
    def mark(self) -> HighWater:
        """What to remember once it is believed."""
        return HighWater(self.date, self.origin, self.label, self.suite, self.codename)

    def by_hash_path(self, path: str) -> str:
        """Return where a listed file lies by its hash, relative to the Release.

        Raises:
            KeyError: The path is not in `files`.
        """
        digest = self.files[path].digest
        directory = "".join(path.rpartition("/")[:2])
        return f"{directory}by-hash/{digest.algorithm.upper()}/{digest.hex}"


def parse_release(body: bytes, *, origin: str) -> Release:
    """Parse a Release file.

    Args:
        body: The bytes that the verifier returned, never those that were downloaded.
        origin: What is read, for errors.

    Raises:
        MalformedPackageError: It is not one stanza, has no Date, or a line in it makes no sense.
        WeakHashesError: It lists files by MD5 or SHA-1 only.
    """
    try:
        stanzas = [*parse_stanzas(body.decode("utf-8"), origin=origin)]
    except UnicodeDecodeError:
        raise _malformed(origin, "it is not UTF-8") from None
    if len(stanzas) != 1:
        raise _malformed(origin, f"it has {len(stanzas)} paragraphs instead of one")
    fields = {name.lower(): value for name, value in stanzas[0].items()}
    date = _moment(fields, "date", origin)
    if date is None:
        raise _malformed(origin, "it has no Date")
    return Release(
        origin=_text(fields, "origin"),
        label=_text(fields, "label"),
        suite=_text(fields, "suite"),
        codename=_text(fields, "codename"),
        version=_text(fields, "version"),
        date=date,
        valid_until=_moment(fields, "valid-until", origin),
        components=tuple(fields.get("components", "").split()),
        architectures=tuple(fields.get("architectures", "").split()),
        acquire_by_hash=_yes(fields, "acquire-by-hash"),
        not_automatic=_yes(fields, "notautomatic"),
        but_automatic_upgrades=_yes(fields, "butautomaticupgrades"),
        no_support_for_architecture_all="Packages" in fields.get("no-support-for-architecture-all", "").split(),
        files=_files(fields, origin),
        description=_text(fields, "description"),
    )


def check_freshness(release: Release, source: Source, *, now: int, memory: HighWater | None) -> tuple[str, ...]:
    """Decide whether a Release may be believed as this source, now.

    Args:
        release: Parsed from verified bytes.
        source: What was asked for.
        now: Seconds since the epoch.
        memory: The newest Release of this source that was believed before, or None.

    Returns:
        Sentences that the user should read although the Release is believed.

    Raises:
        TrustError: One of the subclasses here: another suite, from the future, expired, rolled back, renamed.
    """
    return (
        *_check_suite(release, source),
        *_check_dates(release, source, now),
        *_check_memory(release, source, memory),
    )


def _check_suite(release: Release, source: Source) -> Iterator[str]:
    """Insist on the suite that was asked for: another one of the same signer could be put in its place."""
    if source.flat:
        return
    wanted = source.suite.removesuffix("/updates")
    names = {release.suite, release.codename, release.suite.removesuffix("/updates")}
    if not names - {""}:
        yield f"{source}: its Release names no suite, so that another suite of the same signer could be in its place"
        return
    # A pocket such as jammy-updates has the codename of its release.
    if wanted not in names or (wanted != release.suite and release.suite.startswith(f"{wanted}-")):
        raise WrongSuiteError(
            f"cannot trust {source}: its Release is of the suite {release.suite or '(none)'}, "
            f"codename {release.codename or '(none)'}",
            hint="the mirror serves another suite there; try another mirror or another --suite",
        )


def _check_dates(release: Release, source: Source, now: int) -> Iterator[str]:
    """Neither from the future nor past its end."""
    ahead = release.date - now
    if source.check_date and ahead > source.date_max_future:
        raise FutureReleaseError(
            f"cannot trust {source}: its Release is dated {_time(release.date)}, which is {_span(ahead)} ahead",
            hint="check the clock of this machine",
        )
    until = release.valid_until
    if until is not None and source.valid_until_min is not None:
        until = max(until, release.date + source.valid_until_min)
    if until is not None and until < now:
        message = f"its Release expired on {_time(until)}, {_span(now - until)} ago"
        if source.check_valid_until:
            raise ExpiredReleaseError(
                f"cannot trust {source}: {message}",
                hint="the mirror is behind: try another one, or allow it with 'check-valid-until=no' for this source",
            )
        yield f"{source}: {message}; taken because of check-valid-until"
    age = now - release.date
    if source.check_valid_until and source.valid_until_max is not None and age > source.valid_until_max:
        raise FrozenReleaseError(
            f"cannot trust {source}: its Release of {_time(release.date)} is {_span(age)} old, "
            f"and valid-until-max allows {_span(source.valid_until_max)}",
            hint="the mirror may be frozen: try another one, or raise valid-until-max",
        )
    if until is None and source.valid_until_max is None and age > _QUIET_DAYS * _DAY:
        yield f"{source}: its Release is {_span(age)} old and never expires; check that the mirror is still updated"


def _check_memory(release: Release, source: Source, memory: HighWater | None) -> Iterator[str]:
    """Never older than what was believed before, and still the same source."""
    if memory is None:
        return
    if release.date < memory.date:
        raise RolledBackReleaseError(
            f"cannot trust {source}: its Release of {_time(release.date)} is older than the one of "
            f"{_time(memory.date)} that was seen before",
            hint="the mirror is behind or somebody turns it back: try another one, or again later",
        )
    for name, before, after in (
        ("Origin", memory.origin, release.origin),
        ("Label", memory.label, release.label),
        ("Suite", memory.suite, release.suite),
    ):
        if before == after:
            continue
        message = f"its {name} changed from {before or '(none)'} to {after or '(none)'}"
        if name == "Suite" and _has_aged(before, after) and memory.codename == release.codename:
            yield f"{source}: {message}"
            continue
        raise ChangedIdentityError(
            f"cannot trust {source}: {message}",
            hint=f"if its owner has announced this, remove {memory.path}" if memory.path else None,
        )
    if memory.codename != release.codename:
        yield f"{source}: it was {memory.codename or '(none)'} and is {release.codename or '(none)'} now"


def _has_aged(before: str, after: str) -> bool:
    """Whether a suite only went the way of all suites: stable becomes oldstable, its -updates oldstable-updates."""
    old, _, old_pocket = before.partition("-")
    new, _, new_pocket = after.partition("-")
    known = old in _AGES and new in _AGES
    return known and old_pocket == new_pocket and _AGES.index(old) < _AGES.index(new)


def _malformed(origin: str, reason: str) -> MalformedPackageError:
    return MalformedPackageError(f"cannot read {origin}: {reason}", hint="try another mirror")


def _text(fields: Stanza, name: str) -> str:
    return fields.get(name, "").partition("\n")[0].strip()


def _yes(fields: Stanza, name: str) -> bool:
    return _text(fields, name).lower() == "yes"


def _moment(fields: Stanza, name: str, origin: str) -> int | None:
    """Read a date; the library's readers accept guesses and other time zones, which nothing signed should need.

    Spec: RFC 2822 section 3.3 with the zone UTC, as the repository format demands.
    """
    text = _text(fields, name)
    if not text:
        return None
    match = _DATE.fullmatch(text)
    if match is not None and match[2] in _MONTHS:
        day, _, *rest = match.groups()
        year, hour, minute, second = (int(number) for number in rest)
        with contextlib.suppress(ValueError):
            moment = datetime(year, _MONTHS.index(match[2]) + 1, int(day), hour, minute, second, tzinfo=UTC)
            return int(moment.timestamp())
    raise _malformed(origin, f"its {name.title()} {text[:80]!r} is not a date in UTC")


def _files(fields: Stanza, origin: str) -> dict[str, FileRecord]:
    """Join the sections of strong hashes."""
    sections = {name: dict(_section(fields.get(name, ""), name, origin)) for name in ("sha256", "sha512")}
    if not any(sections.values()) and (fields.get("md5sum") or fields.get("sha1")):
        raise WeakHashesError(
            f"cannot trust {origin}: it lists its indexes by MD5 or SHA-1 only",
            hint="ask the owner of this source for SHA-256",
        )
    files = {}
    for path in sorted({*sections["sha256"], *sections["sha512"]}):
        entries = [section.get(path) for section in sections.values()]
        sizes = {entry[0] for entry in entries if entry}
        if len(sizes) != 1:
            raise _malformed(origin, f"it lists {path} with two sizes")
        files[path] = FileRecord(sizes.pop(), *(entry[1] if entry else None for entry in entries))
    return files


def _section(text: str, name: str, origin: str) -> Iterator[tuple[str, tuple[int, str]]]:
    """Yield path, size and hash of each line of one section, none of them twice."""
    seen = set()
    for line in text.split("\n"):
        if not line.strip():
            continue
        match = _FILE.fullmatch(line)
        if match is None or len(match["hash"]) != _HEX_LENGTHS[name]:
            reason = "is not a hash, a size and a path"
            raise _malformed(origin, f"the line {line.strip()[:120]!r} of {name.upper()} {reason}")
        path = match["path"]
        if _PATH.fullmatch(path) is None or "//" in path or path in seen:
            raise _malformed(origin, f"the path {path[:120]!r} of {name.upper()} is unsafe or there twice")
        seen.add(path)
        yield path, (int(match["size"]), match["hash"])


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _span(seconds: int) -> str:
    for unit, length in (("day", _DAY), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{seconds} seconds"
