"""``pkg2image why``: the chain that brought a package in, or kept it out."""

from __future__ import annotations

from typing import Any

import click

from pkg2image.cli.options import request_of, resolution_options, shared_options, world_of
from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import UsageError
from pkg2image.planning import plan, why


@click.command("why")
@click.argument("words", nargs=-1, metavar="PACKAGE... -- NAME...", type=click.UNPROCESSED)
@resolution_options
@shared_options
@click.option("--json", "as_json", is_flag=True, help="Print the chains as JSON.")
@click.pass_context
def command(context: click.Context, /, words: tuple[str, ...], **parameters: Any) -> None:
    """Tell why a package is in the image of other packages, or why it is not.

    \b
    pkg2image why postgresql -- libllvm19
    """  # noqa: D301 -- click wants the backspace itself
    packages, names = _split(words, context)
    request = request_of({**parameters, "packages": packages})
    with world_of(parameters) as world:
        answers = [(name, why(one, name)) for one in plan(request, world) for name in names]
    if parameters["as_json"]:
        data = [{"name": name, "in": answer.included, "chain": list(answer.sentences)} for name, answer in answers]
        show_json(data)
        return
    for name, answer in answers:
        show(f"{name} is {'in' if answer.included else 'not in'} the image")
        for sentence in answer.sentences:
            show(f"  {sentence}")


def _split(words: tuple[str, ...], context: click.Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # click drops the first `--`, so it is looked for in what the user typed; without one the last word is the question.
    typed = context.obj if isinstance(context.obj, list) else []
    names = tuple(typed[typed.index("--") + 1 :]) if "--" in typed else words[-1:]
    packages = words[: len(words) - len(names)]
    if not packages or not names:
        raise UsageError("cannot explain: packages and a name are needed", hint="pkg2image why postgresql -- libllvm19")
    return packages, names
