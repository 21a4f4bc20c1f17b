"""Images and locks of yesterday held against the repositories of today: exactly what was planted is found.

A distribution of our own has two states. Between them an update, a security update, a fix under another name, and a
package that is gone are planted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.image.read import read_image
from pkg2image.lock.reading import load_lock
from tests.support.debs import CONTROL, build_deb, reg
from tests.support.keys import SigningKey, signing_key
from tests.support.repository import DATE, Deb, Suite, render
from tests.support.world import NOISE, Archive, User, base_packages, publish, write_keyring

DAY = 86_400
SUITES = ("bookworm", "bookworm-updates", "bookworm-security")
APPLICATION = "application"


def package(
    name: str, version: str, content: bytes = b"", *, more: bytes = b"", postinst: str = "", **fields: str
) -> Deb:
    """Return a package with a file that is its content, or its name and version."""
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    control = CONTROL | {"Package": name, "Version": version, "Architecture": "amd64"} | named
    data = content or f"{name} {version}\n".encode()
    files = [reg(f"usr/share/{name}/data", data + more), reg(f"usr/share/doc/{name}/copyright", b"free\n")]
    scripts = {"postinst": f"#!/bin/sh\nset -e\n{postinst}\n".encode()} if postinst else {}
    return Deb(control, build_deb(control, files, control_files=scripts, compression="zst"))


OLD = {
    "application": package(
        "application", "1.0-1", Depends="libfix1 (>= 1), libnamed1, data (>= 1), large, other-large, lost"
    ),
    "libfix1": package("libfix1", "1.0-1", Source="fix (1.0-1)"),
    "fix-tools": package("fix-tools", "1.0-1", Source="fix (1.0-1)", Depends="libfix1 (= 1.0-1)"),
    "libnamed1": package("libnamed1", "1.0-1", Source="named"),
    "data": package("data", "1.0-1"),
    "large": package("large", "1.0-1", NOISE[: 2 << 20]),
    "other-large": package("other-large", "1.0-1", NOISE[1 << 20 :]),
    "lost": package("lost", "1.0-1"),
}
LARGE_FIX = package("large", "1.0-1+deb12u1", NOISE[: 2 << 20], more=b"fixed")
SECURITY = [
    package("libfix1", "1.0-1+deb12u1", Source="fix (1.0-1+deb12u1)"),
    package("fix-tools", "1.0-1+deb12u1", Source="fix (1.0-1+deb12u1)", Depends="libfix1 (= 1.0-1+deb12u1)"),
    package("libnamed2", "1.1-1", Source="named"),
]
UPDATES = [package("data", "1.1-1")]
NAMED = "the source package named is fixed in version 1.1-1, which is not built as libnamed1"
PLANTED = {"libfix1": "security", "libnamed1": "security", "data": "update", "lost": "gone"}


def states(
    main: Sequence[Deb] = tuple(OLD.values()),
    updates: Sequence[Deb] = (),
    security: Sequence[Deb] = (),
    *,
    date: int = DATE,
    keys: tuple[SigningKey, ...] | None = None,
) -> Mapping[str, bytes]:
    """Return the files of the distribution in one state."""
    suite = Suite(
        "bookworm",
        suite="stable",
        packages={"main": [*base_packages("amd64"), *main]},
        compressions=("xz",),
        date=date,
        keys=(signing_key(),) if keys is None else keys,
    )
    return render(
        [
            suite,
            replace(suite, path="bookworm-updates", suite="stable-updates", packages={"main": list(updates)}),
            replace(
                suite,
                path="bookworm-security",
                suite="stable-security",
                label="Debian-Security",
                packages={"main": list(security)},
            ),
        ]
    )


def today(**changes: Any) -> Mapping[str, bytes]:
    main = [each for name, each in OLD.items() if name != "lost"]
    return states(**{"main": main, "updates": UPDATES, "security": SECURITY, "date": DATE + DAY, **changes})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the application's image in all formats, and its lock, of the first state."""
    place = tmp_path_factory.mktemp("yesterday")
    archive = publish(place / "archive", states())
    user = User(place / "home", archive)
    formats = [word for name in ("oci", "docker", "aci", "rootfs", "dir") for word in ("--format", name)]
    source = archive.source(*SUITES)
    started = ["--entrypoint", "/bin/tool --serve", "--label", "a.b=c", "--port", "80", "--stop-signal", "SIGINT"]
    started += ["--volume", "/data", "--user", "7:8", "--env", "KEY=value"]
    words = [APPLICATION, "--with", "fix-tools", *formats, *started]
    done = user.run("build", *words, "-o", "out", "-q", "--source", source)
    assert done.code == 0, done.err
    done = user.run("lock", APPLICATION, "-o", "application.lock", "-q", "--source", source)
    assert done.code == 0, done.err
    return place


