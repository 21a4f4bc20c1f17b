"""A lock as text: paragraphs of ``Field: value``, one fact on a line, so that two of them can be compared by eye.

The first paragraph has what was asked for and what else decides, then comes one for each suite that was read, then one
for each package in the order in which they are unpacked. Equal locks are equal bytes.

Spec: deb822(5); docs/lock.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pkg2image.deb.package import Origin
from pkg2image.lock.marks import marks
from pkg2image.lock.model import Lock, LockedPackage, LockedRecipe, LockedSource
from pkg2image.lock.requested import request_fields
from pkg2image.lock.values import map_value, numbers_value, row_value, text_value, words_value

FORMAT = 1
"""What this program writes; it reads no newer one."""

NOTICE = "# Exactly what an image is made of. Not to be edited: `pkg2image lock` makes a new one."
DATE = "%Y-%m-%dT%H:%M:%SZ"

Value = str | Sequence[str]
"""What is on the line of a field, or what is on the lines after it."""


def write_lock(lock: Lock) -> bytes:
    """Return the text of a lock."""
    others = [
        *(_closed(_source(source)) for source in lock.sources),
        *(_closed(_package(package)) for package in lock.packages),
    ]
    head = _lines(_head(lock))
    check = f"Check: {marks([*head, *(lines[-1] for lines in others)])}"
    paragraphs = [[NOTICE, *head, check], *others]
    return "".join("\n".join(lines) + "\n\n" for lines in paragraphs)[:-1].encode()


def _closed(fields: Iterator[tuple[str, Value]]) -> list[str]:
    lines = _lines(fields)
    return [*lines, f"Check: {marks(lines)}"]


def _lines(fields: Iterator[tuple[str, Value]]) -> list[str]:
    lines = []
    for name, value in fields:
        if isinstance(value, str):
            lines.append(f"{name}: {value}")
        elif value:
            lines += [f"{name}:", *(f" {line}" for line in value)]
    return lines


def _head(lock: Lock) -> Iterator[tuple[str, Value]]:
    yield "Lock", str(FORMAT)
    yield "Tool", text_value(lock.tool)
    yield from request_fields(lock.request)
    yield "Architecture", lock.architecture
    yield "Suite", text_value(lock.suite)
    yield "Distribution", text_value(lock.distribution)
    yield "Roots", words_value(lock.roots)
    if lock.recipe:
        yield from _recipe(lock.recipe)
    if lock.ids.users:
        yield "Users", numbers_value(lock.ids.users)
    if lock.ids.groups:
        yield "Groups", numbers_value(lock.ids.groups)
    yield "Cut", [row_value((edge.package, edge.field, edge.relation, edge.why)) for edge in lock.cut]
    yield (
        "Needs",
        [row_value((need.provider, need.what, need.path, need.reason, need.package)) for need in lock.needs],
    )
    yield "Unmet", [text_value(what) for what in lock.unmet]
    if lock.compressor:
        yield "Compressor", text_value(lock.compressor)


def _recipe(recipe: LockedRecipe) -> Iterator[tuple[str, Value]]:
    yield "Recipe", f"{recipe.name} {recipe.digest}"
    if recipe.document:
        yield "Recipe-Document", map_value(recipe.document)


def _source(source: LockedSource) -> Iterator[tuple[str, Value]]:
    yield "Repository", f"{source.uri} {source.suite}"
    if source.components:
        yield "Components", words_value(source.components)
    yield "Codename", text_value(source.codename)
    if source.label:
        yield "Label", text_value(source.label)
    if source.pin is not None:
        yield "Pin-Priority", str(source.pin)
    yield "Release", str(source.release)
    yield "Date", datetime.fromtimestamp(source.date, UTC).strftime(DATE)
    if source.signers:
        yield "Signers", words_value(source.signers)


def _package(locked: LockedPackage) -> Iterator[tuple[str, Value]]:
    package = locked.package
    yield "Package", package.name
    yield "Version", package.version
    yield "Architecture", package.architecture
    for name in ("Source", "Installed-Size"):
        if name in package.fields:
            yield name, text_value(package.fields[name])
    yield "URL", text_value(locked.url)
    if package.origins:
        yield "Repositories", ", ".join(map(_place, package.origins))
    yield "Size", str(package.size)
    yield "SHA256", package.sha256
    yield "SHA512", locked.sha512
    yield "Reason", row_value((locked.reason.kind, locked.reason.parent, locked.reason.relation))
    if locked.skeleton:
        yield "Skeleton", "yes"
    if locked.depends:
        yield "Depends", words_value(locked.depends)


def _place(origin: Origin) -> str:
    return f"{origin.source + 1} {origin.component}".rstrip()
