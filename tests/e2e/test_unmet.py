"""What files of an image ask for and do not find: told by builds, shown by ``inspect``, an error of strict builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.world import Archive, User, publish

UNMET = {"path": "/usr/bin/debconf", "kind": "interpreter", "what": "/bin/sh", "package": "debconf"}
SENTENCE = "the interpreter /bin/sh is not in the image: /usr/bin/debconf of debconf asks for it"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return publish(tmp_path_factory.mktemp("distribution") / "archive")


@pytest.fixture
def user(tmp_path: Path, archive: Archive) -> User:
    return User(tmp_path / "home", archive)


def test_what_is_missing_is_told_and_shown(user: User) -> None:
    done = user.run("build", "debconf", "-o", "image.tar")
    assert done.code == 0, done.err
    assert f"note: {SENTENCE}" in done.err.splitlines()
    assert user.run("inspect", "image.tar", "--json").json["unmet"] == [UNMET]
    lines = user.run("inspect", "image.tar").out.splitlines()
    start = lines.index("unmet: 1")
    assert lines[start + 1] == "  /usr/bin/debconf (debconf): interpreter /bin/sh"


def test_a_complete_image_says_so_and_is_what_strict_builds_make(user: User) -> None:
    assert user.run("build", "hello", "--strict", "-o", "image.tar").code == 0
    assert user.run("inspect", "image.tar", "--json").json["unmet"] == []
    assert "unmet: nothing" in user.run("inspect", "image.tar").out.splitlines()


def test_a_strict_build_of_an_incomplete_image_fails_and_writes_nothing(user: User) -> None:
    done = user.run("build", "debconf", "--strict", "-o", "image.tar")
    assert done.code == 4
    assert done.error == "cannot make a complete image of debconf: its files ask for what is not in it"
    assert f"  {SENTENCE}" in done.err.splitlines()
    assert done.hint == "add what is missing with --with, or build without --strict"
    assert list(user.work.iterdir()) == []


def test_an_image_file_may_be_strict(user: User) -> None:
    (user.work / "image.yaml").write_text("packages: [debconf]\nstrict: true\n")
    assert user.run("build", "-f", "image.yaml").code == 4


def test_images_of_others_were_never_checked(user: User) -> None:
    (user.work / "root/etc").mkdir(parents=True)
    assert user.run("inspect", "root", "--json").json["unmet"] is None
    assert "unmet" not in user.run("inspect", "root").out
