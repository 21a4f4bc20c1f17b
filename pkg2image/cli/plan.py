"""``pkg2image plan``: what would be in the image, why, and how big."""

from __future__ import annotations

from typing import Any

import click

from pkg2image.cli.options import request_of, resolution_options, shared_options, world_of
from pkg2image.cli.terminal import show, show_json, size_text
from pkg2image.lock import Plan, render_plan
from pkg2image.planning import Planned, plan


@click.command("plan")
@click.argument("packages", nargs=-1, metavar="PACKAGE...")
@resolution_options
@shared_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def command(**parameters: Any) -> None:
    """Show what an image would hold, why, and how big; nothing but indexes is downloaded."""
    request = request_of(parameters)
    with world_of(parameters) as world:
        plans = plan(request, world)
    if parameters["as_json"]:
        rendered = [{**render_plan(one.plan), "started": _started(one)} for one in plans]
        show_json(rendered[0] if len(rendered) == 1 else rendered)
        return
    for one in plans:
        _show(one.plan, _started(one))


def _started(one: Planned) -> str:
    return (
        f"as recipe {one.recipe.name} says" if one.recipe else "as its packages say; their files show that in a build"
    )


def _show(one: Plan, started: str) -> None:
    width = max(len(f"{planned.package}") for planned in one.packages)
    for planned in sorted(one.packages, key=lambda planned: planned.package.name):
        package = planned.package
        show(f"{package!s:{width}}  {size_text(package.installed_size):>9}  {planned.reason}")
    for edge in one.cut:
        show(f"cut: {edge.package} {edge.field} {edge.relation}: {edge.why}")
    for kind, numbers in one.ids.render().items():
        if numbers:
            show(" ".join((f"{kind}:", *(f"{name}={number}" for name, number in numbers.items()))))
    for note in one.notes:
        show(f"note: {note}")
    show(f"started: {started}")
    whole = [planned.package for planned in one.packages if not planned.skeleton]
    show(
        f"{len(one.packages)} packages from {one.suite} ({one.architecture}), closure {one.closure}: "
        f"{size_text(sum(planned.package.size for planned in one.packages))} to download, "
        f"{size_text(sum(package.installed_size for package in whole))} installed before documentation is left out"
    )
