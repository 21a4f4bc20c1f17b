"""``pkg2image test``: start an image and see whether it works."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import Pkg2ImageError, SelfTestError
from pkg2image.selftest.run import RUNTIMES, Verdict, self_test

SECONDS = 60.0
"""How long an image may take until it works, when nobody says otherwise."""


@click.command("test")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--runtime", type=click.Choice(RUNTIMES), help="What starts it.  [default: the first of these that is there]"
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 3600),
    default=SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="The most that it may take until the image works.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(image: Path, *, runtime: str | None, timeout: float, as_json: bool) -> None:
    """Start an image under a container runtime of this machine and see whether it works.

    The root is read-only, the declared volumes are new ones, and there is no network but its own. The test is that of
    the recipe; without one a server has to listen on its port, and a tool to tell its version. Everything that was
    started is removed again.
    """
    try:
        verdict = verdict_of(image, runtime=runtime or "", seconds=timeout)
    except SelfTestError as error:
        if as_json:
            show_json(failure(image, error))
        raise
    if as_json:
        show_json(verdict.render())
    else:
        show(sentence(verdict))


def verdict_of(image: Path, *, runtime: str = "", seconds: float = SECONDS) -> Verdict:
    """Test an image with the runtimes that are on the user's ``PATH``.

    Raises:
        Pkg2ImageError: As `self_test`.
    """
    return self_test(
        image,
        runtime=runtime,
        seconds=seconds,
        search_path=os.environ.get("PATH", os.defpath),
        machine=os.uname().machine,
    )


def failure(image: Path, error: Pkg2ImageError) -> dict[str, object]:
    """Return as plain data that an image does not work, or could not be tested."""
    log = list(error.log) if isinstance(error, SelfTestError) else []
    return {"image": str(image), "passed": False, "problem": error.message, "log": log}


def sentence(verdict: Verdict) -> str:
    """Return the result as a line for people."""
    return f"{verdict.image}: passed ({verdict.runtime}; {verdict.proof})"
