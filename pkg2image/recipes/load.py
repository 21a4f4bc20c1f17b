"""Reading recipes: those of pkg2image, and files that users write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pkg2image.errors import RequestError
from pkg2image.recipes.files import BUILTIN, recipe_files
from pkg2image.recipes.model import Recipe, RecipeFile
from pkg2image.yamltext import parse_yaml

_EXAMPLE = "see a complete one with `pkg2image recipes show postgresql`"


@cache
def builtin_recipes() -> tuple[Recipe, ...]:
    """Return the recipes of pkg2image in the order of their names."""
    return tuple(_read(file, file.name) for file in recipe_files(BUILTIN))


@cache
def load_builtin(name: str) -> Recipe:
    """Return the recipe of pkg2image that has a name; the file is called like the recipe."""
    file = BUILTIN / f"{name}.yaml"
    return _read(file, file.name)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file; files that it names lie beside it.

    Raises:
        RequestError: When a file cannot be read, or the recipe is wrong: all mistakes, with their places.
    """
    return _read(path, str(path))


def recipe_of(document: Mapping[str, Any], name: str) -> Recipe:
    """Return the recipe that was written as a document, see `Recipe.dump`.

    Raises:
        RequestError: When it is wrong.
    """
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise RequestError(f"cannot use recipe {name}: {describe(error)}", hint=_EXAMPLE) from error


def _read(file: Path, shown: str) -> Recipe:
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


def _with_scripts(recipe: Recipe, file: Path, shown: str) -> Recipe:
    files = {path: _with_script(entry, file, f"recipe {shown}: files.{path}") for path, entry in recipe.files.items()}
    return recipe.model_copy(update={"files": files})


def _with_script(entry: RecipeFile, file: Path, place: str) -> RecipeFile:
    if entry.script is None:
        return entry
    content = _text(file.with_name(entry.script), place)
    return entry.model_copy(update={"script": None, "content": content})


def _text(file: Path, what: str) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise RequestError(f"cannot read {what}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"cannot read {what}: {file.name} is not UTF-8") from error


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
