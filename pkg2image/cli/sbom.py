"""``pkg2image sbom``: the bill of materials of an image file."""

from __future__ import annotations

from pathlib import Path

import click

from pkg2image.cli.terminal import show_document
from pkg2image.image.target import check_target, new_file
from pkg2image.sbom.carried import carried_bill
from pkg2image.sbom.forms import Form, render


@click.command("sbom")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    default=Form.SPDX.value,
    show_default=True,
    help="SPDX 2.3, SPDX 3.0.1 or CycloneDX 1.6.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write it to.  [default: stdout]")
@click.option("--force", is_flag=True, help="Replace an existing file although it is no bill of ours.")
def command(image: Path, *, form: str, output: Path | None, force: bool) -> None:
    """Print the bill of materials of an image of this program.

    Packages, sources, licences, dependencies, files with hashes. It is made of what the image carries, and is byte for
    byte what the build wrote beside it.

    \b
    pkg2image sbom postgresql.oci.tar > postgresql.spdx.json
    pkg2image sbom postgresql.oci.tar --format cyclonedx -o postgresql.cdx.json
    """  # noqa: D301 -- click wants the backspace itself
    if output:
        check_target(output, force=force)
    document = render(carried_bill(image), Form(form))
    if output is None:
        show_document(document)
        return
    with new_file(output, force=force) as file:
        file.write(document)
