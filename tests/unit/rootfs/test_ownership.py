from __future__ import annotations

import pytest

from pkg2image.deb.package import Package
from pkg2image.rootfs.ownership import may_replace

CASES = [
    ("old", True),
    ("other, old", True),
    ("old (<< 2)", True),
    ("old (<< 1.5)", False),
    ("old (>= 1.5) ", True),
    ("old:any", True),
    ("old:amd64", True),
    ("old:i386", False),
    ("older", False),
    ("virtual", False),
    ("", False),
]


@pytest.mark.parametrize(("replaces", "answer"), CASES)
def test_may_replace(replaces: str, *, answer: bool) -> None:
    old = Package("old", "1.5", "amd64", {"Provides": "virtual"})
    assert may_replace(Package("new", "1", "all", {"Replaces": replaces}), old) is answer
