"""What is outdated, beside what apt would upgrade: the same packages, to the same versions.

An installation is made up of what a plan names, at versions as they occur: today's, those of the release before its
updates, ones from long ago, and ones that no archive has.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("apt_pkg", reason="apt is the oracle of what is outdated")

from benchmarks.resolver import apt_options, make_apt_root
from pkg2image.deb import version as versions
from pkg2image.freshness.against import universe_today
from pkg2image.freshness.held import Held, HeldPackage
from pkg2image.freshness.outdated import compare
from pkg2image.planning.planned import make_plan
from pkg2image.request import BuildRequest
from pkg2image.world import World

pytestmark = pytest.mark.network

SUITE = "bookworm"
_UPGRADABLE = re.compile(r"(?P<name>[^/]+)/\S+ (?P<version>\S+) \S+ \[upgradable from: \S+\]")


@dataclass(frozen=True)
class Installed:
    """A package that is installed.

    Args:
        held: As we know it.
        stanza: As dpkg does; to apt one version with other dependencies is another one.
    """

    held: HeldPackage
    stanza: str


def installed(names: Sequence[str], world: World) -> tuple[Installed, ...]:
    """Return what a plan names, at four kinds of versions in turn."""
    request = BuildRequest(packages=tuple(names), suite=SUITE)
    found = []
    planned = make_plan(request, "amd64", world)
    for number, item in enumerate(sorted(planned.plan.packages, key=lambda each: each.package.name)):
        package = item.package
        offered = planned.offer.universe.offered(package.name)
        kinds = (package.version, offered[0].version, "0~old", f"{package.version}+lost")
        version = kinds[number % len(kinds)]
        real = next((each for each in offered if each.version == version), offered[0])
        fields = {**real.fields, "Version": version, "Status": "install ok installed"}
        held = HeldPackage(package.name, version, real.architecture, real.source_name, version)
        found.append(Installed(held, "".join(f"{name}: {value}\n" for name, value in fields.items())))
    return tuple(found)


def upgradable(root: Path, packages: Sequence[Installed]) -> dict[str, str]:
    """Return what apt would upgrade of an installation, and to which version."""
    (root / "var/lib/dpkg/status").write_text("\n".join(each.stanza for each in packages))
    done = subprocess.run(
        ["apt", *apt_options(root, "amd64"), "list", "--upgradable"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    return {match["name"]: match["version"] for match in map(_UPGRADABLE.fullmatch, done.stdout.splitlines()) if match}


def outdated(lines: Sequence[str], packages: Sequence[Installed], world: World) -> dict[str, str]:
    """Return the same as we tell it."""
    held = Held(tuple(each.held for each in packages), SUITE, "amd64", "debian")
    universe = universe_today(held, BuildRequest(packages=(), suite=SUITE, sources=tuple(lines)), world)
    findings = compare(held, universe).findings
    # What apt would downgrade is no upgrade to it, and not in its list.
    found = ((each.package, each.candidate) for each in findings if each.candidate is not None)
    return {held.name: new.version for held, new in found if versions.compare(held.version, new.version) < 0}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_apt_root(SUITE, tmp_path_factory.mktemp("apt"), "amd64")


def lines_of(root: Path) -> list[str]:
    return (root / "etc/apt/sources.list").read_text().splitlines()


@pytest.mark.parametrize(
    "names",
    [
        ["nginx"],
        ["postgresql"],
        ["openssh-server", "redis-server"],
        ["php-fpm", "mariadb-server"],
        ["build-essential", "python3-django", "default-jre-headless"],
    ],
    ids="+".join,
)
def test_candidates_are_those_of_apt(names: list[str], root: Path, world: World) -> None:
    packages = installed(names, world)
    expected = upgradable(root, packages)
    assert len(expected) >= len(packages) // 4
    assert outdated(lines_of(root), packages, world) == expected


@pytest.mark.parametrize("priority", [1, 600, 1001])
def test_candidates_of_pins_are_those_of_apt(priority: int, root: Path, world: World) -> None:
    """The suite of security updates is given another priority."""
    packages = installed(["postgresql"], world)
    preferences = root / "etc/apt/preferences"
    preferences.write_text(f"Package: *\nPin: release n={SUITE}-security\nPin-Priority: {priority}\n")
    try:
        expected = upgradable(root, packages)
    finally:
        preferences.unlink()
    assert expected
    lines = [
        re.sub(rf"^deb (\S+ {SUITE}-security )", rf"deb [pin-priority={priority}] \1", each) for each in lines_of(root)
    ]
    assert outdated(lines, packages, world) == expected
