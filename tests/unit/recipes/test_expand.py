"""Paths with a version in them are taken from the image."""

from __future__ import annotations

from typing import Any

import pytest

from pkg2image.errors import RequestError
from pkg2image.recipes.expand import expand
from pkg2image.recipes.model import Recipe
from pkg2image.rootfs.tree import Entry, Kind, Tree


def tree_of(*paths: str, links: dict[str, str] | None = None) -> Tree:
    """Return a tree of directories and symlinks."""
    tree = Tree()
    for path in paths:
        tree.make_directories(path)
    for path, target in (links or {}).items():
        tree.put(path, Entry(Kind.SYMLINK, 0o777, target=target))
    return tree


def recipe_with(**fields: Any) -> Recipe:
    return Recipe.model_validate({"name": "hello", "description": "says hello", **fields})


@pytest.mark.parametrize(
    ("pattern", "tree", "path"),
    [
        ("/usr/lib/pg/*/bin", tree_of("usr/lib/pg/15/bin"), "/usr/lib/pg/15/bin"),
        ("/usr/lib/pg/*/bin", tree_of("usr/lib/pg/9.6/bin", "usr/lib/pg/15/bin"), "/usr/lib/pg/15/bin"),
        ("/usr/lib/pg/*/bin", tree_of("usr/lib/pg/15/bin", "usr/lib/pg/17/lib"), "/usr/lib/pg/15/bin"),
        ("/opt/app-*", tree_of("opt/app-1.10", "opt/app-1.9", "opt/app-1.10~rc1"), "/opt/app-1.10"),
        ("/opt/app-[0-9]", tree_of("opt/app-1", "opt/app-10", "opt/app-x"), "/opt/app-1"),
        ("/lib/*", tree_of("usr/lib/x", links={"lib": "usr/lib"}), "/lib/x"),
        ("/a/*", tree_of("a/1", links={"a/2": "nowhere"}), "/a/1"),
    ],
    ids=["only", "highest", "complete", "debian-order", "characters", "through-a-link", "dangling-link"],
)
def test_a_pattern_becomes_the_path_with_the_highest_version(pattern: str, tree: Tree, path: str) -> None:
    assert expand(recipe_with(entrypoint=[f"{{glob:{pattern}}}/run"]), tree).entrypoint == (f"{path}/run",)


def test_patterns_are_found_in_every_string() -> None:
    tree = tree_of("opt/1/bin")
    recipe = recipe_with(
        environment={"PATH": "{glob:/opt/*/bin}:/usr/bin:{glob:/opt/*}"},
        symlinks={"{glob:/opt/*}/current": "{glob:/opt/*/bin}"},
        smoke_test={"ready": ["{glob:/opt/*/bin}/ready"]},
    )
    filled = expand(recipe, tree)
    assert filled.environment == {"PATH": "/opt/1/bin:/usr/bin:/opt/1"}
    assert filled.symlinks == {"/opt/1/current": "/opt/1/bin"}
    assert filled.smoke_test is not None
    assert filled.smoke_test.ready == ("/opt/1/bin/ready",)


def test_a_recipe_without_patterns_stays_as_it_is() -> None:
    recipe = recipe_with(entrypoint=["/bin/hello", "{}", "{glob:relative}"], workdir="/srv")
    assert expand(recipe, Tree()) == recipe


def test_a_pattern_that_nothing_matches_is_refused() -> None:
    with pytest.raises(
        RequestError, match=r"cannot use recipe hello: nothing in the image matches /opt/\*/bin"
    ) as caught:
        expand(recipe_with(workdir="{glob:/opt/*/bin}"), tree_of("opt/1"))
    assert caught.value.hint == "ask for the package that ships it, or build without the recipe"
