"""The preference table: the few places where another alternative than the first one makes a better image.

The table only reorders what a dependency already allows; it never adds or forbids anything. It is data
(``preferences.yaml``), printed when it made a difference, and users may add to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import yaml

from pkg2image.deb.package import Package
from pkg2image.errors import RequestError
from pkg2image.yamltext import parse_yaml


@dataclass(frozen=True, slots=True)
class Preference:
    """One row of the table.

    Args:
        prefer: The package that is taken where a dependency allows both.
        over: The package that is then passed over.
        why: The reason, in a few words.
    """

    prefer: str
    over: str
    why: str = "preferred by the request"


@dataclass(frozen=True, slots=True)
class Preferences:
    """A preference table.

    Args:
        rows: In order; a later row is applied to what the earlier ones left.
        kept: Names of packages that go before all others, as those of a lock that is to change little.
    """

    rows: tuple[Preference, ...] = ()
    kept: frozenset[str] = frozenset()

    def order(self, candidates: Sequence[Package]) -> tuple[Package, ...]:
        """Return candidates with each preferred one moved before those it is preferred over."""
        ordered = list(candidates)
        for row in self.rows:
            names = [package.name for package in ordered]
            if row.prefer in names and row.over in names and names.index(row.over) < names.index(row.prefer):
                preferred = [package for package in ordered if package.name == row.prefer]
                rest = [package for package in ordered if package.name != row.prefer]
                position = next(i for i, package in enumerate(rest) if package.name == row.over)
                ordered = rest[:position] + preferred + rest[position:]
        return (
            tuple(sorted(ordered, key=lambda package: package.name not in self.kept)) if self.kept else tuple(ordered)
        )

    def adding(self, rows: Iterable[Preference]) -> Preferences:
        """Return this table with rows of the user, which have the last word."""
        return replace(self, rows=self.rows + tuple(rows))

    def keeping(self, names: Iterable[str]) -> Preferences:
        """Return this table with some packages before all others."""
        return replace(self, kept=self.kept | frozenset(names))


def parse_preferences(text: str, *, origin: str) -> Preferences:
    """Read a table: a YAML list of mappings with ``prefer``, ``over`` and optionally ``why``.

    Args:
        text: The document.
        origin: What is read, for errors.

    Raises:
        RequestError: When the document is not such a list.
    """
    try:
        document = parse_yaml(text)
    except yaml.YAMLError as error:
        raise RequestError(f"cannot read {origin}: not YAML") from error
    if not isinstance(document, list):
        raise RequestError(f"cannot read {origin}: not a list of preferences")
    return Preferences(tuple(_row(entry, f"{origin}: [{number}]") for number, entry in enumerate(document)))


def _row(entry: object, place: str) -> Preference:
    if (
        not isinstance(entry, dict)
        or not {"prefer", "over"} <= set(entry) <= {"prefer", "over", "why"}
        or not all(isinstance(value, str) for value in entry.values())
    ):
        raise RequestError(f"cannot read {place}: not a mapping of prefer, over and why to text")
    return Preference(**entry)


@cache
def default_preferences() -> Preferences:
    """Return the table that comes with the project."""
    name = "preferences.yaml"
    return parse_preferences(files(__package__).joinpath(name).read_text(encoding="utf-8"), origin=name)
