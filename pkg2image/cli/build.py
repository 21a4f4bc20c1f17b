"""``pkg2image build``: from package names to image files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from pkg2image.cli.options import (
    configuration_options,
    image_options,
    request_of,
    resolution_options,
    shared_options,
    starting_options,
    world_of,
)
from pkg2image.cli.terminal import show, show_json, tell
from pkg2image.errors import Pkg2ImageError
from pkg2image.pipeline import BuildResult, build
from pkg2image.sizes import size_text


@click.command("build")
@click.argument("packages", nargs=-1, metavar="PACKAGE...")
@resolution_options
@configuration_options
@starting_options
@image_options
@shared_options
@click.option(
    "--test", "with_test", is_flag=True, help="Then start every image under a runtime of this machine; see test --help."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(**parameters: Any) -> None:
    """Build an image of packages and what they need.

    PACKAGE is a name, name=version (globs), name/suite, name:arch, name- (must not be in) or ./file.deb.

    \b
    pkg2image postgresql --format oci
    pkg2image build nginx curl --suite bookworm --format docker --tag web:1
    """  # noqa: D301 -- click wants the backspace itself
    request = request_of(parameters)
    with world_of(parameters) as world:
        results = build(request, world)
    if parameters["as_json"]:
        _answer_json(results, with_test=parameters["with_test"])
        return
    for result in results:
        for output in result.outputs:
            show(f"{output.path} {output.digest}")
    if not parameters["quiet"]:
        for result in results:
            _tell(result)
    if parameters["with_test"]:
        _test(results, quiet=parameters["quiet"])


def _test(results: Sequence[BuildResult], *, quiet: bool) -> None:
    from pkg2image.cli.test import sentence, verdict_of  # noqa: PLC0415 -- only who wants a test pays for it

    # What was built is there and has been told, whatever becomes of the test; stdout keeps its form.
    for result in results:
        for output in result.outputs:
            verdict = verdict_of(output.path)
            if not quiet:
                tell(sentence(verdict))


def _answer_json(results: Sequence[BuildResult], *, with_test: bool) -> None:
    """Print what was built, and with a test the verdict on every output; the first that fails is the error at last."""
    answer = [_json(result) for result in results]
    errors = [error for each in answer for error in _tested(each["outputs"])] if with_test else []
    show_json(answer)
    if errors:
        raise errors[0]


def _tested(outputs: Sequence[dict[str, Any]]) -> Iterator[Pkg2ImageError]:
    from pkg2image.cli.test import failure, verdict_of  # noqa: PLC0415 -- only who wants a test pays for it

    for output in outputs:
        path = Path(output["path"])
        try:
            output["test"] = verdict_of(path).render()
        except Pkg2ImageError as error:
            output["test"] = failure(path, error)
            yield error


def _json(result: BuildResult) -> dict[str, Any]:
    return {
        "architecture": result.plan.architecture,
        "suite": result.plan.suite,
        "plan": str(result.plan.digest),
        "packages": len(result.plan.packages),
        "outputs": [
            {"format": output.format, "path": str(output.path), "digest": str(output.digest), "size": output.size}
            for output in result.outputs
        ],
        "notes": [*result.plan.notes, *result.notes],
        "run": list(result.how_to_run),
    }


def _tell(result: BuildResult) -> None:
    # On stderr: stdout carries results only.
    for output in result.outputs:
        tell(
            f"{output.path}: {size_text(output.size)}, {len(result.plan.packages)} packages from {result.plan.suite} "
            f"({result.plan.architecture})"
        )
        for note in output.notes:
            tell(f"note: {note}")
    for line in result.how_to_run:
        tell(line)
