"""``pkg2image cache``: look at the store and make it smaller."""

from __future__ import annotations

import re
from typing import Any

import click

from pkg2image.cli.options import shared_options, store_of
from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import UsageError
from pkg2image.sizes import size_text

_SIZE = re.compile(r"(\d+)\s*([kMGT]?)B?")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@click.group("cache", no_args_is_help=False)
def command() -> None:
    """Look at the store of downloads, facts and layers, and make it smaller."""


@command.command("info")
@shared_options
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def info(**parameters: Any) -> None:
    """Tell where the store is and how big."""
    store = store_of(parameters)
    usage = store.usage()
    if parameters["as_json"]:
        data = {
            "path": str(store.root),
            **{
                name: {"count": space.count, "size": space.size}
                for name, space in (
                    ("blobs", usage.blobs),
                    ("records", usage.records),
                    ("quarantined", usage.quarantined),
                    ("temporary", usage.temporary),
                )
            },
        }
        show_json(data)
        return
    show(f"{store.root}")
    show(f"{usage.blobs.count} blobs, {size_text(usage.blobs.size)}")
    show(f"{usage.records.count} records, {size_text(usage.records.size)}")
    show(f"{usage.quarantined.count} damaged and {usage.temporary.count} unfinished files")


def _bytes(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise UsageError(f"cannot use the size {value!r}: not a number with k, M, G or T", hint="--keep 2G")
    return int(match[1]) * _UNITS[match[2]]


@command.command("prune")
@shared_options
@click.option("--keep", default="2G", show_default=True, metavar="SIZE", callback=_bytes, help="What may stay.")
def prune(keep: int, **parameters: Any) -> None:
    """Remove what was not used for the longest time, and what is damaged or unfinished."""
    left = store_of(parameters).prune(keep_bytes=keep)
    show(f"{size_text(left.size)} left")


@command.command("clear")
@shared_options
def clear(**parameters: Any) -> None:
    """Remove everything in the store; what is remembered about sources stays."""
    store = store_of(parameters)
    size = store.usage().size
    store.clear()
    show(f"freed {size_text(size)}")
