"""``pkg2image recipes``: the recipes of pkg2image, and those of the user."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import RequestError
from pkg2image.recipes.files import is_path, recipe_files
from pkg2image.recipes.load import builtin_recipes, load_recipe
from pkg2image.recipes.model import Recipe

_directory = click.argument("directory", required=False, type=click.Path(path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


@click.group("recipes", no_args_is_help=False)
def command() -> None:
    """Look at the recipes that refine the images of well-known applications."""


@command.command("list")
@_directory
@_json
def list_recipes(directory: Path | None, *, as_json: bool) -> None:
    """List the built-in recipes, after those in a DIRECTORY of yours."""
    own = _own(directory)
    found = [*own.values(), *builtin_recipes()]
    if as_json:
        show_json([recipe.dump() for recipe in found])
        return
    width = max(len(recipe.name) for recipe in found)
    for path, recipe in own.items():
        show(f"{recipe.name:{width}}  {recipe.description} ({path})")
    for recipe in builtin_recipes():
        show(f"{recipe.name:{width}}  {recipe.description}")


@command.command("show")
@click.argument("name")
@_directory
@_json
def show_recipe(name: str, directory: Path | None, *, as_json: bool) -> None:
    """Print a recipe; each built-in one is a complete example for one of your own.

    NAME is that of a built-in recipe, of one in a DIRECTORY of yours, or the path of a file.
    """
    recipe = (load_recipe(Path(name)) if is_path(name) else _named(name, directory)).dump()
    if as_json:
        show_json(recipe)
    else:
        show(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=110).rstrip())


def _own(directory: Path | None) -> dict[Path, Recipe]:
    return {path: load_recipe(path) for path in recipe_files(directory)} if directory else {}


def _named(name: str, directory: Path | None) -> Recipe:
    found = [*_own(directory).values(), *builtin_recipes()]
    for recipe in found:
        if recipe.name == name:
            return recipe
    which = f"it is neither in {directory} nor built in" if directory else "it is not a built-in one"
    names = ", ".join(dict.fromkeys(recipe.name for recipe in found))
    raise RequestError(f"cannot show the recipe {name!r}: {which}", hint=f"name one of {names}")
