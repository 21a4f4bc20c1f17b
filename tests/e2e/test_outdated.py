"""Images and locks of yesterday held against the repositories of today: exactly what was planted is found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.keys import signing_key
from tests.support.repository import DATE
from tests.support.states import DAY, NAMED, OLD, PLANTED, SUITES, Yesterday, package, run_json, states, today
from tests.support.world import User, publish, write_keyring


def statuses(document: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each["status"] for each in document["packages"] if each["status"] != "fresh"}


@pytest.mark.parametrize("suffix", [".oci.tar", ".docker.tar", ".aci", ".rootfs.tar.gz", ".dir"])
def test_exactly_what_was_planted_is_found_in_images(yesterday: Yesterday, reader: User, suffix: str) -> None:
    archive = yesterday.publish(states())
    image = yesterday.image(suffix)
    keys = ("--keyring", str(archive.keyring))
    fresh = run_json(reader, 0, "outdated", str(image), *keys)
    assert (fresh["status"], statuses(fresh)) == ("fresh", {})
    yesterday.publish(today())
    found = run_json(reader, 21, "outdated", str(image), *keys)
    assert statuses(found) == {**PLANTED, "fix-tools": "security"}
    candidates = {each["name"]: (each["candidate"], each["suites"]) for each in found["packages"]}
    assert candidates["libfix1"] == ("1.0-1+deb12u1", ["bookworm-security"])
    assert candidates["data"] == ("1.1-1", ["bookworm-updates"])
    assert candidates["libnamed1"] == (None, ["bookworm-security"])
    by_source = {each["name"]: each for each in found["source_packages"] if each["status"] != "fresh"}
    assert by_source["fix"]["packages"] == ["fix-tools", "libfix1"]
    assert by_source["fix"]["candidates"] == ["1.0-1+deb12u1"]


def test_people_are_told_in_a_few_lines(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(today())
    done = reader.run("outdated", str(yesterday.lock), "--keyring", str(archive.keyring))
    assert done.code == 21, done.err
    *lines, summary = done.out.splitlines()
    assert lines == [
        "security update  libfix1 1.0-1 -> 1.0-1+deb12u1 (bookworm-security)",
        f"security update  libnamed1 1.0-1 (bookworm-security): {NAMED}",
        "update           data 1.0-1 -> 1.1-1 (bookworm-updates)",
        "gone             lost 1.0-1: no source has it any more",
    ]
    assert summary == (
        "10 packages of 10 source packages: 2 security updates, 1 update, 1 gone; held against bookworm of 2023-11-15, "
        "bookworm-updates of 2023-11-15, bookworm-security of 2023-11-15"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"security": (), "main": tuple(OLD.values())}, (20, "update")),
        ({"security": (), "updates": ()}, (20, "gone")),
        ({"updates": (), "main": tuple(OLD.values())}, (21, "security")),
    ],
)
def test_exit_codes(yesterday: Yesterday, reader: User, changes: Mapping[str, Any], expected: tuple[int, str]) -> None:
    archive = yesterday.publish(today(**changes))
    found = run_json(reader, expected[0], "outdated", str(yesterday.lock), "--keyring", str(archive.keyring))
    assert found["status"] == expected[1]


def test_image_that_somebody_else_made(yesterday: Yesterday, reader: User) -> None:
    """Of an image without a lock dpkg's database says what is in it, and the user what it is held against."""
    archive = yesterday.publish(today())
    root = reader.work / "image"
    (root / "var/lib/dpkg").mkdir(parents=True)
    entries = [("data", "1.0-1", "install ok installed"), ("libfix1", "1.0-1", "deinstall ok config-files")]
    (root / "var/lib/dpkg/status").write_text(
        "\n".join(
            f"Package: {name}\nStatus: {status}\nVersion: {version}\nArchitecture: amd64\n"
            for name, version, status in entries
        )
    )
    found = run_json(reader, 20, "outdated", str(root), "--source", archive.source(*SUITES))
    assert statuses(found) == {"data": "update"}
    assert (len(found["packages"]), found["suite"]) == (1, "bookworm")
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    mirror = ("--mirror", archive.uri, "--keyring", str(archive.keyring))
    assert statuses(run_json(reader, 20, "outdated", str(root), *mirror)) == {"data": "update"}
    (root / "etc/os-release").unlink()
    assert statuses(run_json(reader, 20, "outdated", str(root), *mirror, "--suite", "bookworm")) == {"data": "update"}
    done = reader.run("outdated", str(root))
    assert done.code == 3
    assert done.error == "cannot choose the sources: the image does not say what suite it is of"


def test_archive_of_a_lock_on_another_mirror(yesterday: Yesterday, reader: User) -> None:
    keyring = str(yesterday.publish(states(date=DATE - DAY)).keyring)
    other = publish(reader.home / "mirror/debian", today())
    found = run_json(reader, 21, "outdated", str(yesterday.lock), "--keyring", keyring, "--mirror", other.uri)
    assert statuses(found) == PLANTED
    assert {each["uri"] for each in found["sources"]} == {other.uri.replace("file:/", "file:///")}


