"""Which recipe a request gets, and what a plan must know of it.

Every plan asks this, and most get no recipe. So of the built-in recipes only the packages they are for are read, from
the one line that says it; the one that fits is read as it stands, and only when a plan is resolved. Tests hold both to
the model. The model itself, and the library it is written with, are loaded when an image is configured, and for files
of users, which are checked first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkg2image.errors import RequestError
from pkg2image.recipes.files import BUILTIN, is_path, recipe_files

if TYPE_CHECKING:
    from pkg2image.recipes.model import Recipe

_APPLIES_TO = re.compile(rb"^applies_to: \[(.*)\]$", re.MULTILINE)
_PLAIN = re.compile(r"[a-z0-9.+-]*").fullmatch


@dataclass(frozen=True, slots=True)
class ChosenCut:
    """Dependencies that the recipe leaves out; see `pkg2image.recipes.model.RecipeCut`."""

    names: tuple[str, ...]
    only: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a recipe says about packages.

    Args:
        packages: Further ones that the application needs.
        cut: Dependencies that the runtime closure leaves out.
        features: Optional parts -> further packages for each; see `pkg2image.recipes.model.RecipeFeature`.
    """

    packages: tuple[str, ...] = ()
    cut: tuple[ChosenCut, ...] = ()
    features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChosenRecipe:
    """A recipe as far as a plan needs it.

    Args:
        name: Its name.
        path: The file of the user; None when it is built in.
        document: All of it, where a lock has it.
    """

    name: str
    path: Path | None = None
    document: Mapping[str, Any] | None = None

    @property
    def is_builtin(self) -> bool:
        """Whether it is a part of the program."""
        return self.path is None and self.document is None

    @property
    def file(self) -> Path:
        """The file it is in."""
        return self.path or BUILTIN / f"{self.name}.yaml"

    def wishes(self) -> Wishes:
        """Return what it says about packages; one that is built in is read as it stands.

        Raises:
            RequestError: As `load`.
        """
        if not self.is_builtin:
            recipe = self.load()
            return Wishes(
                recipe.packages,
                tuple(ChosenCut(cut.names, cut.only, cut.why) for cut in recipe.cut),
                {name: feature.packages for name, feature in recipe.features.items()},
            )
        from pkg2image.yamltext import parse_yaml  # noqa: PLC0415 -- see the module

        raw = parse_yaml(self.file.read_bytes())
        cuts = (ChosenCut(tuple(cut["names"]), tuple(cut["only"]), cut["why"]) for cut in raw.get("cut", ()))
        features = {name: tuple(feature.get("packages", ())) for name, feature in raw.get("features", {}).items()}
        return Wishes(tuple(raw.get("packages", ())), tuple(cuts), features)

    def load(self) -> Recipe:
        """Return the whole recipe.

        Raises:
            RequestError: When the file of the user cannot be read or is no good.
        """
        from pkg2image.recipes.load import load_builtin, load_recipe, recipe_of  # noqa: PLC0415 -- see the module

        if self.document is not None:
            return recipe_of(self.document, self.name)
        return load_builtin(self.name) if self.path is None else load_recipe(self.path)


def choose_recipe(choice: str, packages: Sequence[str]) -> ChosenRecipe | None:
    """Return the recipe for a request, or None when it needs none.

    Args:
        choice: ``auto`` for the built-in recipe of the first requested package that has one, ``none``, the name of a
            built-in recipe, the path of a recipe file, or that of a directory of them, which go before the built-in
            ones.
        packages: Names of the requested packages, in order.

    Raises:
        RequestError: When there is no such recipe, or the file is no good.
    """
    if choice == "none":
        return None
    if choice == "auto":
        return _of_packages(packages)
    if is_path(choice):
        path = Path(choice)
        return _of_directory(path, packages) or _of_packages(packages) if path.is_dir() else _of_file(path)
    names = [path.stem for path in recipe_files(BUILTIN)]
    if choice in names:
        return ChosenRecipe(choice)
    raise RequestError(
        f"cannot find recipe {choice}: the built-in ones are {', '.join(names)}",
        hint="write a path for your own: ./NAME.yaml, or ./DIRECTORY for one with several of them",
    )


def _of_packages(packages: Sequence[str]) -> ChosenRecipe | None:
    """Return the built-in recipe of the first package that has one."""
    known = list(packages_of_builtin())
    fitting = (name for package in packages for name, patterns in known if _serves(patterns, package))
    name = next(fitting, None)
    return ChosenRecipe(name) if name else None


def packages_of_builtin() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name of each built-in recipe and the patterns of the packages it is for."""
    for path in recipe_files(BUILTIN):
        match = _APPLIES_TO.search(path.read_bytes())
        if match:
            yield path.stem, tuple(word.strip(" \"'") for word in match[1].decode().split(","))


def _serves(patterns: Sequence[str], package: str) -> bool:
    # Most patterns are plain names, and each other one costs the making of an expression.
    return any(pattern == package or (not _PLAIN(pattern) and fnmatchcase(package, pattern)) for pattern in patterns)


def _of_directory(directory: Path, packages: Sequence[str]) -> ChosenRecipe | None:
    from pkg2image.recipes.load import load_recipe  # noqa: PLC0415 -- see the module

    known = [(path, load_recipe(path)) for path in recipe_files(directory)]
    fitting = (found for package in packages for found in known if _serves(found[1].applies_to, package))
    found = next(fitting, None)
    return ChosenRecipe(found[1].name, found[0]) if found else None


def _of_file(path: Path) -> ChosenRecipe:
    from pkg2image.recipes.load import load_recipe  # noqa: PLC0415 -- see the module

    return ChosenRecipe(load_recipe(path).name, path)
