"""Packages that optional parts of an application bring, and those that locales need.

A feature of a recipe may name packages whose names have the version of another one in them, for example
``postgresql-plperl-{number:postgresql-}``; which it is shows as soon as the rest is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from pkg2image.archive.universe import LoadedUniverse
from pkg2image.errors import RequestError
from pkg2image.plan import Reason
from pkg2image.recipes.choice import ChosenRecipe, Wishes
from pkg2image.resolve.request import Want, parse_want

LOCALES = "locales-all"
"""The package that has every locale, ready to be used."""

BY_LOCALE = "--locale "
"""How the words of a request begin that ask for the package of locales because of one of them."""

_NUMBER = re.compile(r"\{number:([^{}]+)\}")  # as the model has it, whose library a plan does without


def check_features(recipe: ChosenRecipe | None, wishes: Wishes, wanted: Sequence[str]) -> None:
    """Check that the application has the optional parts that are asked for.

    Args:
        recipe: That of the application, if there is one.
        wishes: What it says.
        wanted: Names of the parts.

    Raises:
        RequestError: When it does not.
    """
    for name in wanted:
        if name not in wishes.features:
            raise RequestError(
                f"cannot turn on the feature {name!r}: "
                + (f"the recipe {recipe.name} has no such feature" if recipe else "only recipes have features"),
                hint=f"--feature {next(iter(wishes.features))}" if wishes.features else "build without --feature",
            )


def feature_wants(
    recipe: str, wishes: Wishes, wanted: Sequence[str], names: Callable[[], Iterable[str]]
) -> tuple[Want, ...]:
    """Return the packages that optional parts bring.

    Args:
        recipe: Name of the recipe.
        wishes: What it says.
        wanted: Names of the parts.
        names: Returns the names of the packages that are in the image without them.

    Raises:
        RequestError: When the name of a package follows one that is not there.
    """
    return tuple(
        parse_want(package, reason=Reason("recipe", recipe, f"{package} for the feature {name}"))
        for name in wanted
        for pattern in wishes.features[name]
        for package in _filled(pattern, name, names)
    )


def _filled(pattern: str, feature: str, names: Callable[[], Iterable[str]]) -> Iterator[str]:
    """Yield the names that a pattern stands for, in order: one for each number."""
    prefixes = dict.fromkeys(_NUMBER.findall(pattern))
    if not prefixes:
        yield pattern
        return
    (prefix,) = prefixes
    known = sorted(
        {int(name.removeprefix(prefix)) for name in names() if re.fullmatch(re.escape(prefix) + "[0-9]{1,9}", name)}
    )
    if not known:
        raise RequestError(
            f"cannot turn on the feature {feature!r}: it needs {pattern}, and no package of the image is called "
            f"{prefix}NUMBER",
            hint="build without --feature",
        )
    yield from (_NUMBER.sub(str(number), pattern) for number in known)


def locale_wants(universe: LoadedUniverse, locales: Sequence[str]) -> tuple[Want, ...]:
    """Return the package that locales are in; the image gets only those of it that are asked for.

    Raises:
        RequestError: When no source has it.
    """
    if not locales:
        return ()
    if not universe.versions(LOCALES):
        raise RequestError(
            f"cannot have the locale {locales[0]}: no source has {LOCALES}",
            hint="add the distribution's main archive with --extra-source",
        )
    return (parse_want(LOCALES, reason=Reason("requested", relation=f"{BY_LOCALE}{' '.join(locales)}")),)
