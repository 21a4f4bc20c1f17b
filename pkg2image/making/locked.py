"""The lock of an image that was configured, which goes into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import DifferenceError
from pkg2image.idmap import IdMap
from pkg2image.image.compress import Compression
from pkg2image.lock.making import inner_lock, make_lock
from pkg2image.lock.model import LOCK_PATH, Lock
from pkg2image.making.configure import Configured
from pkg2image.plan import Plan
from pkg2image.planning.relocking import locked_recipe
from pkg2image.recipes.choice import ChosenRecipe
from pkg2image.request import BuildRequest
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.skeleton import base_accounts
from pkg2image.rootfs.tree import ReadContent


def with_lock(
    made: Configured,
    plan: Plan,
    debs: Sequence[FetchedDeb],
    recipe: ChosenRecipe | None,
    *,
    request: BuildRequest,
    read: ReadContent,
    epoch: int,
    tool: str,
) -> Configured:
    """Return a configured tree with its lock in it.

    Args:
        made: The tree; changed in place.
        plan: What it was made of.
        debs: Its packages, in the order of the plan.
        recipe: What the application needed beside them.
        request: What was asked for.
        read: Reads contents out of the store.
        epoch: Time of the file, in seconds since the epoch.
        tool: Version of the program that the lock names.
    """
    known, base = made.identities, base_accounts(debs, read=read).identities
    lock = make_lock(
        plan,
        debs,
        request=request,
        tool=tool,
        ids=IdMap(
            {name: number for name, number in known.users.items() if name not in base.users},
            {name: number for name, number in known.groups.items() if name not in base.groups},
        ),
        unmet=[item.what for item in made.wanted],
        recipe=locked_recipe(recipe) if recipe else None,
    )
    add_file(made.tree, LOCK_PATH, inner_lock(lock), origin="lock", mtime=epoch)
    return replace(made, lock=lock)


def check_compressor(lock: Lock, compression: Compression | None, *, exactly: bool) -> str:
    """Return a sentence when layers will be other bytes than those that a lock promises; empty when they are the same.

    Args:
        lock: The lock.
        compression: How layers are compressed; None when there are none.
        exactly: Whether that is an error.

    Raises:
        DifferenceError: When it is.
    """
    found = str(compression.identity()) if compression else lock.compressor
    if not lock.compressor or found == lock.compressor:
        return ""
    difference = f"Compressor: the lock says {lock.compressor}, layers are compressed by {found}"
    if exactly:
        raise DifferenceError(
            "cannot build exactly what the lock says: layers would be compressed differently",
            differences=(difference,),
            hint="leave out --frozen for the same files in other bytes; those of --compression stored never change",
        )
    return f"not as the lock says: {difference}"
