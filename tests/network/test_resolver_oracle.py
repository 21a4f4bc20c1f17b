"""A small sample of the comparison with apt that ``benchmarks/resolver.py`` makes in full."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("apt_pkg", reason="apt is the oracle of the resolver")

from benchmarks.resolver import compare_suite, make_apt_root

pytestmark = pytest.mark.network


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_closures_are_those_of_apt(suite: str, tmp_path: Path) -> None:
    """Every difference is a tie between providers, and nobody disagrees about what can be installed."""
    root = make_apt_root(suite, tmp_path, "amd64")
    arguments = argparse.Namespace(arch="amd64", count=45, seed=7, jobs=2)
    report = compare_suite(suite, root, arguments, ["postgresql", "nginx", "redis-server", "openssh-server", "php-fpm"])
    assert report.compared == 45
    assert report.verdicts["identical"] >= 43
    assert not report.verdicts["OTHER"]
    assert not report.verdicts["INSTALLABILITY"]
    assert not report.with_preferences["OTHER"]
