"""The two formats of apt's source lists: text becomes entries, whose values nobody has looked at yet.

Spec: sources.list(5) of apt 2.6, "One-Line-Style Format" and "DEB822-Style Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pkg2image.errors import RequestError

_BLANKS = " \t"
_FIELD_LINE = re.compile(r"([!-9;-~]+):(.*)", re.ASCII)
_ONE_LINE = re.compile(r"(?P<type>\S+)\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<rest>\S.*)", re.ASCII)
_ONE_LINE_NAMES = {"arch": "architectures", "lang": "languages", "target": "targets"}
_YES = frozenset({"yes", "true", "with", "on", "enable", "1"})
_NO = frozenset({"no", "false", "without", "off", "disable", "0"})


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines that hold one entry, comments included.

    Args:
        where: ``file:line`` of the first of them.
        lines: Without line ends.
        paragraph: Whether they are fields rather than one line.
    """

    where: str
    lines: tuple[str, ...]
    paragraph: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry for binary packages.

    Args:
        where: ``file:line``, for errors.
        uris: As written.
        suites: As written.
        components: As written.
        options: Name in the spelling of deb822, lower case -> value; a continuation keeps its line break and blank.
    """

    where: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: Mapping[str, str]


def source_error(where: str, reason: str, hint: str | None = None) -> RequestError:
    """Return the error that says what is wrong with an entry."""
    return RequestError(f"cannot read the source at {where}: {reason}", hint=hint)


def is_yes(text: str, name: str, where: str) -> bool:
    """Read a truth value in any of apt's spellings.

    Raises:
        RequestError: It is none of them.
    """
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise source_error(where, f"{name} is {text!r}, which is neither yes nor no")
    return word in _YES


def split_chunks(text: str, *, origin: str) -> Iterator[Chunk]:
    """Split a file of either format; which one it is, its first line tells.

    Args:
        text: The file.
        origin: What is read.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    first = next((line for line in lines if line.strip() and not _is_comment(line)), "")
    paragraph = re.match(r"[A-Za-z][A-Za-z0-9-]*\s*:", first, re.ASCII) is not None
    if not paragraph:
        for number, line in enumerate(lines, start=1):
            if line.strip() and not _is_comment(line):
                yield Chunk(f"{origin}:{number}", (line,), paragraph=False)
        return
    start = 0
    for end, line in enumerate([*lines, ""]):
        if not line.strip():
            if start < end:
                yield Chunk(f"{origin}:{start + 1}", tuple(lines[start:end]), paragraph=True)
            start = end + 1


def read_entry(chunk: Chunk) -> Entry | None:
    """Read an entry; ``None`` when it is disabled, holds only comments, or describes source packages.

    Raises:
        RequestError: It is of neither format.
    """
    return _read_paragraph(chunk) if chunk.paragraph else _read_line(chunk.lines[0], chunk.where)


def _is_comment(line: str) -> bool:
    return line.lstrip(_BLANKS).startswith("#")


def _read_line(text: str, where: str) -> Entry | None:
    """Read ``deb [option=value ...] URI suite [component ...]``."""
    line = re.split(r"\s#", text, maxsplit=1)[0].strip()
    match = _ONE_LINE.fullmatch(line)
    if match is None or match["type"] not in {"deb", "deb-src"}:
        raise source_error(where, "it is neither 'deb [options] URI suite component...' nor a 'Field: value' paragraph")
    if match["type"] == "deb-src":
        return None
    uri, *words = match["rest"].split()
    if not words:
        raise source_error(where, "the suite is missing", "write 'deb URI suite component...'")
    options = {}
    for word in (match["options"] or "").split():
        name, equals, value = word.partition("=")
        if not equals or not value:
            raise source_error(where, f"the option {word!r} is not of the form name=value")
        name = name.lower()
        options[_ONE_LINE_NAMES.get(name, name)] = value
    return Entry(where, (uri,), (words[0],), tuple(words[1:]), options)


def _read_paragraph(chunk: Chunk) -> Entry | None:
    """Read a paragraph of fields."""
    where = chunk.where
    fields = _fields(chunk)
    if not fields:
        return None
    if not is_yes(fields.pop("enabled", "yes"), "Enabled", where):
        return None
    types = fields.pop("types", "").split()
    uris = tuple(fields.pop("uris", "").split())
    suites = tuple(fields.pop("suites", "").split())
    components = tuple(fields.pop("components", "").split())
    for name, values in (("Types", types), ("URIs", uris), ("Suites", suites)):
        if not values:
            raise source_error(where, f"the field {name} is missing or empty")
    if unknown := sorted({*types} - {"deb", "deb-src"}):
        raise source_error(where, f"the type {unknown[0]!r} is unknown", "write 'Types: deb'")
    if "deb" not in types:
        return None
    return Entry(where, uris, suites, components, fields)


def _fields(chunk: Chunk) -> dict[str, str]:
    """Return field name in lower case -> value; a continuation keeps its line break and blank."""
    origin, _, number = chunk.where.rpartition(":")
    fields: dict[str, str] = {}
    name = ""
    for line_number, line in enumerate(chunk.lines, start=int(number)):
        where = f"{origin}:{line_number}"
        if line.startswith("#"):
            continue
        if line[0] in _BLANKS:
            if not name:
                raise source_error(where, "the line continues no field")
            fields[name] += "\n" + line
            continue
        match = _FIELD_LINE.fullmatch(line)
        if match is None:
            raise source_error(where, "the line is not 'Field: value'")
        name = match[1].lower()
        if name in fields:
            raise source_error(where, f"the field {match[1]} is there twice")
        fields[name] = match[2].strip()
    return fields
