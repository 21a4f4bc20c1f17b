"""The dependency grammar: ``foo (>= 1) [arch] | bar:any, baz``.

Spec: Debian Policy 7.1; deb-control(5). Binary packages carry no architecture or profile restrictions any more, so
only the name, the architecture qualifier and the version are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pkg2image.deb.version import satisfies
from pkg2image.errors import MalformedPackageError

_RELATION = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9+.\-_]*)"
    r"(?::(?P<arch>[a-z0-9\-]+))?"
    r"\s*(?:\(\s*(?P<operator><<|<=|=|>=|>>|<|>)\s*(?P<version>[^\s()]+)\s*\))?\s*",
    re.ASCII,
)
# `<` and `>` are deprecated spellings of `<=` and `>=`, never of the strict ones.
_OPERATORS = {"<": "<=", ">": ">="}


@dataclass(frozen=True, slots=True)
class Relation:
    """One alternative of a dependency.

    Args:
        name: Package name, real or virtual.
        architecture: The qualifier: ``any``, ``native``, an architecture, or None.
        operator: ``<<``, ``<=``, ``=``, ``>=``, ``>>``, or None for any version.
        version: The version of the relation; empty without an operator.
    """

    name: str
    architecture: str | None = None
    operator: str | None = None
    version: str = ""

    def __str__(self) -> str:
        """Return the relation as it stands in a control file."""
        name = f"{self.name}:{self.architecture}" if self.architecture else self.name
        return f"{name} ({self.operator} {self.version})" if self.operator else name

    def accepts(self, version: str) -> bool:
        """Say whether a version satisfies this relation's restriction."""
        return self.operator is None or satisfies(version, self.operator, self.version)


Alternatives = tuple[Relation, ...]
"""An or-group: satisfied when one of its relations is."""


def render_alternatives(group: Alternatives) -> str:
    """Return ``a | b`` as it stands in a control file."""
    return " | ".join(map(str, group))


@lru_cache(maxsize=32768)
def parse_relations(field: str) -> tuple[Alternatives, ...]:
    """Parse a whole relationship field.

    Args:
        field: The value of Depends, Conflicts, Provides and so on; may be empty.

    Returns:
        The or-groups in field order.

    Raises:
        MalformedPackageError: When the text is not a relationship field.
    """
    return tuple(tuple(map(_parse_one, group.split("|"))) for group in field.split(",") if group.strip())


def _parse_one(text: str) -> Relation:
    match = _RELATION.fullmatch(text)
    if match is None:
        raise MalformedPackageError(
            f"cannot read the relation {text.strip()[:120]!r}: not of the form 'name (>= version)'"
        )
    operator = match["operator"]
    return Relation(match["name"], match["arch"], _OPERATORS.get(operator, operator), match["version"] or "")
