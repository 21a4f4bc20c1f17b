"""``--slim``: the configured tree without what cannot be reached, for `pkg2image.making.configure`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pkg2image.analysis.reach.application import Entrances
from pkg2image.analysis.reach.data import data_rule, normal_locale
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
from pkg2image.planning.features import BY_LOCALE, LOCALES
from pkg2image.recipes.model import NUMBER, Recipe, RecipeFeature
from pkg2image.request import BuildRequest
from pkg2image.rootfs.ldconfig import install_cache
from pkg2image.rootfs.tree import Kind, ReadContent, Tree

_ASKED_FOR = frozenset({"requested", "recipe"})
_ANYBODYS = frozenset({*_ASKED_FOR, "need"})
_LOCALES = "/usr/lib/locale"
# How finders say that they keep more than they can follow.
_UNJUDGED = re.compile(r"that nobody can tell|so that its whole package is kept|whose imports are not followed")
_MOST_NAMES = 5


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
        RequestError: When there is no such locale.
    """
    asked = _asked_for(plan)
    optional = _optional_parts(recipe, request.features, asked)
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
        common=_common(plan, debs),
        sources={deb.package.name: deb.package.source_name for deb in debs},
        rule=data_rule(tree, locales=request.locales, optional=_left_out(optional)),
    )
    beside = _beside(plan, debs)
    entrances = Entrances(
        # An entrypoint may be a script that starts what it is given.
        commands=((*config.entrypoint, *config.command), config.command, config.first_start),
        # The package of locales is part of the C library's source, which is not meant with it.
        packages=tuple(name for name in asked if name != LOCALES and name not in beside),
        keep=(
            *(recipe.keep if recipe else ()),
            *request.keep,
            *(pattern for feature, is_on in optional.values() if is_on for pattern in (*feature.paths, *feature.keep)),
            *((f"{_LOCALES}/*",) if LOCALES in asked else _locales(tree, request.locales)),
        ),
        beside=beside,
        tests=tuple(_tests(config, recipe)),
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


def kept_whole(slimmed: Slimmed) -> tuple[str, ...]:
    """Return a sentence about the packages that are kept because nobody can tell which of their files are used.

    Args:
        slimmed: What is kept, and why.
    """
    names = sorted(
        {slimmed.tree[path].package for path, reason in slimmed.reasons.items() if _UNJUDGED.search(reason.why)} - {""}
    )
    if not names:
        return ()
    shown = ", ".join(names[:_MOST_NAMES]) + (
        f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    )
    return (f"kept whole, since nobody can tell which of the modules in them are used: {shown}",)


def _asked_for(plan: Plan) -> tuple[str, ...]:
    """Return the packages that somebody asked for by name."""
    return tuple(
        item.package.name
        for item in plan.packages
        if item.reason.kind in _ASKED_FOR and not item.reason.relation.startswith(BY_LOCALE)
    )


def _optional_parts(
    recipe: Recipe | None, wanted: Sequence[str], asked: Sequence[str]
) -> dict[str, tuple[RecipeFeature, bool]]:
    """Return the optional parts, each with whether it is wanted: by its name, or as the packages it would bring."""
    return {
        name: (feature, name in wanted or (bool(feature.packages) and _are_among(feature.packages, asked)))
        for name, feature in (recipe.features if recipe else {}).items()
    }


def _are_among(patterns: Sequence[str], names: Sequence[str]) -> bool:
    forms = [re.compile("[0-9]+".join(map(re.escape, NUMBER.split(pattern)[::2]))) for pattern in patterns]
    return all(any(form.fullmatch(name) for name in names) for form in forms)


def _left_out(optional: Mapping[str, tuple[RecipeFeature, bool]]) -> dict[str, tuple[str, ...]]:
    return {f"feature {name}": feature.paths for name, (feature, is_on) in optional.items() if not is_on}


def _locales(tree: Tree, wanted: Sequence[str]) -> Iterator[str]:
    """Yield where the wanted locales are."""
    known: dict[str, list[str]] = {}
    for name in tree.children(_LOCALES.strip("/")):
        known.setdefault(normal_locale(name), []).append(f"{_LOCALES}/{name}")
    for locale in wanted:
        if normal_locale(locale) not in known:
            raise RequestError(
                f"cannot keep the locale {locale}: {LOCALES} has none of that name",
                hint="locales are called like --locale de_DE",
            )
        yield from known[normal_locale(locale)]


def _beside(plan: Plan, debs: Sequence[FetchedDeb]) -> tuple[str, ...]:
    """Return the packages that a recipe adds for the programs in its scripts: elsewhere everybody has them."""
    essential = {deb.package.name for deb in debs if deb.package.essential}
    return tuple(
        item.package.name for item in plan.packages if item.reason.kind == "recipe" and item.package.name in essential
    )


def _common(plan: Plan, debs: Sequence[FetchedDeb]) -> frozenset[str]:
    """Return the packages of which anybody may start programs, though nothing declares it."""
    essential = (deb.package.name for deb in debs if deb.package.essential)
    return frozenset((*essential, *(item.package.name for item in plan.packages if item.reason.kind in _ANYBODYS)))


def _tests(config: ImageConfig, recipe: Recipe | None) -> Iterator[tuple[str, ...]]:
    """Yield the command lines of the smoke test."""
    test = recipe.smoke_test if recipe else None
    if test:
        yield test.ready
        yield (*config.entrypoint, *test.command)
        yield from (step.run for step in test.steps)
