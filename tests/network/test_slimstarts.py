"""Slim images of the real archive do what the whole ones do, and ask for nothing that was left out."""

from __future__ import annotations

import os

import pytest

from benchmarks.slimstarts import Way, known_probes, measure
from pkg2image.world import World
from tests.support.tools import needs

pytestmark = [pytest.mark.network, pytest.mark.runtime]

# The whole table is printed by `benchmarks/slimstarts.py`. These stand for what it takes: a server in C with modules, a
# service in Python whose libraries bring others along, a tool with scripts, and questions of a recipe.
APPLICATIONS = [
    ("bookworm", "lighttpd", "none"),
    ("trixie", "supervisor", "none"),
    ("bookworm", "git", "none"),
    ("trixie", "redis", "auto"),
]


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("starting containers needs root")
    needs("strace", "unshare")


@pytest.mark.parametrize(("suite", "name", "recipe"), APPLICATIONS)
def test_a_slim_application_misses_nothing(suite: str, name: str, recipe: str, world: World) -> None:
    found = measure(name, Way(suite, "amd64", recipe), world, known_probes())
    assert not found.unfit
    assert found.proof, found.problem
    assert not found.missed
    assert found.size < found.whole
