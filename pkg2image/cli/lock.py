"""``pkg2image lock``: write down exactly what an image would be made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pkg2image.cli.locking import check_lock_file, write_lock_file
from pkg2image.cli.options import (
    configuration_options,
    layer_options,
    request_of,
    resolution_options,
    shared_options,
    starting_options,
    world_of,
)
from pkg2image.cli.terminal import show, tell
from pkg2image.lock.making import lock_digest
from pkg2image.pipeline import lock
from pkg2image.planning.offer import name_of


@click.command("lock")
@click.argument("packages", nargs=-1, metavar="PACKAGE...")
@resolution_options
@configuration_options
@starting_options
@layer_options
@click.option(
    "-o",
    "--output",
    "lock_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to.  [default: PACKAGE.lock here]",
)
@click.option("--force", "replace", is_flag=True, help="Replace an existing file although it is no lock.")
@shared_options
def command(*, lock_file: Path | None, replace: bool, **parameters: Any) -> None:
    """Write down exactly what an image is made of: packages, versions, hashes, sources, and why.

    The options are those of build. A lock that is there already is made anew; update changes one as little as can be.

    \b
    pkg2image lock postgresql --suite bookworm
    pkg2image build --lock postgresql.lock --frozen
    """  # noqa: D301 -- click wants the backspace itself
    request = request_of(parameters)
    path = lock_file or Path(f"{name_of(request.packages)}.lock")
    check_lock_file(path, force=replace)
    with world_of(parameters) as world:
        made, notes = lock(request, world)
        for note in notes:
            world.reporter.note(note)
    write_lock_file(made, path, force=replace)
    show(f"{path} {lock_digest(made)}")
    if not parameters["quiet"]:
        tell(f"{path}: {len(made.packages)} packages from {made.suite} ({made.architecture})")
