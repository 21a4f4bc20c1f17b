"""Where drawings go: that of a closure of ``plan --graph``, that of sizes of ``inspect --treemap``."""

from __future__ import annotations

from pathlib import Path

from pkg2image.cli.terminal import show, show_document
from pkg2image.digest import Digest, sha256
from pkg2image.drawing.draw import draw, is_drawing
from pkg2image.errors import OutputError, UsageError
from pkg2image.image.target import check_target, failures, new_file
from pkg2image.plan import Plan
from pkg2image.request import BuildRequest


def check_drawing(request: BuildRequest, path: Path | None, *, force: bool) -> None:
    """Make sure that a drawing is possible, before any work is done for it.

    Args:
        request: What is to be drawn.
        path: Where to, or None for stdout.
        force: Whether a file that is no drawing of ours may be replaced.

    Raises:
        UsageError: When there would be more than one drawing.
        OutputError: When the file may not be written.
    """
    architectures = dict.fromkeys(request.architectures)
    if len(architectures) > 1:
        raise UsageError(
            f"cannot draw {' and '.join(architectures)} in one picture: their packages differ",
            hint=f"draw one at a time: --arch {request.architectures[0]}",
        )
    if path is not None:
        check_place(path, force=force, hint="use --force to replace it, or name another file with -o")


def check_place(path: Path, *, hint: str, force: bool = False) -> None:
    """Make sure that a drawing may be written to a file.

    Args:
        path: Where to.
        hint: What to do when something else is there.
        force: Whether a file that is no drawing of ours may be replaced.

    Raises:
        OutputError: When the file may not be written.
    """
    with failures(path):
        if path.is_file() and not force and not is_drawing(path):
            raise OutputError(f"cannot write {path}: it exists and is not a drawing made by pkg2image", hint=hint)
    check_target(path, force=True)


def show_drawing(plan: Plan, form: str, path: Path | None) -> None:
    """Draw a plan on stdout, or into a file, of which path and digest are shown.

    Args:
        plan: What to draw.
        form: As of `pkg2image.drawing.draw.draw`.
        path: A file that was checked, or None for stdout.

    Raises:
        OutputError: When it cannot be written.
    """
    document = draw(plan, form)
    if path is None:
        show_document(document)
    else:
        show(f"{path} {write_drawing(document, path)}")


def write_drawing(document: bytes, path: Path) -> Digest:
    """Write a drawing into a file that was checked, and return its digest.

    Raises:
        OutputError: When it cannot be written.
    """
    with new_file(path, force=True) as file:
        file.write(document)
    return sha256(document)
