"""``pkg2image build``: from package names to image files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from pkg2image.cli.locking import held_request, keep_lock
from pkg2image.cli.options import (
    configuration_options,
    image_options,
    layer_options,
    resolution_options,
    shared_options,
    starting_options,
    world_of,
)
from pkg2image.cli.terminal import show, show_json, tell
from pkg2image.errors import Pkg2ImageError
from pkg2image.lock.making import lock_digest
from pkg2image.pipeline import BuildResult, Locked, build
from pkg2image.request import BuildRequest
from pkg2image.sizes import size_text


@click.command("build")
@click.argument("packages", nargs=-1, metavar="PACKAGE...")
@resolution_options
@configuration_options
@starting_options
@image_options
@layer_options
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Build what this lock says: exactly its packages, and no index is read. Where there is no such file, it is "
    "written. PACKAGE may be left out, for the lock has the request.",
)
@click.option(
    "--frozen",
    is_flag=True,
    help="With --lock: there must be one, and the image comes out exactly as it says or not at all.",
)
@click.option(
    "--provenance",
    is_flag=True,
    help="Say beside the image where it is from: what was asked for and read, as an in-toto statement.",
)
@click.option(
    "--sign-key",
    "sign_keys",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Sign the image, and where it is from, with this private key; see sign --help.  Repeatable.",
)
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
    request, locked = held_request(parameters)
    say = _attesting(parameters, request, locked)
    with world_of(parameters) as world:
        results = build(request, world, locked)
    results = say(results)
    if parameters["lock"] and not locked:
        keep_lock(results, parameters["lock"], quiet=parameters["quiet"])
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


def _attesting(
    parameters: dict[str, Any], request: BuildRequest, locked: Locked | None
) -> Callable[[tuple[BuildResult, ...]], tuple[BuildResult, ...]]:
    """Return what says where images are from, and signs them; keys are read before anything is built."""
    keep, keys = parameters["provenance"], parameters["sign_keys"]
    if not keep and not keys:
        return lambda results: results
    from pkg2image.cli.attesting import attest, check_formats  # noqa: PLC0415 -- only who wants it pays for it
    from pkg2image.cli.sign import read_signers  # noqa: PLC0415 -- likewise

    check_formats(request)
    signers = read_signers(keys)
    lock_file = parameters["lock"] if locked else None
    return lambda results: attest(results, lock_file=lock_file, keep=keep, signers=signers)


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
        "lock": str(lock_digest(result.lock)),
        "packages": len(result.plan.packages),
        "slim": result.slim.render() if result.slim else None,
        "outputs": [
            {"format": output.format, "path": str(output.path), "digest": str(output.digest), "size": output.size}
            for output in result.outputs
        ],
        "sboms": [
            {"format": bill.form, "path": str(bill.path), "digest": str(bill.digest), "size": bill.size}
            for bill in result.bills
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
    for bill in result.bills:
        tell(f"{bill.path}: {size_text(bill.size)}, what is in it as {bill.form.label}")
    if result.slim:
        tell(f"slim: {result.slim} are left; pkg2image inspect --dropped lists the others")
    for line in result.how_to_run:
        tell(line)
