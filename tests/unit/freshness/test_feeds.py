"""What feeds say about source packages: both forms, their versions, and everything that is wrong with them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pkg2image.errors import RequestError
from pkg2image.freshness.feeds import Feed, Range, read_feeds

SOURCES = frozenset({"openssl", "curl"})


def tracked(status: str, fixed: str | None = None, **more: str) -> dict[str, Any]:
    """Return what the tracker says about one vulnerability in bookworm."""
    release = {"status": status, **({"fixed_version": fixed} if fixed else {}), **more}
    return {"scope": "local", "releases": {"bookworm": release, "trixie": {"status": "open"}}}


TRACKER = {
    "openssl": {
        "CVE-2024-1": tracked("resolved", "3.0.15-1~deb12u1"),
        "CVE-2024-2": tracked("open"),
        "CVE-2024-3": tracked("resolved", "0"),
        "CVE-2024-4": tracked("undetermined"),
        "CVE-2024-5": tracked("open", urgency="unimportant"),
        "CVE-2024-6": {"releases": {"trixie": {"status": "open"}}},
    },
    "zlib": {"CVE-2024-7": tracked("open")},
}


def advisory(name: str, *events: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Return an OSV entry about openssl in bookworm."""
    affected = {
        "package": {"ecosystem": "Debian:12", "name": "openssl"},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
        **more.pop("affected", {}),
    }
    return {"schema_version": "1.7.0", "id": name, "modified": "2024-01-01T00:00:00Z", "affected": [affected], **more}


START = {"introduced": "0"}
ADVISORIES = [
    advisory("DSA-1", START, {"fixed": "3.0.15-1~deb12u1"}, upstream=["CVE-2024-1"]),
    advisory("DEBIAN-CVE-2024-2", START),
    advisory("CVE-2024-8", {"introduced": "3.0.13-1"}, {"last_affected": "3.0.14-1"}),
    advisory("CVE-2024-9", START, withdrawn="2024-02-01T00:00:00Z"),
    advisory("CVE-2024-10", START, affected={"package": {"ecosystem": "Debian:13", "name": "openssl"}}),
    advisory("CVE-2024-11", START, affected={"ecosystem_specific": {"urgency": "unimportant"}}),
    advisory("CVE-2024-12", affected={"ranges": [], "versions": ["3.0.14-1"]}),
    advisory("DSA-13", START, {"fixed": "1"}, {"introduced": "3"}, {"fixed": "3.0.14-2"}),
]


def read(tmp_path: Path, *documents: object, suite: str = "bookworm") -> Feed:
    paths = []
    for number, document in enumerate(documents):
        paths.append(tmp_path / f"feed-{number}")
        data = document if isinstance(document, bytes) else json.dumps(document, indent=1).encode()
        paths[-1].write_bytes(data)
    return read_feeds(paths, suite=suite, sources=SOURCES)


