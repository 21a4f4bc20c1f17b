"""Runs the syntax tree of a maintainer script on a `Session`; nothing is ever executed.

The structure follows dash's evaluator where that decides what a script does: `tested` is its EV_TESTED, the reason why
`set -e` does not apply. It is handed down into functions, groups, subshells and pipelines, and not into command
substitutions and sourced files.

Spec: POSIX.1-2017 XCU 2.9, `set -e` as in 2.14 and dash 0.5.12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pkg2image.maintscript.calls import REDIRECTION_FAILED, CallingShell
from pkg2image.maintscript.control import LoopControl
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.patterns import matches
from pkg2image.maintscript.redirection import RedirectionError, redirect, restore
from pkg2image.maintscript.session import Buffer, Session
from pkg2image.maintscript.state import Definition, new_state
from pkg2image.maintscript.streams import Stream
from pkg2image.maintscript.syntax import (
    AndOr,
    Case,
    Command,
    Compound,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirection,
    Script,
    Simple,
    Subshell,
    While,
)


class Interpreter(CallingShell):
    """One shell process with its subshells.

    Args:
        session: What the script works on.
        limits: How much it may do.
        bash: Whether the script asks for bash: a few builtins differ, and what only bash understands is refused.
    """

    def __init__(self, session: Session, limits: Limits | None = None, *, bash: bool = False) -> None:
        super().__init__(session, limits, bash=bash)
        self._run: dict[type, Callable[[Any, bool], int]] = {
            Simple: self.simple,
            Subshell: self._subshell,
            Function: self._function,
            Group: self._redirected,
            If: self._redirected,
            For: self._redirected,
            While: self._redirected,
            Case: self._redirected,
        }
        self._bodies: dict[type, Callable[[Any, bool], int]] = {
            Group: lambda node, tested: self.script(node.body, tested=tested),
            If: self._if,
            For: self._for,
            While: self._while,
            Case: self._case,
        }

    # -- the outside ----------------------------------------------------------------------------------------------

    def run(self, script: Script, *, name: str, arguments: Sequence[str], stdin: bytes = b"") -> int:
        """Run a script from beginning to end.

        Args:
            script: What `parse` returned.
            name: ``$0``; also what reports call the script.
            arguments: ``$1`` and so on.
            stdin: What can be read.

        Returns:
            Its exit status.

        Raises:
            NotUnderstoodError: When it does something that is not emulated, or too much.
        """
        self.state = new_state(name, arguments, self.session.environment, self.files.cwd)
        self.state.origin = self.session.script
        self.script_read = script
        self.state.streams = {
            0: Stream.reading(stdin),
            1: Stream.writing(self.stdout),
            2: Stream.writing(self.stderr),
        }
        try:
            return self.process(lambda: self.script(script))
        except NotUnderstoodError as error:
            raise self.located(error) from error
        except RecursionError as error:
            raise self.located(NotUnderstoodError("nested too deep")) from error

    # -- lists ----------------------------------------------------------------------------------------------------

    def script(self, node: Script, *, tested: bool = False) -> int:
        """Run commands one after the other and return the status of the last one."""
        status = 0
        for item in node.items:
            status = self._and_or(item, tested)
        if not node.items:
            self.state.status = 0
        return status

    def command(self, node: Command, *, tested: bool) -> int:
        """Run any command."""
        return self._run[type(node)](node, tested)

    def _and_or(self, node: AndOr, tested: bool) -> int:  # noqa: FBT001
        if node.background:
            raise NotUnderstoodError("a command in the background", line=node.line)
        status = self._pipeline(node.first, tested=tested or bool(node.rest))
        for number, (connective, pipeline) in enumerate(node.rest, 1):
            if (connective == "&&") == (status == 0):
                status = self._pipeline(pipeline, tested=tested or number < len(node.rest))
        return status

    def _pipeline(self, node: Pipeline, *, tested: bool) -> int:
        status = self._piped(node, tested=tested or node.negated)
        if node.negated:
            status = int(not status)
        self.state.status = status
        return status

    def _piped(self, node: Pipeline, *, tested: bool) -> int:
        if len(node.commands) == 1:
            command = node.commands[0]
            return self.command(command, tested=tested)
        status = failed = 0
        stream = self.state.streams.get(0)
        for number, command in enumerate(node.commands):
            state = self.state.copy()
            if stream is not None:
                state.streams[0] = stream
            buffer = Buffer(self.limits.output)
            if number < len(node.commands) - 1:
                state.streams[1] = Stream.writing(buffer)
            status = self.child(lambda command=command: self.command(command, tested=tested), state)  # type: ignore[misc]
            failed = status or failed
            stream = Stream.reading(buffer.value)
        return self.checked(failed if "pipefail" in self.state.options else status, tested=tested)

    # -- compound commands ----------------------------------------------------------------------------------------

    def _redirected(self, node: Compound, tested: bool) -> int:  # noqa: FBT001
        self.meter.step()
        self.line = node.line
        body = self._bodies[type(node)]
        if not node.redirections:
            return body(node, tested)
        return self._with_redirections(node.redirections, lambda: body(node, tested), tested=tested)

    def _with_redirections(self, redirections: Sequence[Redirection], body: Callable[[], int], *, tested: bool) -> int:
        state = self.state
        try:
            replaced = redirect(redirections, state, self.files, self.expander)
        except RedirectionError as error:
            self.complain(error)
            return self.checked(REDIRECTION_FAILED, tested=tested)
        try:
            return body()
        finally:
            restore(state, replaced)

    def _subshell(self, node: Subshell, tested: bool) -> int:  # noqa: FBT001
        self.meter.step()
        self.line = node.line

        def body() -> int:
            # Nothing is restored: an exit trap of the subshell still prints to where its commands did.
            try:
                redirect(node.redirections, self.state, self.files, self.expander)
            except RedirectionError as error:
                self.complain(error)
                return REDIRECTION_FAILED
            return self.script(node.body, tested=tested)

        return self.checked(self.child(body, self.state.copy()), tested=tested)

    def _function(self, node: Function, tested: bool) -> int:  # noqa: ARG002, FBT001
        self.state.functions[node.name] = Definition(node, self.state.origin)
        return 0

    def _if(self, node: If, tested: bool) -> int:  # noqa: FBT001
        for arm in node.arms:
            if self.script(arm.condition, tested=True) == 0:
                return self.script(arm.body, tested=tested)
        if node.orelse is not None:
            return self.script(node.orelse, tested=tested)
        self.state.status = 0
        return 0

    def _for(self, node: For, tested: bool) -> int:  # noqa: FBT001
        state = self.state
        values = state.positional if node.words is None else self.expander.fields(node.words)
        status = 0
        state.loops += 1
        try:
            for value in values:
                self.meter.step()
                state.set(node.name, value)
                try:
                    status = self.script(node.body, tested=tested)
                except LoopControl as control:
                    status = 0
                    if self._leaves(control):
                        break
        finally:
            state.loops -= 1
        return status

    def _while(self, node: While, tested: bool) -> int:  # noqa: FBT001
        state = self.state
        status = 0
        state.loops += 1
        try:
            while True:
                self.meter.step()
                try:
                    if (self.script(node.condition, tested=True) == 0) == node.until:
                        break
                    status = self.script(node.body, tested=tested)
                except LoopControl as control:
                    status = 0
                    if self._leaves(control):
                        break
        finally:
            state.loops -= 1
        return status

    @staticmethod
    def _leaves(control: LoopControl) -> bool:
        """Say whether a loop ends, and pass on what is about loops around it."""
        if control.levels > 1:
            raise LoopControl(control.levels - 1, again=control.again)
        return not control.again

    def _case(self, node: Case, tested: bool) -> int:  # noqa: FBT001
        subject = self.expander.text(node.subject)
        for arm in node.arms:
            for word in arm.patterns:
                pattern = self.expander.pattern(word)
                self.meter.spend(len(pattern) * len(subject) // 16)
                if matches(pattern, subject):
                    return self.script(arm.body, tested=tested)
        self.state.status = 0
        return 0
