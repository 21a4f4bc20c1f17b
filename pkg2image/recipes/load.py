"""Reading recipes: those of pkg2image, and files that users write."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pkg2image.errors import RequestError
from pkg2image.recipes.model import Recipe, RecipeFile
from pkg2image.yamltext import parse_yaml

_EXAMPLE = "see a complete one with `pkg2image recipes show postgresql`"


@cache
def builtin_recipes() -> tuple[Recipe, ...]:
    """Return the recipes of pkg2image in the order of their names."""
    files = (file for file in resources.files(__package__).iterdir() if file.name.endswith(".yaml"))
    return tuple(_read(file, file.name) for file in sorted(files, key=lambda file: file.name))


def builtin(package: str) -> Recipe | None:
    """Return the recipe for a requested package, or None.

    Args:
        package: The name that was asked for, for example ``postgresql`` or ``postgresql-17``.
    """
    return next((recipe for recipe in builtin_recipes() if recipe.serves(package)), None)


def recipe_for(choice: str, packages: Sequence[str]) -> Recipe | None:
    """Return the recipe for a request, or None when it needs none.

    Args:
        choice: ``auto`` for the built-in recipe of the first requested package that has one, ``none``, the name of a
            built-in recipe, or the path of a recipe file.
        packages: Names of the requested packages, in order.

    Raises:
        RequestError: When there is no such recipe, or the file is no good.
    """
    if choice == "none":
        return None
    if choice == "auto":
        return next((recipe for recipe in map(builtin, packages) if recipe is not None), None)
    named = {recipe.name: recipe for recipe in builtin_recipes()}
    if choice in named:
        return named[choice]
    if "/" in choice or choice.endswith((".yaml", ".yml")):
        return load_recipe(Path(choice))
    raise RequestError(
        f"cannot find recipe {choice}: the built-in ones are {', '.join(named)}",
        hint="write a path (./NAME.yaml) for a file of your own",
    )


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file; files that it names lie beside it.

    Raises:
        RequestError: When a file cannot be read, or the recipe is wrong: all mistakes, with their places.
    """
    return _read(path, str(path))


def _read(file: Traversable, shown: str) -> Recipe:
    text = _text(file, f"recipe {shown}")
    try:
        recipe = Recipe.model_validate(parse_yaml(text))
    except yaml.YAMLError as error:
        raise RequestError(f"cannot read recipe {shown}: {_on_one_line(str(error))}", hint=_EXAMPLE) from error
    except ValidationError as error:
        raise RequestError(f"cannot use recipe {shown}: {describe(error)}", hint=_EXAMPLE) from error
    return _with_scripts(recipe, file, shown)


def describe(error: ValidationError) -> str:
    """Return the mistakes that pydantic found in one line, each with its place in the file."""
    return "; ".join(_mistake(detail) for detail in error.errors())


def _mistake(detail: ErrorDetails) -> str:
    # pydantic ends the place of a mapping's key with "[key]", and starts our own messages with "Value error, ".
    path = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    text = "must be a mapping" if detail["type"] == "model_type" else detail["msg"].removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    return f"{path}: {text}" if path else text


def _with_scripts(recipe: Recipe, file: Traversable, shown: str) -> Recipe:
    files = {path: _with_script(entry, file, f"recipe {shown}: files.{path}") for path, entry in recipe.files.items()}
    return recipe.model_copy(update={"files": files})


def _with_script(entry: RecipeFile, file: Traversable, place: str) -> RecipeFile:
    if entry.script is None:
        return entry
    content = _text(_beside(file, entry.script), place)
    return entry.model_copy(update={"script": None, "content": content})


def _beside(file: Traversable, name: str) -> Traversable:
    directory = file.parent if isinstance(file, Path) else resources.files(__package__)
    return directory / name


def _text(file: Traversable, what: str) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise RequestError(f"cannot read {what}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"cannot read {what}: {file.name} is not UTF-8") from error


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
