"""Recipes come from pkg2image itself and from files of users."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.recipes.load import builtin, load_recipe, recipe_for

HELLO = "name: hello\ndescription: says hello\n"


@pytest.mark.parametrize(
    ("package", "recipe"),
    [
        ("postgresql", "postgresql"),
        ("postgresql-15", "postgresql"),
        ("postgresql-17", "postgresql"),
        ("postgresql-client-17", None),
        ("nginx", "nginx"),
        ("nginx-light", "nginx"),
        ("nginx-common", None),
        ("redis", "redis"),
        ("redis-server", "redis"),
        ("redis-tools", None),
        ("curl", "curl"),
        ("libcurl4", None),
        ("hello", None),
    ],
)
def test_a_requested_package_gets_its_built_in_recipe(package: str, recipe: str | None) -> None:
    found = builtin(package)
    assert (found.name if found else None) == recipe


@pytest.mark.parametrize(
    ("choice", "packages", "recipe"),
    [
        ("auto", ["hello", "nginx", "redis"], "nginx"),
        ("auto", ["hello"], None),
        ("auto", [], None),
        ("none", ["nginx"], None),
        ("redis", ["nginx"], "redis"),
    ],
)
def test_a_request_chooses_its_recipe(choice: str, packages: list[str], recipe: str | None) -> None:
    found = recipe_for(choice, packages)
    assert (found.name if found else None) == recipe


def test_a_request_may_name_a_file(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO)
    found = recipe_for(str(path), ["nginx"])
    assert found is not None
    assert found.name == "hello"


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RequestError, match="cannot find recipe nginz: the built-in ones are curl, nginx, postgresql"):
        recipe_for("nginz", ["nginx"])


def test_the_text_of_a_script_becomes_the_content_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO + 'files:\n  /run.sh: {script: run.sh, mode: "0755"}\n')
    file = load_recipe(path).files["/run.sh"]
    assert (file.content, file.script, file.mode) == ("#!/bin/sh\n", None, 0o755)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read recipe .*hello\.yaml: No such file or directory"),
        (b"name: \xff\n", r"cannot read recipe .*: hello\.yaml is not UTF-8"),
        (b"name: [hello\n", r"cannot read recipe .*: .* line 2, column 1"),
        (b"name: hello\nname: hello\n", r"cannot read recipe .*: .*name is given twice.* line 2"),
        (b"name: !!python/object/apply:os.getcwd []\n", r"cannot read recipe .*: could not determine a constructor"),
        (b"", r"cannot use recipe .*: must be a mapping"),
        (b"- hello\n", r"cannot use recipe .*: must be a mapping"),
        (b"name: hello\n", r"cannot use recipe .*: description: field required"),
        (f"{HELLO}files:\n  /a: {{script: none.sh}}\n".encode(), r"recipe .*: files\./a: No such file or directory"),
    ],
    ids=["missing", "bytes", "syntax", "twice", "object", "empty", "list", "incomplete", "no-script"],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "hello.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RequestError, match=message):
        load_recipe(path)
