"""Names of vulnerabilities beside what is outdated, and the same as OpenVEX."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkg2image.deb.package import Package
from pkg2image.digest import sha256
from pkg2image.errors import OutputError
from pkg2image.freshness.feeds import Feed, Range, Vulnerability
from pkg2image.freshness.held import Held, HeldPackage
from pkg2image.freshness.named import with_names
from pkg2image.freshness.outdated import Finding, Freshness, Status
from pkg2image.freshness.telling import lines_of, render
from pkg2image.freshness.vex import check_vex, openvex, write_vex
from pkg2image.plan import VerifiedSource

HELD = HeldPackage("libssl3", "3.0+b1", "amd64", "openssl", "3.0")
FEED = Feed(
    {
        "openssl": (
            Vulnerability("CVE-1-1", "openssl", (Range(fixed="3.1"),)),
            Vulnerability("CVE-1-2", "openssl", (Range(),)),
            Vulnerability("CVE-1-3", "openssl", (Range(fixed="2.0"),)),
            Vulnerability("CVE-1-4", "openssl"),
        )
    }
)


def candidate(version: str) -> Package:
    return Package("libssl3", version, "amd64", {"Source": f"openssl ({version})"})


def freshness(status: Status, newer: str = "") -> Freshness:
    finding = Finding(HELD, status, candidate(newer) if newer else None, ("bookworm-updates",) if newer else ())
    source = VerifiedSource("http://archive.example/", "bookworm", "bookworm", sha256(b""), 1_700_000_000)
    return Freshness(Held((HELD,), "bookworm", "amd64", "debian"), (finding,), (source,))


@pytest.mark.parametrize(
    ("status", "newer", "expected"),
    [
        (Status.FRESH, "", (Status.FRESH, (), ("CVE-1-1", "CVE-1-2"))),
        (Status.GONE, "", (Status.GONE, (), ("CVE-1-1", "CVE-1-2"))),
        (Status.UPDATE, "3.0.1", (Status.UPDATE, (), ("CVE-1-1", "CVE-1-2"))),
        (Status.UPDATE, "3.1", (Status.SECURITY, ("CVE-1-1",), ("CVE-1-2",))),
        (Status.SECURITY, "3.1", (Status.SECURITY, ("CVE-1-1",), ("CVE-1-2",))),
    ],
)
def test_update_that_ends_a_vulnerability_is_one_of_security(
    status: Status, newer: str, expected: tuple[Status, tuple[str, ...], tuple[str, ...]]
) -> None:
    found = with_names(freshness(status, newer), FEED)
    (finding,) = found.findings
    assert (finding.status, finding.fixed, finding.open) == expected
    assert found.counts[expected[0]] == 1


def test_names_are_told() -> None:
    found = with_names(freshness(Status.UPDATE, "3.1"), FEED)
    assert list(lines_of(found)) == [
        "security update  libssl3 3.0+b1 -> 3.1 (bookworm-updates)",
        "                 ends CVE-1-1",
        "open             openssl: CVE-1-2",
        "1 packages of 1 source packages: 1 security update; held against bookworm of 2023-11-14",
    ]
    document = json.loads(json.dumps(render(found)))
    assert [(each["fixed"], each["open"]) for each in document["packages"]] == [(["CVE-1-1"], ["CVE-1-2"])]


def test_openvex() -> None:
    document = json.loads(openvex(with_names(freshness(Status.SECURITY, "3.1"), FEED), FEED))
    products = [{"@id": "pkg:deb/debian/libssl3@3.0%2Bb1?arch=amd64&distro=bookworm"}]
    assert document.pop("@id").startswith("https://openvex.dev/docs/public/vex-")
    assert document.pop("tooling").startswith("pkg2image ")
    assert document == {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "pkg2image",
        "timestamp": "2023-11-14T22:13:20Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-1-1"},
                "products": products,
                "status": "affected",
                "action_statement": "update libssl3 to 3.1",
            },
            {
                "vulnerability": {"name": "CVE-1-2"},
                "products": products,
                "status": "affected",
                "action_statement": "no version in the sources of this image is fixed",
            },
            {"vulnerability": {"name": "CVE-1-3"}, "products": products, "status": "fixed"},
            {
                "vulnerability": {"name": "CVE-1-4"},
                "products": products,
                "status": "not_affected",
                "justification": "vulnerable_code_not_present",
            },
        ],
    }


def test_equal_findings_are_equal_bytes_and_others_have_another_name() -> None:
    one, other = with_names(freshness(Status.FRESH), FEED), with_names(freshness(Status.UPDATE, "3.1"), FEED)
    assert openvex(one, FEED) == openvex(with_names(freshness(Status.FRESH), FEED), FEED)
    assert json.loads(openvex(one, FEED))["@id"] != json.loads(openvex(other, FEED))["@id"]


def test_only_documents_of_the_kind_are_replaced(tmp_path: Path) -> None:
    found = with_names(freshness(Status.FRESH), FEED)
    path = tmp_path / "image.vex.json"
    check_vex(path)
    write_vex(found, FEED, path)
    check_vex(path)
    assert path.read_bytes() == openvex(found, FEED)
    path.write_text("a letter")
    with pytest.raises(OutputError, match="it exists and is not an OpenVEX document"):
        check_vex(path)
    with pytest.raises(OutputError, match="is not a directory"):
        check_vex(tmp_path / "missing/file")
