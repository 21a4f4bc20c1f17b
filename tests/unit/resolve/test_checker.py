"""The checker refuses every kind of wrong result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pkg2image.plan import PlannedPackage, Reason
from pkg2image.resolve.checker import CheckError, check
from pkg2image.resolve.closure import FULL
from pkg2image.resolve.request import parse_want
from pkg2image.resolve.resolution import Resolution
from pkg2image.resolve.solver import resolve
from tests.support.universe import parse_packages, universe

REPOSITORY = """
a 2
  Depends: b | c, v (>= 1)
  Conflicts: enemy
b
p
  Provides: v (= 1)
enemy
lonely
loop1
  Depends: loop2
loop2
  Depends: loop1
a 1
b 2 @backports:100
"""


def right() -> Resolution:
    return resolve(universe(REPOSITORY), [parse_want("a")])


def examine(resolution: Resolution, words: str = "a", without: tuple[str, ...] = ()) -> None:
    check(universe(REPOSITORY), resolution, [parse_want(word) for word in words.split()], FULL, without=without)


def adding(stanza: str, reason: Reason) -> Callable[[Resolution], Resolution]:
    """Return a change that adds a package."""
    (package,) = parse_packages(stanza)
    return lambda resolution: replace(resolution, packages=(*resolution.packages, PlannedPackage(package, reason)))


def dropping(name: str) -> Callable[[Resolution], Resolution]:
    """Return a change that drops a package."""
    return lambda resolution: replace(
        resolution, packages=tuple(planned for planned in resolution.packages if planned.package.name != name)
    )


def because(name: str, reason: Reason) -> Callable[[Resolution], Resolution]:
    """Return a change of a reason."""
    return lambda resolution: replace(
        resolution,
        packages=tuple(
            replace(planned, reason=reason) if planned.package.name == name else planned
            for planned in resolution.packages
        ),
    )


EDGE = Reason("Depends", "a", "b | c")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dropping("b"), r"a Depends b \| c is not satisfied"),
        (dropping("p"), r"a Depends v \(>= 1\) is not satisfied"),
        (dropping("a"), "the root a is not in"),
        (adding("enemy", EDGE), "a Conflicts enemy, and enemy 1 is in"),
        (adding("b 2", EDGE), "a package is in twice"),
        (adding("ghost", EDGE), "ghost 1 is not in the universe"),
        (adding("lonely", EDGE), r"lonely is in because of a Depends b \| c, which is no edge"),
        (adding("lonely", Reason("Depends", "zz", "lonely")), "which is no edge"),
        (adding("lonely", Reason("requested")), "lonely cannot be reached from a root"),
        (because("p", Reason("Pre-Depends", "a", "v (>= 1)")), "which is no edge"),
        (lambda r: replace(r, roots=("b",)), "a cannot be reached from a root"),
    ],
)
def test_wrong_results(change: Callable[[Resolution], Resolution], message: str) -> None:
    examine(right())
    with pytest.raises(CheckError, match=message):
        examine(change(right()))


def test_a_circle_that_hangs_on_nothing() -> None:
    resolution = adding("loop1\n Depends: loop2", Reason("Depends", "loop2", "loop1"))(right())
    resolution = adding("loop2\n Depends: loop1", Reason("Depends", "loop1", "loop2"))(resolution)
    with pytest.raises(CheckError, match="loop1 cannot be reached from a root"):
        examine(resolution)


@pytest.mark.parametrize(
    ("words", "without", "message"),
    [
        ("a lonely", (), "nothing answers lonely"),
        ("a=1", (), "nothing answers a=1"),
        ("a/backports", (), "nothing answers a/backports"),
        ("a b-", (), "b is in, and the request leaves it out"),
        ("a", ("b",), "b is in, and the request leaves it out"),
    ],
)
def test_results_for_another_request(words: str, without: tuple[str, ...], message: str) -> None:
    with pytest.raises(CheckError, match=message):
        examine(right(), words, without)
