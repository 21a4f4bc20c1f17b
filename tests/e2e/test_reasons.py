"""What an image says about why its files are there, or not: read back in every format, and asked for by people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pkg2image.digest import sha256
from tests.e2e.conftest import Workshop
from tests.support.plans import PageReader
from tests.support.world import Archive, User

FORMATS = ("oci", "docker", "aci", "rootfs", "dir")
MANUAL = {
    "path": "/usr/share/man/man1/hello.1.gz",
    "size": 6,
    "package": "hello",
    "rule": "manual pages",
    "by": "closure",
}
WORDS = {"path": "/usr/share/greet/words", "package": "greet-data", "rule": "not reached", "by": "slim"}
RECIPE = """
name: mine
description: one that has features
entrypoint: [/usr/bin/hello]
features:
  settings: {paths: [/etc/hello*], why: settings}
"""


def built(user: User, *words: str) -> Any:
    """Build an image of the application and return what is told about it as JSON."""
    done = user.run("hello", *words, "-o", "image.tar", "--json", "-q")
    assert done.code == 0, done.err
    return done.json[0]


def inspected(user: User, *words: str, image: str = "image.tar") -> Any:
    done = user.run("inspect", image, "--json", *words)
    assert done.code == 0, done.err
    return done.json


def test_a_slim_image_says_so_and_what_was_left_out(user: User) -> None:
    built(user, "--slim")
    found = inspected(user)
    assert found["slim"] is True
    assert found["config"]["config"]["Labels"]["dev.pkg2image.slim"] == "true"
    assert MANUAL in found["dropped"]
    assert [{name: item[name] for name in WORDS} for item in found["dropped"] if item["by"] == "slim"].count(WORDS) == 1
    paths = {file["path"] for file in found["files"]}
    assert not paths & {item["path"] for item in found["dropped"]}
    lines = user.run("inspect", "image.tar").out.splitlines()
    assert "slim: only what can be reached is in it" in lines
    assert any(line.endswith("; --dropped lists them") for line in lines)


def test_other_images_say_what_the_closure_left_out(user: User) -> None:
    built(user)
    found = inspected(user)
    assert found["slim"] is False
    assert "dev.pkg2image.slim" not in found["config"]["config"]["Labels"]
    assert {item["by"] for item in found["dropped"]} == {"closure"}
    built(user, "--closure", "full")
    assert inspected(user)["dropped"] == []
    done = user.run("inspect", "image.tar", "--dropped")
    assert done.out == "the image does not say that anything was left out of it\n"


def test_all_formats_say_the_same(user: User) -> None:
    words = [word for name in FORMATS for word in ("--format", name)]
    assert user.run("hello", "--slim", *words, "-o", "images", "-q").code == 0
    said = []
    images = [path for path in (user.work / "images").iterdir() if path.suffix != ".json"]
    for path in images:
        found = inspected(user, "--sizes", "--dropped", image=f"images/{path.name}")
        del found["sizes"]["layers"]
        said.append(found)
    assert len(said) == len(FORMATS)
    assert all(found == said[0] for found in said)
    assert said[0]["sizes"]["total"]["size"] == sum(item["size"] for item in said[0]["sizes"]["packages"])


def test_sizes_of_packages_and_reasons(user: User) -> None:
    built(user, "--slim")
    sizes = inspected(user, "--sizes")["sizes"]
    packages = {item["package"]: item for item in sizes["packages"]}
    assert packages["greet-data"]["files"] < packages["greet-data"]["left_out"]["files"] + 2
    assert packages["hello"]["files"] == 3  # the program, its configuration, its licence
    for groups in ("packages", "reasons"):
        assert sum(item["size"] for item in sizes[groups]) == sizes["total"]["size"]
        assert sum(item["files"] for item in sizes[groups]) == sizes["total"]["files"]
    assert "the application itself" in [item["reason"] for item in sizes["reasons"]]
    lines = user.run("inspect", "image.tar", "--sizes").out.splitlines()
    assert [line for line in lines if not line.startswith(" ")][:4] == [
        *("by package:", "by reason:", "left out:", "by layer, compressed and not:"),
    ]


def test_one_path_with_its_reason(user: User) -> None:
    built(user, "--slim")
    words = ("--path", "/etc/hello.conf", "--path", "usr/share/greet/words", "--path", "/usr/bin")
    kept, left, directory = inspected(user, *words)
    assert (kept["package"], kept["left_out"]) == ("hello", None)
    assert kept["reason"][-1] == "/usr/bin/hello is started as /usr/bin/hello"
    assert (left["file"], left["package"], left["left_out"]["rule"]) == (None, "greet-data", "not reached")
    assert (directory["file"]["type"], directory["reason"]) == ("directory", [])
    out = user.run("inspect", "image.tar", *words).out
    assert "  in the package hello\n" in out
    assert "/usr/share/greet/words is not in the image: in the package greet-data, " in out


def test_a_treemap(user: User, archive: Archive) -> None:
    built(user, "--slim")
    done = user.run("inspect", "image.tar", "--treemap", "sizes.html")
    data = (user.work / "sizes.html").read_bytes()
    assert done.out == f"sizes.html {sha256(data)}\n"
    page = PageReader(data.decode())
    files = {part["path"]: part for part in page.data["parts"]}
    assert files["/usr/bin/hello"]["package"] == "hello"
    assert archive.uri not in data.decode()
    assert user.run("inspect", "image.tar", "--treemap", "sizes.html").code == 0  # a drawing of ours is replaced
    assert (user.work / "sizes.html").read_bytes() == data


@pytest.mark.parametrize(
    ("words", "code", "error", "hint"),
    [
        ("--treemap letter", 9, "letter: it exists and is not a drawing made by pkg2image", "name another file"),
        ("--treemap no/sizes.html", 9, "no is not a directory", "mkdir -p no"),
        ("--treemap sizes.html --json", 2, "cannot write a treemap and print JSON at once", "leave out --treemap"),
        ("--path /nowhere", 3, "the image has no such path", "--files lists every path"),
    ],
)
def test_what_cannot_be_shown(user: User, words: str, code: int, error: str, hint: str) -> None:
    built(user)
    (user.work / "letter").write_text("dear")
    before = user.made()
    done = user.run("inspect", "image.tar", *words.split())
    assert done.code == code
    assert error in done.error
    assert hint in done.hint
    assert user.made() == before


def test_a_build_and_a_plan_tell_how_much_is_left(user: User) -> None:
    slim = built(user, "--slim")["slim"]
    planned = user.run("plan", "hello", "--slim", "--json").json
    assert planned["slim"] == slim
    total = inspected(user, "--sizes")["sizes"]["total"]
    assert (slim["files"], slim["size"]) == (total["files"], total["size"])
    by_slim = [item for item in inspected(user)["dropped"] if item["by"] == "slim"]
    assert slim["of_files"] - slim["files"] == len(by_slim)
    assert slim["of_size"] - slim["size"] == sum(item["size"] for item in by_slim)
    told = user.run("hello", "--slim", "-o", "image.tar").err.splitlines()
    (line,) = (line for line in told if line.startswith("slim: "))
    assert f"{slim['packages']} packages, {slim['files']} of {slim['of_files']} files, " in line
    assert user.run("plan", "hello", "--slim").out.splitlines()[-1].startswith(f"slim: {slim['packages']} packages, ")
    assert built(user)["slim"] is None
    assert user.run("plan", "hello", "--json").json["slim"] is None


@pytest.mark.parametrize(
    ("words", "path", "sentence"),
    [
        (
            "--closure runtime",
            "/usr/share/man/man1/hello.1.gz",
            "in the package hello, left out by the closure runtime: manual pages; --closure full keeps it",
        ),
        ("--closure full", "/usr/share/man/man1/hello.1.gz", "in the package hello"),
        (
            "--closure full --slim",
            "/usr/share/man/man1/hello.1.gz",
            "in the package hello, left out by --slim: manual pages; --keep /usr/share/man/man1/hello.1.gz keeps it",
        ),
        (
            "--slim --recipe mine.yaml",
            "/etc/hello.conf",
            "in the package hello, left out by --slim: feature settings; --feature settings keeps it",
        ),
        (
            "--slim",
            "/usr/share/pkg2image/reasons.json",
            "written by pkg2image: what was left out of the image, and why",
        ),
    ],
)
def test_why_a_file_is_kept_or_not(user: User, words: str, path: str, sentence: str) -> None:
    (user.work / "mine.yaml").write_text(RECIPE)
    (answer,) = user.run("why", "hello", *words.split(), "--json", "--", path).json
    assert sentence in answer["chain"]


def test_a_real_image_adds_up(workshop: Workshop) -> None:
    image = workshop.image("nginx", "bookworm", "oci")
    found = json.loads(workshop.run("inspect", str(image), "--json"))
    packages = {item["package"]: item for item in found["sizes"]["packages"]}
    assert set(packages) - {""} == {package["name"] for package in found["packages"]}
    assert sum(item["size"] for item in packages.values()) == sum(file["size"] for file in found["files"])
    assert packages[""]["size"] < packages["nginx"]["size"]
    assert {"documentation", "manual pages"} <= {item["rule"] for item in found["sizes"]["left_out"]}
    assert not {file["path"] for file in found["files"]} & {item["path"] for item in found["dropped"]}
    assert "the image does not say why" not in [item["reason"] for item in found["sizes"]["reasons"]]
