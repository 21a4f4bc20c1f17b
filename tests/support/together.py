"""What all processes of one run of the tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def directory_of_the_run(factory: pytest.TempPathFactory, name: str) -> Path:
    """Return a directory that is the same in every worker of a run, and made when it is first asked for."""
    base = Path(factory.getbasetemp())
    # A worker's own directory lies in that of the run.
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    place.mkdir(exist_ok=True)
    return place
