"""Other Pythons than the one that the tests run with; `tests/install.sh` makes an environment for each."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


def python_of(release: str) -> Path:
    """Return the interpreter of a release, which can import what the program needs.

    Where there is none the test is skipped; in CI that is a failure.

    Args:
        release: For example ``3.12``.
    """
    if release == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    path = Path(sys.prefix) / "pythons" / release / "bin/python"
    if path.exists():
        return path
    reason = f"there is no Python {release}: install it and run tests/install.sh again"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def python_instead(release: str) -> tuple[str, ...]:
    """Return a wrapper that runs a command line with another Python than the one in its first word."""
    return ("sh", "-c", 'python=$1; shift 2; exec "$python" "$@"', "sh", str(python_of(release)))
