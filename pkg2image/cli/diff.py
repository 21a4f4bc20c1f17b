"""``pkg2image diff``: what differs between two images or locks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from pkg2image.cli.terminal import show, show_json
from pkg2image.comparing.compare import compare
from pkg2image.comparing.side import read_side
from pkg2image.comparing.telling import lines_of, render
from pkg2image.errors import DifferenceError

_DIFFERENT = DifferenceError.exit_code


@click.command("diff")
@click.argument("before", type=click.Path(path_type=Path), metavar="BEFORE")
@click.argument("after", type=click.Path(path_type=Path), metavar="AFTER")
@click.option("--files", "every_file", is_flag=True, help="List every file.")
@click.option("--exit-code", "with_code", is_flag=True, help="Exit with 12 when anything differs.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(before: Path, after: Path, *, every_file: bool, with_code: bool, as_json: bool) -> int:
    """Tell what differs between two images of any format, two locks, or an image and a lock.

    Packages, files with their modes, owners and capabilities, sizes, licences, users, groups, and how it is started;
    the times of files are counted and make no difference.
    """
    found = compare(read_side(before), read_side(after), _licences)
    if as_json:
        show_json(render(found))
    else:
        for line in lines_of(found, every_file=every_file):
            show(line)
    return _DIFFERENT if with_code and not found.is_empty else 0


def _licences(path: Path, paths: frozenset[str]) -> Mapping[str, str]:
    from pkg2image.comparing.licences import licences_in  # noqa: PLC0415 -- most often there are none to read

    return licences_in(path, paths)
