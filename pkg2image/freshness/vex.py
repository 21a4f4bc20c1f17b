"""What feeds say about an image, as OpenVEX: for scanners, which then need not guess.

A statement is about binary packages by their purl, because that is what scanners find. Equal findings are equal bytes:
the time is that of the newest source, and the name of the document is a hash of what it says.

Spec: OpenVEX specification v0.2.0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pkg2image import __version__
from pkg2image.digest import sha256
from pkg2image.errors import OutputError
from pkg2image.freshness.feeds import Feed
from pkg2image.freshness.held import Held, HeldPackage
from pkg2image.freshness.outdated import Finding, Freshness
from pkg2image.image.target import check_target, failures, new_file
from pkg2image.plan import canonical_json
from pkg2image.sbom.bill import package_url

_CONTEXT = "https://openvex.dev/ns/v0.2.0"
_BEGINNING = 4096
_NAME = "https://openvex.dev/docs/public/vex-"


def check_vex(path: Path) -> None:
    """Make sure that a document may be written to a file, before any work is done for it.

    Raises:
        OutputError: When it may not: something else is there, or nothing can be written there.
    """
    with failures(path):
        if path.is_file() and not _is_vex(path):
            raise OutputError(
                f"cannot write {path}: it exists and is not an OpenVEX document", hint="name another file with --vex"
            )
    check_target(path, force=True)


def _is_vex(path: Path) -> bool:
    with path.open("rb") as file:
        return _CONTEXT.encode() in file.read(_BEGINNING)


def write_vex(freshness: Freshness, feed: Feed, path: Path) -> None:
    """Write an OpenVEX document.

    Args:
        freshness: Findings with the names of vulnerabilities.
        feed: Where the names come from.
        path: The file; one that is there is replaced.

    Raises:
        OutputError: When it cannot be written.
    """
    with new_file(path, force=True) as file:
        file.write(openvex(freshness, feed))


def openvex(freshness: Freshness, feed: Feed) -> bytes:
    """Return an OpenVEX document.

    Args:
        freshness: Findings with the names of vulnerabilities.
        feed: Where the names come from.
    """
    grouped: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for finding in freshness.findings:
        for statement in _statements(finding, feed):
            grouped[statement].append(_purl(finding.package, freshness.held))
    statements = [
        {
            "vulnerability": {"name": name},
            "products": [{"@id": purl} for purl in sorted(purls)],
            "status": status,
            **({"justification": justification} if justification else {}),
            **({"action_statement": action} if action else {}),
        }
        for (name, status, justification, action), purls in sorted(grouped.items())
    ]
    newest = max((source.date for source in freshness.sources), default=0)
    said = {
        "@context": _CONTEXT,
        "author": "pkg2image",
        "timestamp": datetime.fromtimestamp(newest, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": 1,
        "tooling": f"pkg2image {__version__}",
        "statements": statements,
    }
    return canonical_json({**said, "@id": f"{_NAME}{sha256(canonical_json(said)).hex}"})


def _purl(package: HeldPackage, held: Held) -> str:
    return package_url(held.distribution, held.suite, package.name, package.version, package.architecture)


def _statements(finding: Finding, feed: Feed) -> Iterator[tuple[str, str, str, str]]:
    """Yield vulnerability, status, justification and action, at most one for each vulnerability."""
    held, candidate = finding.package, finding.candidate
    for name in finding.fixed:
        version = candidate.version if candidate is not None else ""
        yield name, "affected", "", f"update {held.name} to {version}"
    for name in finding.open:
        yield name, "affected", "", "no version in the sources of this image is fixed"
    told = {*finding.fixed, *finding.open}
    for name in dict.fromkeys(each.name for each in feed.about(held.source) if each.name not in told):
        never = all(not each.ranges and not each.versions for each in feed.about(held.source) if each.name == name)
        yield (name, "not_affected", "vulnerable_code_not_present", "") if never else (name, "fixed", "", "")