@pytest.fixture
def reader(tmp_path: Path, kept: Path) -> User:
    """Somebody else, who never saw the distribution, with the store of whoever made the image."""
    return User(tmp_path / "home", None, {"XDG_CACHE_HOME": str(kept / "home/cache")})


@pytest.fixture
def republish(kept: Path) -> Callable[..., Archive]:
    """Put another state of the distribution where the first one was."""

    def publish_anew(files: Mapping[str, bytes]) -> Archive:
        shutil.rmtree(kept / "archive")
        return publish(kept / "archive", files)

    return publish_anew


def lock_of(kept: Path) -> Path:
    return kept / "home/work/application.lock"


def statuses(document: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each["status"] for each in document["packages"] if each["status"] != "fresh"}


def run_json(user: User, code: int, *words: str) -> Any:
    done = user.run(*words, "--json")
    assert done.code == code, done.err
    return json.loads(done.out)


# outdated


@pytest.mark.parametrize("suffix", [".oci.tar", ".docker.tar", ".aci", ".rootfs.tar.gz", ".dir"])
def test_exactly_what_was_planted_is_found_in_images(
    kept: Path, reader: User, republish: Callable[..., Archive], suffix: str
) -> None:
    archive = republish(states())
    (image,) = (path for path in (kept / "home/work/out").iterdir() if path.name.endswith(suffix))
    keys = ("--keyring", str(archive.keyring))
    fresh = run_json(reader, 0, "outdated", str(image), *keys)
    assert (fresh["status"], statuses(fresh)) == ("fresh", {})
    republish(today())
    found = run_json(reader, 21, "outdated", str(image), *keys)
    assert statuses(found) == {**PLANTED, "fix-tools": "security"}
    candidates = {each["name"]: (each["candidate"], each["suites"]) for each in found["packages"]}
    assert candidates["libfix1"] == ("1.0-1+deb12u1", ["bookworm-security"])
    assert candidates["data"] == ("1.1-1", ["bookworm-updates"])
    assert candidates["libnamed1"] == (None, ["bookworm-security"])
    by_source = {each["name"]: each for each in found["source_packages"] if each["status"] != "fresh"}
    assert by_source["fix"]["packages"] == ["fix-tools", "libfix1"]
    assert by_source["fix"]["candidates"] == ["1.0-1+deb12u1"]


