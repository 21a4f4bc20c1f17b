"""Is what an image holds still what its sources offer: every package held against signed metadata, and nothing else.

The candidate of a package is the one of apt's policy, with what is held in the place of what is installed. Fixes are
told by the source package too, because a fix may come under another name: a kernel, a library with a new interface.

Spec: apt_preferences(5) "APT's Default Priority Assignments", "How APT Interprets Priorities".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pkg2image.archive.universe import LoadedUniverse
from pkg2image.deb.package import Origin, Package
from pkg2image.deb.version import version_key
from pkg2image.freshness.held import Held, HeldPackage
from pkg2image.plan import VerifiedSource

SECURITY_LABEL = "Debian-Security"
"""What Debian's archive of security updates calls itself."""

_INSTALLED = 100  # apt's priority of what is installed
_DOWNGRADING = 1000  # from here on an older version replaces a newer one


class Status(StrEnum):
    """How a package stands, from good to bad."""

    FRESH = "fresh"
    GONE = "gone"
    UPDATE = "update"
    SECURITY = "security"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one package stands.

    Args:
        package: What is held.
        status: The verdict.
        candidate: The version that would be taken today, or None when that is the one that is held.
        suites: Where that version is.
        why: A sentence where the status alone does not tell.
        fixed: Names of vulnerabilities that the candidate has no more; only a feed knows them.
        open: Names of vulnerabilities that no version of these sources is without; likewise.
    """

    package: HeldPackage
    status: Status
    candidate: Package | None = None
    suites: tuple[str, ...] = ()
    why: str = ""
    fixed: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Freshness:
    """How an image or a lock stands.

    Args:
        held: What was looked at.
        findings: One for each package, in its order.
        sources: What it was held against.
    """

    held: Held
    findings: tuple[Finding, ...]
    sources: tuple[VerifiedSource, ...] = ()
    counts: Mapping[Status, int] = field(init=False)

    def __post_init__(self) -> None:
        found = Counter(finding.status for finding in self.findings)
        object.__setattr__(self, "counts", {status: found[status] for status in Status})

    @property
    def status(self) -> Status:
        """The worst of all."""
        return max((finding.status for finding in self.findings), key=list(Status).index, default=Status.FRESH)


def compare(held: Held, universe: LoadedUniverse) -> Freshness:
    """Hold every package against what sources offer.

    Args:
        held: What an image or a lock holds.
        universe: What there is.

    Raises:
        MalformedPackageError: When a stanza of an index makes no sense.
    """
    sources = sorted({each.source for each in held.packages})
    fixes = {source: universe.built_from(source, is_security) for source in sources}
    findings = [_find(each, universe.offered(each.name), fixes[each.source]) for each in held.packages]
    return Freshness(held, tuple(findings), universe.sources)


def candidate_of(version: str, architecture: str, offered: Sequence[Package]) -> Package | None:
    """Return what apt would upgrade a package to, or None when it would leave it.

    Args:
        version: What is installed.
        architecture: Of that.
        offered: Every version of the package in every suite.
    """
    installed = version_key(version)
    same = [each.priority for each in offered if (each.version, each.architecture) == (version, architecture)]
    best = max((_INSTALLED, *same)), installed
    found = None
    for package in offered:
        rank = package.priority, version_key(package.version)
        allowed = rank[1] > installed or (rank[1] < installed and rank[0] >= _DOWNGRADING)
        if allowed and rank > best and rank[0] >= 0:
            best, found = rank, package
    return found


def place_of(origin: Origin) -> str:
    """Return what people call a suite: Debian tells its parts apart by codename, Ubuntu by suite."""
    return origin.suite if "-" in origin.suite and "-" not in origin.codename else origin.codename or origin.suite


def is_security(origin: Origin) -> bool:
    """Say whether a suite is one of security updates."""
    names = (origin.suite, origin.codename)
    return origin.label == SECURITY_LABEL or any(name.endswith(("-security", "/updates")) for name in names)


def _find(held: HeldPackage, offered: Sequence[Package], fixes: Sequence[Package]) -> Finding:
    candidate = candidate_of(held.version, held.architecture, offered)
    if alarm := _alarm(held, candidate, offered):
        return Finding(held, Status.ALARM, candidate, _suites(candidate, offered), alarm)
    secure = [each for each in offered if is_security(each.origins[0])]
    fix = _newest(each for each in secure if _is_newer(each.version, held.version))
    if candidate is not None:
        status = Status.SECURITY if fix is not None else Status.UPDATE
        return Finding(held, status, candidate, _suites(candidate, offered))
    if fix is not None:
        why = f"a priority of these sources holds back version {fix.version}"
        return Finding(held, Status.SECURITY, None, _suites(fix, offered), why)
    elsewhere = _newest(each for each in fixes if _is_newer(each.source_version, held.source_version))
    if elsewhere is not None and not secure:
        why = (
            f"the source package {held.source} is fixed in version {elsewhere.source_version}, "
            f"which is not built as {held.name}"
        )
        return Finding(held, Status.SECURITY, None, (place_of(elsewhere.origins[0]),), why)
    is_there = any(each.version == held.version for each in offered)
    if is_there or held.is_local:
        return Finding(held, Status.FRESH)
    newest = _newest(offered)
    why = f"the sources have nothing newer than {newest.version}" if newest else "no source has it any more"
    return Finding(held, Status.GONE, why=why)


def _alarm(held: HeldPackage, candidate: Package | None, offered: Sequence[Package]) -> str:
    """Return who disagrees about the content of a version, or nothing."""
    known = "" if held.is_local else held.sha256
    for version, architecture, expected in (
        (held.version, held.architecture, known),
        (candidate.version, candidate.architecture, "") if candidate is not None else ("", "", ""),
    ):
        hashes: dict[str, str] = {expected: "what is held"} if expected else {}
        for package in offered:
            if (package.version, package.architecture) == (version, architecture) and package.sha256:
                hashes.setdefault(package.sha256, f"{package.origins[0].uri} {place_of(package.origins[0])}")
        if len(hashes) > 1:
            tellers = ", ".join(f"{digest[:16]}... in {teller}" for digest, teller in hashes.items())
            return f"version {version} is not the same everywhere: {tellers}"
    return ""


def _suites(package: Package | None, offered: Iterable[Package]) -> tuple[str, ...]:
    """Return where a version is."""
    if package is None:
        return ()
    same = (each for each in offered if (each.version, each.architecture) == (package.version, package.architecture))
    return tuple(dict.fromkeys(place_of(origin) for each in same for origin in each.origins))


def _newest(packages: Iterable[Package]) -> Package | None:
    return max(packages, key=lambda each: version_key(each.version), default=None)


def _is_newer(version: str, than: str) -> bool:
    return version_key(version) > version_key(than)
