"""``pkg2image inspect``: what is in an image file, and whether it is sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pkg2image.cli.started import started_lines
from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import RequestError
from pkg2image.image.lint import lint
from pkg2image.image.read import ImageContents, read_image
from pkg2image.image.scan import FileInfo
from pkg2image.sizes import size_text


@click.command("inspect")
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--files", "with_files", is_flag=True, help="List every file.")
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="PATH",
    help="Show only this path of the image: what it is, its layer, the scripts that changed it; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(image: Path, *, with_files: bool, paths: tuple[str, ...], as_json: bool) -> None:
    """Look at an image of any format this program writes: packages, configuration, scripts, layers, files.

    Every digest is computed again, and the image is held to the rules of its format; what breaks one is listed.
    """
    contents = read_image(image)
    if paths:
        found = [_find(contents, path) for path in paths]
        if as_json:
            show_json([item.render() for item in found])
            return
        for item in found:
            _show_path(item)
        return
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
    for line in started_lines(contents.inside.inferred):
        show(line)
    show(f"{len(contents.packages)} packages:")
    for package in contents.packages:
        show(f"  {package['name']} {package['version']} {package['architecture']}")
    about = contents.inside
    for line in (*_needs(about.needs), *_scripts(about.scripts), *_unmet(about.unmet), *_wanted(about.wanted)):
        show(line)
    # As --uid and --gid take them.
    show(" ".join(("users:", *(f"{user['name']}={user['uid']}" for user in contents.inside.users))))
    show(" ".join(("groups:", *(f"{group['name']}={group['gid']}" for group in contents.inside.groups))))
    show(f"{len(contents.layers)} layers:")
    for layer in contents.layers:
        show(f"  {size_text(layer.scan.size):>9}  {layer.scan.digest}  {layer.name}")
    show(f"{len(contents.files)} files, {size_text(sum(entry.size for entry in contents.files))}")
    show("sound" if not findings else f"{len(findings)} findings:")
    for finding in findings:
        show(f"  {finding}")


def _needs(needs: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Yield what nobody declared and is there because files showed that they need it."""
    for need in needs:
        owner = f" ({need['package']})" if need.get("package") else ""
        yield f"added: {need.get('provider')} for {need.get('what')}: {need.get('path')}{owner}: {need.get('reason')}"


def _scripts(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a user should know about the scripts of the packages, one line each; nothing without a report."""
    if not report:
        return
    packages = report["packages"]
    counts = ", ".join(f"{number} {disposition}" for disposition, number in report["counts"].items())
    yield f"scripts ({report.get('policy')}): {counts or 'not looked at'}"
    idle = sum(len(package.get("without_effect", ())) for package in packages)
    if idle:
        yield f"  commands that mean nothing in an image (starting services and the like), counted as done: {idle}"
    for package in packages:
        if "problem" in package:
            yield f"  not understood: {package.get('package')}: {_problem(package['problem'])}"
    for package in packages:
        for rule in package.get("overrides", ()):
            yield f"  not run: {package.get('package')} {rule.get('what')} ({rule.get('because')}): {rule.get('why')}"
    withheld = [(package.get("package"), item) for package in packages for item in package.get("withheld", ())]
    for name, item in withheld:
        yield f"  not made: {item.get('what')} of {name} ({item.get('by')}): {item.get('why')}"
    if withheld:
        yield "  what is not made is for the first start to make, or for you to mount: no two copies may share it"


def _unmet(unmet: Sequence[Mapping[str, object]] | None) -> Iterator[str]:
    """Yield what files of the image ask for and do not find; nothing when that was never checked."""
    if unmet is None:
        return
    yield f"unmet: {len(unmet) or 'nothing'}"
    for item in unmet:
        owner = f" ({item['package']})" if item.get("package") else ""
        yield f"  {item.get('path')}{owner}: {item.get('kind')} {item.get('what')}"


def _wanted(wanted: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Yield what files show that they need and nobody brought."""
    for item in wanted:
        owner = f" ({item['package']})" if item.get("package") else ""
        yield f"missing: {item.get('what')}: {item.get('path')}{owner}: {item.get('reason')}"


def _problem(problem: Mapping[str, Any]) -> str:
    line = "" if problem.get("line") is None else f" line {problem['line']}"
    file = f" of {problem['file']}" if problem.get("file") else ""
    return f"{problem.get('script')}{line}{file}: {problem.get('reason')}"


@dataclass(frozen=True, slots=True)
class _Found:
    """A path of an image.

    Args:
        entry: What it is.
        layers: Names of the layers that have it, from the bottom up.
        scripts: What scripts did to it: ``package``, ``action``, ``by``.
    """

    entry: FileInfo
    layers: tuple[str, ...]
    scripts: tuple[Mapping[str, object], ...]

    def render(self) -> dict[str, object]:
        return {"file": self.entry.render(), "layers": list(self.layers), "scripts": list(self.scripts)}


def _find(contents: ImageContents, path: str) -> _Found:
    place = path.strip("/")
    entry = next((entry for entry in contents.files if entry.path == place), None)
    if entry is None:
        raise RequestError(f"cannot show /{place}: the image has no such path", hint="--files lists every path")
    return _Found(
        entry,
        tuple(layer.name for layer in contents.layers if any(each.path == place for each in layer.scan.files)),
        tuple(
            {"package": package.get("package"), "action": change.get("action"), "by": change.get("by")}
            for package in contents.inside.scripts.get("packages", ())
            for change in package.get("changes", ())
            if change.get("path") == f"/{place}"
        ),
    )


def _show_path(found: _Found) -> None:
    show(_line(found.entry))
    for layer in found.layers:
        show(f"  in the layer: {layer}")
    for change in found.scripts:
        show(f"  {change['action']} by {change['package']} {change['by']}")


def _line(entry: FileInfo) -> str:
    arrow = f" -> {entry.target}" if entry.target else ""
    return f"{entry.kind:9} {entry.mode:04o} {entry.uid}:{entry.gid} {entry.size:>10} /{entry.path}{arrow}"