def test_people_are_told_in_a_few_lines(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    archive = republish(today())
    done = reader.run("outdated", str(lock_of(kept)), "--keyring", str(archive.keyring))
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
def test_exit_codes(
    kept: Path, reader: User, republish: Callable[..., Archive], changes: Mapping[str, Any], expected: tuple[int, str]
) -> None:
    archive = republish(today(**changes))
    found = run_json(reader, expected[0], "outdated", str(lock_of(kept)), "--keyring", str(archive.keyring))
    assert found["status"] == expected[1]


def test_image_that_somebody_else_made(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    """Of an image without a lock dpkg's database says what is in it, and the user what it is held against."""
    archive = republish(today())
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
    assert len(found["packages"]) == 1
    done = reader.run("outdated", str(root))
    assert done.code == 3
    assert done.error == "cannot choose the sources: the image does not say what suite it is of"


def test_archive_of_a_lock_on_another_mirror(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    keyring = str(republish(states(date=DATE - DAY)).keyring)
    other = publish(reader.home / "mirror/debian", today())
    found = run_json(reader, 21, "outdated", str(lock_of(kept)), "--keyring", keyring, "--mirror", other.uri)
    assert statuses(found) == PLANTED
    assert {each["uri"] for each in found["sources"]} == {other.uri.replace("file:/", "file:///")}


def test_names_of_vulnerabilities(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    archive = republish(today(security=(), main=tuple(OLD.values())))
    entry = {"status": "resolved", "fixed_version": "1.1-1"}
    feed = {
        "data": {"CVE-1-1": {"releases": {"bookworm": entry}}},
        "large": {"CVE-1-2": {"releases": {"bookworm": {"status": "open"}}}},
    }
    (reader.work / "feed.json").write_text(json.dumps(feed))
    words = ("outdated", str(lock_of(kept)), "--keyring", str(archive.keyring))
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


def test_sources_without_security_updates(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    archive = republish(today())
    note = "note: none of the sources is one of security updates: those are not looked for"
    lock = str(lock_of(kept))
    assert note not in reader.run("outdated", lock, "--keyring", str(archive.keyring)).err.splitlines()
    done = reader.run("outdated", lock, "--source", archive.source("bookworm"))
    assert (done.code, note in done.err.splitlines()) == (20, True)


def test_unsigned_source_of_a_lock_is_told_every_time(reader: User, republish: Callable[..., Archive]) -> None:
    archive = republish(states(keys=()))
    done = reader.run("lock", "data", "-o", "that.lock", "-q", "--source", archive.source(*SUITES, Trusted="yes"))
    assert done.code == 0, done.err
    republish(today(keys=(), main=tuple(OLD.values())))
    done = reader.run("outdated", "that.lock")
    assert done.code == 20, done.err
    assert "bookworm is not verified: the user trusts it without a signature\n" in done.err


def test_mirror_that_serves_something_older_than_the_lock(
    kept: Path, reader: User, republish: Callable[..., Archive]
) -> None:
    archive = republish(states(date=DATE - DAY))
    done = reader.run("outdated", str(lock_of(kept)), "--keyring", str(archive.keyring))
    assert done.code == 6
    assert "is older than the one of 2023-11-14 22:13 UTC that the lock was made of" in done.error


def test_source_that_another_key_has_signed(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    other = signing_key("other")
    archive = republish(today(keys=(other,)))
    lock = str(lock_of(kept))
    done = reader.run("outdated", lock, "--keyring", str(archive.keyring))
    assert done.code == 6
    assert "that signed it is not in the keyring" in done.error
    # Also where the user knows the other key: whoever made the lock believed somebody else.
    done = reader.run("outdated", lock, "--keyring", str(write_keyring(reader.work / "other.gpg", other)))
    assert done.code == 6
    assert "and when the lock was made by" in done.error


@pytest.mark.parametrize("command", ["outdated", "update"])
def test_one_version_with_two_contents(
    kept: Path, reader: User, republish: Callable[..., Archive], command: str
) -> None:
    forged = [package("data", "1.0-1", b"forged"), *(each for name, each in OLD.items() if name != "data")]
    archive = republish(today(main=forged, updates=(), security=()))
    done = reader.run(command, str(lock_of(kept)), "--keyring", str(archive.keyring))
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


# update


def versions(path: Path) -> dict[str, str]:
    return {each.package.name: each.package.version for each in load_lock(path).packages}


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Return what has another version now, or none."""
    return {name: after.get(name, "") for name in {**before, **after} if before.get(name) != after.get(name)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), {"libfix1": "1.0-1+deb12u1", "data": "1.1-1"}),
        (("--security",), {"libfix1": "1.0-1+deb12u1"}),
        (("--only", "data"), {"data": "1.1-1"}),
        (("--only", "fix"), {"libfix1": "1.0-1+deb12u1"}),
        (("--only", "data", "--security"), {}),
        (("--only", "large"), {}),
    ],
)
def test_only_what_is_wanted_moves(
    kept: Path, reader: User, republish: Callable[..., Archive], words: tuple[str, ...], expected: dict[str, str]
) -> None:
    archive = republish(today())
    lock = str(lock_of(kept))
    done = reader.run("update", lock, "-o", "new.lock", "--keyring", str(archive.keyring), "--json", *words)
    assert done.code == 0, done.err
    assert changed(versions(lock_of(kept)), versions(reader.work / "new.lock")) == expected
    assert {each["name"]: each["after"] for each in done.json["packages"]} == expected
    assert done.json["same"] is not bool(expected)
    if not expected:
        assert (reader.work / "new.lock").read_bytes() == lock_of(kept).read_bytes()


def test_lock_is_made_anew_in_its_place_and_only_told_of_on_request(
    kept: Path, reader: User, republish: Callable[..., Archive]
) -> None:
    archive = republish(today())
    lock = reader.work / "application.lock"
    lock.write_bytes(lock_of(kept).read_bytes())
    words = ("update", "application.lock", "--keyring", str(archive.keyring))
    told = reader.run(*words, "--dry-run")
    assert lock.read_bytes() == lock_of(kept).read_bytes()
    done = reader.run(*words)
    assert done.out == told.out
    assert "    libfix1: 1.0-1 -> 1.0-1+deb12u1\n" in done.out
    assert changed(versions(lock_of(kept)), versions(lock)) == {"libfix1": "1.0-1+deb12u1", "data": "1.1-1"}
    again = reader.run(*words)
    assert again.out == "application.lock -> application.lock: the same\n"
    done = reader.run(*words, "--only", "hello")
    assert (done.code, done.error) == (3, "cannot update hello: there is no such package in the lock")


@pytest.mark.parametrize(("name", "layer"), [("large", "large"), ("libfix1", "shared")])
def test_security_update_changes_the_layer_of_its_package_and_the_metadata(
    kept: Path, reader: User, republish: Callable[..., Archive], name: str, layer: str
) -> None:
    fixes = {"large": LARGE_FIX, "libfix1": SECURITY[0]}
    archive = republish(states(security=[fixes[name]], date=DATE + DAY))
    done = reader.run("update", str(lock_of(kept)), "-o", "new.lock", "--keyring", str(archive.keyring))
    assert done.code == 0, done.err
    layers = []
    for lock in (lock_of(kept), reader.work / "new.lock"):
        image = f"{lock.stem}.tar"
        built = reader.run("build", "--lock", str(lock), "--frozen", "-o", image, "-q")
        assert built.code == 0, built.err
        layers.append({each.name: each.scan.digest for each in read_image(reader.work / image).layers})
    before, after = layers
    assert list(before) == list(after)
    assert len(before) == 4
    new = {each for each in after if before[each] != after[each]}
    assert {each.partition(" ")[0] for each in new} == {layer, "metadata"}
    found = reader.run("diff", "application.tar", "new.tar", "--json").json
    assert [each["name"] for each in found["packages"]] == [name]


def world_of(reader: User, republish: Callable[..., Archive], old: Sequence[Deb], wanted: str) -> Archive:
    """Make a lock of another distribution, ``that.lock``."""
    archive = republish(states(main=old))
    done = reader.run("lock", wanted, "-o", "that.lock", "-q", "--source", archive.source(*SUITES))
    assert done.code == 0, done.err
    return archive


def update_in(reader: User, republish: Callable[..., Archive], new: Sequence[Deb], *words: str) -> dict[str, str]:
    """Update ``that.lock`` and return what has changed."""
    before = versions(reader.work / "that.lock")
    archive = republish(states(main=new, date=DATE + DAY))
    done = reader.run("update", "that.lock", "--keyring", str(archive.keyring), *words)
    assert done.code == 0, done.err
    return changed(before, versions(reader.work / "that.lock"))


def test_more_moves_only_where_it_must(reader: User, republish: Callable[..., Archive]) -> None:
    old = [
        package("tool", "1", Depends="engine, helper, bystander"),
        *(package(name, "1") for name in ("engine", "helper", "bystander")),
    ]
    world_of(reader, republish, old, "tool")
    new = [
        package("tool", "1", Depends="engine, helper, bystander"),
        package("engine", "2", Depends="helper (>= 2)"),
        package("helper", "2"),
        package("bystander", "2"),
    ]
    assert update_in(reader, republish, new, "--only", "engine") == {"engine": "2", "helper": "2"}


def test_dependencies_come_and_go(reader: User, republish: Callable[..., Archive]) -> None:
    world_of(reader, republish, [package("tool", "1", Depends="former"), package("former", "1")], "tool")
    new = [package("tool", "2", Depends="latter"), package("former", "1"), package("latter", "1")]
    assert update_in(reader, republish, new) == {"tool": "2", "latter": "1", "former": ""}


def test_alternative_that_was_taken_stays(reader: User, republish: Callable[..., Archive]) -> None:
    tool = package("tool", "1", Depends="first | second, virtual")
    world_of(reader, republish, [tool, package("second", "1"), package("zz", "1", Provides="virtual")], "tool")
    new = [
        package("tool", "2", Depends="first | second, virtual"),
        package("first", "1"),
        package("second", "1"),
        package("aa", "1", Provides="virtual"),
        package("zz", "1", Provides="virtual"),
    ]
    assert update_in(reader, republish, new) == {"tool": "2"}


def test_mirror_that_lacks_what_it_lists(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    archive = republish(today(main=tuple(OLD.values())))
    (Path(archive.uri.removeprefix("file:")) / UPDATES[0].filename).unlink()
    store = {"XDG_CACHE_HOME": str(reader.home / "cache")}
    done = reader.run(
        "update", str(lock_of(kept)), "-o", "new.lock", "--keyring", str(archive.keyring), environment=store
    )
    assert (done.code, done.error) == (5, "cannot download data 1.1-1: the mirror does not have it any more")
    assert reader.made() == []


def test_package_that_is_gone_for_good(kept: Path, reader: User, republish: Callable[..., Archive]) -> None:
    archive = republish(today())
    store = {"XDG_CACHE_HOME": str(reader.home / "cache")}
    done = reader.run(
        "update", str(lock_of(kept)), "-o", "new.lock", "--keyring", str(archive.keyring), environment=store
    )
    assert done.code == 4
    assert "note: lost 1.0-1 cannot be had any more, so it does not stay\n" in done.err
    assert reader.made() == []


def test_users_keep_their_numbers(reader: User, republish: Callable[..., Archive]) -> None:
    service = package("service", "1", postinst="adduser --system --group service")
    world_of(reader, republish, [package("tool", "1", Depends="service"), service], "tool")
    before = load_lock(reader.work / "that.lock").ids
    new = [
        package("tool", "2", Depends="earlier, service"),
        package("earlier", "1", postinst="adduser --system --group earlier"),
        service,
    ]
    assert update_in(reader, republish, new) == {"tool": "2", "earlier": "1"}
    after = load_lock(reader.work / "that.lock").ids
    assert after.users["service"] == before.users["service"]
    assert after.groups["service"] == before.groups["service"]
    assert after.users["earlier"] != after.users["service"]
    built = reader.run("build", "--lock", "that.lock", "--frozen", "-o", "image.tar", "-q")
    assert built.code == 0, built.err


def test_package_that_is_gone_stays_while_it_can_be_had(reader: User, republish: Callable[..., Archive]) -> None:
    old = [package("tool", "1", Depends="gone"), package("gone", "1", Depends="deep"), package("deep", "1")]
    archive = world_of(reader, republish, old, "tool")
    new = [package("tool", "2", Depends="gone"), package("gone", "2"), package("deep", "1")]
    words = ("--only", "tool")
    assert update_in(reader, republish, new, *words) == {"tool": "2"}
    # Nobody else has its file: for them there is only what the sources have today.
    archive = republish(states(main=old))
    other = User(reader.home / "other", archive)
    done = other.run("lock", "tool", "-o", "that.lock", "-q", "--source", archive.source(*SUITES))
    assert done.code == 0, done.err
    shutil.rmtree(other.store)
    shutil.rmtree(Path(archive.uri.removeprefix("file:")) / "pool")
    assert update_in(other, republish, new, *words) == {"tool": "2", "gone": "2", "deep": ""}


# diff


@pytest.mark.parametrize(
    ("suffix", "unknown"),
    [(".docker.tar", []), (".aci", []), (".rootfs.tar.gz", ["configuration"]), (".dir", ["configuration"])],
)
def test_formats_of_one_image_differ_in_nothing(kept: Path, reader: User, suffix: str, unknown: list[str]) -> None:
    images = list((kept / "home/work/out").iterdir())
    (one,) = (path for path in images if path.name.endswith(".oci.tar"))
    (other,) = (path for path in images if path.name.endswith(suffix))
    found = reader.run("diff", str(one), str(other), "--json").json
    assert found.get("configuration", []) == found["files"] == []
    assert (found["same"], found["not_compared"]) == (True, unknown)


def test_image_and_lock(kept: Path, reader: User) -> None:
    (image,) = (path for path in (kept / "home/work/out").iterdir() if path.name.endswith(".oci.tar"))
    done = reader.run("diff", str(image), str(lock_of(kept)), "--exit-code")
    assert done.code == 12
    assert done.out.splitlines()[1:3] == ["packages:", "  - fix-tools: 1.0-1"]
    assert reader.run("diff", str(image), str(lock_of(kept))).code == 0


def test_what_somebody_changed_in_an_image_is_told(kept: Path, reader: User) -> None:
    before = next(path for path in (kept / "home/work/out").iterdir() if path.name.endswith(".dir"))
    after = reader.work / "after"
    shutil.copytree(before, after, symlinks=True)
    (after / "usr/share/data/data").write_text("forged")
    (after / "usr/share/large/data").chmod(0o4755)
    (after / "usr/share/doc/lost/copyright").write_text("not free\n")
    passwd = after / "etc/passwd"
    passwd.write_text(f"{passwd.read_text()}intruder:x:0:0::/:/bin/sh\n")
    found = run_json(reader, 12, "diff", str(before), str(after), "--exit-code")
    assert [each["name"] for each in found["files"]] == [
        "/etc/passwd",
        "/usr/share/data/data",
        "/usr/share/doc/lost/copyright",
    ]
    assert [each["package"] for each in found["files"] if "package" in each] == ["data", "lost"]
    assert [(each["name"], each["before"]) for each in found["privileges"]] == [("/usr/share/large/data", "")]
    assert [each["name"] for each in found["users"]] == ["intruder"]
    assert [each["name"] for each in found["licences"]] == ["lost"]
    assert found["packages"] == found["groups"] == []


def test_what_cannot_be_compared(kept: Path, reader: User) -> None:
    (reader.work / "letter").write_text("Dear all,\n")
    (reader.work / "noise").write_bytes(b"\0" * 100)
    for name in ("letter", "noise", "missing"):
        done = reader.run("diff", name, str(lock_of(kept)))
        assert done.code == 3
        assert name in done.error
