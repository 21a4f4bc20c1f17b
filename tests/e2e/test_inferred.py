"""Servers without a recipe start as their packages say, with a read-only root and their volumes, and answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab, Workshop
from tests.support.containers import Container, Start, until

pytestmark = [pytest.mark.runtime, pytest.mark.network]

_LISTENING = "0A"


def build(workshop: Workshop, place: Path, package: str) -> Path:
    """Build the image of a package without a recipe."""
    image = place / f"{package}.oci.tar"
    workshop.run(
        *("build", package, "--recipe", "none", "--suite", "bookworm", "--arch", "amd64"),
        *("--compression", "none", "-o", str(image)),
    )
    return image


def values(workshop: Workshop, image: Path) -> dict[str, dict[str, object]]:
    """Return what the image says about how it is started: field -> value and source."""
    found = json.loads(workshop.run("inspect", str(image), "--json"))["inferred"]["values"]
    assert isinstance(found, dict)
    return found


def listens(container: Container, port: int) -> Callable[[], bool]:
    """Return a question: does anything in the container's network listen on this TCP port?"""

    def ask() -> bool:
        assert not container.ended(), f"the container has ended:\n{container.logs()}"
        tables = (Path(f"/proc/{container.pid}/net/{name}") for name in ("tcp", "tcp6"))
        rows = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
        return any(row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port for row in rows)

    return ask


@dataclass(frozen=True, slots=True)
class Server:
    """A server and what its packages say.

    Args:
        package: Its package.
        entrypoint: Its program.
        port: Where it listens.
        user: Who runs it; None for root.
        question: A command that succeeds beside it.
    """

    package: str
    entrypoint: str
    port: int
    user: str | None = None
    question: tuple[str, ...] = ()


SERVERS = (
    Server("redis-server", "/usr/bin/redis-server", 6379, "redis", ("redis-cli", "ping")),
    Server("nginx", "/usr/sbin/nginx", 80, question=("nginx", "-t", "-q")),
    Server("bind9", "/usr/sbin/named", 53, question=("named-checkconf",)),
    Server("mosquitto", "/usr/sbin/mosquitto", 1883),
    Server("apache2", "/usr/sbin/apache2", 80),
    Server("beanstalkd", "/usr/bin/beanstalkd", 11300, "beanstalkd"),
)


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.package)
def test_a_server_starts_as_its_unit_says(lab: Lab, workshop: Workshop, tmp_path: Path, server: Server) -> None:
    image = build(workshop, tmp_path, server.package)
    said = values(workshop, image)
    command, ports, volumes = (said.get(name, {}).get("value", []) for name in ("entrypoint", "ports", "volumes"))
    assert isinstance(command, list)
    assert isinstance(ports, list)
    assert isinstance(volumes, list)
    assert command[0] == server.entrypoint
    assert ".service:" in str(said["entrypoint"]["source"])
    assert said.get("user", {}).get("value") == server.user
    assert f"{server.port}/tcp" in ports
    named = {path: f"{server.package}{path.replace('/', '-')}" for path in volumes}
    container = lab.start_image("runc", image, Start(volumes=named, scratch=("/run", "/tmp"), read_only=True))
    until(listens(container, server.port), f"{server.package} on {server.port}")
    if server.question:
        answer = container.run(*server.question)
        assert answer.code == 0, answer.errors


def test_a_tool_starts_its_program(lab: Lab, workshop: Workshop, tmp_path: Path) -> None:
    image = build(workshop, tmp_path, "sqlite3")
    container = lab.start_image("runc", image, Start(command=("--version",), read_only=True))
    assert container.wait() == 0
    assert container.logs().startswith("3.")
