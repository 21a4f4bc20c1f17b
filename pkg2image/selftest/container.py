"""What the test asks of a runtime, and how programs of others are called.

Every call has a time limit and a closed standard input: none may wait for somebody or for ever.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from pkg2image.errors import OutputError

CLEANUP = 30.0
"""Seconds for one call that stops or removes something."""

MOST_FILES = 65536
"""How many files a container may open; programs that close every possible handle take long over more."""

_MOST_OUTPUT = 1 << 20
_MOST_LOG = 1 << 16
_MOST_LINES = 30
_TIMED_OUT = 124  # as timeout(1) has it


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


class Container(Protocol):
    """A started container."""

    def run(self, command: Sequence[str], seconds: float) -> Answer:
        """Run a command inside, as the container's user and with its environment."""
        ...

    def ended(self) -> int | None:
        """Return its exit code when it has ended."""
        ...

    def log(self) -> str:
        """Return the end of what it has printed so far, standard error among it."""
        ...

    def pid(self) -> int:
        """Return the host's process id of its first process, 0 when there is none."""
        ...


class Runtime(Protocol):
    """Starts containers of one image; removes everything when it is closed."""

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> Container:
        """Start a container in the background, with a read-only root and its declared volumes.

        Args:
            command: Arguments after the entrypoint in place of the image's; empty for the image's.
            environment: Added to the image's.
        """
        ...

    def close(self) -> None:
        """Stop and remove everything that was started; more than once does no harm."""
        ...


class Deadline:
    """The end of a test.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, at least a small one, so that every call has a limit that works."""
        return max(0.1, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return time.monotonic() >= self._end


def call(command: Sequence[str | Path], seconds: float) -> Answer:
    """Run a program of this machine and return what it said, whether it succeeded or not.

    A program that takes too long is killed, and its exit code is 124.

    Args:
        command: Its command line.
        seconds: The most that it may take.

    Raises:
        OutputError: When it cannot be started.
    """
    # Files and no pipes: a process that lives on in a container would keep a pipe open.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = launch(command, output, errors)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = _TIMED_OUT
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        return Answer(code, _head(output), _head(errors))


def launch(command: Sequence[str | Path], output: IO[bytes], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that a Ctrl-C on the terminal is for this program alone.

    Raises:
        OutputError: When it cannot be started.
    """
    words = [os.fspath(word) for word in command]
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as error:
        raise OutputError(f"cannot start {words[0]}: {error.strerror}") from error


def launch_logged(command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """Start a program as `launch` does; everything that it prints goes to a new file.

    Raises:
        OutputError: When it cannot be started.
    """
    with log.open("ab") as output:
        # Programs of a container that are not root open /dev/stdout anew, which is this file.
        os.fchmod(output.fileno(), 0o666)
        return launch(command, output, output)


def limit(resource_number: int, most: int) -> int:
    """Return a limit that a container can be given: no more than this process has.

    Args:
        resource_number: One of the ``RLIMIT_`` constants.
        most: What it should not exceed.
    """
    hard = resource.getrlimit(resource_number)[1]
    return most if hard == resource.RLIM_INFINITY else min(hard, most)


def tail(path: Path) -> str:
    """Return the end of a log file, or nothing when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _MOST_LOG))
            return file.read(_MOST_LOG).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def last_lines(text: str) -> tuple[str, ...]:
    """Return the last lines of a log, as many as fit on a screen."""
    return tuple(text.rstrip().splitlines()[-_MOST_LINES:])


def _head(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_MOST_OUTPUT).decode("utf-8", "replace")
