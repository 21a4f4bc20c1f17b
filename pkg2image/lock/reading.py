"""The text of a lock becomes a `Lock`, or an error that names the line.

Spec: docs/lock.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pkg2image.deb.control import parse_stanzas
from pkg2image.deb.package import Origin, Package, package_from_stanza
from pkg2image.digest import Digest
from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.lock.marks import first_changed
from pkg2image.lock.model import Lock, LockedPackage, LockedRecipe, LockedSource
from pkg2image.lock.places import filename_in, origin_in
from pkg2image.lock.requested import read_request
from pkg2image.lock.values import ids_of, read_map, read_number, read_row, read_text, read_words
from pkg2image.lock.writing import FORMAT, NOTICE, write_lock
from pkg2image.plan import AddedNeed, CutEdge, Reason

_LIMIT = 64 << 20
_AGAIN = "undo the edit, or make a new lock: pkg2image lock PACKAGE... -o FILE"
_T = TypeVar("_T")


class LockError(RequestError):
    """A file is not a lock that can be used: something else, edited, damaged or of a newer program."""


def load_lock(path: Path) -> Lock:
    """Return the lock in a file.

    Raises:
        LockError: As `read_lock`, or when the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_LIMIT + 1)
    except OSError as error:
        raise LockError(
            f"cannot read the lock {path}: {error.strerror}", hint=f"make it: pkg2image lock PACKAGE... -o {path}"
        ) from error
    return read_lock(data, origin=str(path))


