"""``pkg2image outdated``: is an image or a lock still what its sources would give today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkg2image.cli.options import shared_options, today_options, world_of
from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import UsageError
from pkg2image.freshness.against import universe_today
from pkg2image.freshness.held import read_held
from pkg2image.freshness.outdated import Freshness, Status, compare
from pkg2image.freshness.telling import alarm_of, lines_of, render
from pkg2image.request import BuildRequest

if TYPE_CHECKING:
    from pkg2image.freshness.feeds import Feed

_EXIT_CODES = {Status.FRESH: 0, Status.GONE: 20, Status.UPDATE: 20, Status.SECURITY: 21}


@click.command("outdated")
@click.argument("held", type=click.Path(path_type=Path), metavar="IMAGE|LOCK")
@click.option("--suite", metavar="SUITE", help="Suite of an image that does not say.  [default: that of the image]")
@today_options
@shared_options
@click.option(
    "--feed",
    "feeds",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What is known of vulnerabilities: the JSON of Debian's security tracker, or OSV as JSON or zip; repeatable.",
)
@click.option(
    "--vex", type=click.Path(path_type=Path), metavar="FILE", help="Write what the feeds say of it, as OpenVEX."
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(*, held: Path, feeds: tuple[Path, ...], vex: Path | None, as_json: bool, **parameters: Any) -> int:
    """Tell which packages of a lock, or of any image of Debian packages, have updates.

    Nothing but the signed indexes of its sources is read: those that the lock names, else those of its suite.

    Exit codes: 0 all is fresh, 20 there are updates or packages that no source has any more, 21 there are security
    updates, 6 a source cannot be trusted, or one version has two contents.
    """
    if vex is not None:
        if not feeds:
            raise UsageError("cannot write VEX: no vulnerability is known", hint="name what is known with --feed")
        from pkg2image.freshness.vex import check_vex  # noqa: PLC0415 -- few want one

        check_vex(vex)
    found = read_held(held)
    found = replace(found, suite=parameters["suite"] or found.suite)
    with world_of(parameters) as world:
        universe = universe_today(found, _request(parameters, found.suite), world)
        freshness = compare(replace(found, suite=found.suite or universe.codename), universe)
    if feeds:
        freshness, feed = _named(freshness, feeds)
        if vex is not None:
            from pkg2image.freshness.vex import write_vex  # noqa: PLC0415

            write_vex(freshness, feed, vex)
    if as_json:
        show_json(render(freshness))
    else:
        for line in lines_of(freshness):
            show(line)
    if freshness.status is Status.ALARM:
        raise alarm_of(freshness)
    return _EXIT_CODES[freshness.status]


def _request(parameters: dict[str, Any], suite: str) -> BuildRequest:
    """Return what the user says about sources."""
    return BuildRequest(
        packages=(),
        suite=suite,
        mirror=next(iter(parameters["mirror"]), None),
        sources=parameters["sources"],
        keyrings=parameters["keyrings"],
    )


def _named(freshness: Freshness, feeds: tuple[Path, ...]) -> tuple[Freshness, Feed]:
    from pkg2image.freshness.feeds import read_feeds  # noqa: PLC0415 -- few have a feed
    from pkg2image.freshness.named import with_names  # noqa: PLC0415

    sources = {finding.package.source for finding in freshness.findings}
    # An update may come from a source package of another name.
    sources |= {finding.candidate.source_name for finding in freshness.findings if finding.candidate is not None}
    feed = read_feeds(feeds, suite=freshness.held.suite, sources=sources)
    return with_names(freshness, feed), feed
