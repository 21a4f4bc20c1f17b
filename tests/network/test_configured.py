"""Trees that our scripts configured are those that dpkg configures, for real applications of two suites."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from benchmarks.configured import compare
from benchmarks.scripts import world_in

pytestmark = pytest.mark.network

BOOKWORM = [
    "redis-server",
    "nginx",
    "haproxy",
    "apache2",
    "php-fpm",
    "python3-flask",
    "openssh-server",
    "bind9",
    "memcached",
    "mosquitto",
    "dnsmasq",
]
TRIXIE = ["redis-server", "nginx", "openssh-server", "unbound", "memcached"]


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not os.environ.get("CI") and (not shutil.which("mmdebstrap") or os.geteuid() != 0):
        pytest.skip("mmdebstrap, run by root, is the oracle")
    return tmp_path_factory.mktemp("downloads")


@pytest.mark.parametrize(
    ("suite", "package"),
    [*(("bookworm", name) for name in BOOKWORM), *(("trixie", name) for name in TRIXIE)],
)
def test_a_tree_is_configured_as_dpkg_does_it(suite: str, package: str, downloads: Path) -> None:
    lines, count = compare([package], suite=suite, architecture="amd64", world=world_in(downloads))
    assert lines == ()
    assert count > 20