def read_lock(data: bytes, *, origin: str) -> Lock:
    """Return the lock that a text describes.

    Args:
        data: The text.
        origin: What is read, for errors.

    Raises:
        LockError: When it is no lock, was edited, or is of a newer program; names the line.
    """
    paragraphs = _paragraphs(data, origin)
    _check_marks(paragraphs, origin)
    with_sources = [each for each in paragraphs if each.lines[0].startswith("Repository:")]
    with_packages = paragraphs[1 + len(with_sources) :]
    sources = tuple(_source(each, origin) for each in with_sources)
    lock = _head(paragraphs[0], origin, sources, tuple(_package(each, sources, origin) for each in with_packages))
    # What is not written like that was not read either: fields that nobody knows, paragraphs in another order.
    _compare(data, write_lock(lock), origin)
    return lock


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph.

    Args:
        lines: Its lines, without the last.
        marks: What is on the last.
        first: Number of the first line in the file.
        fields: What is on the lines.
    """

    lines: tuple[str, ...]
    marks: str
    first: int
    fields: Mapping[str, str]

    def line_of(self, field: str) -> int:
        """Return the number of the line with a field, or of the first one."""
        found = (number for number, line in enumerate(self.lines) if line.startswith(f"{field}:"))
        return self.first + next(found, 0)


def _error(origin: str, line: int, what: str, hint: str = _AGAIN) -> LockError:
    return LockError(f"cannot use the lock {origin}: line {line}: {what}", hint=hint)


def _paragraphs(data: bytes, origin: str) -> list[_Paragraph]:
    if len(data) > _LIMIT:
        raise LockError(f"cannot use the lock {origin}: it is larger than {_LIMIT >> 20} MiB")
    try:
        text = data.decode("ascii" if data.isascii() else "utf-8")
    except UnicodeDecodeError as error:
        raise _error(origin, data.count(b"\n", 0, error.start) + 1, "it is not UTF-8") from error
    lines = text.split("\n")
    start = 1 if lines[0] == NOTICE else 0
    _check_format(lines[start:], start, origin)
    found = []
    for number in range(start, len(lines) + 1):
        if number == len(lines) or not lines[number]:
            if start < number:
                found.append(_paragraph(lines[start:number], start + 1, origin))
            start = number + 1
    return found


def _check_format(lines: Sequence[str], before: int, origin: str) -> None:
    """Make sure that this is a lock, and one of a format that is known, before anything else is judged."""
    match = re.fullmatch(r"Lock: (\d{1,9})", lines[0] if lines else "", re.ASCII)
    if match is None:
        raise LockError(f"cannot use the lock {origin}: line 1: it is not a lock of pkg2image", hint=_AGAIN)
    if int(match[1]) != FORMAT:
        tool = lines[1].removeprefix("Tool: ") if len(lines) > 1 and lines[1].startswith("Tool: ") else "a newer one"
        raise _error(
            origin,
            before + 1,
            f"it is of the format {match[1]}, and this program reads {FORMAT}",
            f"use the pkg2image that made it ({tool[:40]}), or make a new lock",
        )


def _paragraph(lines: Sequence[str], first: int, origin: str) -> _Paragraph:
    *lines, last = lines
    if not lines or not last.startswith("Check: "):
        raise _error(origin, first + len(lines), "the paragraph does not end in 'Check: ...'")
    try:
        (fields,) = parse_stanzas("\n".join(lines), origin=origin)
    except (MalformedPackageError, ValueError):
        fields = {}  # the marks say which line is wrong; where they do not, what is missing is told
    return _Paragraph(tuple(lines), last.removeprefix("Check: "), first, fields)


def _check_marks(paragraphs: Sequence[_Paragraph], origin: str) -> None:
    """Make sure that no line is other than it was made."""
    head, *others = paragraphs
    for each in others:
        changed = first_changed(each.lines, each.marks)
        if changed is not None:
            raise _edited(each, changed, origin)
    changed = first_changed([*head.lines, *(f"Check: {each.marks}" for each in others)], head.marks)
    if changed is None:
        return
    number = changed - len(head.lines)
    if 0 <= number < len(others):
        each = others[number]
        raise _error(origin, each.first, f"paragraphs before {each.lines[0][:100]!r} are missing, moved or new")
    if number == len(others) and others:
        raise _error(origin, others[-1].first, "paragraphs after this one are missing, or the head was edited")
    raise _edited(head, changed, origin)


def _edited(paragraph: _Paragraph, changed: int, origin: str) -> LockError:
    line = [*paragraph.lines, "Check"][changed]
    return _error(origin, paragraph.first + changed, f"it was edited here: {line[:100]!r}")


def _compare(data: bytes, again: bytes, origin: str) -> None:
    if data == again:
        return
    found, made = data.split(b"\n"), again.split(b"\n")
    pairs = enumerate(zip(found, made, strict=False), start=1)
    line = next((number for number, (one, other) in pairs if one != other), min(len(found), len(made)))
    raise _error(origin, line, "this is not as pkg2image writes it")


def _read(paragraph: _Paragraph, origin: str, name: str, read: Callable[[str], _T]) -> _T:
    """Return the value of a field that must be there."""
    if name not in paragraph.fields:
        raise _error(origin, paragraph.first, f"the paragraph has no field {name}")
    try:
        return read(paragraph.fields[name])
    except (ValueError, RecursionError, OverflowError) as error:
        raise _error(origin, paragraph.line_of(name), f"{name}: {error}") from error


def _read_if(paragraph: _Paragraph, origin: str, name: str, read: Callable[[str], _T]) -> _T | None:
    """Return the value of a field that may be missing."""
    return _read(paragraph, origin, name, read) if name in paragraph.fields else None


def _rows(width: int) -> Callable[[str], list[tuple[str, ...]]]:
    return lambda text: [read_row(line.strip(" "), width) for line in _continuation(text)]


def _texts(text: str) -> tuple[str, ...]:
    return tuple(read_text(line.strip(" ")) for line in _continuation(text))


def _continuation(text: str) -> list[str]:
    first, *lines = text.split("\n")
    if first:
        raise ValueError("something is on its first line")
    return lines


def _head(
    head: _Paragraph, origin: str, sources: tuple[LockedSource, ...], packages: tuple[LockedPackage, ...]
) -> Lock:
    suite = _read(head, origin, "Suite", read_text)
    recipe = _read_if(head, origin, "Recipe", lambda text: _recipe(text, head))
    fields = head.fields
    try:
        request = read_request(fields, suite=suite, recipe=recipe.name if recipe else "none")
        ids = ids_of(fields.get("Users"), fields.get("Groups"))
    except (ValueError, RecursionError) as error:
        raise LockError(f"cannot use the lock {origin}: its first paragraph: {error}", hint=_AGAIN) from error
    except RequestError as error:
        raise LockError(f"cannot use the lock {origin}: {error.message}", hint=_AGAIN) from error
    return Lock(
        request=request,
        tool=_read(head, origin, "Tool", read_text),
        suite=suite,
        architecture=_read(head, origin, "Architecture", read_text),
        distribution=_read(head, origin, "Distribution", read_text),
        sources=sources,
        packages=packages,
        cut=tuple(CutEdge(*row) for row in _read_if(head, origin, "Cut", _rows(4)) or ()),
        needs=tuple(AddedNeed(*row) for row in _read_if(head, origin, "Needs", _rows(5)) or ()),
        roots=_read(head, origin, "Roots", read_words),
        ids=ids,
        unmet=_read_if(head, origin, "Unmet", _texts) or (),
        recipe=recipe,
        compressor=_read_if(head, origin, "Compressor", read_text) or "",
    )


def _recipe(text: str, head: _Paragraph) -> LockedRecipe:
    name, _, digest = text.partition(" ")
    document = head.fields.get("Recipe-Document")
    return LockedRecipe(name, Digest.parse(digest), read_map(document) if document else {})


def _source(paragraph: _Paragraph, origin: str) -> LockedSource:
    uri, suite = _read(paragraph, origin, "Repository", lambda text: _two(text.split(" ")))
    return LockedSource(
        uri=uri,
        suite=suite,
        codename=_read(paragraph, origin, "Codename", read_text),
        release=_read(paragraph, origin, "Release", Digest.parse),
        date=_read(paragraph, origin, "Date", _date),
        signers=_read_if(paragraph, origin, "Signers", read_words) or (),
        components=_read_if(paragraph, origin, "Components", read_words) or (),
        label=_read_if(paragraph, origin, "Label", read_text) or "",
        pin=_read_if(paragraph, origin, "Pin-Priority", int),
    )


def _two(parts: list[str]) -> tuple[str, str]:
    one, other = parts
    return one, other


def _date(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _package(paragraph: _Paragraph, sources: Sequence[LockedSource], origin: str) -> LockedPackage:
    fields = paragraph.fields
    url = _read(paragraph, origin, "URL", read_text)
    origins = _read_if(paragraph, origin, "Repositories", lambda text: tuple(_origins(text, sources))) or ()
    stanza = {name: fields[name] for name in ("Package", "Source", "Version", "Architecture") if name in fields}
    if "Installed-Size" in fields:
        stanza["Installed-Size"] = str(_read(paragraph, origin, "Installed-Size", read_number))
    stanza["Filename"] = _read(paragraph, origin, "URL", lambda text: filename_in(read_text(text), origins))
    stanza["Size"] = str(_read(paragraph, origin, "Size", read_number))
    stanza["SHA256"] = _read(paragraph, origin, "SHA256", lambda text: Digest("sha256", text)).hex
    kind, parent, relation = _read(paragraph, origin, "Reason", lambda text: read_row(text, 3))
    return LockedPackage(
        package=_checked(stanza, paragraph, origin, origins),
        url=url,
        sha512=_read(paragraph, origin, "SHA512", lambda text: Digest("sha512", text)).hex,
        reason=Reason(kind, parent, relation),
        skeleton=fields.get("Skeleton") == "yes",
        depends=_read_if(paragraph, origin, "Depends", read_words) or (),
    )


def _checked(stanza: Mapping[str, str], paragraph: _Paragraph, origin: str, origins: tuple[Origin, ...]) -> Package:
    try:
        return package_from_stanza(stanza, origin=f"the lock {origin}", origins=origins)
    except MalformedPackageError as error:
        raise _error(origin, paragraph.first, error.message) from error


def _origins(text: str, sources: Sequence[LockedSource]) -> Iterator[Origin]:
    for place in text.split(", "):
        number, _, component = place.partition(" ")
        position = read_number(number) - 1
        if not 0 <= position < len(sources):
            raise ValueError(f"the lock has no repository {number}")
        yield origin_in(sources, position, component)
