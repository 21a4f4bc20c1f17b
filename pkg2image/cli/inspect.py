"""``pkg2image inspect``: what is in an image file, and whether it is sound."""

from __future__ import annotations

from pathlib import Path

import click

from pkg2image.cli.terminal import show, show_json, size_text
from pkg2image.image.lint import lint
from pkg2image.image.read import ImageContents, read_image
from pkg2image.image.scan import FileInfo


@click.command("inspect")
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--files", "with_files", is_flag=True, help="List every file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(image: Path, *, with_files: bool, as_json: bool) -> None:
    """Look at an image of any format this program writes: packages, configuration, layers, files.

    Every digest is computed again, and the image is held to the rules of its format; what breaks one is listed.
    """
    contents = read_image(image)
    findings = [str(finding) for finding in lint(contents)]
    if as_json:
        show_json({**contents.render(), "findings": findings})
        return
    _show(contents, findings)
    if with_files:
        for entry in contents.files:
            show(_line(entry))


def _show(contents: ImageContents, findings: list[str]) -> None:
    show(f"{contents.path}: {contents.format}, {size_text(contents.size)}, {contents.digest}")
    if contents.reference:
        show(f"reference: {contents.reference}")
    for name, value in sorted(dict(contents.config.get("config") or contents.config.get("app") or {}).items()):
        show(f"{name}: {value}")
    show(f"{len(contents.packages)} packages:")
    for package in contents.packages:
        show(f"  {package['name']} {package['version']} {package['architecture']}")
    show(f"{len(contents.layers)} layers:")
    for layer in contents.layers:
        show(f"  {size_text(layer.scan.size):>9}  {layer.scan.digest}  {layer.name}")
    show(f"{len(contents.files)} files, {size_text(sum(entry.size for entry in contents.files))}")
    show("sound" if not findings else f"{len(findings)} findings:")
    for finding in findings:
        show(f"  {finding}")


def _line(entry: FileInfo) -> str:
    arrow = f" -> {entry.target}" if entry.target else ""
    return f"{entry.kind:9} {entry.mode:04o} {entry.uid}:{entry.gid} {entry.size:>10} /{entry.path}{arrow}"
