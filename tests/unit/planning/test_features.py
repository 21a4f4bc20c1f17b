"""Optional parts of an application and locales bring their packages into a plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.planning.planned import make_plan
from pkg2image.world import World
from tests.support.repository import deb
from tests.unit.planning.test_planned import BASE, MAIN, keyring, names, open_world, request

__all__ = ["keyring"]

SERVERS = [
    deb("app", "17", Depends="app-17"),
    *(deb(f"app-{kind}{version}", version) for kind in ("", "perl-", "tcl-") for version in ("16", "17")),
    deb("words"),
]
RECIPE = """
name: app
description: a server
features:
  jit: {paths: [/usr/lib/app/jit], why: speed}
  perl: {packages: ["app-perl-{number:app-}", words], why: another language}
  odd: {packages: ["app-perl-{number:other-}"], why: nothing}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    locales = deb("locales-all")
    return open_world(tmp_path, [replace(MAIN, packages={"main": [*BASE, *SERVERS, locales]})])


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "app.yaml"
    path.write_text(RECIPE)
    return str(path)


@pytest.mark.parametrize(
    ("packages", "features", "more"),
    [
        (["app"], ["perl"], ["app-perl-17", "words"]),
        (["app-16"], ["perl", "jit"], ["app-perl-16", "words"]),
        (["app-16", "app"], ["perl"], ["app-perl-16", "app-perl-17", "words"]),
        (["app"], ["jit"], []),
    ],
    ids=str,
)
def test_a_feature_brings_packages_for_the_version_that_is_there(
    world: World, keyring: Path, recipe: str, *, packages: list[str], features: list[str], more: list[str]
) -> None:
    without = make_plan(request(keyring, *packages, recipe=recipe), "amd64", world)
    planned = make_plan(request(keyring, *packages, recipe=recipe, features=features), "amd64", world)
    assert names(planned) == sorted({*names(without), *more})
    assert planned.plan.roots == without.plan.roots
    reasons = {each.package.name: str(each.reason) for each in planned.plan.packages}
    for name in more:
        assert reasons[name] == f"wanted by the recipe app: {name} for the feature perl"


@pytest.mark.parametrize(
    ("feature", "message", "hint"),
    [
        ("ruby", "cannot turn on the feature 'ruby': the recipe app has no such feature", "--feature jit"),
        ("odd", "it needs app-perl-{number:other-}, and no package of the image is called other-NUMBER", "build wit"),
    ],
)
def test_features_that_cannot_be(
    world: World, keyring: Path, recipe: str, *, feature: str, message: str, hint: str
) -> None:
    with pytest.raises(RequestError) as caught:
        make_plan(request(keyring, "app", recipe=recipe, features=[feature]), "amd64", world)
    assert message in caught.value.message
    assert str(caught.value.hint).startswith(hint)


def test_without_a_recipe_there_are_no_features(world: World, keyring: Path) -> None:
    with pytest.raises(RequestError, match="cannot turn on the feature 'jit': only recipes have features") as caught:
        make_plan(request(keyring, "app", features=["jit"]), "amd64", world)
    assert caught.value.hint == "build without --feature"


def test_a_locale_brings_the_package_of_all_locales(tmp_path: Path, world: World, keyring: Path) -> None:
    words = request(keyring, "app", slim=True, locales=["de_DE", "fr_FR"])
    planned = make_plan(words, "amd64", world)
    reasons = {each.package.name: str(each.reason) for each in planned.plan.packages}
    assert reasons["locales-all"] == "requested as --locale de_DE fr_FR"
    assert "locales-all" not in planned.plan.roots
    bare = open_world(tmp_path / "bare", [replace(MAIN, packages={"main": [*BASE, *SERVERS]})])
    with pytest.raises(RequestError, match="cannot have the locale de_DE: no source has locales-all"):
        make_plan(words, "amd64", bare)
