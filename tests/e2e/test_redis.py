"""Redis images answer, keep what they are told, and let strangers in with a password only."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import APPLICATION_CASES, Lab
from tests.support.containers import Container, Start, until_ready

pytestmark = [pytest.mark.runtime, pytest.mark.network]


def cli(container: Container, *words: str) -> str:
    """Return what redis-cli prints."""
    answer = container.run("redis-cli", *words)
    assert answer.code == 0, answer.errors
    return answer.output.strip()


@pytest.mark.parametrize(("runtime", "suite"), APPLICATION_CASES)
def test_it_keeps_values_in_its_volume(lab: Lab, runtime: str, suite: str) -> None:
    how = Start(volumes={"/var/lib/redis": f"redis-{suite}"}, read_only=True)
    first = lab.start(runtime, "redis", suite, how)
    until_ready(first, "redis-cli", "ping")
    assert cli(first, "SET", "answer", "42") == "OK"
    assert cli(first, "GET", "answer") == "42"
    assert cli(first, "CONFIG", "GET", "protected-mode").split() == ["protected-mode", "yes"]
    first.signal("TERM")
    assert first.wait() == 0

    second = lab.start(runtime, "redis", suite, how)
    until_ready(second, "redis-cli", "ping")
    assert cli(second, "GET", "answer") == "42"


def test_its_arguments_come_after_debians_configuration(lab: Lab) -> None:
    container = lab.start("runc", "redis", "bookworm", Start(command=("--requirepass", "secret")))
    until_ready(container, "redis-cli", "ping")
    assert cli(container, "GET", "answer").startswith("NOAUTH")
    assert cli(container, "--no-auth-warning", "-a", "secret", "SET", "answer", "42") == "OK"
