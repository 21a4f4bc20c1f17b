"""``FetchedDeb* -> Tree``: unpacked by dpkg's rules, configured without running anything.

The order is that of a first installation: the skeleton, the packages, their scripts, declarative files, what the recipe
adds, the triggers, and last what the closure leaves out and dpkg's database of what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pkg2image.analysis.completeness import Unmet, completeness, summary
from pkg2image.analysis.optional import optional_names
from pkg2image.analysis.runtime import Inferred, explained, infer, provide
from pkg2image.analysis.shebangs import known_interpreters
from pkg2image.assemble import check_user, configured
from pkg2image.deb.facts import ElfFacts, FetchedDeb
from pkg2image.errors import IncompleteImageError
from pkg2image.image.config import ImageConfig
from pkg2image.image.read import INFERRED_PATH, PLAN_PATH, SCRIPTS_PATH, UNMET_PATH
from pkg2image.lock import Plan, canonical_json
from pkg2image.maintscript.parsed import Records
from pkg2image.maintscript.report import ScriptReport
from pkg2image.maintscript.run import install_packages
from pkg2image.recipes.apply import apply
from pkg2image.recipes.expand import expand
from pkg2image.recipes.model import Recipe
from pkg2image.request import BuildRequest
from pkg2image.rootfs.diversions import read_diversions
from pkg2image.rootfs.dpkgdb import write_database
from pkg2image.rootfs.ldconfig import known_elves
from pkg2image.rootfs.minimize import Dropped, minimize
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.sysusers import apply_sysusers
from pkg2image.rootfs.tmpfiles import apply_tmpfiles
from pkg2image.rootfs.tree import Identities, ReadContent, Tree
from pkg2image.rootfs.triggers import left_out, run_triggers
from pkg2image.rootfs.users import check_granted, check_possible, read_accounts


@dataclass(frozen=True, slots=True)
class Configured:
    """A tree that is finished, and how to start what is in it.

    Args:
        tree: The root filesystem.
        config: The runtime configuration.
        identities: The numbers of its users and groups.
        scripts: What became of the scripts of its packages.
        dropped: What the closure leaves out.
        notes: What the user should know about it.
    """

    tree: Tree
    config: ImageConfig
    identities: Identities
    scripts: ScriptReport
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()


def configure(
    plan: Plan,
    debs: Sequence[FetchedDeb],
    recipe: Recipe | None,
    *,
    request: BuildRequest,
    read: ReadContent,
    epoch: int,
    records: Records | None = None,
) -> Configured:
    """Make the finished tree of a plan.

    Args:
        plan: What is in it.
        debs: Its packages, in the order of the plan.
        recipe: What the application needs beside them.
        request: What the user said about scripts and about how the image is started.
        read: Reads contents out of the store.
        epoch: Time of everything that is made, in seconds since the epoch.
        records: Where parsed scripts are kept for other images.

    Raises:
        FileConflictError: When two packages ship one path.
        MalformedPackageError: When packages contradict each other.
        IncompleteImageError: When its files ask for what is not in it and the request is strict.
        RequestError: When the recipe or the user asks for what cannot be: numbers of users among it.
        ScriptError: When a script is not understood and the request is strict.
    """
    tree, report = install(plan, debs, request=request, read=read, epoch=epoch, records=records)
    tree, _ = apply_sysusers(tree, read=read, architecture=plan.architecture, mtime=epoch, ids=plan.ids)
    tree, _ = apply_tmpfiles(tree, read=read, architecture=plan.architecture, mtime=epoch)
    recipe = expand(recipe, tree) if recipe else None
    if recipe:
        tree = apply(recipe, tree, read=read, epoch=epoch, ids=plan.ids)
    elves = known_elves(debs)
    tree, wrong = run_triggers(tree, elves=elves, read=read, epoch=epoch, architecture=plan.architecture)
    accounts = read_accounts(tree, read)
    check_granted(plan.ids, accounts)
    tree, dropped = minimize(tree, level=plan.closure)
    inferred = _runtime(plan, debs, recipe, tree, read)
    provide(inferred, tree, epoch)
    unmet = _unmet(plan, debs, tree, request, elves=elves, read=read)
    documents = {
        PLAN_PATH: ("plan", plan.document),
        SCRIPTS_PATH: ("scripts", canonical_json(report.render())),
        INFERRED_PATH: ("runtime", _document(_explained(inferred, recipe, request))),
        UNMET_PATH: ("completeness", _document({"unmet": [item.render() for item in unmet]})),
    }
    for path, (origin, data) in documents.items():
        add_file(tree, path, data, origin=origin, mtime=epoch)
    tree = write_database(
        tree,
        debs,
        architecture=plan.architecture,
        closure=plan.closure,
        mtime=epoch,
        diversions=read_diversions(tree, read),
    )
    config = configured(inferred.config, request)
    check_user(config, users=accounts.identities.users, groups=accounts.identities.groups)
    unsure = inferred.notes if request.entrypoint is None else ()
    notes = (*report.summary(), *wrong, *left_out(tree), *summary(unmet), *unsure)
    return Configured(tree, config, accounts.identities, report, dropped, notes)


def _unmet(
    plan: Plan,
    debs: Sequence[FetchedDeb],
    tree: Tree,
    request: BuildRequest,
    *,
    elves: Mapping[str, ElfFacts],
    read: ReadContent,
) -> tuple[Unmet, ...]:
    """Return what the files of an image ask for and do not find; a strict request does not go on with anything."""
    unmet = completeness(
        tree,
        elves=elves,
        interpreters=known_interpreters(debs),
        optional=optional_names(debs),
        read=read,
        architecture=plan.architecture,
    )
    if unmet and request.strict:
        raise IncompleteImageError(plan.roots[0], summary(unmet))
    return unmet


def _document(value: object) -> bytes:
    # Names of files need not be text.
    return canonical_json(value, errors="backslashreplace")


def _runtime(plan: Plan, debs: Sequence[FetchedDeb], recipe: Recipe | None, tree: Tree, read: ReadContent) -> Inferred:
    if recipe:
        return Inferred(recipe.image_config())
    return infer(tree, debs, roots=plan.roots, edges=plan.edges, read=read)


def _explained(inferred: Inferred, recipe: Recipe | None, request: BuildRequest) -> dict[str, object]:
    """Return how the image is started, value by value with its source, as the image carries it."""
    otherwise = f"recipe {recipe.name}" if recipe else "what every image has"
    values = explained(configured(inferred.config, request), inferred.config, inferred.sources, otherwise)
    document = {**inferred.render(), "recipe": recipe.name if recipe else "", "values": values}
    # Who starts another program than the recipe's is not helped by a test of that one.
    if recipe and recipe.smoke_test and request.entrypoint is None:
        document["smoke_test"] = recipe.smoke_test.model_dump(mode="json", exclude_defaults=True)
    return document


def install(
    plan: Plan,
    debs: Sequence[FetchedDeb],
    *,
    request: BuildRequest,
    read: ReadContent,
    epoch: int,
    records: Records | None = None,
) -> tuple[Tree, ScriptReport]:
    """Unpack the packages of a plan over the skeleton and interpret their scripts.

    Args:
        plan: What is in it.
        debs: Its packages, in the order of the plan.
        request: Whether scripts are looked at, and the answers to their questions.
        read: Reads contents out of the store.
        epoch: Time of everything that is made, in seconds since the epoch.
        records: Where parsed scripts are kept for other images.

    Raises:
        Pkg2ImageError: As `configure`.
    """
    base = skeleton(debs, read=read, epoch=epoch)
    check_possible(plan.ids, read_accounts(base, read))
    return install_packages(
        base,
        debs,
        read=read,
        epoch=epoch,
        architecture=plan.architecture,
        policy=request.scripts,
        preseed=request.preseed,
        ids=plan.ids,
        partial={item.package.name for item in plan.packages if item.skeleton},
        records=records,
    )
