"""Locks on the command line: written, kept to, refused; packages that are gone, and packages that were taken along."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pkg2image.idmap import IdMap
from pkg2image.lock.model import LOCK_PATH, Lock
from pkg2image.lock.reading import load_lock
from pkg2image.lock.writing import write_lock
from tests.support.debs import CONTROL, build_deb, reg
from tests.support.world import DATE, Archive, User, publish, rendered, sha256_of

FORMATS = [word for name in ("oci", "docker", "aci", "rootfs") for word in ("--format", name)]
RECIPE = """
name: hello
description: a greeting
applies_to: [hello]
entrypoint: [/usr/bin/hello, --loud]
environment: {B: "1", A: "2"}
directories: {/srv/hello: {mode: "0750"}}
"""


@pytest.fixture
def stranger(tmp_path: Path) -> User:
    """Somebody who has nothing but what the other one gives him: no store, and no source."""
    return User(tmp_path / "elsewhere")


@pytest.fixture(scope="module")
def hello_lock(tmp_path_factory: pytest.TempPathFactory, archive: Archive, store: Path) -> str:
    """The text of a lock."""
    user = User(tmp_path_factory.mktemp("locked"), archive, {"XDG_CACHE_HOME": str(store)})
    assert user.run("lock", "hello").code == 0
    return (user.work / "hello.lock").read_text()


def hand_over(user: User, stranger: User, *names: str) -> None:
    for name in names:
        shutil.copy(user.work / name, stranger.work / name)


def test_an_image_of_a_lock_is_the_image_of_the_request(user: User) -> None:
    words = ("hello", "service", "oddly-named", "--env", "B=1", "--env", "A=2", "--label", "a=b", "--user", "service")
    plain = user.run("build", *words, *FORMATS, "-o", "plain", "--json").json[0]
    written = user.run("lock", *words).out
    assert written == f"hello.lock {plain['lock']}\n"
    done = user.run("build", "--lock", "hello.lock", "--frozen", *FORMATS, "-o", "frozen", "--json").json[0]
    assert done["lock"] == plain["lock"]
    before, after = (sorted((user.work / name).glob("hello.*r*")) for name in ("plain", "frozen"))
    assert [path.name for path in before] == [path.name for path in after]
    assert [sha256_of(path) for path in before] == [sha256_of(path) for path in after]
    lock = load_lock(user.work / "hello.lock")
    assert lock.ids == IdMap({"service": 100}, {"service": 101})
    assert [locked.package.name for locked in lock.packages if locked.skeleton] == [
        "base-files",
        "base-passwd",
        "libc-bin",
    ]
    assert {len(locked.sha512) for locked in lock.packages} == {128}
    inside = user.run("build", "--lock", "hello.lock", "--format", "dir", "-o", "dir")
    assert inside.code == 0
    assert write_lock(replace(lock, compressor="")) == (user.work / "dir" / LOCK_PATH).read_bytes()


def test_a_lock_is_written_when_there_is_none_and_kept_to_when_there_is(user: User, tmp_path: Path) -> None:
    moving = publish(tmp_path / "moving")
    user.archive = None
    words = ("build", "hello", "--source", moving.source(), "--lock", "x.lock", "--compression", "zstd:5")
    first = user.run(*words, "-o", "a.tar")
    assert "x.lock: the lock of what was built" in first.err
    text = (user.work / "x.lock").read_bytes()
    assert b"\nCompressor: zstd:5:" in text
    shutil.rmtree(tmp_path / "moving")
    for more in ((), ("--frozen", "--offline")):
        again = user.run("build", "--lock", "x.lock", "-o", "b.tar", "--force", *more)
        assert again.digests == first.digests
        assert sha256_of(user.work / "a.tar") == sha256_of(user.work / "b.tar")
    assert user.run("build", "hello", "--lock", "x.lock", "-o", "b.tar", "--layers", "3").code == 3
    assert user.run(*words, "-o", "b.tar").digests == first.digests  # the whole request again, without its repository
    assert (user.work / "x.lock").read_bytes() == text


def forge(path: Path, change: Callable[[Lock], Lock]) -> None:
    """Write a lock that says something else, with marks that are right."""
    path.write_bytes(write_lock(change(load_lock(path))))


def test_what_comes_out_differently_is_told(user: User) -> None:
    assert user.run("lock", "service").code == 0
    path = user.work / "service.lock"
    forge(path, lambda lock: replace(lock, ids=IdMap({"service": 7}), unmet=("/usr/bin/frob",), tool="0.0.1"))
    done = user.run("build", "--lock", "service.lock", "--frozen")
    assert (done.code, done.error) == (
        12,
        "cannot build exactly what the lock of service says: something comes out differently",
    )
    told = [line.strip() for line in done.err.splitlines() if line.startswith("  ")]
    assert told == [
        "Users: the lock says service=7, found is service=100",
        "Unmet: the lock says /usr/bin/frob, found is nothing",
        "Groups: the lock says nothing, found is service=101",
    ]
    assert not list(user.work.glob("*.tar"))
    loose = user.run("build", "--lock", "service.lock")
    assert loose.code == 0
    notes = [line for line in loose.err.splitlines() if line.startswith("note: not as the lock says: ")]
    assert len(notes) == 3
    assert "note: the lock was made by pkg2image 0.0.1, and this is " in loose.err


def test_layers_that_would_be_other_bytes(user: User) -> None:
    assert user.run("lock", "hello").code == 0
    done = user.run("build", "--lock", "hello.lock", "--frozen", "--compression", "stored")
    assert done.code == 12
    assert "Compressor: the lock says gzip:6:" in done.err
    loose = user.run("build", "--lock", "hello.lock", "--compression", "stored", "-o", "stored.tar")
    assert loose.code == 0
    assert "note: not as the lock says: Compressor: " in loose.err
    # Formats without layers of their own promise nothing about them.
    assert user.run("build", "--lock", "hello.lock", "--frozen", "--format", "aci", "--compression", "xz").code == 0
    assert user.run("lock", "hello", "--compression", "stored").code == 0
    assert load_lock(user.work / "hello.lock").compressor == "stored"
    kept = user.run("build", "--lock", "hello.lock", "--frozen", "-o", "kept.tar")
    assert kept.digests == loose.digests


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["build", "hello", "--frozen"], 2, "cannot build frozen: no lock is named"),
        (["build", "--lock", "missing", "--frozen"], 3, "cannot read the lock missing: No such file or directory"),
        (["build", "--lock", "missing"], 2, "cannot build nothing: no package is named"),
        (["build", "--lock", "hello.lock", "hello", "service"], 3, "asked for is hello service"),
        (["build", "--lock", "hello.lock", "--slim"], 3, "Slim: the lock says nothing, asked for is yes"),
        (["build", "--lock", "hello.lock", "--suite", "sid"], 3, "Suite: the lock says bookworm, asked for is sid"),
        (["build", "--lock", "hello.lock", "--arch", "arm64"], 3, "Architecture: the lock says amd64"),
        (["build", "--lock", "hello.lock", "--recipe", "nginx"], 3, "Recipe: the lock says none, asked for is nginx"),
        (
            ["build", "hello", "--lock", "new", "--arch", "arm64", "--arch", "amd64"],
            3,
            "a lock is for one architecture",
        ),
        (["build", "hello", "--lock", "no/where"], 9, "cannot write no/where: no is not a directory"),
        (["build", "--lock", "edited.lock"], 3, "line 3: it was edited here: 'Tool: 0.9.9'"),
        (["build", "--lock", "newer.lock"], 3, "line 2: it is of the format 2, and this program reads 1"),
        (["build", "--lock", "other.txt"], 3, "line 1: it is not a lock of pkg2image"),
        (["lock", "hello", "-o", "other.txt"], 9, "cannot write other.txt: it exists and is not a lock"),
        (["lock", "hello", "--arch", "arm64", "--arch", "amd64"], 3, "a lock is for one architecture"),
        (["lock", "hello", "-o", "."], 9, "cannot write .: it is a directory"),
        (["vendor", "away", "--lock", "missing"], 3, "cannot read the lock missing"),
        (["vendor", "..", "--lock", "hello.lock"], 9, "cannot write ..: "),
        (["build", "hello", "--mirror", "http://archive.example/{date}/"], 3, "with {date} it is a place"),
        (["build", "--lock", "hello.lock", "--mirror", "nowhere"], 3, "--mirror: 'nowhere' is not an http, https"),
    ],
)
def test_what_makes_no_sense_with_locks(user: User, hello_lock: str, words: list[str], code: int, message: str) -> None:
    (user.work / "hello.lock").write_text(hello_lock)
    (user.work / "edited.lock").write_text(hello_lock.replace("\nTool: 0.1.0\n", "\nTool: 0.9.9\n"))
    (user.work / "newer.lock").write_text(hello_lock.replace("\nLock: 1\n", "\nLock: 2\n"))
    (user.work / "other.txt").write_text("mine\n")
    if "{date}" in message:
        user.archive = None
    before = user.made()
    done = user.run(*words)
    assert done.code == code, done.err
    assert message in done.error
    assert done.hint
    assert user.made() == before


def test_an_existing_lock_is_made_anew(user: User) -> None:
    (user.work / "x").write_text("mine\n")
    assert user.run("lock", "hello", "-o", "x", "--force").code == 0
    assert user.run("lock", "service", "-o", "x").code == 0
    assert load_lock(user.work / "x").roots == ("service",)


def test_packages_that_are_gone_are_looked_for_elsewhere(user: User, stranger: User, tmp_path: Path) -> None:
    """A frozen build of somebody with an empty store, after the archive moved on."""
    moving = publish(tmp_path / "moving")
    first = user.run("build", "hello", "--source", moving.source(), "--lock", "x.lock", "-o", "a.tar")
    kept, snapshots = tmp_path / "kept", tmp_path / "snapshots"
    shutil.copytree(tmp_path / "moving", kept)
    hand_over(user, stranger, "x.lock")
    gone = next(path for path in (tmp_path / "moving/pool").rglob("libgreet1_*_amd64.deb"))
    other = gone.parent / "other.deb"
    gone.rename(other)
    words = ("build", "--lock", "x.lock", "--frozen", "-o", "a.tar", "--force")
    done = stranger.run(*words)
    assert done.code == 5
    assert done.error == "cannot download libgreet1 1.2-1: the mirror does not have it any more"
    assert "--mirror" in done.hint
    # Whatever has the name of the package is not the package.
    shutil.copytree(tmp_path / "moving/pool", stranger.work / "pool")
    (stranger.work / gone.relative_to(tmp_path / "moving")).write_bytes(other.read_bytes()[:-1] + b"?")
    done = stranger.run(*words)
    assert done.code == 6
    assert "cannot trust file://" in done.error
    shutil.rmtree(stranger.work / "pool")
    assert stranger.run(*words, "--mirror", "file:/nowhere", "--mirror", str(kept)).digests == first.digests
    shutil.rmtree(stranger.store)
    assert load_lock(stranger.work / "x.lock").sources[0].date == DATE
    shutil.copytree(kept, snapshots / datetime.fromtimestamp(DATE, UTC).strftime("%Y%m%dT%H%M%SZ"))
    template = f"file:{snapshots}/{{date}}/"
    assert stranger.run(*words, "--mirror", template).digests == first.digests


def test_a_further_mirror_helps_without_a_lock_too(user: User, tmp_path: Path) -> None:
    files = {path: data for path, data in rendered().items() if "libgreet1_" not in path}
    lacking = publish(tmp_path / "lacking", files)
    words = ("build", "hello", "--source", lacking.source(), "--cache-dir", str(tmp_path / "fresh"))
    assert user.run(*words).code == 5
    whole = publish(tmp_path / "whole")
    done = user.run(*words, "--mirror", "file:/nowhere", "--mirror", whole.uri)
    assert done.code == 0, done.err


def test_offline_needs_the_packages(stranger: User, hello_lock: str) -> None:
    (stranger.work / "hello.lock").write_text(hello_lock)
    done = stranger.run("build", "--lock", "hello.lock", "--offline")
    assert done.code == 5
    assert done.error.startswith("cannot download base-files 12.4, base-passwd ")
    assert done.error.endswith(": --offline is set")
    assert "pkg2image vendor" in done.hint
    assert stranger.made() == ["hello.lock"]


def test_packages_are_taken_along(user: User, stranger: User) -> None:
    deb = build_deb(CONTROL | {"Package": "own", "Version": "1"}, (reg("usr/bin/own"),))
    (user.work / "own_1_amd64.deb").write_bytes(deb)
    built = user.run("build", "hello", "./own_1_amd64.deb", "--lock", "x.lock", "-o", "a.tar")
    done = user.run("vendor", "away", "--lock", "x.lock")
    assert done.out == "away/x.lock\n"
    shutil.copytree(user.work / "away", stranger.work / "away")
    words = ("--frozen", "--offline", "-o", "a.tar")
    assert stranger.run("build", "--lock", "away/x.lock", *words).digests == built.digests
    assert sha256_of(stranger.work / "a.tar") == sha256_of(user.work / "a.tar")
    planned = stranger.run("plan", "hello", "--declared", "--json", "--source", "deb [trusted=yes] file:away ./")
    assert planned.code == 3  # a source is an absolute path
    source = f"deb [trusted=yes] file:{stranger.work}/away ./"
    names = [
        each["name"] for each in stranger.run("plan", "hello", "own", "--source", source, "--json").json["packages"]
    ]
    assert {"hello", "libgreet1", "greet-data", "own"} < set(names)
    # What was vendored is replaced; what somebody put something into is not.
    assert user.run("vendor", "away", "--lock", "away/x.lock").code == 0
    (user.work / "away/mine").write_text("mine")
    again = user.run("vendor", "away", "--lock", "x.lock")
    assert (again.code, (user.work / "away/mine").exists()) == (9, True)


def test_a_package_of_the_user_is_known_by_its_hash(user: User, stranger: User) -> None:
    deb = build_deb(CONTROL | {"Package": "own", "Version": "1"}, (reg("usr/bin/own"),))
    (user.work / "own.deb").write_bytes(deb)
    assert user.run("lock", "./own.deb", "-o", "x.lock").code == 0
    text = (user.work / "x.lock").read_text()
    assert "\nPackages: ./own.deb\n" in text
    assert "\nURL: file:own.deb\n" in text
    assert str(user.work) not in text
    hand_over(user, stranger, "x.lock")
    done = stranger.run("build", "--lock", "x.lock")
    assert (done.code, done.error) == (5, "cannot download own 1: the mirror does not have it any more")
    (stranger.work / "sub").mkdir()
    (stranger.work / "sub/own.deb").write_bytes(deb)
    assert stranger.run("build", "./sub/own.deb", "--lock", "x.lock", "--frozen").code == 0


def test_a_recipe_of_the_user_is_in_the_lock(user: User) -> None:
    file = user.work / "mine.yaml"
    file.write_text(RECIPE)
    first = user.run("build", "hello", "--recipe", "./mine.yaml", "--lock", "x.lock", "-o", "a.tar")
    assert first.code == 0, first.err
    words = ("build", "--lock", "x.lock", "--frozen", "-o", "b.tar")
    assert user.run(*words, "--recipe", "./mine.yaml").digests == first.digests
    file.write_text(RECIPE.replace("--loud", "--quiet"))
    done = user.run(*words, "--recipe", "./mine.yaml", "--force")
    assert (done.code, "Recipe: the lock says hello as it was then" in done.error) == (3, True)
    file.unlink()
    assert user.run(*words).digests == first.digests
