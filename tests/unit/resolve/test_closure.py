"""Closure policies: what is cut, what is kept, and that each cut is recorded."""

from __future__ import annotations

import pytest

from pkg2image.deb.relation import parse_relations
from pkg2image.errors import RequestError
from pkg2image.resolve.closure import FULL, closure_policy, parse_policy
from pkg2image.resolve.request import parse_want
from pkg2image.resolve.solver import resolve
from tests.support.universe import parse_packages, universe


@pytest.mark.parametrize(
    ("package", "group", "is_cut"),
    [
        ("redis-server", "adduser", True),
        ("tzdata", "debconf (>= 0.5) | debconf-2.0", True),
        ("openssh-server", "systemd | systemd-standalone-sysusers | systemd-sysusers", True),
        ("php8.2-fpm", "systemd | systemd-tmpfiles", True),
        ("icinga2-ido-mysql", "dbconfig-mysql | dbconfig-no-thanks", True),
        ("postgresql-common", "libc6 (>= 2.34)", False),
        ("some-desktop", "systemd", False),
        ("nginx", "iproute2", True),
        ("bind9", "iproute2", True),
        ("keepalived", "iproute2", False),
        ("bash", "debianutils (>= 5.6-0.1)", True),
        ("smartmontools", "debianutils (>= 2.2)", False),
        ("debhelper", "dpkg (>= 1.18)", False),
        ("zlib1g-dev", "dpkg (>= 1.15.4) | install-info", True),
        ("openssh-server", "libpam-runtime (>= 0.76-14)", False),
        ("adduser", "passwd", False),
        ("emacs-common", "emacsen-common (>= 2.0.8)", False),
        ("analizo", "libfile-copy-recursive-perl", False),
    ],
)
def test_runtime_policy(package: str, group: str, is_cut: bool) -> None:  # noqa: FBT001
    """The rules of closure.yaml, by real examples."""
    (owner,) = parse_packages(package)
    (alternatives,) = parse_relations(group)
    assert (closure_policy("runtime").cut(owner, alternatives) is not None) == is_cut
    assert FULL.cut(owner, alternatives) is None


def test_every_rule_says_why() -> None:
    policy = closure_policy("runtime")
    assert all(rule.why and rule.names for rule in policy.cuts)
    assert all(rule.why and rule.names and rule.packages for rule in policy.keeps)


def test_exceptions_are_exceptions_from_something() -> None:
    """A keep rule for a name that nothing cuts would be dead data."""
    policy = closure_policy("runtime")
    cut = {name for rule in policy.cuts for name in rule.names}
    assert {name for rule in policy.keeps for name in rule.names} <= cut


SERVER = """
server
 Depends: adduser, libc6, tool | adduser
libc6
adduser
 Depends: passwd
passwd
tool
"""


@pytest.mark.parametrize(
    ("words", "closure", "expected", "cut"),
    [
        ("server", "full", "adduser libc6 passwd server", ""),
        ("server", "runtime", "libc6 server", "server:adduser server:tool | adduser"),
        ("server adduser", "runtime", "adduser libc6 passwd server", ""),
        ("server passwd", "runtime", "libc6 passwd server", "server:adduser server:tool | adduser"),
        ("tool", "runtime", "tool", ""),
    ],
)
def test_cut_edges_are_recorded(words: str, closure: str, expected: str, cut: str) -> None:
    """A name that is asked for stays and satisfies; each cut edge of a selected package is listed once, in order."""
    resolution = resolve(universe(SERVER), [parse_want(word) for word in words.split()], policy=closure_policy(closure))
    assert sorted(planned.package.name for planned in resolution.packages) == expected.split()
    assert " ".join(f"{edge.package}:{edge.relation}" for edge in resolution.cut) == cut


def test_recommends_are_cut_by_the_same_rules() -> None:
    repository = universe("a\n Recommends: debconf, b\nb\ndebconf")
    resolution = resolve(repository, [parse_want("a")], policy=closure_policy("runtime"), recommends=True)
    assert [planned.package.name for planned in resolution.packages] == ["a", "b"]
    assert [edge.field for edge in resolution.cut] == ["Recommends"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "other: []",
        "cut: 1",
        "cut: [1]",
        "cut: [{names: [a]}]",
        "cut: [{names: a, why: x}]",
        "cut: [{names: [1], why: x}]",
        "cut: [{names: [a], why: x, when: y}]",
        "keep: [{names: [a], why: x}]",
    ],
)
def test_policies_that_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"cannot read policy\.yaml"):
        parse_policy(text, name="test", origin="policy.yaml")


def test_an_empty_policy_cuts_nothing() -> None:
    (owner,) = parse_packages("a")
    assert parse_policy("{}", name="test", origin="x").cut(owner, parse_relations("debconf")[0]) is None


def test_unknown_policy() -> None:
    with pytest.raises(RequestError, match="cannot use the closure 'tiny'"):
        closure_policy("tiny")
