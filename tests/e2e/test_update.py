"""A lock made anew with the smallest change: what is wanted moves, all else stays, and so do its layers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from pkg2image.image.read import read_image
from pkg2image.lock.reading import load_lock
from tests.support.repository import DATE, Deb
from tests.support.states import DAY, LARGE_FIX, OLD, SECURITY, SUITES, UPDATES, Yesterday, package, states, today
from tests.support.world import Archive, User


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
    yesterday: Yesterday, reader: User, words: tuple[str, ...], expected: dict[str, str]
) -> None:
    archive = yesterday.publish(today())
    lock = str(yesterday.lock)
    done = reader.run("update", lock, "-o", "new.lock", "--keyring", str(archive.keyring), "--json", *words)
    assert done.code == 0, done.err
    assert changed(versions(yesterday.lock), versions(reader.work / "new.lock")) == expected
    assert {each["name"]: each["after"] for each in done.json["packages"]} == expected
    assert done.json["same"] is not bool(expected)
    if not expected:
        assert (reader.work / "new.lock").read_bytes() == yesterday.lock.read_bytes()


def test_lock_is_made_anew_in_its_place_and_only_told_of_on_request(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(today())
    lock = reader.work / "application.lock"
    lock.write_bytes(yesterday.lock.read_bytes())
    words = ("update", "application.lock", "--keyring", str(archive.keyring))
    told = reader.run(*words, "--dry-run")
    assert lock.read_bytes() == yesterday.lock.read_bytes()
    done = reader.run(*words)
    assert done.out == told.out
    assert "    libfix1: 1.0-1 -> 1.0-1+deb12u1\n" in done.out
    assert changed(versions(yesterday.lock), versions(lock)) == {"libfix1": "1.0-1+deb12u1", "data": "1.1-1"}
    again = reader.run(*words)
    assert again.out == "application.lock -> application.lock: the same\n"
    done = reader.run(*words, "--only", "hello")
    assert (done.code, done.error) == (3, "cannot update hello: there is no such package in the lock")


@pytest.mark.parametrize(("name", "layer"), [("large", "large"), ("libfix1", "shared")])
def test_security_update_changes_the_layer_of_its_package_and_the_metadata(
    yesterday: Yesterday, reader: User, name: str, layer: str
) -> None:
    fixes = {"large": LARGE_FIX, "libfix1": SECURITY[0]}
    archive = yesterday.publish(states(security=[fixes[name]], date=DATE + DAY))
    done = reader.run("update", str(yesterday.lock), "-o", "new.lock", "--keyring", str(archive.keyring))
    assert done.code == 0, done.err
    layers = []
    for lock in (yesterday.lock, reader.work / "new.lock"):
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


def world_of(yesterday: Yesterday, reader: User, old: Sequence[Deb], wanted: str) -> Archive:
    """Make a lock of another distribution, ``that.lock``."""
    archive = yesterday.publish(states(main=old))
    done = reader.run("lock", wanted, "-o", "that.lock", "-q", "--source", archive.source(*SUITES))
    assert done.code == 0, done.err
    return archive


def update_in(yesterday: Yesterday, reader: User, new: Sequence[Deb], *words: str) -> dict[str, str]:
    """Update ``that.lock`` and return what has changed."""
    before = versions(reader.work / "that.lock")
    archive = yesterday.publish(states(main=new, date=DATE + DAY))
    done = reader.run("update", "that.lock", "--keyring", str(archive.keyring), *words)
    assert done.code == 0, done.err
    return changed(before, versions(reader.work / "that.lock"))


def test_more_moves_only_where_it_must(yesterday: Yesterday, reader: User) -> None:
    old = [
        package("tool", "1", Depends="engine, helper, bystander"),
        *(package(name, "1") for name in ("engine", "helper", "bystander")),
    ]
    world_of(yesterday, reader, old, "tool")
    new = [
        package("tool", "1", Depends="engine, helper, bystander"),
        package("engine", "2", Depends="helper (>= 2)"),
        package("helper", "2"),
        package("bystander", "2"),
    ]
    assert update_in(yesterday, reader, new, "--only", "engine") == {"engine": "2", "helper": "2"}


def test_dependencies_come_and_go(yesterday: Yesterday, reader: User) -> None:
    world_of(yesterday, reader, [package("tool", "1", Depends="former"), package("former", "1")], "tool")
    new = [package("tool", "2", Depends="latter"), package("former", "1"), package("latter", "1")]
    assert update_in(yesterday, reader, new) == {"tool": "2", "latter": "1", "former": ""}


def test_alternative_that_was_taken_stays(yesterday: Yesterday, reader: User) -> None:
    tool = package("tool", "1", Depends="first | second, virtual")
    world_of(yesterday, reader, [tool, package("second", "1"), package("zz", "1", Provides="virtual")], "tool")
    new = [
        package("tool", "2", Depends="first | second, virtual"),
        package("first", "1"),
        package("second", "1"),
        package("aa", "1", Provides="virtual"),
        package("zz", "1", Provides="virtual"),
    ]
    assert update_in(yesterday, reader, new) == {"tool": "2"}


def test_mirror_that_lacks_what_it_lists(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(today(main=tuple(OLD.values())))
    (Path(archive.uri.removeprefix("file:")) / UPDATES[0].filename).unlink()
    store = {"XDG_CACHE_HOME": str(reader.home / "cache")}
    done = reader.run(
        "update", str(yesterday.lock), "-o", "new.lock", "--keyring", str(archive.keyring), environment=store
    )
    assert (done.code, done.error) == (5, "cannot download data 1.1-1: the mirror does not have it any more")
    assert reader.made() == []


def test_package_that_is_gone_for_good(yesterday: Yesterday, reader: User) -> None:
    archive = yesterday.publish(today())
    store = {"XDG_CACHE_HOME": str(reader.home / "cache")}
    done = reader.run(
        "update", str(yesterday.lock), "-o", "new.lock", "--keyring", str(archive.keyring), environment=store
    )
    assert done.code == 4
    assert "note: lost 1.0-1 cannot be had any more, so it does not stay\n" in done.err
    assert reader.made() == []


def test_users_keep_their_numbers(yesterday: Yesterday, reader: User) -> None:
    service = package("service", "1", postinst="adduser --system --group service")
    world_of(yesterday, reader, [package("tool", "1", Depends="service"), service], "tool")
    before = load_lock(reader.work / "that.lock").ids
    new = [
        package("tool", "2", Depends="earlier, service"),
        package("earlier", "1", postinst="adduser --system --group earlier"),
        service,
    ]
    assert update_in(yesterday, reader, new) == {"tool": "2", "earlier": "1"}
    after = load_lock(reader.work / "that.lock").ids
    assert after.users["service"] == before.users["service"]
    assert after.groups["service"] == before.groups["service"]
    assert after.users["earlier"] != after.users["service"]
    built = reader.run("build", "--lock", "that.lock", "--frozen", "-o", "image.tar", "-q")
    assert built.code == 0, built.err


def test_package_that_is_gone_stays_while_it_can_be_had(yesterday: Yesterday, reader: User) -> None:
    old = [package("tool", "1", Depends="gone"), package("gone", "1", Depends="deep"), package("deep", "1")]
    archive = world_of(yesterday, reader, old, "tool")
    new = [package("tool", "2", Depends="gone"), package("gone", "2"), package("deep", "1")]
    words = ("--only", "tool")
    assert update_in(yesterday, reader, new, *words) == {"tool": "2"}
    # Nobody else has its file: for them there is only what the sources have today.
    archive = yesterday.publish(states(main=old))
    other = User(reader.home / "other", archive)
    done = other.run("lock", "tool", "-o", "that.lock", "-q", "--source", archive.source(*SUITES))
    assert done.code == 0, done.err
    shutil.rmtree(other.store)
    shutil.rmtree(Path(archive.uri.removeprefix("file:")) / "pool")
    assert update_in(yesterday, other, new, *words) == {"tool": "2", "gone": "2", "deep": ""}
