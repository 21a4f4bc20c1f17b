"""A shell as a process: its state, its subshells, its end.

Spec: POSIX.1-2017 XCU 2.12, 2.14 (exit, trap).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from pkg2image.maintscript.control import Exit, LoopControl, Return
from pkg2image.maintscript.expansion import Expander
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files
from pkg2image.maintscript.limits import Limits, Meter
from pkg2image.maintscript.parser import parse
from pkg2image.maintscript.programs import run_program
from pkg2image.maintscript.session import Buffer, Input, Invocation, Output, Session
from pkg2image.maintscript.state import ShellError, State, stream_output
from pkg2image.maintscript.streams import Refused, Stream
from pkg2image.maintscript.syntax import Script


class ShellProcess(ABC):
    """One shell process with its subshells.

    Args:
        session: What the script works on.
        limits: How much it may do.
        bash: Whether the script asks for bash: a few builtins differ, and what only bash understands is refused.
    """

    def __init__(self, session: Session, limits: Limits | None = None, *, bash: bool = False) -> None:
        self.session = session
        self.limits = limits or Limits()
        self.meter = Meter(self.limits)
        session.files.most_work = self.limits.work
        self.bash = bash
        self.state = State("sh")
        self.line = 0
        self.stdout = Buffer(self.limits.output)
        """What the script printed."""
        self.stderr = Buffer(self.limits.output)
        """What it complained about."""
        self.substituted = 0
        """Status of the last command substitution of the running command."""
        self.expander = Expander(self)

    @abstractmethod
    def script(self, node: Script, *, tested: bool = False) -> int:
        """Run commands one after the other and return the status of the last one."""

    @property
    def files(self) -> Files:
        """The files of the image."""
        return self.session.files

    def get_variable(self, name: str) -> str | None:
        """Return the value of a variable, or None."""
        return self.state.get(name)

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable of the shell."""
        self.state.set(name, self.meter.hold(value))

    def execute(
        self,
        words: Sequence[str],
        *,
        stdin: Input,
        stdout: Output,
        stderr: Output,
        environment: Mapping[str, str],
    ) -> int:
        """Run a program as a child would."""
        self.meter.step()
        streams = {0: Stream(stdin, Refused()), 1: Stream.writing(stdout), 2: Stream.writing(stderr)}
        before, self.state.streams = self.state.streams, streams
        try:
            return run_program(self, tuple(words), dict(environment))
        finally:
            self.state.streams = before

    def invocation(self, words: Sequence[str], environment: dict[str, str]) -> Invocation:
        """Return a call in the current state of the shell."""
        streams = self.state.streams
        return Invocation(
            name=words[0],
            arguments=tuple(words[1:]),
            session=self.session,
            shell=self,
            input=streams[0].input if 0 in streams else Input(),
            stdout=stream_output(self.state, 1),
            stderr=stream_output(self.state, 2),
            environment=environment,
            line=self.line,
        )

    def process(self, body: Callable[[], int]) -> int:
        """Run what a process does until it ends, with its exit trap, and return its status."""
        status = self._ended(body)
        action = self.state.traps.pop("EXIT", "")
        if action:
            self.state.status = self.state.ending = status
            # Without an exit of its own the trap does not change the status.
            status = self._ended(lambda: self.evaluate(action), otherwise=status)
        return status

    def _ended(self, body: Callable[[], int], *, otherwise: int | None = None) -> int:
        try:
            status = body()
        except (Exit, Return) as end:
            return end.status
        except LoopControl:
            status = 0
        except ShellError as error:
            stream_output(self.state, 2).text(f"{self.state.name}: {self.line}: {error.message}\n")
            return error.status
        return status if otherwise is None else otherwise

    def child(self, body: Callable[[], int], state: State) -> int:
        """Run a process with a state of its own; nothing of its state comes back."""
        self.meter.enter()
        files = self.files
        before = (self.state, files.cwd, files.umask, self.line)
        self.state = state
        try:
            return self.process(body)
        except NotUnderstoodError as error:
            raise self.located(error) from error
        finally:
            self.state, files.cwd, files.umask, self.line = before
            self.meter.leave()

    def substitute(self, body: Script) -> str:
        """Run commands in a subshell and return what they print, without the line feeds at its end."""
        self.meter.step()
        buffer = Buffer(self.limits.output)
        state = self.state.copy()
        state.streams[1] = Stream.writing(buffer)
        self.substituted = self.child(lambda: self.script(body), state)
        printed = buffer.value.replace(b"\0", b"").rstrip(b"\n")
        self.meter.spend(len(printed))
        return printed.decode("utf-8", "surrogateescape")

    def evaluate(self, text: str, *, tested: bool = False) -> int:
        """Run the text of ``eval`` or of a trap in this shell."""
        self.meter.enter()
        self.meter.spend(len(text))
        line = self.line
        try:
            return self.script(parsed(text, self.state.origin), tested=tested)
        except NotUnderstoodError as error:
            error.line = line  # the lines of the text say nothing
            raise
        finally:
            self.line = line
            self.meter.leave()

    def run_text(self, text: str, origin: str) -> int:
        """Run the text of a whole script."""
        try:
            return self.script(parsed(text, origin))
        except NotUnderstoodError as error:
            raise self.located(error) from error

    def source(self, text: str, origin: str) -> int:
        """Run a file of the image in this shell."""
        self.meter.enter()
        before, self.state.origin = self.state.origin, origin
        line, state = self.line, self.state
        try:
            return self.script(parsed(text, origin))
        except Return as end:
            return end.status
        except NotUnderstoodError as error:
            raise self.located(error) from error
        finally:
            state.origin = before
            self.line = line
            self.meter.leave()

    def located(self, error: NotUnderstoodError) -> NotUnderstoodError:
        """Return an error with the place where it happened."""
        if error.line is None:
            error.line = self.line
        if not error.origin:
            error.origin = f"{self.session.package.name} {self.state.origin}"
        return error

    def checked(self, status: int, *, tested: bool) -> int:
        """Apply ``set -e`` to a command that is neither a list nor compound."""
        self.state.status = status
        if status and not tested and "errexit" in self.state.options:
            raise Exit(status)
        return status

    def complain(self, error: Exception) -> None:
        """Print what the shell itself could not do."""
        stream_output(self.state, 2).text(f"{self.state.name}: {self.line}: {error}\n")


@lru_cache(maxsize=64)
def parsed(text: str, origin: str) -> Script:
    """Return the syntax tree of a text; libraries are sourced by many scripts."""
    return parse(text, origin=origin)
