"""``pkg2image legal``: licence texts, a table of licences, and where the sources are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pkg2image.cli.options import configuration_options, request_of, resolution_options, shared_options, world_of
from pkg2image.cli.terminal import show, tell
from pkg2image.legal import legal_of_image, legal_of_packages
from pkg2image.sbom.bill import Bill
from pkg2image.sbom.licences import NOASSERTION


@click.command("legal")
@click.argument("words", nargs=-1, required=True, metavar="IMAGE|PACKAGE...")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIRECTORY", help="Where all goes."
)
@resolution_options
@configuration_options
@shared_options
def command(words: tuple[str, ...], *, output: Path, **parameters: Any) -> None:
    """Write licence texts and the places of sources, which go along with an image that is passed on.

    The copyright files of its packages, the texts that these refer to, a table of packages with their licences, and a
    table of source packages with where they can be had. An image is a path with a slash or a dot in it; of packages it
    is the image that a build would make.

    \b
    pkg2image legal postgresql.oci.tar -o postgresql-legal
    pkg2image legal postgresql --slim -o postgresql-legal
    """  # noqa: D301 -- click wants the backspace itself
    image = _image(words)
    if image:
        bills: tuple[Bill, ...] = (legal_of_image(image, output),)
    else:
        request = request_of({**parameters, "packages": words})
        with world_of(parameters) as world:
            bills = legal_of_packages(request, world, output)
    show(str(output))
    if not parameters["quiet"]:
        for bill in bills:
            tell(f"{output}: {_summary(bill)}")


def _image(words: tuple[str, ...]) -> Path | None:
    """Return the image that is meant, or None when packages are."""
    path = Path(words[0])
    is_path = "/" in words[0] or "." in words[0]
    return path if len(words) == 1 and is_path and path.exists() and path.suffix != ".deb" else None


def _summary(bill: Bill) -> str:
    unclear = [each.name for each in bill.components if each.licence.declared == NOASSERTION]
    return (
        f"{len(bill.components)} packages ({bill.architecture}) of {len(bill.sources)} source packages; the copyright "
        f"files of {len(unclear)} are for people to read only"
    )
