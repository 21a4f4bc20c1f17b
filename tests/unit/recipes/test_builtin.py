"""The recipes of pkg2image are sound: they name no versions, say how to test themselves, and do not overlap."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.recipes import load
from pkg2image.recipes.apply import apply
from pkg2image.recipes.load import builtin_recipes, load_builtin
from pkg2image.recipes.model import Recipe, RecipeDirectory, RecipeFile
from pkg2image.rootfs.tree import Tree
from tests.support.tools import needs
from tests.support.trees import Shelf

DIRECTORY = Path(load.__file__).parent
RECIPES = builtin_recipes()
SCRIPTS = sorted(DIRECTORY.glob("*.sh"))
each = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)


def strings(value: object) -> list[str]:
    """Return every string in nested mappings and lists."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


@each
def test_it_names_no_versions(recipe: Recipe) -> None:
    fields = {name: value for name, value in recipe.dump().items() if name not in {"files", "applies_to"}}
    versions = [text for text in strings(fields) if re.search(r"(/|(?<!UTF)-)\d+(\.\d+)*(/|$)", text)]
    assert versions == []


@each
def test_it_says_how_to_test_itself(recipe: Recipe) -> None:
    test = recipe.smoke_test
    assert test is not None
    assert test.ready or test.expect or test.steps


@each
def test_it_is_for_the_package_of_its_name_and_for_none_of_another(recipe: Recipe) -> None:
    fitting = [other for other in RECIPES if any(fnmatchcase(recipe.name, each) for each in other.applies_to)]
    assert fitting == [recipe]


@each
def test_owners_are_its_own_or_made_by_debian(recipe: Recipe) -> None:
    base_passwd = {"root", "nobody", "proxy", "www-data"}
    scripts = {"memcache", "mosquitto", "mysql", "redis", "varnish", "vcache"}
    known = {*base_passwd, *scripts, *recipe.users, *recipe.groups}
    owned: list[RecipeDirectory | RecipeFile] = [*recipe.directories.values(), *recipe.files.values()]
    owners = {owner for entry in owned for owner in (entry.user, entry.group)}
    assert {*owners, recipe.user or "root"} <= known


def test_a_user_that_a_script_did_not_make_is_missed_by_name() -> None:
    recipe = load_builtin("redis")
    with pytest.raises(RequestError, match=r"cannot give /run/redis to the user redis \(recipe redis\)"):
        apply(recipe, Tree(), read=Shelf().read, epoch=0)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_is_content(script: Path) -> None:
    needs("shellcheck")
    done = subprocess.run(
        ["shellcheck", str(script)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_run_by_the_shell_of_the_image(script: Path) -> None:
    assert script.read_text().startswith("#!/bin/sh\n")
    needs("dash")
    done = subprocess.run(["dash", "-n", str(script)], stdin=subprocess.DEVNULL, check=False, timeout=60)
    assert done.returncode == 0
