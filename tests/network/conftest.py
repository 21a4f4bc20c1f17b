"""What the tests over the real archive share: one store with all others, so that nothing is downloaded twice."""

from __future__ import annotations

import os
import time

import pytest

from pkg2image.progress import Silence
from pkg2image.store import Store
from pkg2image.world import World, open_world
from tests.support.together import directory_of_the_run


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world whose store lives as long as the tests."""
    directory = directory_of_the_run(tmp_path_factory, "world")
    return open_world(
        store=Store(directory_of_the_run(tmp_path_factory, "store")),
        state=directory / "state",
        environment=os.environ,
        now=int(time.time()),
        jobs=2,
        offline=False,
        reporter=Silence(),
    )
