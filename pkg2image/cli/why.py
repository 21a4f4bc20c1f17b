"""``pkg2image why``: the chain that brought a package or a file in, or kept it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pkg2image.cli.options import (
    configuration_options,
    request_of,
    resolution_options,
    shared_options,
    starting_options,
    world_of,
)
from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import UsageError
from pkg2image.planning.planned import Answer, why
from pkg2image.preview import preview
from pkg2image.request import BuildRequest
from pkg2image.world import World


@click.command("why")
@click.argument("words", nargs=-1, metavar="PACKAGE... -- NAME|/PATH...", type=click.UNPROCESSED)
@resolution_options
@configuration_options
@starting_options
@shared_options
@click.option("--json", "as_json", is_flag=True, help="Print the chains as JSON.")
@click.pass_context
def command(context: click.Context, /, words: tuple[str, ...], **parameters: Any) -> None:
    """Tell why a package or a file is in the image of other packages, or why it is not.

    For a package: which dependency, which file that needs it, or which word of yours brought it in. For an absolute
    path: which package ships it, which line of a script made or changed it, or what left it out. Packages that are not
    in the store are downloaded, as for a build.

    \b
    pkg2image why postgresql -- libllvm19
    pkg2image why redis-server -- /etc/redis/redis.conf
    """  # noqa: D301 -- click wants the backspace itself
    packages, names = _split(words, context)
    request = request_of({**parameters, "packages": packages})
    with world_of(parameters) as world:
        answers = _answers(request, names, world)
    if parameters["as_json"]:
        data = [
            {
                "name": name,
                "architecture": architecture,
                "in": answer.included,
                "chain": [sentence.strip() for sentence in answer.sentences],
            }
            for architecture, name, answer in answers
        ]
        show_json(data)
        return
    several = len({architecture for architecture, _, _ in answers}) > 1
    for architecture, name, answer in answers:
        image = f"the image for {architecture}" if several else "the image"
        show(f"{name} is {'in' if answer.included else 'not in'} {image}")
        for sentence in answer.sentences:
            show(f"  {sentence}")


def _answers(request: BuildRequest, names: Sequence[str], world: World) -> list[tuple[str, str, Answer]]:
    """Return architecture, name and answer, for each architecture in the order of the names."""
    if not any(name.startswith("/") for name in names):
        return [
            (one.planned.plan.architecture, name, why(one.planned, name, one.shown.missing))
            for one in preview(request, world)
            for name in names
        ]
    from pkg2image.explain import finish, why_path  # noqa: PLC0415 -- only questions about files need a tree

    return [
        (
            one.planned.plan.architecture,
            name,
            why_path(one, name) if name.startswith("/") else why(one.planned, name, one.missing),
        )
        for one in finish(request, world)
        for name in names
    ]


def _split(words: tuple[str, ...], context: click.Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # click drops the first `--`, so it is looked for in what the user typed; without one the last word is the question.
    typed = context.obj if isinstance(context.obj, list) else []
    names = tuple(typed[typed.index("--") + 1 :]) if "--" in typed else words[-1:]
    packages = words[: len(words) - len(names)]
    if not packages or not names:
        raise UsageError("cannot explain: packages and a name are needed", hint="pkg2image why postgresql -- libllvm19")
    return packages, names
