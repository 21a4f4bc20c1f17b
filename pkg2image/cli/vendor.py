"""``pkg2image vendor``: put everything that a frozen build needs into a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pkg2image.cli.options import MIRROR, OFFLINE, shared_options, world_of
from pkg2image.cli.terminal import show, tell
from pkg2image.lock.reading import load_lock
from pkg2image.pipeline import Locked, vendor
from pkg2image.planning.relocking import places_of_lock
from pkg2image.request import make_request
from pkg2image.sizes import size_text


@click.command("vendor")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--lock", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The lock.")
@MIRROR
@OFFLINE
@shared_options
def command(*, directory: Path, lock: Path, mirror: tuple[str, ...], **parameters: Any) -> None:
    """Put the packages of a lock and the lock itself into a directory.

    A build from the lock in the directory needs neither network nor store. To apt it is a repository.

    \b
    pkg2image vendor away --lock postgresql.lock
    pkg2image build --lock away/postgresql.lock --frozen --offline
    """  # noqa: D301 -- click wants the backspace itself
    held = load_lock(lock)
    asked = make_request({"packages": held.request.packages, "mirror": mirror}, None)
    with world_of(parameters) as world:
        size = vendor(Locked(held, places=places_of_lock(asked, lock.parent)), world, path=directory, name=lock.name)
    show(str(directory / lock.name))
    if not parameters["quiet"]:
        tell(f"{directory}: {len(held.packages)} packages, {size_text(size)}")
