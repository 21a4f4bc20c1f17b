"""``pkg2image plan``: what would be in the image, why, and how big."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkg2image.cli.options import (
    configuration_options,
    request_of,
    resolution_options,
    shared_options,
    starting_options,
    world_of,
)
from pkg2image.cli.started import started_lines
from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import UsageError
from pkg2image.plan import Plan, render_plan
from pkg2image.planning.planned import Planned, plan
from pkg2image.request import BuildRequest
from pkg2image.sizes import size_text
from pkg2image.world import World

if TYPE_CHECKING:
    from pkg2image.making.shown import Shown


@click.command("plan")
@click.argument("packages", nargs=-1, metavar="PACKAGE...")
@resolution_options
@configuration_options
@starting_options
@shared_options
@click.option("--declared", is_flag=True, help="Only what packages declare: nothing but indexes is downloaded.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option(
    "--graph",
    type=click.Choice(["dot", "svg", "html"]),
    help="Draw the packages, their sizes and what brought them in: for Graphviz, as a picture, or as a page to look "
    "around in.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File for the drawing.  [default: standard output]"
)
@click.option("--force", is_flag=True, help="Replace an existing file although it is no drawing of ours.")
def command(*, declared: bool, graph: str | None, output: Path | None, force: bool, **parameters: Any) -> None:
    """Show what an image would hold, why, and how big, and how it would be started.

    The plan is that of a build: what nobody declared is found out from the files of the packages, so packages that
    are not in the store are downloaded the first time.
    """
    request = request_of(parameters)
    if graph or output:
        _check(request, graph, output, as_json=parameters["as_json"], force=force)
    with world_of(parameters) as world:
        found = [(one, None) for one in plan(request, world)] if declared else _previews(request, world)
    if graph:
        from pkg2image.cli.drawing import show_drawing  # noqa: PLC0415 -- only who wants a drawing pays for it

        show_drawing(found[0][0].plan, graph, output)
        return
    if parameters["as_json"]:
        rendered = [{**render_plan(one.plan), **_files(shown)} for one, shown in found]
        show_json(rendered[0] if len(rendered) == 1 else rendered)
        return
    for one, shown in found:
        _show(one.plan, shown)


def _check(request: BuildRequest, graph: str | None, output: Path | None, *, as_json: bool, force: bool) -> None:
    if graph is None:
        raise UsageError(f"cannot write {output}: only drawings go into files", hint="add --graph html, or use > FILE")
    if as_json:
        raise UsageError("cannot print both a drawing and JSON", hint="leave out --graph or --json")
    from pkg2image.cli.drawing import check_drawing  # noqa: PLC0415 -- only who wants a drawing pays for it

    check_drawing(request, output, force=force)


def _previews(request: BuildRequest, world: World) -> list[tuple[Planned, Shown | None]]:
    from pkg2image.preview import preview  # noqa: PLC0415 -- who asks for the declared plan does not pay for it

    return [(one.planned, one.shown) for one in preview(request, world)]


def _files(shown: Shown | None) -> dict[str, object]:
    """Return what JSON says about the files of an image; of a plan that looks at none only that."""
    if shown is None:
        return {"declared_only": True}
    slim = shown.slim.render() if shown.slim else None
    return {
        "declared_only": False,
        "slim": slim,
        "started": shown.started,
        "file_notes": [*shown.unasked, *shown.notes],
    }


def _show(one: Plan, shown: Shown | None) -> None:
    width = max(len(f"{planned.package}") for planned in one.packages)
    for planned in sorted(one.packages, key=lambda planned: planned.package.name):
        package = planned.package
        show(f"{package!s:{width}}  {size_text(package.installed_size):>9}  {planned.reason}")
    for edge in one.cut:
        show(f"cut: {edge.package} {edge.field} {edge.relation}: {edge.why}")
    for kind, numbers in one.ids.render().items():
        if numbers:
            show(" ".join((f"{kind}:", *(f"{name}={number}" for name, number in numbers.items()))))
    for need in one.needs:
        show(f"added: {need}")
    for note in (*one.notes, *(shown.unasked if shown else ()), *(shown.notes if shown else ())):
        show(f"note: {note}")
    if shown is None:
        show("only what packages declare: what their files need and how it is started is told without --declared")
    else:
        for line in started_lines({**shown.started, "notes": ()}, with_values=True):
            show(line)
    whole = [planned.package for planned in one.packages if not planned.skeleton]
    show(
        f"{len(one.packages)} packages from {one.suite} ({one.architecture}), closure {one.closure}: "
        f"{size_text(sum(planned.package.size for planned in one.packages))} to download, "
        f"{size_text(sum(package.installed_size for package in whole))} installed before documentation is left out"
    )
    if shown and shown.slim:
        show(f"slim: {shown.slim} are left")
