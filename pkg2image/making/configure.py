"""``FetchedDeb* -> Tree``: unpacked by dpkg's rules, configured without running anything.

The order is that of a first installation: the skeleton, the packages, their scripts, declarative files, what the recipe
adds, the triggers, and last what the closure leaves out and dpkg's database of what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pkg2image.analysis.charsets import converts
from pkg2image.analysis.completeness import Unmet, completeness, summary
from pkg2image.analysis.evidence import Wanted, untold
from pkg2image.analysis.leftout import consequences, owing
from pkg2image.analysis.needs import shown_by_files, shown_by_programs, shown_by_shebangs
from pkg2image.analysis.optional import linked_packages, optional_names, recommended_names
from pkg2image.analysis.reach.result import Slimmed
from pkg2image.analysis.runtime import Inferred, explained, infer, provide
from pkg2image.analysis.shebangs import known_interpreters
from pkg2image.analysis.uses import Uses
from pkg2image.deb.facts import ElfFacts, FetchedDeb
from pkg2image.deb.relation import parse_relations
from pkg2image.image.captured import INFERRED_PATH, ORIGINS_PATH, SCRIPTS_PATH, UNMET_PATH
from pkg2image.image.config import ImageConfig
from pkg2image.image.reasons import REASONS_PATH, SlimSizes, render_reasons
from pkg2image.lock.model import Lock
from pkg2image.maintscript.parsed import ParsedScripts, Records
from pkg2image.maintscript.report import ScriptReport
from pkg2image.maintscript.run import install_packages
from pkg2image.making.assemble import check_user, configured
from pkg2image.making.pieces import pieces
from pkg2image.making.reasons import reasons_of, slim_sizes
from pkg2image.plan import Plan, canonical_json
from pkg2image.recipes.apply import apply
from pkg2image.recipes.expand import expand
from pkg2image.recipes.model import Recipe
from pkg2image.request import BuildRequest
from pkg2image.rootfs.diversions import read_diversions
from pkg2image.rootfs.dpkgdb import write_database
from pkg2image.rootfs.ldconfig import known_elves
from pkg2image.rootfs.minimize import Dropped, keep_called, minimize
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.sysusers import apply_sysusers
from pkg2image.rootfs.tmpfiles import apply_tmpfiles
from pkg2image.rootfs.tree import Identities, ReadContent, Tree
from pkg2image.rootfs.triggers import left_out, run_triggers
from pkg2image.rootfs.users import check_granted, check_possible, read_accounts
from pkg2image.sbom.origins import render_origins


@dataclass(frozen=True, slots=True)
class Configured:
    """A tree that is finished, and how to start what is in it.

    Args:
        tree: The root filesystem.
        config: The runtime configuration.
        identities: The numbers of its users and groups.
        scripts: What became of the scripts of its packages.
        started: How it is started, value by value with its source, as the image carries it.
        dropped: What the closure leaves out.
        unmet: What its files ask for and do not find.
        wanted: What its files show that they need and the image does not have.
        notes: What the user should know about it.
        slimmed: Of a slim image, why what is in it is kept, and what is not.
        lock: Exactly what it is made of, once that is in the tree.
    """

    tree: Tree
    config: ImageConfig
    identities: Identities
    scripts: ScriptReport
    started: Mapping[str, object] = field(default_factory=dict)
    dropped: tuple[Dropped, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    notes: tuple[str, ...] = ()
    slimmed: Slimmed | None = None
    lock: Lock | None = None

    @property
    def slim(self) -> SlimSizes | None:
        """Of a slim image, how much is left of what it would hold otherwise."""
        return slim_sizes(self.tree, self.slimmed) if self.slimmed else None


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
    tree, dropped = minimize(tree, level=plan.closure, converts=converts(tree, elves))
    tree, uncalled = keep_called(tree, pieces(plan))
    inferred = _runtime(plan, debs, recipe, tree, read)
    provide(inferred, tree, epoch)
    started = _explained(inferred, recipe, request)
    config = configured(inferred.config, request)
    uses = inferred.uses if config.entrypoint == inferred.config.entrypoint else Uses()
    unmet, wanted = _missing(plan, debs, tree, config, uses, elves=elves, read=read, records=records)
    slimmed = None
    whole: tuple[str, ...] = ()
    if request.slim:
        from pkg2image.making.slimming import kept_whole, present, slimmed_tree  # noqa: PLC0415 -- only slim images pay for it

        slimmed = slimmed_tree(
            tree, plan, debs, recipe, config, request=request, elves=elves, read=read, epoch=epoch, records=records
        )
        tree, debs = slimmed.tree, present(slimmed.tree, debs)
        whole = kept_whole(slimmed)
        unmet, _ = _missing(plan, debs, tree, config, uses, elves=elves, read=read, records=records)
    dropped = (*dropped, *uncalled)
    documents = {
        SCRIPTS_PATH: ("scripts", canonical_json(report.render())),
        INFERRED_PATH: ("runtime", _document(started)),
        UNMET_PATH: ("completeness", _document(_lacking(unmet, wanted))),
        ORIGINS_PATH: ("origins", render_origins(tree)),
    }
    if dropped or slimmed:
        documents[REASONS_PATH] = ("reasons", render_reasons(reasons_of(tree, dropped, slimmed)))
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
    check_user(config, users=accounts.identities.users, groups=accounts.identities.groups)
    unsure = inferred.notes if request.entrypoint is None else ()
    notes = (*report.summary(), *wrong, *left_out(tree), *_incomplete(plan, unmet, request), *unsure, *whole)
    return Configured(tree, config, accounts.identities, report, started, dropped, unmet, wanted, notes, slimmed)


def _missing(
    plan: Plan,
    debs: Sequence[FetchedDeb],
    tree: Tree,
    config: ImageConfig,
    uses: Uses,
    *,
    elves: Mapping[str, ElfFacts],
    read: ReadContent,
    records: Records | None,
) -> tuple[tuple[Unmet, ...], tuple[Wanted, ...]]:
    """Return what the files of an image ask for and do not find, and what of it and beside it a package could bring."""
    interpreters = known_interpreters(debs)
    unmet = completeness(
        tree,
        elves=elves,
        interpreters=interpreters,
        optional=optional_names(debs),
        linked=linked_packages(debs),
        read=read,
        architecture=plan.architecture,
    )
    by_files = shown_by_files(
        tree, unmet, elves=elves, recommended=recommended_names(debs), architecture=plan.architecture
    )
    starts = [*[*config.entrypoint, *config.command][:1], *uses.programs]
    by_programs = shown_by_programs(
        tree,
        starts,
        interpreters=interpreters,
        read=read,
        parse=ParsedScripts(records).script,
        architecture=plan.architecture,
    )
    by_shebangs = shown_by_shebangs(tree, starts, interpreters=interpreters)
    return unmet, (*by_files, *by_programs, *by_shebangs, *uses.wanted)


def _incomplete(plan: Plan, unmet: Sequence[Unmet], request: BuildRequest) -> tuple[str, ...]:
    """Return what the user should know about what is missing: first what comes of the packages that he does without."""
    missed: dict[str, set[str]] = {}
    for edge in plan.cut if request.without else ():
        names = {relation.name for group in parse_relations(edge.relation) for relation in group}
        missed.setdefault(edge.package, set()).update(names.intersection(request.without))
    owed = owing(unmet, missed)
    return (*consequences(owed), *summary([item for item in unmet if item not in owed]))


def _lacking(unmet: Sequence[Unmet], wanted: Sequence[Wanted]) -> dict[str, object]:
    return {
        "unmet": [item.render() for item in unmet],
        "wanted": [item.render() for item in untold(wanted)],
    }


def _document(value: object) -> bytes:
    # Names of files need not be text.
    return canonical_json(value, errors="backslashreplace")


def _runtime(plan: Plan, debs: Sequence[FetchedDeb], recipe: Recipe | None, tree: Tree, read: ReadContent) -> Inferred:
    if recipe and recipe.entrypoint:
        return Inferred(recipe.image_config())
    found = infer(tree, debs, roots=plan.roots, edges=plan.edges, read=read)
    if recipe is None:
        return found
    config = recipe.image_config(found.config)
    kept = {name: said for name, said in found.sources.items() if getattr(config, name) == getattr(found.config, name)}
    return replace(found, config=config, sources=kept)


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
