"""What one run of a maintainer script has to do with the world: the nouns between the shell and its commands.

A `Command` is a function from an `Invocation` to an exit status. It sees the files of the image through
`Session.files`, reads `Invocation.stdin`, writes to `Invocation.stdout` and `Invocation.stderr` and nothing else. What
it does not implement exactly it refuses with `NotUnderstoodError`; a failure that the real program would report
too is text on stderr and a status. A `FilesError` that a command does not catch becomes just that: its text after the
command's name, and status 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pkg2image.deb.facts import FetchedDeb
from pkg2image.deb.package import Package
from pkg2image.idmap import IdMap
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.filesview import READ_WORK

if TYPE_CHECKING:
    from pkg2image.maintscript.debconf import DebconfDatabase

_MAX_BUFFER = 16 * 1024 * 1024  # bytes of one pipe or command substitution


class Output:
    """Where a command writes to: a pipe, a file of the image, or nothing."""

    __slots__ = ()

    def write(self, data: bytes) -> None:
        """Write bytes; this base throws them away, as ``/dev/null`` does."""

    def text(self, text: str) -> None:
        """Write text, exactly as it is."""
        if text:
            self.write(text.encode("utf-8", "surrogateescape"))


class Buffer(Output):
    """An output that is kept in memory: pipes, command substitutions, what a script prints."""

    __slots__ = ("_data", "_limit")

    def __init__(self, limit: int = _MAX_BUFFER) -> None:
        self._data = bytearray()
        self._limit = limit

    def write(self, data: bytes) -> None:
        """Write bytes.

        Raises:
            NotUnderstoodError: When it becomes more than a script may print.
        """
        if len(self._data) + len(data) > self._limit:
            raise NotUnderstoodError(f"more than {self._limit} bytes of output")
        self._data += data

    @property
    def value(self) -> bytes:
        """Everything written so far."""
        return bytes(self._data)


class Input:
    """Where a command reads from; whoever reads a byte takes it from all that share the input."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes = b"") -> None:
        self._data = data
        self._position = 0

    def read_all(self) -> bytes:
        """Return and take everything that is left."""
        rest = self._data[self._position :]
        self._position = len(self._data)
        return rest

    def read_line(self) -> bytes:
        """Return and take the next line with its line feed; empty at the end."""
        end = self._data.find(b"\n", self._position) + 1
        start, self._position = self._position, end or len(self._data)
        return self._data[start : self._position]


class Shell(Protocol):
    """What commands may ask of the shell that calls them."""

    def get_variable(self, name: str) -> str | None:
        """Return the value of a shell variable, or None when it is not set."""

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable of the shell itself, as only a builtin or a function can (``$RET`` of debconf)."""

    def execute(
        self,
        words: Sequence[str],
        *,
        stdin: Input,
        stdout: Output,
        stderr: Output,
        environment: Mapping[str, str],
    ) -> int:
        """Run a program with its arguments as a child would, and return its status (127: not found)."""


@dataclass(slots=True)
class Invocation:
    """One call of a command.

    Args:
        name: The word it was called by.
        arguments: The words after it.
        session: The script run it belongs to.
        shell: The shell that calls; also the way to run other programs (see `run`).
        input: Standard input.
        stdout: Standard output.
        stderr: Standard error.
        environment: The exported variables; a copy.
        line: Line of the script.
    """

    name: str
    arguments: tuple[str, ...]
    session: Session
    shell: Shell
    input: Input = field(default_factory=Input)
    stdout: Output = field(default_factory=Buffer)
    stderr: Output = field(default_factory=Buffer)
    environment: dict[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def files(self) -> Files:
        """The files of the image; relative paths are taken from the working directory of the call."""
        return self.session.files

    @property
    def cwd(self) -> str:
        """Working directory, absolute."""
        return self.session.files.cwd

    @property
    def umask(self) -> int:
        """File creation mask; `Files` applies it to whatever is made without a mode."""
        return self.session.files.umask

    @property
    def stdin(self) -> bytes:
        """Everything that is left on standard input; asking takes it, so ask only for what the program would read."""
        data = self.input.read_all()
        self.files.toil(READ_WORK * len(data))
        return data

    def run(
        self,
        words: Sequence[str],
        *,
        stdin: bytes | None = None,
        stdout: Output | None = None,
        stderr: Output | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> int:
        """Run another program (``xargs``, ``find -exec``, ``env``; ``("sh", "-c", text)`` for shell text).

        Args:
            words: Program and arguments.
            stdin: Bytes for it; by default it shares the standard input of this call.
            stdout: By default that of this call.
            stderr: By default that of this call.
            environment: By default that of this call.

        Returns:
            Its exit status.

        Raises:
            NotUnderstoodError: When there is no such command, or it does not understand its arguments.
        """
        return self.shell.execute(
            words,
            stdin=self.input if stdin is None else Input(stdin),
            stdout=stdout or self.stdout,
            stderr=stderr or self.stderr,
            environment=self.environment if environment is None else environment,
        )

    def fail(self, message: str, status: int = 1) -> int:
        """Write ``<name>: <message>`` to stderr and return a status: ``return invocation.fail("...")``."""
        self.stderr.text(f"{self.name}: {message}\n")
        return status


Command = Callable[[Invocation], int]
"""A program or builtin: does its work and returns its exit status."""


@dataclass(frozen=True, slots=True)
class _Conditional:
    """A command that does not stand for its name under all circumstances; its class says under which.

    Args:
        command: What it does.
    """

    command: Command

    def __call__(self, invocation: Invocation) -> int:
        """Do its work."""
        return self.command(invocation)


class OfImage(_Conditional):
    """A command that stands for a program only in images that have that program."""

    __slots__ = ()


class InPlace(_Conditional):
    """A command that takes the place of whatever has its name: a program, a function, a file that is sourced."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Noop:
    """A command that was understood and has nothing to do in an image: starting services and the like.

    Args:
        command: The command line, words joined by blanks.
        line: Line of the script.
    """

    command: str
    line: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a script wanted to make and that is never baked into an image: keys, databases.

    Args:
        what: Path or thing, in words.
        why: One sentence.
        line: Line of the script.
    """

    what: str
    why: str
    line: int


@dataclass(slots=True)
class Session:
    """Everything of one script run that commands need; made anew for every script.

    State that the real programs keep in files (diversions, alternatives, overrides, accounts) is in `files` only.

    Args:
        files: The files of the image as this run sees them.
        package: The package the script belongs to.
        script: ``preinst``, ``config``, ``postinst``.
        architecture: Debian architecture of the image.
        installed: Every package of the image by name.
        commands: The programs by name; a program of the image that is not among them and no shell script is not
            understood.
        debconf: Questions and answers, shared by all runs for one image.
        debconf_commands: What sourcing ``/usr/share/debconf/confmodule`` defines: ``db_get`` and so on.
        environment: The variables exported to the script.
        ids: Numbers that users and groups get when they are made.
        noops: What was understood and does nothing here.
        secrets: What was left for first start.
        notes: Anything else worth a line in the report.
    """

    files: Files
    package: Package
    script: str
    architecture: str
    installed: Mapping[str, FetchedDeb]
    commands: Mapping[str, Command]
    debconf: DebconfDatabase
    debconf_commands: Mapping[str, Command] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    ids: IdMap = field(default_factory=IdMap)
    noops: list[Noop] = field(default_factory=list)
    secrets: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
