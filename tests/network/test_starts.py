"""Servers and tools of the real archive become images that are complete and start, with no recipe."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.starts import Way, measure
from pkg2image.world import World
from tests.support.tools import needs

pytestmark = [pytest.mark.network, pytest.mark.runtime]

# The whole table is printed by `benchmarks/starts.py`. These stand for what it takes: keys and a database that the
# first start makes, scripts that a configuration names, files and programs that only a manual names, commands of a
# program, a service that writes its configuration, tools in Perl, Python and shell.
APPLICATIONS = [
    ("bookworm", "openssh-server"),
    ("bookworm", "mariadb-server"),
    ("bookworm", "lighttpd"),
    ("bookworm", "unbound"),
    ("bookworm", "git"),
    ("trixie", "openssh-server"),
    ("trixie", "lighttpd"),
    ("trixie", "dnsmasq"),
    ("trixie", "redis-sentinel"),
    ("trixie", "duplicity"),
]


@pytest.fixture(scope="module", autouse=True)
def _runtime() -> None:
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("starting containers needs root")
    needs("runc")


@pytest.mark.parametrize(("suite", "name"), APPLICATIONS)
def test_an_application_starts_without_a_recipe(suite: str, name: str, world: World) -> None:
    start = measure(name, Way(suite, "amd64", Path(), runtime="runc"), world)
    assert start.counts, start.why_not
