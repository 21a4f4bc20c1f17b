"""What differs between the image that a lock gives and the one that is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Divergence:
    """One thing that differs.

    Args:
        where: The part of the image: ``config``, ``manifest``, ``layer 3 (openssl)``, ``archive``.
        what: The path in it, of a file or of a value.
        expected: What the lock gives; empty when there should be nothing.
        found: What is there; empty when there is nothing.
    """

    where: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        place = f"{self.where}: {self.what}".removesuffix(": ")
        if not self.found:
            return f"{place}: missing ({self.expected})"
        return (
            f"{place}: {self.found}, expected: {self.expected}" if self.expected else f"{place}: extra ({self.found})"
        )

    def render(self) -> dict[str, str]:
        """Return it the way ``verify --json`` shows it."""
        return {"where": self.where, "what": self.what, "expected": self.expected, "found": self.found}


def compare_values(where: str, expected: object, found: object, place: str = "") -> Iterator[Divergence]:
    """Yield where two JSON values differ, as deep inside as can be said.

    Args:
        where: The document.
        expected: One value.
        found: The other.
        place: Where in the document they are.
    """
    if type(expected) is type(found) and isinstance(expected, dict) and isinstance(found, dict):
        for name in dict.fromkeys((*expected, *found)):
            inner = f"{place}.{name}".lstrip(".")
            if name not in found:
                yield Divergence(where, inner, _shown(expected[name]), "")
            elif name not in expected:
                yield Divergence(where, inner, "", _shown(found[name]))
            else:
                yield from compare_values(where, expected[name], found[name], inner)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from compare_values(where, one, other, f"{place}[{number}]")
    elif expected != found or type(expected) is not type(found):
        yield Divergence(where, place, _shown(expected), _shown(found))


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)[:_LENGTH]
