"""``plan --graph`` as people use it: on stdout and into files, and free of charge for those who want no drawing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pkg2image.digest import sha256
from tests.support.plans import SVG, PageReader, read_dot, read_svg
from tests.support.world import Archive, User

SKELETON = {"base-files", "base-passwd", "libc-bin"}
NODES = {"greet-data", "hello", "libgreet1", *SKELETON, "every image", "debconf | debconf-2.0"}


def drawn(user: User, form: str, *words: str) -> str:
    done = user.run("plan", "hello", "--graph", form, *words)
    assert done.code == 0, done.err
    return done.out


def test_for_graphviz(user: User) -> None:
    graph = read_dot(drawn(user, "dot"))
    assert set(graph.nodes) == NODES
    assert graph.nodes["hello"]["label"].startswith(r"hello\n41.0 kB, ")
    assert [(start, end, attributes["tooltip"]) for start, end, attributes in graph.edges if start == "hello"] == [
        ("hello", "libgreet1", "hello Depends libgreet1 (>= 1.2)"),
        (
            *("hello", "debconf | debconf-2.0"),
            "cut: hello Depends debconf (>= 0.5) | debconf-2.0: asks questions while packages are configured",
        ),
    ]


def test_as_a_picture(user: User) -> None:
    root = read_svg(drawn(user, "svg"))
    names = [group.attrib["data-name"] for group in root.iter(f"{SVG}g") if "data-name" in group.attrib]
    assert sorted(names) == sorted(NODES)


def test_as_a_page(user: User, archive: Archive) -> None:
    text = drawn(user, "html", "--arch", "arm64")
    page = PageReader(text)
    assert {node["name"] for node in page.data["nodes"]} == NODES
    assert {node["architecture"] for node in page.data["nodes"] if node["version"]} == {"all", "arm64"}
    assert archive.uri not in text


def test_what_a_recipe_wants(user: User) -> None:
    (user.work / "hello.yaml").write_text("name: hello\ndescription: a greeting\npackages: [nullmailer]\n")
    graph = read_dot(drawn(user, "dot", "--recipe", "./hello.yaml"))
    assert ("recipe hello", "nullmailer", "recipe") in [(start, end, edge["class"]) for start, end, edge in graph.edges]


@pytest.mark.parametrize("form", ["dot", "svg", "html"])
def test_a_file_holds_the_same_and_an_earlier_drawing_is_replaced(user: User, form: str) -> None:
    path = user.work / "closure"
    for other in ("html", "svg", form):
        assert user.run("plan", "hello", "--graph", other, "-o", "closure").code == 0
    done = user.run("plan", "hello", "--graph", form, "-o", "closure")
    assert done.out == f"closure {sha256(path.read_bytes())}\n"
    assert path.read_text() == drawn(user, form)
    assert user.made() == ["closure"]


def test_what_is_not_ours_is_replaced_only_on_request(user: User) -> None:
    path = user.work / "closure.html"
    path.write_text("a letter")
    refused = user.run("plan", "hello", "--graph", "html", "-o", "closure.html")
    assert refused.code == 9
    assert refused.error == "cannot write closure.html: it exists and is not a drawing made by pkg2image"
    assert refused.hint == "use --force to replace it, or name another file with -o"
    assert path.read_text() == "a letter"
    assert user.run("plan", "hello", "--graph", "html", "-o", "closure.html", "--force").code == 0
    assert path.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("words", "code", "error", "hint"),
    [
        ("--graph png", 2, "'png' is not one of 'dot', 'svg', 'html'", "pkg2image plan --help"),
        ("--graph svg --json", 2, "cannot print both a drawing and JSON", "leave out --graph or --json"),
        ("-o closure.html", 2, "cannot write closure.html: only drawings go into files", "add --graph html"),
        (
            *("--graph svg --arch arm64 --arch amd64", 2),
            *("cannot draw arm64 and amd64 in one picture", "draw one at a time: --arch arm64"),
        ),
        ("--graph svg -o missing/closure.svg", 9, "missing is not a directory", "mkdir -p missing"),
        ("--graph svg -o .", 9, "it is a directory", "name a file with -o"),
    ],
)
def test_what_cannot_be_drawn_is_told_before_any_work(user: User, words: str, code: int, error: str, hint: str) -> None:
    done = user.run("plan", "hello", *words.split(), "--progress", "plain")
    assert done.code == code
    assert error in done.error
    assert hint in done.hint
    assert "resolving" not in done.err
    assert user.made() == []


def test_a_plan_without_a_drawing_does_not_pay_for_it(user: User) -> None:
    script = "import sys; from pkg2image.cli.main import run; code = run(sys.argv[1:]); print(code, *sys.modules)"
    loaded = {}
    for words in ([], ["--graph", "dot"]):
        command = [sys.executable, "-c", script, *user.words("plan", "hello", "-q", *words)]
        done = subprocess.run(
            command, cwd=user.work, env=user.environment, capture_output=True, text=True, check=True, timeout=60
        )
        code, *modules = done.stdout.splitlines()[-1].split()
        assert code == "0"
        loaded[bool(words)] = {name for name in modules if "drawing" in name}
    assert loaded[False] == set()
    assert "pkg2image.drawing.dot" in loaded[True]
