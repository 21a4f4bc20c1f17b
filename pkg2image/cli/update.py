"""``pkg2image update``: make a lock anew with the smallest change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pkg2image.cli.locking import check_lock_file, write_lock_file
from pkg2image.cli.options import shared_options, today_options, world_of
from pkg2image.cli.terminal import show, show_json
from pkg2image.comparing.compare import Difference, compare
from pkg2image.comparing.side import side_of_lock
from pkg2image.comparing.telling import lines_of, render
from pkg2image.freshness.against import universe_today
from pkg2image.freshness.held import held_in_lock
from pkg2image.freshness.outdated import Status
from pkg2image.freshness.outdated import compare as hold_against
from pkg2image.freshness.telling import alarm_of
from pkg2image.freshness.update import Today, choose_moves, update
from pkg2image.lock.model import Lock
from pkg2image.lock.reading import load_lock
from pkg2image.lock.requested import relocked
from pkg2image.planning.offer import local_packages
from pkg2image.planning.relocking import places_of_lock
from pkg2image.request import BuildRequest
from pkg2image.world import World


@click.command("update")
@click.argument("lock_file", type=click.Path(path_type=Path), metavar="LOCK")
@click.option("--only", multiple=True, metavar="PKG", help="Update only this package, or source package; repeatable.")
@click.option("--security", is_flag=True, help="Only security updates.")
@today_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [default: the lock itself]"
)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@click.option("--json", "as_json", is_flag=True, help="Print what changes as JSON.")
@shared_options
def command(
    *,
    lock_file: Path,
    only: tuple[str, ...],
    security: bool,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    **parameters: Any,
) -> None:
    """Make a lock anew with the smallest change: packages with updates move, all others stay at their versions.

    Packages from one source package move together, new dependencies come in where they are needed, and what nothing
    needs any more goes. Users and groups keep their numbers. A lock that is fresh stays as it is.

    \b
    pkg2image update postgresql.lock --security
    pkg2image build --lock postgresql.lock --frozen
    """  # noqa: D301 -- click wants the backspace itself
    path = output or lock_file
    lock = load_lock(lock_file)
    if not dry_run:
        check_lock_file(path, force=False)
    with world_of(parameters) as world:
        made = _made(lock, lock_file, world, parameters, only=only, security=security)
    found = compare(
        side_of_lock(lock, lock_file), side_of_lock(made, path if path != lock_file else lock_file), _no_licences
    )
    if not dry_run and (made is not lock or path != lock_file):
        write_lock_file(made, path, force=False)
    _tell(found, as_json=as_json)


def _made(
    lock: Lock, path: Path, world: World, parameters: dict[str, Any], *, only: tuple[str, ...], security: bool
) -> Lock:
    """Return the new lock, or the old one where nothing is to be updated."""
    asked = BuildRequest(
        packages=tuple(_beside(word, path) for word in lock.request.packages),
        mirror=next(iter(parameters["mirror"]), None),
        elsewhere=parameters["mirror"][1:],
        sources=parameters["sources"],
        keyrings=parameters["keyrings"],
        # The identity of a compressor begins with what asks for it.
        compression=":".join(lock.compressor.split(":")[:2]) or BuildRequest(packages=()).compression,
    )
    request = relocked(lock.request, asked, lock.architecture)
    local = local_packages(request, lock.architecture)
    held = held_in_lock(lock)
    universe = universe_today(held, request, world, local)
    freshness = hold_against(held, universe)
    if freshness.status is Status.ALARM:
        raise alarm_of(freshness)
    moves = choose_moves(freshness, only=only, security=security)
    if not moves.wanted:
        return lock
    made, notes = update(
        lock, freshness, moves, Today(universe, request, world, local, places_of_lock(asked, path.parent))
    )
    for note in notes:
        world.reporter.note(note)
    return replace(made, compressor=made.compressor if lock.compressor else "")


def _beside(word: str, path: Path) -> str:
    """Return a word of the request; a package file that is not here may lie beside the lock."""
    other = path.parent / word
    return f"{other}" if word.startswith("./") and not Path(word).exists() and other.exists() else word


def _no_licences(_path: Path, _paths: frozenset[str]) -> Mapping[str, str]:
    return {}  # locks know of no files


def _tell(found: Difference, *, as_json: bool) -> None:
    if as_json:
        show_json(render(found))
        return
    for line in lines_of(found, every_file=False):
        show(line)
