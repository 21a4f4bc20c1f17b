"""Release files: what they say, and when they are believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkg2image.archive.release import (
    ChangedIdentityError,
    ExpiredReleaseError,
    FileRecord,
    FrozenReleaseError,
    FutureReleaseError,
    Release,
    RolledBackReleaseError,
    WeakHashesError,
    WrongSuiteError,
    check_freshness,
    parse_release,
)
from pkg2image.archive.sources import Source
from pkg2image.archive.trust import HighWater
from pkg2image.digest import sha256
from pkg2image.errors import MalformedPackageError, TrustError
from tests.support.repository import DATE, URI, Suite, render_release

DAY = 86_400
SHA256 = "a" * 64
SHA512 = "b" * 128
SOURCE = Source(URI, "bookworm", ("main",))
RELEASE = Release(
    origin="Debian",
    label="Debian",
    suite="stable",
    codename="bookworm",
    version="12.1",
    date=DATE,
    valid_until=None,
    components=("main",),
    architectures=("amd64",),
    acquire_by_hash=True,
    not_automatic=False,
    but_automatic_upgrades=False,
    no_support_for_architecture_all=False,
    files={},
)
MARK = HighWater(DATE, "Debian", "Debian", "stable", "bookworm", path="/state/releases/mark.json")


def parse(text: str) -> Release:
    return parse_release(text.encode(), origin="a mirror")


def test_a_release_is_read_completely() -> None:
    suite = Suite(
        "bookworm-backports",
        codename="bookworm-backports",
        suite="stable-backports",
        label="Debian Backports",
        version="12",
        valid_until=DATE + DAY,
        architectures=("amd64", "arm64"),
        all_index="debian",
        not_automatic=True,
        but_automatic_upgrades=True,
    )
    release = parse_release(render_release(suite, {"main/binary-amd64/Packages.xz": b"packages"}), origin="a mirror")
    assert release == Release(
        origin="Debian",
        label="Debian Backports",
        suite="stable-backports",
        codename="bookworm-backports",
        version="12",
        date=DATE,
        valid_until=DATE + DAY,
        components=("main",),
        architectures=("all", "amd64", "arm64"),
        acquire_by_hash=True,
        not_automatic=True,
        but_automatic_upgrades=True,
        no_support_for_architecture_all=True,
        files={"main/binary-amd64/Packages.xz": FileRecord(8, sha256(b"packages").hex)},
        description="the suite bookworm-backports",
    )


def test_a_short_release_says_nothing_about_the_rest() -> None:
    release = parse("Date: Tue, 14 Nov 2023 22:13:20 UTC\n")
    assert release == replace(
        RELEASE,
        **dict.fromkeys(("origin", "label", "suite", "codename", "version"), ""),
        components=(),
        architectures=(),
        acquire_by_hash=False,
    )


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 14 Nov 2023 22:13:20 UTC",
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Tue, 14 Nov 2023 22:13:20 +0000",
        "14 Nov 2023 22:13:20 UTC",
    ],
)
def test_dates_in_utc(date: str) -> None:
    assert parse(f"Date: {date}\n").date == DATE


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 14 Nov 2023 22:13:20 CET",
        "Tue, 14 Nov 2023 22:13:20 +0200",
        "Tue, 14 Nov 2023 22:13:20",
        "Tue, 14 Brumaire 2023 22:13:20 UTC",
        "Tue, 14 Foo 2023 22:13:20 UTC",
        "Tue, 31 Feb 2023 22:13:20 UTC",
        "Tue, 14 Nov 0000 22:13:20 UTC",
        "Tue, 14 Nov 2023 25:13:20 UTC",
        "2023-11-14T22:13:20Z",
        "1700000000",
    ],
)
@pytest.mark.parametrize("name", ["Date", "Valid-Until"])
def test_other_dates_are_refused(name: str, date: str) -> None:
    text = f"{name}: {date}\n" + ("" if name == "Date" else "Date: Tue, 14 Nov 2023 22:13:20 UTC\n")
    with pytest.raises(MalformedPackageError, match=f"cannot read a mirror: its {name} .* is not a date in UTC"):
        parse(text)


def test_both_strong_hashes_of_a_file_are_joined() -> None:
    release = parse(
        "Date: Tue, 14 Nov 2023 22:13:20 UTC\n"
        f"SHA256:\n {SHA256} 8 main/Packages\n {SHA256} 5 only256\n"
        f"SHA512:\n {SHA512} 8 main/Packages\n {SHA512} 6 only512\n"
    )
    assert release.files == {
        "main/Packages": FileRecord(8, SHA256, SHA512),
        "only256": FileRecord(5, SHA256, None),
        "only512": FileRecord(6, None, SHA512),
    }
    assert release.by_hash_path("main/Packages") == f"main/by-hash/SHA256/{SHA256}"
    assert release.by_hash_path("only512") == f"by-hash/SHA512/{SHA512}"
    assert str(release.files["only512"].digest) == f"sha512:{SHA512}"


@pytest.mark.parametrize("section", ["MD5Sum", "SHA1"])
def test_weak_hashes_alone_are_refused(section: str) -> None:
    body = render_release(Suite("bookworm", hashes=(section,)), {"Packages": b""})
    with pytest.raises(WeakHashesError, match="lists its indexes by MD5 or SHA-1 only"):
        parse_release(body, origin="a mirror")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has 0 paragraphs instead of one"),
        ("Date: x\n\nDate: y\n", "it has 2 paragraphs instead of one"),
        ("Origin: Debian\n", "it has no Date"),
        ("Date\n", "line 1 is not 'Field: value'"),
        ("Date: x\ndate: y\n", "line 2 repeats the field date"),
    ],
)
def test_malformed_releases(text: str, reason: str) -> None:
    with pytest.raises(MalformedPackageError, match=f"cannot read a mirror: {reason}"):
        parse(text)


def test_a_release_is_utf_8() -> None:
    with pytest.raises(MalformedPackageError, match="it is not UTF-8"):
        parse_release(b"Origin: \xff\n", origin="a mirror")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (f" {SHA256} 8\n", "is not a hash, a size and a path"),
        (f" {SHA256} eight Packages\n", "is not a hash, a size and a path"),
        (f" {SHA256} -8 Packages\n", "is not a hash, a size and a path"),
        (f" {SHA256} {'9' * 19} Packages\n", "is not a hash, a size and a path"),
        (f" {SHA256} 8 Packages more\n", "is not a hash, a size and a path"),
        (f" {SHA256[1:]} 8 Packages\n", "is not a hash, a size and a path"),
        (f" {SHA256.upper()} 8 Packages\n", "is not a hash, a size and a path"),
        (f" {SHA256} 8 ../Packages\n", "is unsafe or there twice"),
        (f" {SHA256} 8 main/../Packages\n", "is unsafe or there twice"),
        (f" {SHA256} 8 ./Packages\n", "is unsafe or there twice"),
        (f" {SHA256} 8 main/.\n", "is unsafe or there twice"),
        (f" {SHA256} 8 main//Packages\n", "is unsafe or there twice"),
        (f" {SHA256} 8 /Packages\n", "is unsafe or there twice"),
        (f" {SHA256} 8 Päckages\n", "is unsafe or there twice"),
        (f" {SHA256} 8 Packages\n {SHA256} 8 Packages\n", "is unsafe or there twice"),
        (f" {SHA256} 8 Packages\nSHA512:\n {SHA512} 9 Packages\n", "it lists Packages with two sizes"),
    ],
)
def test_malformed_lists_of_files(lines: str, reason: str) -> None:
    with pytest.raises(MalformedPackageError, match=reason):
        parse(f"Date: Tue, 14 Nov 2023 22:13:20 UTC\nSHA256:\n{lines}")


@pytest.mark.parametrize("path", ["..foo/Packages", "main/.hidden", "main/binary-amd64/Packages.xz", "a...b"])
def test_dots_in_names_are_harmless(path: str) -> None:
    assert path in parse(f"Date: Tue, 14 Nov 2023 22:13:20 UTC\nSHA256:\n {SHA256} 8 {path}\n").files


@pytest.mark.parametrize(
    ("suite", "release"),
    [
        ("bookworm", {}),
        ("stable", {}),
        ("bookworm-updates", {"suite": "stable-updates", "codename": "bookworm-updates"}),
        ("stable-security", {"suite": "stable-security", "codename": "bookworm-security"}),
        ("buster/updates", {"suite": "oldstable", "codename": "buster"}),
        ("jammy-updates", {"suite": "jammy-updates", "codename": "jammy"}),
        ("./", {"suite": "", "codename": ""}),
        ("stable/", {"suite": "whatever", "codename": "whatever"}),
    ],
)
def test_the_suite_that_was_asked_for(suite: str, release: dict[str, str]) -> None:
    source = Source(URI, suite, () if suite.endswith("/") else ("main",))
    assert check_freshness(replace(RELEASE, **release), source, now=DATE, memory=None) == ()


@pytest.mark.parametrize(
    ("suite", "release"),
    [
        ("trixie", {}),
        ("testing", {}),
        ("bookworm-updates", {}),
        ("bookworm", {"suite": "stable-updates", "codename": "bookworm-updates"}),
        ("jammy-security", {"suite": "jammy-updates", "codename": "jammy"}),
        ("jammy", {"suite": "jammy-updates", "codename": "jammy"}),
        ("jammy-updates", {"suite": "jammy", "codename": "jammy"}),
        ("bookworm", {"suite": "", "codename": "trixie"}),
    ],
)
def test_a_swapped_suite_is_refused(suite: str, release: dict[str, str]) -> None:
    with pytest.raises(WrongSuiteError, match="its Release is of the suite") as caught:
        check_freshness(replace(RELEASE, **release), replace(SOURCE, suite=suite), now=DATE, memory=None)
    assert caught.value.hint


def test_a_release_without_names_is_noted() -> None:
    [note] = check_freshness(replace(RELEASE, suite="", codename=""), SOURCE, now=DATE, memory=None)
    assert "names no suite" in note


@pytest.mark.parametrize(
    ("release", "source", "now", "memory", "error", "words"),
    [
        pytest.param(
            {},
            {},
            DATE - 601,
            None,
            FutureReleaseError,
            "dated 2023-11-14 22:13 UTC, which is 10 minutes ahead",
            id="future",
        ),
        pytest.param({}, {"date_max_future": 0}, DATE - 1, None, FutureReleaseError, "1 seconds ahead", id="no skew"),
        pytest.param(
            {"valid_until": DATE + 7 * DAY},
            {},
            DATE + 8 * DAY + 1,
            None,
            ExpiredReleaseError,
            "expired on 2023-11-21 22:13 UTC, 1 day ago",
            id="expired",
        ),
        pytest.param(
            {"valid_until": DATE + 7 * DAY},
            {"valid_until_min": 9 * DAY},
            DATE + 10 * DAY,
            None,
            ExpiredReleaseError,
            "expired on 2023-11-23",
            id="expired after valid-until-min",
        ),
        pytest.param(
            {},
            {"valid_until_max": 30 * DAY},
            DATE + 31 * DAY,
            None,
            FrozenReleaseError,
            "is 31 days old, and valid-until-max allows 30 days",
            id="frozen",
        ),
        pytest.param(
            {"valid_until": DATE + 90 * DAY},
            {"valid_until_max": 30 * DAY},
            DATE + 31 * DAY,
            None,
            FrozenReleaseError,
            "31 days old",
            id="frozen before its end",
        ),
        pytest.param(
            {},
            {},
            DATE,
            replace(MARK, date=DATE + 1),
            RolledBackReleaseError,
            "older than the one of 2023-11-14 22:13 UTC that was seen before",
            id="rolled back",
        ),
        pytest.param(
            {"origin": "Elsewhere"},
            {},
            DATE,
            MARK,
            ChangedIdentityError,
            "Origin changed from Debian to Elsewhere",
            id="origin",
        ),
        pytest.param(
            {"label": ""}, {}, DATE, MARK, ChangedIdentityError, "Label changed from Debian to \\(none\\)", id="label"
        ),
        pytest.param(
            {"suite": "testing"},
            {},
            DATE,
            MARK,
            ChangedIdentityError,
            "Suite changed from stable to testing",
            id="suite back",
        ),
        pytest.param(
            {"suite": "bookworm"},
            {},
            DATE,
            MARK,
            ChangedIdentityError,
            "Suite changed from stable to bookworm",
            id="suite",
        ),
    ],
)
def test_stale_or_changed_releases_are_refused(
    *,
    release: dict[str, object],
    source: dict[str, object],
    now: int,
    memory: HighWater | None,
    error: type[TrustError],
    words: str,
) -> None:
    with pytest.raises(error, match=words) as caught:
        check_freshness(
            replace(RELEASE, **release),  # type: ignore[arg-type]
            replace(SOURCE, **source),  # type: ignore[arg-type]
            now=now,
            memory=memory,
        )
    assert type(caught.value) is error
    assert caught.value.message.startswith(f"cannot trust {URI} bookworm: its ")
    assert caught.value.hint


def test_the_hint_of_a_changed_source_names_the_file_to_remove() -> None:
    with pytest.raises(ChangedIdentityError) as caught:
        check_freshness(replace(RELEASE, label="x"), SOURCE, now=DATE, memory=MARK)
    assert caught.value.hint == "if its owner has announced this, remove /state/releases/mark.json"


@pytest.mark.parametrize(
    ("release", "source", "now", "memory"),
    [
        pytest.param({}, {}, DATE - 600, None, id="a clock that is ten minutes slow"),
        pytest.param({}, {"check_date": False}, DATE - 9999, None, id="check-date=no"),
        pytest.param({"valid_until": DATE + DAY}, {}, DATE + DAY, None, id="the last second"),
        pytest.param(
            {"valid_until": DATE + DAY}, {"valid_until_min": 3 * DAY}, DATE + 2 * DAY, None, id="valid-until-min"
        ),
        pytest.param({}, {"valid_until_max": 200 * DAY}, DATE + 150 * DAY, None, id="valid-until-max"),
        pytest.param({"valid_until": DATE + 999 * DAY}, {}, DATE + 500 * DAY, None, id="old but valid"),
        pytest.param({}, {}, DATE, MARK, id="the same again"),
        pytest.param({"date": DATE + 1, "version": "12.2"}, {}, DATE, MARK, id="newer"),
    ],
)
def test_fresh_releases_are_believed(
    release: dict[str, object], source: dict[str, object], now: int, memory: HighWater | None
) -> None:
    fresh, asked = replace(RELEASE, **release), replace(SOURCE, **source)  # type: ignore[arg-type]
    assert check_freshness(fresh, asked, now=now, memory=memory) == ()


@pytest.mark.parametrize(
    ("release", "source", "now", "memory", "words"),
    [
        pytest.param(
            {"valid_until": DATE},
            {"check_valid_until": False},
            DATE + DAY,
            None,
            "because of check-valid-until",
            id="expired",
        ),
        pytest.param({}, {}, DATE + 101 * DAY, None, "101 days old and never expires", id="quiet"),
        pytest.param({"suite": "oldstable"}, {}, DATE, MARK, "Suite changed from stable to oldstable", id="aged"),
        pytest.param(
            {"codename": "trixie"},
            {"suite": "stable"},
            DATE,
            MARK,
            "it was bookworm and is trixie now",
            id="next release",
        ),
    ],
)
def test_what_the_user_should_know_is_noted(
    release: dict[str, object], source: dict[str, object], now: int, memory: HighWater | None, words: str
) -> None:
    fresh, asked = replace(RELEASE, **release), replace(SOURCE, **source)  # type: ignore[arg-type]
    [note] = check_freshness(fresh, asked, now=now, memory=memory)
    assert words in note


@pytest.mark.parametrize(
    ("before", "after"), [("stable-updates", "oldstable-updates"), ("testing", "oldstable"), ("stable", "oldoldstable")]
)
def test_suites_age_with_their_pockets(before: str, after: str) -> None:
    memory = replace(MARK, suite=before)
    notes = check_freshness(replace(RELEASE, suite=after), SOURCE, now=DATE, memory=memory)
    assert notes == (f"{SOURCE}: its Suite changed from {before} to {after}",)


@pytest.mark.parametrize(
    ("before", "after"),
    [("stable-updates", "oldstable-security"), ("stable-updates", "oldstable"), ("stable", "unstable")],
)
def test_a_pocket_is_not_an_age(before: str, after: str) -> None:
    with pytest.raises(ChangedIdentityError):
        check_freshness(replace(RELEASE, suite=after), SOURCE, now=DATE, memory=replace(MARK, suite=before))


def test_an_aged_suite_of_another_codename_is_another_suite() -> None:
    release = replace(RELEASE, suite="oldstable", codename="trixie")
    with pytest.raises(ChangedIdentityError):
        check_freshness(release, replace(SOURCE, suite="oldstable"), now=DATE, memory=MARK)


def test_the_mark_of_a_release_is_what_is_remembered() -> None:
    assert RELEASE.mark == replace(MARK, path="")
