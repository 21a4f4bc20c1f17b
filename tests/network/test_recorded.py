"""What dpkg was once seen to change when it configured applications is what we make of them today."""

from __future__ import annotations

import pytest

from benchmarks.recorded import DIRECTORY, PACKAGES, compare
from pkg2image.world import World
from pkg2image.yamltext import parse_yaml

pytestmark = pytest.mark.network

NAMES = sorted(parse_yaml((DIRECTORY / PACKAGES).read_text()))


def test_every_recording_is_looked_at() -> None:
    assert sorted(path.stem for path in DIRECTORY.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_was_recorded_is_reproduced(name: str, world: World) -> None:
    lines, count = compare(name, world=world)
    assert lines == ()
    assert count > 8
