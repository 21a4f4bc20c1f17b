"""Which recipe a request gets, and what a plan must know of it.

A plan needs no more than a recipe's packages and cuts. Those of built-in recipes are read as they stand, since tests
hold them to the model; the model itself, and the library it is written with, are loaded when an image is configured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkg2image.errors import RequestError
from pkg2image.yamltext import parse_yaml

if TYPE_CHECKING:
    from pkg2image.recipes.model import Recipe


@dataclass(frozen=True, slots=True)
class ChosenCut:
    """Dependencies that the recipe leaves out; see `pkg2image.recipes.model.RecipeCut`."""

    names: tuple[str, ...]
    only: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class ChosenRecipe:
    """A recipe as far as a plan needs it.

    Args:
        name: Its name.
        packages: Further packages the application needs.
        cut: Dependencies that the runtime closure leaves out.
        path: The file of the user; None when it is built in.
    """

    name: str
    packages: tuple[str, ...] = ()
    cut: tuple[ChosenCut, ...] = ()
    path: Path | None = None

    def load(self) -> Recipe:
        """Return the whole recipe.

        Raises:
            RequestError: When the file of the user cannot be read or is no good.
        """
        from pkg2image.recipes.load import load_builtin, load_recipe  # noqa: PLC0415 -- see the module

        return load_builtin(self.name) if self.path is None else load_recipe(self.path)


def choose_recipe(choice: str, packages: Sequence[str]) -> ChosenRecipe | None:
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
    if choice != "auto" and ("/" in choice or choice.endswith((".yaml", ".yml"))):
        return _from_file(Path(choice))
    known = {raw["name"]: raw for raw in _builtin()}
    if choice == "auto":
        fitting = (raw for package in packages for raw in known.values() if _serves(raw, package))
        raw = next(fitting, None)
        return _chosen(raw) if raw else None
    if choice in known:
        return _chosen(known[choice])
    raise RequestError(
        f"cannot find recipe {choice}: the built-in ones are {', '.join(known)}",
        hint="write a path (./NAME.yaml) for a file of your own",
    )


def _builtin() -> Iterator[dict[str, Any]]:
    files = (file for file in resources.files(__package__).iterdir() if file.name.endswith(".yaml"))
    for file in sorted(files, key=lambda file: file.name):
        yield parse_yaml(file.read_bytes())


def _serves(raw: dict[str, Any], package: str) -> bool:
    return any(fnmatchcase(package, pattern) for pattern in raw.get("applies_to", ()))


def _chosen(raw: dict[str, Any]) -> ChosenRecipe:
    cuts = (ChosenCut(tuple(cut["names"]), tuple(cut["only"]), cut["why"]) for cut in raw.get("cut", ()))
    return ChosenRecipe(raw["name"], tuple(raw.get("packages", ())), tuple(cuts))


def _from_file(path: Path) -> ChosenRecipe:
    from pkg2image.recipes.load import load_recipe  # noqa: PLC0415 -- a file of the user is checked before it is used

    recipe = load_recipe(path)
    cuts = (ChosenCut(cut.names, cut.only, cut.why) for cut in recipe.cut)
    return ChosenRecipe(recipe.name, recipe.packages, tuple(cuts), path)
