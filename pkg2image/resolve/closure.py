"""Closure policies: which dependencies belong to an image.

``full`` keeps every dependency: what apt would install. ``runtime`` cuts the edges that only maintainer scripts need;
its rules are data (``closure.yaml``), each with its reason. Groups are filtered before anything is solved, so what is
cut costs nothing and can conflict with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

import yaml

from pkg2image.deb.package import Package
from pkg2image.deb.relation import Alternatives
from pkg2image.errors import RequestError
from pkg2image.yamltext import parse_yaml


@dataclass(frozen=True, slots=True)
class CutRule:
    """Names whose edges are cut.

    Args:
        names: Names in relations, real or virtual; shell patterns.
        why: What the packages are for and why an image does without.
        only: Patterns of the packages whose edges are cut; empty for all packages.
    """

    names: tuple[str, ...]
    why: str
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepRule:
    """An exception: packages that use a cut name when they run.

    Args:
        packages: Patterns of the packages whose edges stay.
        names: Patterns of the names that stay.
        why: What they do with it.
    """

    packages: tuple[str, ...]
    names: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class ClosurePolicy:
    """Says of every or-group whether it belongs to the image.

    Args:
        name: ``full`` or ``runtime``.
        cuts: What is cut; the first rule that applies gives the reason.
        keeps: Exceptions from the cuts.
        asked: Names that were asked for: they are in the image anyway, so no edge to them is cut.
        unwanted: Names that the user does without: an edge that nothing else could satisfy is cut.
    """

    name: str
    cuts: tuple[CutRule, ...] = ()
    keeps: tuple[KeepRule, ...] = ()
    asked: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    # The rules that concern a name, memoised: names repeat thousands of times in one resolution.
    _rules: dict[str, tuple[CutRule, ...]] = field(default_factory=dict, repr=False, compare=False)

    def asking(self, names: Iterable[str]) -> ClosurePolicy:
        """Return the policy of a request that asks for some packages by name."""
        return replace(self, asked=self.asked | frozenset(names))

    def cutting(self, rules: Iterable[CutRule]) -> ClosurePolicy:
        """Return the policy with more cuts, which are looked at after its own."""
        return replace(self, cuts=(*self.cuts, *rules), _rules={})

    def doing_without(self, names: Iterable[str]) -> ClosurePolicy:
        """Return the policy of a user who does without some packages, whatever others say that they need."""
        return replace(self, unwanted=self.unwanted | frozenset(names))

    def cut(self, package: Package, group: Alternatives) -> str | None:
        """Say why a group is cut, or None when it is kept.

        An or-group that a cut package could satisfy is cut whole: whoever is content with ``adduser | x`` needs neither
        of them in a finished image.

        Args:
            package: Who declares the group, in Pre-Depends, Depends or Recommends.
            group: The alternatives.
        """
        if self.unwanted and self.unwanted.issuperset(relation.name for relation in group):
            return f"the request does without {' and '.join(dict.fromkeys(relation.name for relation in group))}"
        for relation in group:
            for rule in self._concerning(relation.name):
                if not rule.only or _matches(package.name, rule.only):
                    return None if self._keeps(package, group) else rule.why
        return None

    def _concerning(self, name: str) -> tuple[CutRule, ...]:
        rules = self._rules.get(name)
        if rules is None:
            rules = self._rules[name] = tuple(rule for rule in self.cuts if _matches(name, rule.names))
        return rules

    def _keeps(self, package: Package, group: Alternatives) -> bool:
        if any(relation.name in self.asked for relation in group):
            return True
        return any(
            _matches(package.name, rule.packages) and any(_matches(relation.name, rule.names) for relation in group)
            for rule in self.keeps
        )


FULL = ClosurePolicy("full")
"""Every dependency stays."""


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return name in patterns or any("*" in pattern and fnmatchcase(name, pattern) for pattern in patterns)


@cache
def closure_policy(name: str) -> ClosurePolicy:
    """Return a policy by its name.

    Args:
        name: ``full`` or ``runtime``.

    Raises:
        RequestError: When there is no such policy.
    """
    if name == "full":
        return FULL
    if name == "runtime":
        data = "closure.yaml"
        return parse_policy(files(__package__).joinpath(data).read_text(encoding="utf-8"), name=name, origin=data)
    raise RequestError(f"cannot use the closure {name[:40]!r}: there is none of that name", hint="use runtime or full")


def parse_policy(text: str, *, name: str, origin: str) -> ClosurePolicy:
    """Read a policy: a YAML mapping with the lists ``cut`` (names, why, only) and ``keep`` (packages, names, why).

    Args:
        text: The document.
        name: What the policy is called.
        origin: What is read, for errors.

    Raises:
        RequestError: When the document is not a policy.
    """
    try:
        document = parse_yaml(text)
    except yaml.YAMLError as error:
        raise RequestError(f"cannot read {origin}: not YAML") from error
    if not isinstance(document, dict) or not set(document) <= {"cut", "keep"}:
        raise RequestError(f"cannot read {origin}: not a mapping of cut and keep")
    cuts = tuple(
        CutRule(_names(rule, "names"), str(rule["why"]), _names(rule, "only"))
        for rule in _rules(document, "cut", {"names", "why"}, {"only"}, origin)
    )
    keeps = tuple(
        KeepRule(_names(rule, "packages"), _names(rule, "names"), str(rule["why"]))
        for rule in _rules(document, "keep", {"packages", "names", "why"}, set(), origin)
    )
    return ClosurePolicy(name, cuts, keeps)


def _rules(
    document: Mapping[str, object], section: str, required: set[str], optional: set[str], origin: str
) -> list[dict[str, object]]:
    rules = document.get(section) or []
    if not isinstance(rules, list):
        raise RequestError(f"cannot read {origin}: {section}: not a list")
    for number, rule in enumerate(rules):
        place = f"{origin}: {section}[{number}]"
        if not isinstance(rule, dict) or not required <= set(rule) <= required | optional:
            raise RequestError(f"cannot read {place}: not a mapping with {', '.join(sorted(required))}")
        for key in set(rule) - {"why"}:
            if not isinstance(rule[key], list) or not all(isinstance(name, str) for name in rule[key]):
                raise RequestError(f"cannot read {place}: {key}: not a list of names")
    return rules


def _names(rule: Mapping[str, object], key: str) -> tuple[str, ...]:
    names = rule.get(key, [])
    return tuple(names) if isinstance(names, list) else ()
