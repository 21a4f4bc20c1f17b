"""``pkg2image inspect``: what is in an image file, and whether it is sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pkg2image.cli.accounts import (
    dropped_json,
    dropped_lines,
    left_out_line,
    left_out_sentence,
    sizes_json,
    sizes_lines,
)
from pkg2image.cli.started import started_lines
from pkg2image.cli.terminal import show, show_json
from pkg2image.errors import RequestError, UsageError
from pkg2image.image.account import NO_PACKAGE, Account, Part, account_of
from pkg2image.image.captured import ORIGINS_PATH
from pkg2image.image.lint import lint
from pkg2image.image.read import ImageContents, read_image
from pkg2image.image.reasons import Left
from pkg2image.image.scan import FileInfo
from pkg2image.sbom.origins import read_origins
from pkg2image.sizes import size_text

# What can be asked for alone, by the name of the option.
_LINES: Mapping[str, Callable[[Account, ImageContents], Iterable[str]]] = {
    "dropped": dropped_lines,
    "sizes": sizes_lines,
}
_RENDERED: Mapping[str, Callable[[Account, ImageContents], object]] = {"dropped": dropped_json, "sizes": sizes_json}


@click.command("inspect")
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--files", "with_files", is_flag=True, help="List every file.")
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="PATH",
    help="Show only this path of the image: what it is, its package, why it is there or was left out; repeatable.",
)
@click.option("--dropped", is_flag=True, help="List what was left out: by rule, package and path.")
@click.option("--sizes", is_flag=True, help="List what takes how much space: by package, by reason, by layer.")
@click.option(
    "--treemap",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Write a page with a picture of all files, as large as their bytes, and why each of them is there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything, or what was asked for, as JSON.")
def command(
    image: Path, *, treemap: Path | None, paths: tuple[str, ...], with_files: bool, as_json: bool, **parts: bool
) -> None:
    """Look at an image of any format this program writes: packages, configuration, scripts, layers, files.

    Every digest is computed again, and the image is held to the rules of its format; what breaks one is listed.
    """
    if treemap:
        _check_treemap(treemap, as_json=as_json)
    contents = read_image(image)
    if paths:
        _answer_paths(contents, paths, as_json=as_json)
    if treemap:
        _write_treemap(contents, treemap)
    wanted = [name for name, is_wanted in parts.items() if is_wanted]
    if wanted:
        _answer_parts(contents, wanted, as_json=as_json)
    if not (paths or treemap or wanted):
        _answer(contents, with_files=with_files, as_json=as_json)


def _check_treemap(path: Path, *, as_json: bool) -> None:
    if as_json:
        raise UsageError("cannot write a treemap and print JSON at once", hint="leave out --treemap or --json")
    from pkg2image.cli.drawing import check_place  # noqa: PLC0415 -- only who wants a drawing pays for it

    check_place(path, hint="name another file, or remove that one")


def _write_treemap(contents: ImageContents, path: Path) -> None:
    from pkg2image.cli.drawing import write_drawing  # noqa: PLC0415 -- only who wants a drawing pays for it
    from pkg2image.drawing.sizes import sizes_page  # noqa: PLC0415 -- likewise

    show(f"{path} {write_drawing(sizes_page(_account(contents)), path)}")


def _account(contents: ImageContents) -> Account:
    return account_of(contents, read_origins(contents.captured.get(ORIGINS_PATH, b"")))


def _answer(contents: ImageContents, *, with_files: bool, as_json: bool) -> None:
    findings = [str(finding) for finding in lint(contents)]
    if as_json:
        account = _account(contents)
        parts = {name: render(account, contents) for name, render in _RENDERED.items()}
        show_json({**contents.render(), "slim": account.slim, **parts, "findings": findings})
        return
    _show(contents, findings)
    if with_files:
        for entry in contents.files:
            show(_line(entry))


def _answer_parts(contents: ImageContents, names: Sequence[str], *, as_json: bool) -> None:
    account = _account(contents)
    if as_json:
        show_json({name: _RENDERED[name](account, contents) for name in names})
        return
    for name in names:
        for line in _LINES[name](account, contents):
            show(line)


def _answer_paths(contents: ImageContents, paths: Sequence[str], *, as_json: bool) -> None:
    account = _account(contents)
    found = [_find(contents, account, path) for path in paths]
    if as_json:
        show_json([item.render() for item in found])
        return
    for item in found:
        _show_path(item)


def _show(contents: ImageContents, findings: list[str]) -> None:
    about = contents.inside
    show(f"{contents.path}: {contents.format}, {size_text(contents.size)}, {contents.digest}")
    if contents.reference:
        show(f"reference: {contents.reference}")
    for name, value in sorted(dict(contents.config.get("config") or contents.config.get("app") or {}).items()):
        show(f"{name}: {value}")
    for line in started_lines(about.inferred):
        show(line)
    if about.reasons and about.reasons.slim:
        show("slim: only what can be reached is in it")
    show(f"{len(contents.packages)} packages:")
    for package in contents.packages:
        show(f"  {package['name']} {package['version']} {package['architecture']}")
    for line in (*_needs(about.needs), *_scripts(about.scripts), *_unmet(about.unmet), *_wanted(about.wanted)):
        show(line)
    # As --uid and --gid take them.
    show(" ".join(("users:", *(f"{user['name']}={user['uid']}" for user in about.users))))
    show(" ".join(("groups:", *(f"{group['name']}={group['gid']}" for group in about.groups))))
    show(f"{len(contents.layers)} layers:")
    for layer in contents.layers:
        show(f"  {size_text(layer.scan.size):>9}  {layer.scan.digest}  {layer.name}")
    show(f"{len(contents.files)} files, {size_text(sum(entry.size for entry in contents.files))}")
    if about.reasons and about.reasons.left_out:
        show(f"{left_out_line(about.reasons.left_out)}; --dropped lists them")
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
    """A path of an image, or one that was left out of it.

    Args:
        entry: What it is; None of what was left out.
        part: Its package and why it is there; None of directories and what was left out.
        left_out: What left it out.
        layers: Names of the layers that have it, from the bottom up.
        scripts: What scripts did to it: ``package``, ``action``, ``by``.
    """

    entry: FileInfo | None
    part: Part | None
    left_out: Left | None
    layers: tuple[str, ...]
    scripts: tuple[Mapping[str, object], ...]

    def render(self) -> dict[str, object]:
        return {
            "file": self.entry.render() if self.entry else None,
            "package": self.part.package if self.part else self.left_out.package if self.left_out else "",
            "reason": list(self.part.reason) if self.part else [],
            "left_out": self.left_out.render() if self.left_out else None,
            "layers": list(self.layers),
            "scripts": list(self.scripts),
        }


def _find(contents: ImageContents, account: Account, path: str) -> _Found:
    place = path.strip("/")
    entry = next((entry for entry in contents.files if entry.path == place), None)
    left_out = None if entry else next((item for item in account.left_out if item.path == place), None)
    if entry is None and left_out is None:
        raise RequestError(f"cannot show /{place}: the image has no such path", hint="--files lists every path")
    return _Found(
        entry,
        next((part for part in account.parts if part.path == place), None),
        left_out,
        tuple(layer.name for layer in contents.layers if any(each.path == place for each in layer.scan.files)),
        tuple(
            {"package": package.get("package"), "action": change.get("action"), "by": change.get("by")}
            for package in contents.inside.scripts.get("packages", ())
            for change in package.get("changes", ())
            if change.get("path") == f"/{place}"
        ),
    )


def _show_path(found: _Found) -> None:
    if found.left_out:
        show(left_out_sentence(found.left_out))
    if found.entry:
        show(_line(found.entry))
    if found.part:
        show(f"  {f'in the package {found.part.package}' if found.part.package else NO_PACKAGE}")
        for sentence in found.part.reason:
            show(f"  {sentence}")
    for layer in found.layers:
        show(f"  in the layer: {layer}")
    for change in found.scripts:
        show(f"  {change['action']} by {change['package']} {change['by']}")


def _line(entry: FileInfo) -> str:
    arrow = f" -> {entry.target}" if entry.target else ""
    return f"{entry.kind:9} {entry.mode:04o} {entry.uid}:{entry.gid} {entry.size:>10} /{entry.path}{arrow}"
