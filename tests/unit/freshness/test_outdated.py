"""Every package held against what suites offer: the candidate is apt's, fixes are told by name and by source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from pkg2image.archive.contents import ArchiveFiles
from pkg2image.archive.index import PackageIndex, build_index
from pkg2image.archive.universe import LoadedUniverse, OriginIndex
from pkg2image.deb.package import Origin
from pkg2image.freshness.held import Held, HeldPackage
from pkg2image.freshness.outdated import Finding, Status, compare

MAIN = Origin(0, "stable", "bookworm", "main", "http://archive.example/debian/", label="Debian")
UPDATES = Origin(1, "stable-updates", "bookworm-updates", "main", "http://archive.example/debian/")
SECURITY = Origin(
    2, "stable-security", "bookworm-security", "main", "http://archive.example/security/", label="Debian-Security"
)
BACKPORTS = Origin(3, "stable-backports", "bookworm-backports", "main", "http://archive.example/debian/", priority=100)
EXPERIMENTAL = Origin(4, "experimental", "rc-buggy", "main", "http://archive.example/debian/", priority=1)
PINNED = Origin(5, "pinned", "pinned", "main", "http://archive.example/pinned/", priority=1001)
REFUSED = Origin(6, "refused", "refused", "main", "http://archive.example/refused/", priority=-1)
JAMMY = Origin(7, "jammy-security", "jammy", "main", "http://archive.example/ubuntu/", label="Ubuntu")


def offer(origin: Origin, *packages: str) -> OriginIndex:
    """Return an index of ``NAME VERSION [SOURCE [SOURCE_VERSION [HASH]]]``; the hash is that of the version."""
    stanzas = []
    for words in packages:
        name, version, *more = words.split()
        source, source_version, content = (*more, *(name, version, f"{name}{version}")[len(more) :])
        stanzas.append(
            f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
            f"Source: {source} ({source_version})\nSHA256: {content}\n"
        )
    database = build_index(["\n".join(stanzas).encode()], origin=str(origin.codename))
    return OriginIndex(PackageIndex(lambda: database, origin=origin.codename), origin)


def held(words: str, *, is_local: bool = False) -> HeldPackage:
    name, version, *more = words.split()
    source, source_version, content = (*more, *(name, version, f"{name}{version}")[len(more) :])
    return HeldPackage(name, version, "amd64", source, source_version, content, is_local=is_local)


def find(package: HeldPackage, indexes: Iterable[OriginIndex]) -> Finding:
    universe = LoadedUniverse("amd64", list(indexes), files=lambda: ArchiveFiles(()))
    (finding,) = compare(Held((package,), "bookworm", "amd64"), universe).findings
    return finding


def told(words: str, *indexes: OriginIndex) -> tuple[str, str, tuple[str, ...]]:
    finding = find(held(words), indexes)
    return finding.status.value, finding.candidate.version if finding.candidate else "", finding.suites


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        ([offer(MAIN, "aa 1")], ("fresh", "", ())),
        ([offer(MAIN, "aa 2")], ("update", "2", ("bookworm",))),
        ([offer(MAIN, "aa 1"), offer(UPDATES, "aa 2")], ("update", "2", ("bookworm-updates",))),
        ([offer(MAIN, "aa 1"), offer(SECURITY, "aa 2")], ("security", "2", ("bookworm-security",))),
        # A point release took the fix in, and more: what is held is older than the fix, so this is one.
        ([offer(MAIN, "aa 3"), offer(SECURITY, "aa 2")], ("security", "3", ("bookworm",))),
        ([offer(MAIN, "aa 2"), offer(SECURITY, "aa 2")], ("security", "2", ("bookworm", "bookworm-security"))),
        ([offer(MAIN, "aa 2"), offer(SECURITY, "aa 0.9")], ("update", "2", ("bookworm",))),
        ([offer(JAMMY, "aa 2")], ("security", "2", ("jammy-security",))),
        ([offer(MAIN, "aa 1"), offer(BACKPORTS, "aa 2")], ("fresh", "", ())),
        ([offer(MAIN, "aa 0.9"), offer(BACKPORTS, "aa 2")], ("update", "2", ("bookworm-backports",))),
        ([offer(MAIN, "aa 2"), offer(BACKPORTS, "aa 3")], ("update", "2", ("bookworm",))),
        ([offer(MAIN, "aa 1"), offer(EXPERIMENTAL, "aa 2")], ("fresh", "", ())),
        ([offer(EXPERIMENTAL, "aa 2")], ("gone", "", ())),
        ([offer(MAIN, "aa 2"), offer(PINNED, "aa 0.5")], ("update", "0.5", ("pinned",))),
        ([offer(MAIN, "aa 1"), offer(REFUSED, "aa 2")], ("fresh", "", ())),
        ([offer(MAIN, "aa 0.9")], ("gone", "", ())),
        ([offer(MAIN, "bb 1")], ("gone", "", ())),
        ([offer(MAIN, "aa 1:0.1")], ("update", "1:0.1", ("bookworm",))),
        ([offer(MAIN, "aa 1+b1 a 1")], ("update", "1+b1", ("bookworm",))),
        ([offer(MAIN, "aa 1~rc1", "aa 1")], ("fresh", "", ())),
    ],
)
def test_one_package(indexes: list[OriginIndex], expected: tuple[str, str, tuple[str, ...]]) -> None:
    assert told("aa 1", *indexes) == expected


def test_fix_that_is_built_under_another_name() -> None:
    finding = find(held("libssl1 1 openssl"), [offer(MAIN, "libssl1 1 openssl"), offer(SECURITY, "libssl2 2 openssl")])
    assert (finding.status, finding.candidate, finding.suites) == (Status.SECURITY, None, ("bookworm-security",))
    assert finding.why == "the source package openssl is fixed in version 2, which is not built as libssl1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        offer(SECURITY, "libssl2 1 openssl"),
        offer(SECURITY, "libssl2 2 other"),
        offer(SECURITY, "openssl-tool 2 openssl 1"),
        offer(UPDATES, "libssl2 2 openssl"),
        offer(SECURITY, "libssl2 2 openssl", "libssl1 1 openssl"),
    ],
)
def test_what_is_no_fix_of_the_source(elsewhere: OriginIndex) -> None:
    assert told("libssl1 1 openssl", offer(MAIN, "libssl1 1 openssl"), elsewhere)[0] == "fresh"


def test_fix_that_is_held_back() -> None:
    finding = find(held("aa 1"), [offer(MAIN, "aa 1"), offer(replace(SECURITY, priority=50), "aa 2")])
    assert (finding.status, finding.candidate, finding.suites) == (Status.SECURITY, None, ("bookworm-security",))
    assert finding.why == "a priority of these sources holds back version 2"


def test_gone_says_what_is_left() -> None:
    assert find(held("aa 2"), [offer(MAIN, "aa 1")]).why == "the sources have nothing newer than 1"
    assert find(held("aa 2"), [offer(MAIN, "bb 1")]).why == "no source has it any more"


@pytest.mark.parametrize(
    ("indexes", "version"),
    [
        ([offer(MAIN, "aa 1 a 1 bbbb")], "1"),
        ([offer(MAIN, "aa 1"), offer(UPDATES, "aa 1 a 1 bbbb")], "1"),
        ([offer(MAIN, "aa 1", "aa 2"), offer(UPDATES, "aa 2 a 2 bbbb")], "2"),
    ],
)
def test_one_version_with_two_hashes_is_an_alarm(indexes: list[OriginIndex], version: str) -> None:
    finding = find(held("aa 1"), indexes)
    assert finding.status is Status.ALARM
    assert finding.why.startswith(f"version {version} is not the same everywhere: ")


def test_hashes_of_versions_that_nobody_takes_do_not_matter() -> None:
    indexes = [offer(MAIN, "aa 1", "aa 0.5"), offer(BACKPORTS, "aa 3", "aa 0.5 a 0.5 bbbb"), offer(JAMMY, "aa 0.1")]
    assert find(held("aa 1"), indexes).status is Status.FRESH


@pytest.mark.parametrize(
    ("indexes", "status"),
    [
        ([offer(MAIN, "bb 1")], Status.FRESH),
        ([offer(MAIN, "aa 1 a 1 bbbb")], Status.FRESH),
        ([offer(MAIN, "aa 2")], Status.UPDATE),
    ],
)
def test_file_of_the_user_need_not_be_anywhere(indexes: list[OriginIndex], status: Status) -> None:
    assert find(held("aa 1", is_local=True), indexes).status is status


def test_worst_of_all_counts() -> None:
    universe = LoadedUniverse(
        "amd64", [offer(MAIN, "aa 1", "bb 2"), offer(SECURITY, "cc 2")], files=lambda: ArchiveFiles(())
    )
    packages = tuple(map(held, ("aa 1", "bb 1", "cc 1", "dd 1")))
    freshness = compare(Held(packages, "bookworm", "amd64"), universe)
    assert freshness.status is Status.SECURITY
    assert dict(freshness.counts) == {
        Status.FRESH: 1,
        Status.GONE: 1,
        Status.UPDATE: 1,
        Status.SECURITY: 1,
        Status.ALARM: 0,
    }
    assert compare(Held((), "bookworm", "amd64"), universe).status is Status.FRESH
