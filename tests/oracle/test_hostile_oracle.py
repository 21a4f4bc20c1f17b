"""Whatever crafted package we accept, dpkg unpacks too; where we are more generous, the reason is written here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.hostile.deb_cases import CASES, Case

GENEROUS = {
    "a pax header": "file capabilities cannot come in a .deb otherwise",
    "a file capability": "it needs a pax header",
    "missing parents": "another package may bring them; the root of this test is empty",
    "missing parents that come later": "as above",
    "a long name in the limit": "as above",
}
ACCEPTED = [case for case in CASES if case.refused is None]


def unpacks(deb: bytes, directory: Path) -> bool:
    """Say whether dpkg unpacks a package into an empty root; it is given little time, since some files hang it."""
    root = directory / "root"
    for part in ("info", "updates"):
        (root / "var/lib/dpkg" / part).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (directory / "odd.deb").write_bytes(deb)
    forces = ("--force-not-root", "--force-architecture", "--force-depends", "--force-unsafe-io")
    command = ["dpkg", f"--root={root}", *forces, "--unpack", str(directory / "odd.deb")]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_dpkg_agrees(case: Case, tmp_path: Path) -> None:
    assert unpacks(case.deb(), tmp_path) == (case.name not in GENEROUS)
