"""A request gets the recipe that fits it, and a plan what it needs of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.recipes.choice import ChosenCut, choose_recipe
from pkg2image.recipes.load import builtin_recipes
from pkg2image.recipes.model import Recipe

HELLO = "name: hello\ndescription: says hello\n"


@pytest.mark.parametrize(
    ("package", "recipe"),
    [
        ("postgresql", "postgresql"),
        ("postgresql-15", "postgresql"),
        ("postgresql-17", "postgresql"),
        ("postgresql-17-postgis-3", "postgresql"),
        ("postgresql-client-17", None),
        ("postgresql-common", None),
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
    found = choose_recipe("auto", [package])
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
    found = choose_recipe(choice, packages)
    assert (found.name if found else None) == recipe


def test_a_request_may_name_a_file(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO)
    found = choose_recipe(str(path), ["nginx"])
    assert found is not None
    assert found.name == "hello"


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RequestError, match="cannot find recipe nginz: the built-in ones are curl, nginx, postgresql"):
        choose_recipe("nginz", ["nginx"])


@pytest.mark.parametrize("recipe", builtin_recipes(), ids=lambda recipe: recipe.name)
def test_a_plan_knows_of_a_built_in_recipe_what_the_model_says(recipe: Recipe) -> None:
    chosen = choose_recipe(recipe.name, [])
    assert chosen is not None
    assert (chosen.name, chosen.packages) == (recipe.name, recipe.packages)
    assert chosen.cut == tuple(ChosenCut(cut.names, cut.only, cut.why) for cut in recipe.cut)
    assert chosen.load() == recipe


def test_a_file_may_bring_packages_and_cuts(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO + "packages: [dash]\ncut:\n  - {names: [perl], only: [hello], why: not needed}\n")
    chosen = choose_recipe(str(path), [])
    assert chosen is not None
    assert (chosen.packages, chosen.cut) == (("dash",), (ChosenCut(("perl",), ("hello",), "not needed"),))
    assert chosen.load().name == "hello"
