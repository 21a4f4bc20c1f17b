"""The names of vulnerabilities beside what is outdated: which ones an update ends, and which ones stay."""

from __future__ import annotations

from dataclasses import replace

from pkg2image.freshness.feeds import Feed
from pkg2image.freshness.outdated import Finding, Freshness, Status


def with_names(freshness: Freshness, feed: Feed) -> Freshness:
    """Return findings with the vulnerabilities that feeds know.

    An update that ends a vulnerability is one of security, wherever it comes from.

    Args:
        freshness: What metadata alone tells.
        feed: What is known of vulnerabilities, by source package and source version.
    """
    return replace(freshness, findings=tuple(_named(finding, feed) for finding in freshness.findings))


def _named(finding: Finding, feed: Feed) -> Finding:
    held, candidate = finding.package, finding.candidate
    present = feed.affecting(held.source, held.source_version)
    left = set(feed.affecting(candidate.source_name, candidate.source_version)) if candidate is not None else present
    fixed = tuple(name for name in present if name not in left)
    status = Status.SECURITY if fixed and finding.status is Status.UPDATE else finding.status
    return replace(finding, status=status, fixed=fixed, open=tuple(name for name in present if name in left))
