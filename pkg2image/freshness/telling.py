"""How an image stands, for people and for programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from pkg2image.deb.version import version_key
from pkg2image.errors import TrustError
from pkg2image.freshness.outdated import Finding, Freshness, Status

_TOLD = {
    Status.ALARM: "alarm",
    Status.SECURITY: "security update",
    Status.UPDATE: "update",
    Status.GONE: "gone",
}
"""What is worth a line, worst first, and what it is called."""

_SHOWN = 8  # names of packages and vulnerabilities on a line


def lines_of(freshness: Freshness) -> Iterator[str]:
    """Yield what is to be told to people: packages from the same source that stand the same share a line."""
    grouped: dict[tuple[Status, str, str, str, str], list[Finding]] = defaultdict(list)
    for finding in freshness.findings:
        if finding.status in _TOLD:
            grouped[finding.status, finding.package.source, *_words(finding)].append(finding)
    order = list(_TOLD)
    for key in sorted(grouped, key=lambda key: (order.index(key[0]), *key[1:])):
        status, _, versions, where, why = key
        names = _few([finding.package.name for finding in grouped[key]])
        yield f"{_TOLD[status]:15}  {names} {versions}{where}{why}"
        if fixed := sorted({name for finding in grouped[key] for name in finding.fixed}):
            yield f"{'':15}  ends {_few(fixed)}"
    for source, left in sorted(_open(freshness).items()):
        yield f"{'open':15}  {source}: {_few(sorted(left))}"
    yield _summary(freshness)


def _words(finding: Finding) -> tuple[str, str, str]:
    version = finding.package.version
    versions = f"{version} -> {finding.candidate.version}" if finding.candidate is not None else version
    where = f" ({', '.join(finding.suites)})" if finding.suites else ""
    return versions, where, f": {finding.why}" if finding.why else ""


def _few(names: list[str]) -> str:
    shown = names if len(names) <= _SHOWN + 1 else [*names[:_SHOWN], f"{len(names) - _SHOWN} more"]
    return ", ".join(shown)


def _open(freshness: Freshness) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for finding in freshness.findings:
        if finding.open:
            found[finding.package.source].update(finding.open)
    return found


def _summary(freshness: Freshness) -> str:
    sources = {finding.package.source for finding in freshness.findings}
    counts = [_counted(freshness.counts[status], _TOLD[status]) for status in _TOLD if freshness.counts[status]]
    dates = (f"{each.suite} of {_date(each.date)}" for each in freshness.sources)
    return (
        f"{len(freshness.findings)} packages of {len(sources)} source packages: {', '.join(counts) or 'all fresh'}; "
        f"held against {', '.join(dates)}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 and what != 'gone' else ''}"


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).date().isoformat()


def alarm_of(freshness: Freshness) -> TrustError:
    """Return the error that one version with two contents is."""
    alarms = [finding for finding in freshness.findings if finding.status is Status.ALARM]
    return TrustError(
        f"cannot trust the sources: {alarms[0].package.name} {alarms[0].why}",
        hint=f"packages concerned: {len(alarms)}; a source is broken or lies: do not build before that is clear",
    )


def render(freshness: Freshness) -> dict[str, object]:
    """Return all of it as plain data, for ``--json``."""
    held = freshness.held
    return {
        "status": freshness.status.value,
        "suite": held.suite,
        "architecture": held.architecture,
        "counts": {status.value: count for status, count in freshness.counts.items()},
        "sources": [source.render() for source in freshness.sources],
        "packages": [_package(finding) for finding in freshness.findings],
        "source_packages": _source_packages(freshness),
    }


def _package(finding: Finding) -> dict[str, object]:
    held, candidate = finding.package, finding.candidate
    return {
        "name": held.name,
        "version": held.version,
        "architecture": held.architecture,
        "source": held.source,
        "source_version": held.source_version,
        "status": finding.status.value,
        "candidate": candidate.version if candidate is not None else None,
        "candidate_sha256": candidate.sha256 if candidate is not None else None,
        "suites": list(finding.suites),
        "why": finding.why,
        "fixed": list(finding.fixed),
        "open": list(finding.open),
    }


def _source_packages(freshness: Freshness) -> list[dict[str, object]]:
    """Return how each source package stands: the worst of its binary packages."""
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in freshness.findings:
        grouped[finding.package.source].append(finding)
    return [
        {
            "name": name,
            "versions": sorted({finding.package.source_version for finding in found}, key=version_key),
            "candidates": sorted(
                {finding.candidate.source_version for finding in found if finding.candidate is not None},
                key=version_key,
            ),
            "status": max((finding.status for finding in found), key=list(Status).index).value,
            "packages": [finding.package.name for finding in found],
            "fixed": sorted({each for finding in found for each in finding.fixed}),
            "open": sorted({each for finding in found for each in finding.open}),
        }
        for name, found in sorted(grouped.items())
    ]
