"""Reading ``usr/share/doc/PACKAGE/copyright``: machine-readable where it claims to be, free text else.

A file that breaks the rules of its own format is free text: half of it understood would be wrong data.

Spec: Machine-readable debian/copyright file 1.0 (DEP-5); Debian Policy 12.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_BYTES = 4 << 20
"""What is longer is not read: the longest of 2,400 real ones has 2 MiB."""

_FORMAT = re.compile(r"dep5|dep-5|copyright-format", re.IGNORECASE)
_FORMAT_FIELDS = ("format", "format-specification")
_MEANINGFUL = frozenset({*_FORMAT_FIELDS, "files", "copyright", "license"})
_FIELD = re.compile(r"(?P<name>[!-,./-9;-~][!-9;-~]*):(?P<value>.*)", re.ASCII)
_NOTICE = re.compile(r"copyright|\(c\)|©", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Licensed:
    """What one paragraph says about some files.

    Args:
        synopsis: The first line of its License field.
        text: The lines below it; may be empty.
    """

    synopsis: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Copyright:
    """A machine-readable copyright file.

    Args:
        files: What its paragraphs about files say, in their order; without any, what its header says.
        texts: Name of a licence -> its text, of the paragraphs that stand for themselves.
        notices: Lines of the Copyright fields, each once, in their order.
    """

    files: tuple[Licensed, ...]
    texts: Mapping[str, str]
    notices: tuple[str, ...]


def decoded(data: bytes) -> str:
    """Return a copyright file as text; what is not UTF-8 in it is marked as such."""
    return data[:MOST_BYTES].decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


def read_copyright(data: bytes) -> Copyright | None:
    """Read a machine-readable copyright file.

    Returns:
        What it says, or None when it is free text, breaks the rules of the format, is not UTF-8, or is too long.
    """
    if len(data) > MOST_BYTES:
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    paragraphs = _paragraphs(decoded(data))
    if not paragraphs:
        return None
    header, *others = paragraphs
    if not any(_FORMAT.search(header.get(name, "")) for name in _FORMAT_FIELDS):
        return None
    about_files = [item for item in others if "files" in item]
    files = tuple(_licensed(item["license"]) for item in about_files or [header] if item.get("license"))
    if not files or (about_files and len(files) < len(about_files)):
        return None
    alone = [_licensed(item["license"]) for item in others if "files" not in item and item.get("license")]
    notices = (line for item in paragraphs for line in _lines(item.get("copyright", "")))
    return Copyright(
        files, {item.synopsis.lower(): item.text for item in reversed(alone)}, tuple(dict.fromkeys(notices))
    )


def notices_of(text: str) -> tuple[str, ...]:
    """Return the lines of free text that speak of copyright, each once, in their order."""
    found = (" ".join(line.split()) for line in text.split("\n") if _NOTICE.search(line))
    return tuple(dict.fromkeys(found))


def _paragraphs(text: str) -> list[dict[str, str]]:
    """Return the paragraphs with the names of their fields in lower case; none when the text breaks the rules."""
    found: list[dict[str, str]] = []
    current: dict[str, str] = {}
    field = ""
    for line in text.split("\n"):
        if not line.strip():
            if current:
                found.append(current)
            current, field = {}, ""
        elif line[0] in " \t":
            if not field:
                return []
            current[field] += f"\n{line}"
        elif not line.startswith("#"):
            match = _FIELD.fullmatch(line)
            field = match["name"].lower() if match else ""
            if match is None or (field in current and field in _MEANINGFUL):
                return []
            current[field] = match["value"].strip()
    return [*found, current] if current else found


def _licensed(value: str) -> Licensed:
    synopsis, _, text = value.partition("\n")
    return Licensed(" ".join(synopsis.split()), "\n".join(_unfolded(text)).strip("\n"))


def _unfolded(text: str) -> Iterator[str]:
    """Yield the lines of a text field: a blank is taken from each, and a dot stands for an empty line."""
    for line in text.split("\n"):
        content = line[1:].rstrip()
        yield "" if content == "." else content


def _lines(value: str) -> Iterator[str]:
    for line in value.split("\n"):
        content = " ".join(line.split())
        if content not in {"", "."}:
            yield content
