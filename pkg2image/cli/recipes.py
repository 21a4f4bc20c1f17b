"""``pkg2image recipes``: the built-in recipes."""

from __future__ import annotations

import click
import yaml

from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import RequestError
from pkg2image.recipes.load import builtin_recipes


@click.group("recipes", no_args_is_help=False)
def command() -> None:
    """Look at the recipes that refine the images of well-known applications."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_recipes(*, as_json: bool) -> None:
    """List the built-in recipes."""
    found = builtin_recipes()
    if as_json:
        show_json([recipe.dump() for recipe in found])
        return
    width = max(len(recipe.name) for recipe in found)
    for recipe in found:
        show(f"{recipe.name:{width}}  {recipe.description}")


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show_recipe(name: str, *, as_json: bool) -> None:
    """Print a built-in recipe; it is a complete example for one of your own."""
    known = {recipe.name: recipe for recipe in builtin_recipes()}
    if name not in known:
        raise RequestError(
            f"cannot show the recipe {name!r}: it is not a built-in one", hint=f"name one of {', '.join(known)}"
        )
    recipe = known[name].dump()
    if as_json:
        show_json(recipe)
    else:
        show(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=110).rstrip())
