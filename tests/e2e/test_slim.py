"""Slim images: what can be reached is in them, and everything says why, or why not."""

from __future__ import annotations

import pytest

from pkg2image.image.read import read_image
from tests.support.world import User


def test_only_what_can_be_reached_is_in_a_slim_image(user: User) -> None:
    files = {}
    for words in ("", "--slim"):
        assert user.run("hello", *words.split(), "-o", "image.tar", "-q").code == 0
        files[words] = {file.path for file in read_image(user.work / "image.tar").files}
    assert "usr/share/greet/words" in files[""] - files["--slim"]
    assert files["--slim"] < files[""]
    assert {
        "usr/bin/hello",
        "usr/share/doc/libgreet1/copyright",
        "etc/hello.conf",
        "usr/share/doc/hello/copyright",
    } <= files["--slim"]


def test_the_database_of_packages_stays_true(user: User) -> None:
    assert user.run("hello", "--slim", "--format", "dir", "-o", "root", "-q").code == 0
    root = user.work / "root"
    status = (root / "var/lib/dpkg/status").read_text()
    names = [line.removeprefix("Package: ") for line in status.splitlines() if line.startswith("Package: ")]
    assert "hello" in names
    assert "libgreet1" in names
    assert "greet-data" not in names
    for name in names:
        for path in (root / f"var/lib/dpkg/info/{name}.list").read_text().splitlines():
            assert (root / path.lstrip("/")).exists() or (root / path.lstrip("/")).is_symlink(), path


@pytest.mark.parametrize(
    ("path", "is_in", "sentence"),
    [
        ("/etc/hello.conf", True, "kept: /usr/bin/hello is started as /usr/bin/hello"),
        (
            "/usr/share/greet/words",
            False,
            "in the package greet-data, left out by --slim: not reached; --keep /usr/share/greet/words keeps it",
        ),
    ],
)
def test_why_a_file_is_kept_or_not(user: User, path: str, sentence: str, *, is_in: bool) -> None:
    (answer,) = user.run("why", "hello", "--slim", "--json", "--", path).json
    assert answer["in"] is is_in
    assert sentence in answer["chain"]


def test_more_is_kept_on_request(user: User) -> None:
    words = ("hello", "--slim", "--keep", "/usr/share/gr*", "--closure", "full", "-o", "image.tar", "-q")
    assert user.run(*words).code == 0
    files = {file.path for file in read_image(user.work / "image.tar").files}
    assert "usr/share/greet/words" in files
    assert "usr/bin/debconf" not in files


def test_features_are_those_of_the_recipe(user: User) -> None:
    done = user.run("hello", "--slim", "--feature", "jit", "-o", "image.tar")
    assert done.code == 3
    assert "cannot turn on the feature 'jit': only recipes have features" in done.err
    (user.work / "mine.yaml").write_text(
        "name: mine\ndescription: one that has features\nentrypoint: [/usr/bin/hello]\nkeep: [/usr/share/greet]\n"
        "features:\n  settings: {paths: [/etc/hello*], why: settings}\n"
    )
    words = ("hello", "--slim", "--recipe", "mine.yaml", "-o", "image.tar", "-q")
    for more in ((), ("--feature", "settings")):
        assert user.run(*words, *more).code == 0
        files = {file.path for file in read_image(user.work / "image.tar").files}
        assert ("etc/hello.conf" in files) is bool(more)
        assert "usr/share/greet/words" in files
    done = user.run(*words, "--feature", "jit")
    assert "the recipe mine has no such feature" in done.err
    assert "--feature settings" in done.err


def test_a_feature_may_bring_packages(user: User) -> None:
    (user.work / "mine.yaml").write_text(
        "name: mine\ndescription: one that has features\nentrypoint: [/usr/bin/hello]\n"
        "features:\n  words: {packages: [hello-extras], keep: [/usr/share/greet], why: more words}\n"
    )
    extras, words = "usr/share/hello/extras", "usr/share/greet/words"
    for options, there in [
        ("--slim", set()),
        ("--slim --feature words", {extras, words}),
        ("--slim --with hello-extras", {extras, words}),
        ("--feature words", {extras, words}),
        ("", {words}),
    ]:
        assert user.run("hello", "--recipe", "mine.yaml", *options.split(), "-o", "image.tar", "-q").code == 0
        files = {file.path for file in read_image(user.work / "image.tar").files}
        assert files & {extras, words} == there, options


def test_locales_are_those_that_are_asked_for(user: User) -> None:
    for options, there in [
        ("--slim", set()),
        ("--slim --locale de_DE.UTF-8", {"de_DE", "de_DE.utf8"}),
        ("--slim --locale fr_FR --with locales-all", {"de_DE", "de_DE.utf8", "fr_FR.utf8"}),
    ]:
        assert user.run("hello", *options.split(), "-o", "image.tar", "-q").code == 0
        paths = {file.path for file in read_image(user.work / "image.tar").files}
        assert {path.split("/")[3] for path in paths if path.endswith("/LC_TIME")} - {"C.utf8"} == there, options
    done = user.run("hello", "--slim", "--locale", "xx_YY", "-o", "image.tar")
    assert done.code == 3
    assert "cannot keep the locale xx_YY: locales-all has none of that name" in done.err


def test_a_slim_image_is_repeatable_and_another_one(user: User) -> None:
    digests = []
    for words in (["--slim"], [], ["--slim"]):
        (result,) = user.run("hello", *words, "-o", "image.tar", "--json").json
        digests.append(result["outputs"][0]["digest"])
    assert digests[0] == digests[2] != digests[1]
