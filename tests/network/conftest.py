"""What the tests over the real archive share: one store, so that nothing is downloaded twice."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pkg2image.progress import Silence
from pkg2image.store import Store
from pkg2image.world import World, open_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world whose store lives as long as the tests."""
    directory = Path(tmp_path_factory.getbasetemp()) / "world"
    return open_world(
        store=Store(directory / "store"),
        state=directory / "state",
        environment=os.environ,
        now=int(time.time()),
        jobs=2,
        offline=False,
        reporter=Silence(),
    )
