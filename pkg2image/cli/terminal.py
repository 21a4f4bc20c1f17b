"""Progress on stderr: a bar per long step on a terminal, plain lines otherwise, nothing when quiet."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from pkg2image.errors import OutputError
from pkg2image.progress import Reporter, Silence
from pkg2image.sizes import size_text

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_BYTES = 1 << 20  # a total of at least this many is counted in bytes, a smaller one in items
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


def show(text: str) -> None:
    """Write a line of results to stdout.

    Raises:
        OutputError: When it cannot be written.
    """
    # File names of packages are bytes, and the encoding of a terminal may lack letters.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _write(text.translate(_CONTROLS).encode(encoding, "backslashreplace") + b"\n")


def show_json(data: object) -> None:
    """Write data to stdout as one line of JSON in UTF-8.

    Raises:
        OutputError: When it cannot be written.
    """
    from pkg2image.plan import canonical_json  # noqa: PLC0415 -- `--help` has nothing to do with plans

    _write(canonical_json(data, errors="backslashreplace"))


def show_document(document: bytes) -> None:
    """Write a whole document to stdout, as it is.

    Raises:
        OutputError: When it cannot be written.
    """
    _write(document)


def _write(data: bytes) -> None:
    try:
        click.echo(data, nl=False)
    except OSError as error:
        _abandon(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return  # whoever read our output has enough
        raise OutputError(
            f"cannot write to the standard output: {error.strerror}", hint="send it somewhere else"
        ) from error


def tell(text: str) -> None:
    """Write a line for people to stderr; that nobody reads it is no reason to stop working."""
    try:
        click.echo(text.translate(_CONTROLS), err=True)
    except OSError:
        _abandon(sys.stderr)


def _abandon(stream: TextIO) -> None:
    # What is still to be written would fail once more when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class NoteReporter(Silence):
    """Notes, which are for everybody who did not ask for quiet, and no progress."""

    def note(self, text: str) -> None:
        """Write a note."""
        tell(f"note: {text}")


class PlainReporter:
    """One line per step and per note.

    Args:
        verbose: Whether the end of every step is told with its duration.
    """

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._title = ""
        self._began = time.monotonic()

    def step(self, title: str, total: int = 0) -> None:
        """Begin a step."""
        self.finish()
        self._title = title
        tell(f"{title} ({size_text(total)})" if total >= _BYTES else title)

    def advance(self, amount: int) -> None:
        """Plain lines have no bar to move."""

    def note(self, text: str) -> None:
        """Write a note."""
        tell(f"note: {text}")

    def finish(self) -> None:
        """End the current step."""
        if self._title and self._verbose:
            tell(f"{self._title}: {time.monotonic() - self._began:.2f} s")
        self._title, self._began = "", time.monotonic()


class BarReporter:
    """A bar for the current step, replaced by the next.

    Args:
        progress: The live display.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._lock = threading.Lock()

    def step(self, title: str, total: int = 0) -> None:
        """Begin a step."""
        with self._lock:
            self._close()
            self._task = self._progress.add_task(title, total=total or None)

    def advance(self, amount: int) -> None:
        """Move the bar."""
        with self._lock:
            if self._task is not None:
                self._progress.advance(self._task, amount)

    def note(self, text: str) -> None:
        """Write a note above the bar."""
        self._progress.console.print(f"note: {text}", markup=False, highlight=False)

    def _close(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None


@contextmanager
def reporting(mode: str, *, quiet: bool, verbose: bool) -> Iterator[Reporter]:
    """Give the reporter that fits the terminal.

    Args:
        mode: ``auto``, ``plain`` or ``none``.
        quiet: Whether even notes are unwanted.
        verbose: Whether durations are told.
    """
    if quiet:
        yield Silence()
    elif mode == "none":
        yield NoteReporter()
    elif mode == "plain" or verbose or not _is_terminal(sys.stderr):
        plain = PlainReporter(verbose=verbose)
        yield plain
        plain.finish()
    else:
        # rich is imported only when there is a terminal to draw on.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import Progress  # noqa: PLC0415

        with Progress(console=Console(stderr=True), transient=True) as progress:
            yield BarReporter(progress)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()  # it is None when the program was started with it closed
