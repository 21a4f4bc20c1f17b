"""Filling the paths of the image into a recipe.

Recipes name no versions. Where a path has one in it they write ``{glob:/usr/lib/postgresql/*/bin}``, which becomes the
path that exists in the image; of several the one with the highest version.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from pydantic import ValidationError

from pkg2image.deb.version import version_key
from pkg2image.errors import RequestError
from pkg2image.recipes.load import describe
from pkg2image.recipes.model import GLOB, Recipe
from pkg2image.rootfs.tree import Tree


def expand(recipe: Recipe, tree: Tree) -> Recipe:
    """Return the recipe with every ``{glob:PATTERN}`` replaced.

    Args:
        recipe: May hold patterns in every string: ``*``, ``?`` and ``[...]`` within one component of a path.
        tree: The unpacked packages.

    Raises:
        RequestError: When nothing in the image matches a pattern.
    """
    filled = _fill(recipe.dump(), tree, recipe.name)
    try:
        return Recipe.model_validate(filled)
    except ValidationError as error:
        raise RequestError(f"cannot use recipe {recipe.name} for this image: {describe(error)}") from error


def _fill(value: Any, tree: Tree, recipe: str) -> Any:
    match value:
        case str():
            return GLOB.sub(lambda match: _newest(match[1], tree, recipe), value)
        case dict():
            return {_fill(key, tree, recipe): _fill(part, tree, recipe) for key, part in value.items()}
        case list():
            return [_fill(part, tree, recipe) for part in value]
        case _:
            return value


def _newest(pattern: str, tree: Tree, recipe: str) -> str:
    found = max(_matches(tree, "", pattern[1:].split("/")), key=_order, default=None)
    if found is None:
        raise RequestError(
            f"cannot use recipe {recipe}: nothing in the image matches {pattern}",
            hint="ask for the package that ships it, or build without the recipe",
        )
    return found


def _matches(tree: Tree, path: str, parts: list[str]) -> Iterator[str]:
    if not parts:
        yield path
        return
    for name in tree.children(tree.canonical(path)):
        below = f"{path}/{name}"
        if fnmatchcase(name, parts[0]) and tree.lookup(below) is not None:
            yield from _matches(tree, below, parts[1:])


def _order(path: str) -> list[Any]:
    return [version_key(part) for part in path.split("/")]
