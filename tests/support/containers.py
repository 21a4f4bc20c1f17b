"""What tests do with containers, whatever runtime they run under, and how programs of others are called.

Every call of a program has a time limit and a closed standard input: none may wait for somebody or for ever.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LIMIT = 300.0  # seconds for one call; loading a large image on a busy machine is the slowest


@dataclass(frozen=True, slots=True)
class Start:
    """How a container is started, in terms that every runtime has.

    Args:
        command: Arguments after the entrypoint in place of the image's.
        environment: Added to the image's.
        user: Number in place of the image's user.
        read_only: Whether the root file system cannot be written.
        volumes: Volume names by path; a volume starts with the owner and mode that the path has in the image.
        binds: Files and directories of the host by path, read-only.
        scratch: Directories in memory that begin with what the image has there, as podman makes ``/run`` and ``/tmp``
            of a read-only container; runc and podman only.
        host_network: Whether the container sees the host's loopback; otherwise it only has its own.
    """

    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    read_only: bool = False
    volumes: Mapping[str, str] = field(default_factory=dict)
    binds: Mapping[str, Path] = field(default_factory=dict)
    scratch: tuple[str, ...] = ()
    host_network: bool = False


class Container(Protocol):
    """A started container."""

    def run(self, *command: str, user: str = "", environment: Mapping[str, str] | None = None) -> Answer:
        """Run a command inside, as the container's user or another."""
        ...

    def signal(self, name: str) -> None:
        """Send a signal, for example ``TERM``, to its first process."""
        ...

    def wait(self) -> int:
        """Wait until it ends and return its exit code."""
        ...

    def ended(self) -> bool:
        """Say whether it has ended."""
        ...

    def logs(self) -> str:
        """Return what it has printed so far, standard error among it."""
        ...

    def remove(self) -> None:
        """Make it go away, whether it has ended or not, with the volumes that have no name."""
        ...

    @property
    def pid(self) -> int:
        """The host's process id of its first process."""
        ...


class Runtime(Protocol):
    """Starts containers from image files."""

    def start(self, image: Path, start: Start) -> Container:
        """Start a container in the background."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said.

    Args:
        code: Exit code.
        output: Standard output.
        errors: Standard error.
    """

    code: int
    output: str
    errors: str


def ask(*command: str | Path, timeout: float = LIMIT) -> Answer:
    """Run a command and return what it said, whether it succeeded or not."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def tell(*command: str | Path, timeout: float = LIMIT) -> str:
    """Run a command that must succeed and return its standard output without the last newline."""
    answer = ask(*command, timeout=timeout)
    assert answer.code == 0, f"{' '.join(map(str, command))}: exit code {answer.code}\n{answer.errors}{answer.output}"
    return answer.output.rstrip("\n")


def until(happened: Callable[[], bool], what: str, *, seconds: float = 90) -> None:
    """Ask again and again until something has happened; others' programs tell nobody when they are ready."""
    never = threading.Event()
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} seconds"
        never.wait(0.1)


def until_ready(container: Container, *command: str, user: str = "") -> None:
    """Wait until a command inside a container succeeds."""

    def ready() -> bool:
        assert not container.ended(), f"the container has ended:\n{container.logs()}"
        return container.run(*command, user=user).code == 0

    try:
        until(ready, " ".join(command))
    except AssertionError as error:
        raise AssertionError(f"{error}\n{container.logs()}") from None
