"""The data of overrides: what is read, what is refused, and that the built-in rules are sound."""

from __future__ import annotations

import pytest

from pkg2image.errors import RequestError
from pkg2image.maintscript.overrides import NONE, SCRIPTS, Because, built_in, parse_overrides

RULE = """
- packages: ["postgresql-[0-9]*", slapd]
  scripts: [postinst]
  commands: [pg_createcluster]
  because: first start
  why: data belong to a volume
"""


@pytest.mark.parametrize(
    ("package", "count"),
    [("postgresql-15", 1), ("postgresql-common", 0), ("slapd", 1), ("slapd2", 0), ("SLAPD", 0)],
)
def test_a_rule_is_for_the_packages_it_names(package: str, count: int) -> None:
    rules = parse_overrides(RULE, origin="test")
    assert len(rules.of(package)) == count
    assert NONE.of(package) == ()


def test_a_rule_may_hold_only_without_a_package() -> None:
    text = "- {packages: [a], without: [b], commands: [c], because: no host, why: there is none}"
    rules = parse_overrides(text, origin="test")
    assert rules.of("a", {"a", "c"}) == rules.rules
    assert rules.of("a", {"a", "b"}) == ()


def test_a_rule_skips_scripts_and_names_commands() -> None:
    (rule,) = parse_overrides(RULE, origin="test").of("slapd")
    assert [name for name in SCRIPTS if rule.skips(name)] == ["postinst"]
    assert rule.commands == ("pg_createcluster",)
    assert (rule.because, rule.why) == (Because.FIRST_START, "data belong to a volume")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not YAML"),
        ("a: b", "not a list"),
        ("- a", "not a mapping"),
        ("- {packages: [a], because: no host}", "not a mapping"),
        ("- {packages: [a], because: no host, why: x, more: y}", "not a mapping"),
        ("- {packages: [a], because: no reason, why: x, scripts: [postinst]}", "because is one of"),
        ("- {packages: [a], because: no host, why: 3, scripts: [postinst]}", "because is one of"),
        ("- {packages: a, because: no host, why: x, scripts: [postinst]}", "packages: not a list"),
        ("- {packages: [a], because: no host, why: x, scripts: [prerm]}", "scripts are"),
        ("- {packages: [a], because: no host, why: x}", "neither scripts nor commands"),
        ("- {packages: [], because: no host, why: x, commands: [b]}", "no packages"),
        ("- {packages: [a], because: no host, why: x, commands: [3]}", "commands: not a list"),
        ("- {packages: [a], because: no host, why: x, commands: [b], prints: 3}", "why is a sentence"),
        ("- {packages: [a], because: no host, why: x, commands: [b], status: 126}", "status is a number"),
        ("- {packages: [a], because: no host, why: x, commands: [b], status: x}", "status is a number"),
    ],
)
def test_what_is_no_list_of_rules_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        parse_overrides(text, origin="file")


def test_the_built_in_rules_are_sound() -> None:
    rules = built_in().rules
    assert rules
    for rule in rules:
        assert len(rule.why) > 20, rule
        assert not rule.why.endswith("."), rule
        assert all("/" not in command or command.startswith("/") for command in rule.commands), rule
        assert all(path.startswith("/") for path in (*rule.makes, *rule.withholds)), rule
    assert {rule.because for rule in rules} == set(Because)
    assert any(rule.skips("postinst") for rule in built_in().of("base-passwd"))
