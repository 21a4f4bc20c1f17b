"""Recipes come from pkg2image itself and from files of users."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.recipes.load import load_recipe
from pkg2image.recipes.model import Recipe
from tests.conftest import ROOT

HELLO = "name: hello\ndescription: says hello\n"


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


def test_the_recipe_of_the_documentation_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs/recipes.md").read_text()
    example, features = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "limits.conf").write_text("limits\n")
    path = tmp_path / "web.yaml"
    path.write_text(example + features)
    recipe = load_recipe(path)
    assert list(recipe.features) == ["jit", "perl"]
    assert recipe.files["/etc/nginx/conf.d/limits.conf"].content == "limits\n"
    assert recipe.smoke_test is not None
    described = {name for name in Recipe.model_fields if re.search(rf"`{name}`|^{name}:", text, re.MULTILINE)}
    assert described == {*Recipe.model_fields}
