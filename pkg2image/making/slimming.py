"""``--slim``: the configured tree without what cannot be reached, for `pkg2image.making.configure`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pkg2image.analysis.reach.application import Entrances
from pkg2image.analysis.reach.data import data_rule
from pkg2image.analysis.reach.extracts import Extracts
from pkg2image.analysis.reach.packages import dependencies
from pkg2image.analysis.reach.references import Material
from pkg2image.analysis.reach.result import Slimmed
from pkg2image.analysis.reach.slim import slim
from pkg2image.analysis.shebangs import known_interpreters
from pkg2image.deb.facts import ElfFacts, FetchedDeb
from pkg2image.errors import RequestError
from pkg2image.image.config import ImageConfig
from pkg2image.maintscript.parsed import Records
from pkg2image.plan import Plan
from pkg2image.recipes.model import Recipe
from pkg2image.request import BuildRequest
from pkg2image.rootfs.ldconfig import install_cache
from pkg2image.rootfs.tree import Kind, ReadContent, Tree

_ASKED_FOR = frozenset({"requested", "recipe"})


def slimmed_tree(
    tree: Tree,
    plan: Plan,
    debs: Sequence[FetchedDeb],
    recipe: Recipe | None,
    config: ImageConfig,
    *,
    request: BuildRequest,
    elves: Mapping[str, ElfFacts],
    read: ReadContent,
    epoch: int,
    records: Records | None,
) -> Slimmed:
    """Return a tree without what cannot be reached from how it is started and tested.

    Args:
        tree: The configured tree; not changed.
        plan: What is in it, and who asked for it.
        debs: Its packages.
        recipe: Names optional parts, further files to keep, and the test.
        config: How it is started.
        request: Which of the optional parts are wanted, and what else is kept.
        elves: What is known of ELF files by the SHA-256 of their content.
        read: Reads contents out of the store.
        epoch: Time of what is made again, in seconds since the epoch.
        records: Where is kept what was found in contents.

    Raises:
        RequestError: When the request names an optional part that the recipe does not have.
    """
    extracts = Extracts(records)
    material = Material(
        tree=tree,
        read=read,
        extracts=extracts,
        elves=elves,
        interpreters=known_interpreters(debs),
        architecture=plan.architecture,
        environment=dict(config.environment),
        depends=dependencies(debs),
        sources={deb.package.name: deb.package.source_name for deb in debs},
        rule=data_rule(tree, locales=request.locales, optional=_optional_parts(recipe, request.features)),
    )
    entrances = Entrances(
        tuple(_commands(config, recipe)),
        tuple(item.package.name for item in plan.packages if item.reason.kind in _ASKED_FOR),
        (*(recipe.keep if recipe else ()), *request.keep),
    )
    found = slim(material, entrances)
    extracts.keep()
    # What lists the libraries names those that are left.
    cached = install_cache(found.tree, elves=elves, read=read, architecture=plan.architecture, mtime=epoch)
    return replace(found, tree=cached)


def present(tree: Tree, debs: Sequence[FetchedDeb]) -> tuple[FetchedDeb, ...]:
    """Return the packages of which anything but directories is in a tree.

    Args:
        tree: The slimmed tree.
        debs: All packages.
    """
    owners = {entry.package for _, entry in tree.walk() if entry.kind is not Kind.DIRECTORY}
    return tuple(deb for deb in debs if deb.package.name in owners)


def _optional_parts(recipe: Recipe | None, wanted: Sequence[str]) -> dict[str, tuple[str, ...]]:
    known = recipe.features if recipe else {}
    for name in wanted:
        if name not in known:
            raise RequestError(
                f"cannot turn on the feature {name!r}: "
                + (f"the recipe {recipe.name} has no such feature" if recipe else "only recipes have features"),
                hint=f"--feature {next(iter(known))}" if known else "build without --feature",
            )
    return {f"feature {name}": feature.paths for name, feature in known.items() if name not in wanted}


def _commands(config: ImageConfig, recipe: Recipe | None) -> Iterator[tuple[str, ...]]:
    """Yield all command lines that somebody starts."""
    yield (*config.entrypoint, *config.command)
    # An entrypoint may be a script that starts what it is given.
    yield config.command
    yield config.first_start
    test = recipe.smoke_test if recipe else None
    if test:
        yield test.ready
        yield (*config.entrypoint, *test.command)
        yield from (step.run for step in test.steps)
