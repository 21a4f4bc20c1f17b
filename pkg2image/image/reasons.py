"""The document in which an image says what was left out of it and why, and of a slim image why the rest was kept.

It is JSON, grouped so that a thousand files with one reason cost little more than their names, and in the same order
for the same image. Whoever reads it may have got it from anybody: what is not of the right form is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pkg2image.plan import canonical_json
from pkg2image.sizes import size_text

REASONS_PATH = "usr/share/pkg2image/reasons.json"
"""Where an image holds the document."""

BY_CLOSURE = "closure"
"""What the closure left out: documentation and the like."""

BY_SLIM = "slim"
"""What ``--slim`` left out."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a file is kept.

    Args:
        referrer: The file that names it, without leading slash; empty for what is kept for itself.
        why: How it is named, or what it is.
    """

    referrer: str
    why: str


@dataclass(frozen=True, slots=True)
class Left:
    """A file that is left out.

    Args:
        path: Without leading slash.
        size: Bytes of content.
        package: Who shipped it; empty for what was made for the image.
        rule: What left it out, in words.
        by: `BY_CLOSURE` or `BY_SLIM`.
    """

    path: str
    size: int
    package: str
    rule: str
    by: str

    def render(self) -> dict[str, object]:
        """Return the file the way ``inspect --json`` shows it."""
        return {
            "path": f"/{self.path}",
            "size": self.size,
            "package": self.package,
            "rule": self.rule,
            "by": self.by,
        }


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why files are in an image, or not.

    Args:
        slim: Whether it holds only what can be reached.
        kept: Of a slim image, path of a file or link -> why it is kept.
        left_out: In order of what left them out, rule, package and path; no directories.
    """

    slim: bool = False
    kept: Mapping[str, Kept] = field(default_factory=dict)
    left_out: tuple[Left, ...] = ()

    def chain(self, path: str) -> Iterator[str]:
        """Yield the references that lead to a path, as sentences, from the path back to where somebody comes in.

        Args:
            path: In the image, without leading slash.
        """
        seen: set[str] = set()
        while path in self.kept and path not in seen:
            seen.add(path)
            reason = self.kept[path]
            yield f"/{reason.referrer or path} {reason.why}"
            path = reason.referrer


@dataclass(frozen=True, slots=True)
class SlimSizes:
    """How much of an image is left after slimming, and how much of it there was before.

    Args:
        packages: Those of which any file is left.
        files: Files and links that are left.
        of_files: Those there were.
        size: Bytes of the files that are left.
        of_size: Bytes of those there were.
    """

    packages: int
    files: int
    of_files: int
    size: int
    of_size: int

    def __str__(self) -> str:
        """Return it for people."""
        files = f"{self.files:,} of {self.of_files:,} files"
        return f"{self.packages} packages, {files}, {size_text(self.size)} of {size_text(self.of_size)}"

    def render(self) -> dict[str, int]:
        """Return the numbers the way ``build --json`` and ``plan --json`` show them."""
        return asdict(self)


def render_reasons(reasons: Reasons) -> bytes:
    """Return the document."""
    kept: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for path, reason in reasons.kept.items():
        kept[reason.referrer, reason.why].append(f"/{path}")
    left: defaultdict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    for item in reasons.left_out:
        left[item.by, item.rule, item.package].append((f"/{item.path}", item.size))
    document = {
        "slim": reasons.slim,
        "kept": [
            {"referrer": f"/{referrer}" if referrer else "", "why": why, "files": sorted(files)}
            for (referrer, why), files in sorted(kept.items())
        ],
        "dropped": [
            {"by": by, "rule": rule, "package": package, "files": sorted(files)}
            for (by, rule, package), files in sorted(left.items())
        ],
    }
    return canonical_json(document, errors="backslashreplace")


def parse_reasons(data: bytes) -> Reasons | None:
    """Read the document.

    Args:
        data: The bytes of the file; empty when the image has none.

    Returns:
        What it says, or None without a document.

    Raises:
        ValueError: When it is not JSON.
    """
    if not data:
        return None
    document = json.loads(data)
    if not isinstance(document, dict):
        return None
    kept = {path: Kept(_text(group, "referrer").lstrip("/"), _text(group, "why")) for group, path in _kept(document)}
    left = sorted(_left(document), key=lambda item: (item.by, item.rule, item.package, item.path))
    return Reasons(document.get("slim") is True, kept, tuple(left))


def _kept(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for group in _objects(document.get("kept")):
        for path in _list(group.get("files")):
            if isinstance(path, str):
                yield group, path.lstrip("/")


def _left(document: Mapping[str, Any]) -> Iterator[Left]:
    for group in _objects(document.get("dropped")):
        for item in _list(group.get("files")):
            match item:
                case [str(path), int(size)] if size >= 0:
                    words = (_text(group, name) for name in ("package", "rule", "by"))
                    yield Left(path.lstrip("/"), int(size), *words)


def _objects(value: object) -> Iterable[Mapping[str, Any]]:
    return (each for each in _list(value) if isinstance(each, dict))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(group: Mapping[str, Any], name: str) -> str:
    value = group.get(name)
    return value if isinstance(value, str) else ""
