"""Licence synopses of Debian as SPDX licence expressions.

Nothing is guessed: what is not an identifier of SPDX, not a name that Debian's format defines, and not one of a few
plain names stays a reference to its own text.

Spec: DEP-5 "License specification", "Short license name", "Syntax"; SPDX 2.3 annex D, the same in 3.0.1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pkg2image.sbom.spdx_list import EXCEPTIONS, LICENCES

_NAMES = {
    # Debian's own names (DEP-5), where SPDX has others.
    "expat": "MIT",
    "cc0": "CC0-1.0",
    "artistic": "Artistic-1.0-Perl",  # the text of that name in /usr/share/common-licenses
    "perl": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "wtfpl-2": "WTFPL",
    "psf-2": "PSF-2.0",
    "sil-1.1": "OFL-1.1",
    "sil-ofl-1.1": "OFL-1.1",
    "boost-1.0": "BSL-1.0",
}
_RENAMED = {"zope": "zpl"}
_EXCEPTION_NAMES = {
    "bison": "Bison-exception-2.2",
    "classpath": "Classpath-exception-2.0",
    "font": "Font-exception-2.0",
    "libtool": "Libtool-exception",
    "linux-syscall-note": "Linux-syscall-note",
    "llvm": "LLVM-exception",
    "texinfo": "Texinfo-exception",
}
_GNU = re.compile(r"(?P<name>[al]?gpl|gfdl|gfdl-niv)-?v?(?P<version>\d+(?:\.\d+)*)(?P<later>\+|-only|-or-later)?")
_VERSION = re.compile(r"(?P<name>.*[a-z])-(?P<version>\d+(?:\.\d+)*)")
_OPERATORS = frozenset({"and", "or", "with"})
_NAME = re.compile(r"[A-Za-z0-9][^\s,|()]*", re.ASCII)
_LONGEST_SLUG = 40


@dataclass(frozen=True, slots=True)
class Expression:
    """A licence expression.

    Args:
        operator: ``AND``, ``OR``, or empty for a single licence.
        parts: What it joins; a single licence is its own only part.
    """

    operator: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in SPDX's syntax."""
        return f" {self.operator} ".join(self.parts)

    @property
    def as_part(self) -> str:
        """It as a part of another one."""
        return f"({self})" if self.operator else str(self)


Reference = Callable[[str], str]
"""Returns the reference to the text of a licence whose name is not known; makes one where there is none."""


def spdx_of(synopsis: str, reference: Reference) -> Expression:
    """Return a synopsis of a License field as an expression.

    Args:
        synopsis: As written, in one line.
        reference: Of licences that SPDX does not know; what is no expression at all is one such licence.
    """
    tokens = synopsis.replace(",", " , ").split()
    parsed = _parsed(tokens, reference) if tokens else None
    return parsed or Expression("", (reference(synopsis),))


def joined(operator: str, expressions: Iterable[Expression]) -> Expression:
    """Join expressions; each part is there once, and those with the same operator are not nested."""
    distinct = list(dict.fromkeys(expressions))
    if len(distinct) == 1:
        return distinct[0]
    parts: dict[str, None] = {}
    for expression in distinct:
        same = expression.operator in {"", operator}
        parts.update(dict.fromkeys(expression.parts if same else (expression.as_part,)))
    return Expression(operator if len(parts) > 1 else "", tuple(parts))


def parsed(text: str) -> Expression:
    """Return an expression that was written by `Expression`: split where no parenthesis is open."""
    parts: list[str] = []
    words: list[str] = []
    operator, depth = "", 0
    for word in text.split(" "):
        if depth == 0 and word in {"AND", "OR"}:
            operator = word
            parts.append(" ".join(words))
            words = []
        else:
            depth += word.count("(") - word.count(")")
            words.append(word)
    return Expression(operator, (*parts, " ".join(words)))