def zipped(entries: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_security_tracker(tmp_path: Path) -> None:
    feed = read(tmp_path, TRACKER)
    assert feed.affecting("openssl", "3.0.14-1~deb12u2") == ("CVE-2024-1", "CVE-2024-2")
    assert feed.affecting("openssl", "3.0.15-1~deb12u1") == ("CVE-2024-2",)
    assert [each.name for each in feed.about("openssl")] == ["CVE-2024-1", "CVE-2024-2", "CVE-2024-3"]
    assert feed.about("zlib") == feed.about("curl") == ()


@pytest.mark.parametrize("form", ["list", "zip", "answer"])
def test_osv(tmp_path: Path, form: str) -> None:
    document: object = ADVISORIES
    if form == "zip":
        document = zipped({f"{each['id']}.json": json.dumps(each).encode() for each in ADVISORIES} | {"README": b"x"})
    elif form == "answer":
        document = {"vulns": ADVISORIES}
    feed = read(tmp_path, document)
    assert feed.affecting("openssl", "3.0.14-1") == ("CVE-2024-1", "CVE-2024-12", "CVE-2024-2", "CVE-2024-8", "DSA-13")
    assert feed.affecting("openssl", "3.0.12-1") == ("CVE-2024-1", "CVE-2024-2", "DSA-13")
    assert feed.affecting("openssl", "2") == ("CVE-2024-1", "CVE-2024-2")
    assert feed.affecting("openssl", "3.0.15-1") == ("CVE-2024-2",)


def test_one_osv_entry(tmp_path: Path) -> None:
    assert read(tmp_path, ADVISORIES[0]).affecting("openssl", "1") == ("CVE-2024-1",)


def test_several_feeds_know_more_together(tmp_path: Path) -> None:
    feed = read(tmp_path, TRACKER, ADVISORIES)
    assert feed.affecting("openssl", "3.0.13-1") == ("CVE-2024-1", "CVE-2024-2", "CVE-2024-8", "DSA-13")


@pytest.mark.parametrize(
    ("suite", "ecosystem", "known"),
    [
        ("jammy", "Ubuntu:22.04:LTS", True),
        ("jammy", "Ubuntu:Pro:22.04:LTS", False),
        ("trixie", "Debian:13", True),
        ("bullseye", "Debian:1", False),
    ],
)
def test_suites_of_osv(tmp_path: Path, suite: str, ecosystem: str, known: bool) -> None:  # noqa: FBT001
    entry = advisory("CVE-1-1", START, affected={"package": {"ecosystem": ecosystem, "name": "openssl"}})
    if known:
        assert read(tmp_path, [entry], suite=suite).affecting("openssl", "1") == ("CVE-1-1",)
    else:
        with pytest.raises(RequestError, match=f"it says nothing about {suite}"):
            read(tmp_path, [entry], suite=suite)


@pytest.mark.parametrize(
    ("value", "version", "inside"),
    [
        (Range(), "0~", True),
        (Range("1"), "1", True),
        (Range("1"), "1~rc1", False),
        (Range(fixed="1:1"), "2", True),
        (Range(fixed="2"), "2", False),
        (Range(last="2"), "2", True),
        (Range(last="2"), "2.1", False),
    ],
)
def test_ranges(value: Range, version: str, inside: bool) -> None:  # noqa: FBT001
    assert (version in value) is inside


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "it is not JSON: '{' was expected at character 0"),
        (b"{}", "it is empty"),
        (b"[]", "it says nothing about bookworm"),
        (b"hello", "it is not JSON: '{' was expected at character 0"),
        (b"\xff\xfe", "it is not JSON: 'utf-8' codec"),
        (
            b'{"openssl": {"CVE-1-1": {"releases": {}}}',
            "it is not JSON: a comma or a brace was expected at character 41",
        ),
        (b'{"openssl": {}} {}', "it is not JSON: something follows after character 14"),
        (b'{"openssl": {"CVE-1-1": {"releases": {}}}, 5: {}}', "it is not JSON: a name was expected"),
        (b'{"openssl": {"CVE-1-1": {}}}', "'CVE-1-1' of openssl has no releases"),
        (b'{"openssl": {"CVE-1-1": {"releases": {}}}, "curl": 5}', "'curl' is not a source package"),
        (b'{"id": 5}', "an entry has no id"),
        (b"[5]", "an entry has no id"),
        (b"[" * 100_000, "it is not JSON: "),
        (b"PK\x03\x04 and no more", "it is not JSON: "),
        ([advisory("X", START, {"fixed": "no version"})], "X: 'no version' is not a version"),
        ([advisory("X", {"introduced": 5})], "X: '5' is not a version"),  # type: ignore[dict-item]
    ],
)
def test_what_is_no_feed(tmp_path: Path, document: object, reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(tmp_path, document)
    assert caught.value.message.startswith(f"cannot use the feed {tmp_path}/feed-0: {reason}")


@pytest.mark.parametrize(
    "entries",
    [{"a.json": b'"Debian:12" {'}, {"a.json": b'"Debian:12"' + b"[" * 100_000}],
)
def test_damaged_zip(tmp_path: Path, entries: Mapping[str, bytes]) -> None:
    with pytest.raises(RequestError, match="it cannot be unpacked"):
        read(tmp_path, zipped(entries))


def test_zip_whose_data_is_damaged(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.json": json.dumps(ADVISORIES[0]).encode()}))
    data[60:80] = bytes(20)
    with pytest.raises(RequestError, match="it cannot be unpacked"):
        read(tmp_path, bytes(data))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="No such file"):
        read_feeds([tmp_path / "missing"], suite="bookworm", sources=SOURCES)
    with pytest.raises(RequestError, match="Is a directory"):
        read_feeds([tmp_path], suite="bookworm", sources=SOURCES)