def test_names_of_vulnerabilities(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(today(security=(), main=tuple(OLD.values())))
    entry = {"status": "resolved", "fixed_version": "1.1-1"}
    feed = {
        "data": {"CVE-1-1": {"releases": {"bookworm": entry}}},
        "large": {"CVE-1-2": {"releases": {"bookworm": {"status": "open"}}}},
    }
    (reader.work / "feed.json").write_text(json.dumps(feed))
    words = ("outdated", str(yesterday.lock), "--keyring", str(archive.keyring))
    found = run_json(reader, 21, *words, "--feed", "feed.json", "--vex", "vex.json")
    assert {
        each["name"]: (each["fixed"], each["open"]) for each in found["packages"] if each["fixed"] or each["open"]
    } == {
        "data": (["CVE-1-1"], []),
        "large": ([], ["CVE-1-2"]),
    }
    said = json.loads((reader.work / "vex.json").read_text())["statements"]
    assert [(each["vulnerability"]["name"], each["status"]) for each in said] == [
        ("CVE-1-1", "affected"),
        ("CVE-1-2", "affected"),
    ]
    done = reader.run(*words, "--vex", "other.json")
    assert (done.code, done.error) == (2, "cannot write VEX: no vulnerability is known")
    (reader.work / "letter").write_text("Dear all,\n")
    assert reader.run(*words, "--feed", "letter").code == 3
    done = reader.run(*words, "--feed", "feed.json", "--vex", "letter")
    assert (done.code, (reader.work / "letter").read_text()) == (9, "Dear all,\n")


def test_sources_without_security_updates(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(today())
    note = "note: none of the sources is one of security updates: those are not looked for"
    lock = str(yesterday.lock)
    assert note not in reader.run("outdated", lock, "--keyring", str(archive.keyring)).err.splitlines()
    done = reader.run("outdated", lock, "--source", archive.source("bookworm"))
    assert (done.code, note in done.err.splitlines()) == (20, True)


def test_unsigned_source_of_a_lock_is_told_every_time(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(states(keys=()))
    done = reader.run("lock", "data", "-o", "that.lock", "-q", "--source", archive.source(*SUITES, Trusted="yes"))
    assert done.code == 0, done.err
    yesterday.publish(today(keys=(), main=tuple(OLD.values())))
    done = reader.run("outdated", "that.lock")
    assert done.code == 20, done.err
    assert "bookworm is not verified: the user trusts it without a signature\n" in done.err


def test_mirror_that_serves_something_older_than_the_lock(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(states(date=DATE - DAY))
    done = reader.run("outdated", str(yesterday.lock), "--keyring", str(archive.keyring))
    assert done.code == 6
    assert "is older than the one of 2023-11-14 22:13 UTC that the lock was made of" in done.error


def test_source_that_another_key_has_signed(yesterday: Yesterday, reader: User) -> None:
    other = signing_key("other")
    archive = yesterday.publish(today(keys=(other,)))
    lock = str(yesterday.lock)
    done = reader.run("outdated", lock, "--keyring", str(archive.keyring))
    assert done.code == 6
    assert "that signed it is not in the keyring" in done.error
    # Also where the user knows the other key: whoever made the lock believed somebody else.
    done = reader.run("outdated", lock, "--keyring", str(write_keyring(reader.work / "other.gpg", other)))
    assert done.code == 6
    assert "and when the lock was made by" in done.error


@pytest.mark.parametrize("command", ["outdated", "update"])
def test_one_version_with_two_contents(yesterday: Yesterday, reader: User, command: str) -> None:
    forged = [package("data", "1.0-1", b"forged"), *(each for name, each in OLD.items() if name != "data")]
    archive = yesterday.publish(today(main=forged, updates=(), security=()))
    done = reader.run(command, str(yesterday.lock), "--keyring", str(archive.keyring))
    assert done.code == 6
    assert "error: cannot trust the sources: data version 1.0-1 is not the same everywhere: " in done.err


def test_what_is_no_image_and_no_lock(reader: User) -> None:
    (reader.work / "letter").write_text("Dear all,\n")
    done = reader.run("outdated", "letter")
    assert (done.code, done.error) == (3, "cannot use the lock letter: line 1: it is not a lock of pkg2image")
    (reader.work / "edited.lock").write_text("Lock: 1\nCheck: 00\n")
    assert reader.run("outdated", "edited.lock").code == 3
    assert reader.run("outdated", "missing").code == 3
    (reader.work / "empty").mkdir()
    done = reader.run("outdated", "empty")
    assert done.error == "cannot tell what is in empty: it has neither a lock nor packages that dpkg knows"
