"""The distribution's real archive through the default sources of this machine: indexes load, signatures verify."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import pytest

from pkg2image.archive.acquire import Acquirer, transport_for
from pkg2image.archive.defaults import default_sources, host_facts
from pkg2image.archive.fetch import fetch_debs
from pkg2image.archive.repository import LoadedUniverse, load_universe
from pkg2image.archive.trust import TrustMemory
from pkg2image.plan import PlannedPackage, Reason
from pkg2image.progress import Silence
from pkg2image.store import Store

pytestmark = pytest.mark.network

ACQUIRER = Acquirer(transport_for(os.environ))


def load(
    suite: str, directory: Path, *, architecture: str = "amd64", offline: bool = False, only: int | None = None
) -> LoadedUniverse:
    sources = default_sources(suite, mirror=None, host=host_facts(machine=platform.machine())).sources[:only]
    return load_universe(
        sources,
        architecture=architecture,
        suite=suite,
        acquirer=ACQUIRER,
        store=Store(directory / "store"),
        memory=TrustMemory(directory / "state"),
        now=int(time.time()),
        offline=offline,
        reporter=Silence(),
    )


@pytest.mark.parametrize(("suite", "architecture"), [("bookworm", "amd64"), ("trixie", "arm64")])
def test_universe_loads_and_is_verified(tmp_path: Path, suite: str, architecture: str) -> None:
    universe = load(suite, tmp_path, architecture=architecture)
    assert (universe.codename, universe.distribution) == (suite, "debian")
    assert [source.codename for source in universe.sources] == [suite, f"{suite}-updates", f"{suite}-security"]
    assert all(source.signers for source in universe.sources)
    assert sum(1 for _ in universe.names()) > 50_000
    candidate = universe.versions("libc6")[0]
    assert (candidate.architecture, candidate.priority) == (architecture, 500)
    assert len(universe.providers("mail-transport-agent")) > 3
    assert "postgresql" in universe.similar("postgersql")
    again = load(suite, tmp_path, architecture=architecture, offline=True)
    assert (again.sources, again.versions("libc6")) == (universe.sources, universe.versions("libc6"))


def test_alias_becomes_a_codename(tmp_path: Path) -> None:
    universe = load("stable", tmp_path, only=1)
    assert universe.codename not in {"", "stable"}
    assert universe.versions("base-files")[0].origins[0].suite == "stable"


def test_package_is_downloaded_and_read(tmp_path: Path) -> None:
    package = load("bookworm", tmp_path).versions("base-files")[0]
    plan = [PlannedPackage(package, Reason("requested", relation="base-files"))]
    store = Store(tmp_path / "store")
    (fetched,) = fetch_debs(plan, store=store, acquirer=ACQUIRER, jobs=1, offline=False, reporter=Silence())
    assert "etc/debian_version" in {entry.path for entry in fetched.facts.entries}
    assert fetch_debs(plan, store=store, acquirer=ACQUIRER, jobs=1, offline=True, reporter=Silence()) == (fetched,)
