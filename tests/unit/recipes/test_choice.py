"""A request gets the recipe that fits it, and a plan what it needs of that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.recipes.choice import ChosenCut, ChosenRecipe, Wishes, choose_recipe, packages_of_builtin
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
        ("apache2", "apache2"),
        ("apache2-utils", None),
        ("default-mysql-server", "mariadb-server"),
        ("mariadb-client", None),
        ("php-fpm", "php-fpm"),
        ("php8.2-fpm", "php-fpm"),
        ("php8.4-cli", None),
        ("ssh", "openssh-server"),
        ("openssh-client", None),
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
    with pytest.raises(RequestError, match=r"cannot find recipe nginz: the built-in ones are apache2, .*, nginx, "):
        choose_recipe("nginz", ["nginx"])


@pytest.mark.parametrize(
    ("packages", "recipe"),
    [
        (["hello"], "hello"),
        (["nginx"], "our-web"),
        (["redis", "hello"], "hello"),
        (["redis"], "redis"),
        (["cowsay"], None),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_a_directory_goes_before_the_built_in_recipes(tmp_path: Path, packages: list[str], recipe: str | None) -> None:
    (tmp_path / "hello.yaml").write_text(HELLO + "applies_to:\n- hello\n")
    (tmp_path / "web.yml").write_text("name: our-web\ndescription: ours\napplies_to: [nginx*]\npackages: [dash]\n")
    (tmp_path / "README").write_text("not a recipe\n")
    found = choose_recipe(f"{tmp_path}/", packages)
    assert (found.name if found else None) == recipe
    if recipe == "our-web":
        assert found == ChosenRecipe("our-web", tmp_path / "web.yml")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"cannot find a recipe in .*/recipes: it has no file called \*\.yaml"),
        ({"a.yaml": HELLO, "b.yaml": "name: [\n"}, r"cannot read recipe .*/recipes/b\.yaml: "),
        (
            {"a.yaml": HELLO, "b.yaml": "name: b\n"},
            r"cannot use recipe .*/recipes/b\.yaml: description: field required",
        ),
    ],
    ids=["empty", "syntax", "incomplete"],
)
def test_a_bad_directory_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    directory = tmp_path / "recipes"
    directory.mkdir()
    for name, text in files.items():
        (directory / name).write_text(text)
    with pytest.raises(RequestError, match=message):
        choose_recipe(str(directory), ["hello"])


def test_a_directory_that_is_not_there_is_no_file() -> None:
    with pytest.raises(RequestError, match=r"cannot read recipe no/recipes: No such file or directory"):
        choose_recipe("no/recipes", ["hello"])


def test_choosing_does_not_load_the_yaml_library() -> None:
    code = (
        "import sys; from pkg2image.recipes.choice import choose_recipe; choose_recipe('auto', ['redis']); "
        "sys.exit(bool({'yaml', 'pydantic'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("recipe", builtin_recipes(), ids=lambda recipe: recipe.name)
def test_packages_of_a_built_in_recipe_are_read_as_the_model_says(recipe: Recipe) -> None:
    assert dict(packages_of_builtin())[recipe.name] == recipe.applies_to


@pytest.mark.parametrize("recipe", builtin_recipes(), ids=lambda recipe: recipe.name)
def test_a_plan_knows_of_a_built_in_recipe_what_the_model_says(recipe: Recipe) -> None:
    chosen = choose_recipe(recipe.name, [])
    assert chosen is not None
    assert chosen.name == recipe.name
    cuts = tuple(ChosenCut(cut.names, cut.only, cut.why) for cut in recipe.cut)
    features = {name: feature.packages for name, feature in recipe.features.items()}
    assert chosen.wishes() == Wishes(recipe.packages, cuts, features)
    assert chosen.load() == recipe


def test_a_file_may_bring_packages_and_cuts(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO + "packages: [dash]\ncut:\n  - {names: [perl], only: [hello], why: not needed}\n")
    chosen = choose_recipe(str(path), [])
    assert chosen is not None
    assert chosen.wishes() == Wishes(("dash",), (ChosenCut(("perl",), ("hello",), "not needed"),))
    assert chosen.load().name == "hello"