def reference_name(name: str, text: str) -> str:
    """Return the SPDX reference of a licence: two texts of one name have different ones, one text always the same.

    Args:
        name: As Debian writes it.
        text: Of the licence.
    """
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", name.replace("+", "plus")).strip("-.")[:_LONGEST_SLUG] or "text"
    words = " ".join(text.split())
    return f"LicenseRef-deb-{slug}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"


def _parsed(tokens: Sequence[str], reference: Reference) -> Expression | None:
    """Return an expression, or None when the tokens are none. A comma binds less than anything else."""
    groups: list[list[str]] = [[]]
    for word in tokens:
        if word == ",":
            groups.append([])
        else:
            groups[-1].append(word)
    found: Expression | None = None
    for number, group in enumerate(groups):
        operator = group[0].lower() if group else ""
        if number and operator not in {"and", "or"}:
            return None  # a plain list: nothing says which operator is meant
        part = _alternatives(group[1:] if number else group, reference)
        if part is None:
            return None
        found = part if found is None else joined(operator.upper(), (found, part))
    return found


def _alternatives(tokens: Sequence[str], reference: Reference) -> Expression | None:
    parts = [_conjunction(part, reference) for part in _split(tokens, "or")]
    return None if None in parts else joined("OR", (part for part in parts if part))


def _conjunction(tokens: Sequence[str], reference: Reference) -> Expression | None:
    parts = [_licence(part, reference) for part in _split(tokens, "and")]
    return None if None in parts else joined("AND", (part for part in parts if part))


def _split(tokens: Sequence[str], operator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token.lower() == operator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _licence(tokens: Sequence[str], reference: Reference) -> Expression | None:
    """Return one licence, perhaps with an exception, or None when the tokens are something else."""
    if not tokens or _NAME.fullmatch(tokens[0]) is None or tokens[0].lower() in _OPERATORS:
        return None
    if len(tokens) == 1:
        known = _identifier(tokens[0])
        return _expression(known or reference(tokens[0]))
    if tokens[1].lower() != "with" or len(tokens) < 3:
        return None
    words = [token.lower() for token in tokens[2:]]
    if words[-1] == "exception":
        words.pop()
    exception = " ".join(words)
    licence = _identifier(tokens[0])
    known = _EXCEPTION_NAMES.get(exception) or EXCEPTIONS.get(exception.replace(" ", "-"))
    if licence and known and " " not in licence:
        return Expression("", (f"{licence} WITH {known}",))
    return Expression("", (reference(" ".join(tokens)),))


def _expression(text: str) -> Expression:
    return Expression("OR", tuple(text.split(" OR "))) if " OR " in text else Expression("", (text,))


def _identifier(name: str) -> str | None:
    """Return SPDX's identifier of a licence, or None when it has none or none that is certain."""
    lower = name.lower()
    if lower in _NAMES:
        return _NAMES[lower]
    gnu = _GNU.fullmatch(lower)
    if gnu:
        return _gnu(gnu["name"], gnu["version"], later=gnu["later"] in {"+", "-or-later"})
    if lower in LICENCES:
        return LICENCES[lower]
    match = _VERSION.fullmatch(lower)
    if match is None:
        return None
    stem = _RENAMED.get(match["name"], match["name"])
    return next((LICENCES[f"{stem}-{form}"] for form in _forms(match["version"]) if f"{stem}-{form}" in LICENCES), None)


def _gnu(name: str, version: str, *, later: bool) -> str | None:
    stem, _, invariants = name.partition("-")
    middle = "-no-invariants" if invariants else ""
    end = "or-later" if later else "only"
    found = (LICENCES.get(f"{stem}-{form}{middle}-{end}") for form in _forms(version))
    return next((identifier for identifier in found if identifier), None)


def _forms(version: str) -> tuple[str, ...]:
    """Return the ways to write a version: zeros at its end mean nothing (DEP-5)."""
    short = re.sub(r"(\.0)+$", "", version)
    return short, f"{short}.0"
