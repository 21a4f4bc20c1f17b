"""Whole trees are those that dpkg configures, for real applications of two suites, several in one root."""

from __future__ import annotations

import os
import shutil

import pytest

from benchmarks.configured import compare
from pkg2image.world import World

pytestmark = pytest.mark.network

# Most of the time is that of the Essential packages, which every root has: applications share one where they can.
BOOKWORM = [
    "redis-server haproxy memcached mosquitto",
    "nginx php-fpm python3-flask",
    "openssh-server bind9 unbound dnsmasq",
    "apache2 mariadb-server",
    "postgresql openjdk-17-jre-headless",
    "lighttpd php-cli vsftpd cron rsyslog",
    "ca-certificates curl libglib2.0-bin gsettings-desktop-schemas",
]
TRIXIE = [
    "redis-server nginx openssh-server",
    "postgresql unbound memcached",
    "bind9 default-jre-headless ca-certificates curl",
]


@pytest.fixture(scope="module", autouse=True)
def _oracle() -> None:
    if not os.environ.get("CI") and (not shutil.which("mmdebstrap") or os.geteuid() != 0):
        pytest.skip("mmdebstrap, run by root, is the oracle")


@pytest.mark.parametrize(
    ("suite", "packages"),
    [*(("bookworm", names) for names in BOOKWORM), *(("trixie", names) for names in TRIXIE)],
)
def test_a_tree_is_configured_as_dpkg_does_it(suite: str, packages: str, world: World) -> None:
    lines, count = compare(packages.split(), suite=suite, architecture="amd64", world=world)
    assert lines == ()
    assert count > 4000
