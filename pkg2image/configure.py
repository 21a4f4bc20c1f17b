"""``FetchedDeb* -> Tree``: unpacked by dpkg's rules, configured without running anything.

The order is that of a first installation: the skeleton, the packages, their scripts, declarative files, what the recipe
adds, the triggers, and last what the closure leaves out and dpkg's database of what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkg2image.analysis.runtime import plain_config
from pkg2image.assemble import configured
from pkg2image.deb.facts import FetchedDeb
from pkg2image.image.config import ImageConfig
from pkg2image.image.read import PLAN_PATH
from pkg2image.lock import Plan, canonical_json
from pkg2image.maintscript.report import ScriptReport
from pkg2image.maintscript.run import find_diversions, read_diversions, run_scripts
from pkg2image.recipes.apply import apply
from pkg2image.recipes.expand import expand
from pkg2image.recipes.model import Recipe
from pkg2image.request import BuildRequest
from pkg2image.rootfs.dpkgdb import write_database
from pkg2image.rootfs.ldconfig import known_elves
from pkg2image.rootfs.minimize import minimize
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.sysusers import apply_sysusers
from pkg2image.rootfs.tmpfiles import apply_tmpfiles
from pkg2image.rootfs.tree import Identities, ReadContent, Tree
from pkg2image.rootfs.triggers import run_triggers
from pkg2image.rootfs.unpack import unpack
from pkg2image.rootfs.users import identities

SCRIPTS_PATH = "usr/share/pkg2image/scripts.json"
"""Where an image says what became of the scripts of its packages."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A tree that is finished, and how to start what is in it.

    Args:
        tree: The root filesystem.
        config: The runtime configuration.
        identities: The numbers of its users and groups.
        notes: What the user should know about it.
    """

    tree: Tree
    config: ImageConfig
    identities: Identities
    notes: tuple[str, ...] = ()


def configure(
    plan: Plan,
    debs: Sequence[FetchedDeb],
    recipe: Recipe | None,
    *,
    request: BuildRequest,
    read: ReadContent,
    epoch: int,
) -> Configured:
    """Make the finished tree of a plan.

    Args:
        plan: What is in it.
        debs: Its packages, in the order of the plan.
        recipe: What the application needs beside them.
        request: What the user said about scripts and about how the image is started.
        read: Reads contents out of the store.
        epoch: Time of everything that is made, in seconds since the epoch.

    Raises:
        FileConflictError: When two packages ship one path.
        MalformedPackageError: When packages contradict each other.
        RequestError: When the recipe or the user asks for what cannot be.
        ScriptError: When a script is not understood and the request is strict.
    """
    tree, report = install(plan, debs, request=request, read=read, epoch=epoch)
    tree, _ = apply_sysusers(tree, read=read, architecture=plan.architecture, mtime=epoch)
    tree, _ = apply_tmpfiles(tree, read=read, architecture=plan.architecture, mtime=epoch)
    recipe = expand(recipe, tree) if recipe else None
    if recipe:
        tree = apply(recipe, tree, read=read, epoch=epoch)
    elves = known_elves(debs)
    tree, left_out = run_triggers(tree, elves=elves, read=read, epoch=epoch, architecture=plan.architecture)
    tree, _ = minimize(tree, level=plan.closure)
    add_file(tree, PLAN_PATH, plan.document, origin="plan", mtime=epoch)
    add_file(tree, SCRIPTS_PATH, canonical_json(report.render()), origin="scripts", mtime=epoch)
    tree = write_database(
        tree,
        debs,
        architecture=plan.architecture,
        closure=plan.closure,
        mtime=epoch,
        diversions=read_diversions(tree, read),
    )
    config = recipe.image_config() if recipe else plain_config(tree, plan.roots[0])
    return Configured(tree, configured(config, request), identities(tree, read), (*report.summary(), *left_out))


def install(
    plan: Plan, debs: Sequence[FetchedDeb], *, request: BuildRequest, read: ReadContent, epoch: int
) -> tuple[Tree, ScriptReport]:
    """Unpack the packages of a plan over the skeleton and interpret their scripts.

    Args:
        plan: What is in it.
        debs: Its packages, in the order of the plan.
        request: Whether scripts are looked at, and the answers to their questions.
        read: Reads contents out of the store.
        epoch: Time of everything that is made, in seconds since the epoch.

    Raises:
        Pkg2ImageError: As `configure`.
    """
    partial = {item.package.name for item in plan.packages if item.skeleton}
    architecture = plan.architecture
    base = skeleton(debs, read=read, epoch=epoch)
    looked_at = [] if request.scripts == "none" else debs
    diversions = find_diversions(base, looked_at, read=read, epoch=epoch, architecture=architecture, partial=partial)
    tree = unpack(
        base,
        [deb for deb in debs if deb.package.name not in partial],
        installed=[deb.package for deb in debs if deb.package.name in partial],
        diversions=diversions,
        identities=identities(base, read),
    )
    return run_scripts(
        tree,
        debs,
        read=read,
        epoch=epoch,
        architecture=architecture,
        policy=request.scripts,
        preseed=request.preseed,
        partial=partial,
        diversions=diversions,
    )
