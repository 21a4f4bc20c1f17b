"""Programs of others that tests compare with."""

from __future__ import annotations

import os
import shutil

import pytest


def needs(*programs: str) -> None:
    """Skip a test whose programs are not installed; in CI that is a failure, because there they all are.

    Args:
        programs: Names of programs, for example ``umoci``.
    """
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
