"""Simple commands: assignments, redirections, and the call of a function, builtin or program.

Spec: POSIX.1-2017 XCU 2.9.1.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from pkg2image.maintscript.builtins import ASSIGNING, BASH_BUILTINS, BUILTINS, SPECIAL
from pkg2image.maintscript.control import Exit, Return
from pkg2image.maintscript.dialect import evaluate_brackets, opens_brackets, without_alias
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import FilesError
from pkg2image.maintscript.limits import Limits
from pkg2image.maintscript.process import ShellProcess
from pkg2image.maintscript.programs import run_program
from pkg2image.maintscript.redirection import RedirectionError, redirect, restore
from pkg2image.maintscript.session import InPlace, Session
from pkg2image.maintscript.state import Definition, ShellError, stream_output
from pkg2image.maintscript.syntax import Assignment, Command, Script, Simple

REDIRECTION_FAILED = 2


class CallingShell(ShellProcess):
    """A shell that can run simple commands."""

    def __init__(self, session: Session, limits: Limits | None = None, *, bash: bool = False) -> None:
        super().__init__(session, limits, bash=bash)
        self.script_read: Script | None = None
        """The script itself, once it runs."""
        self.builtins = {**BUILTINS, **BASH_BUILTINS} if bash else BUILTINS

    @abstractmethod
    def command(self, node: Command, *, tested: bool) -> int:
        """Run any command."""

    def simple(self, node: Simple, tested: bool) -> int:  # noqa: FBT001
        """Run a simple command."""
        self.meter.step()
        self.line = node.line
        self.files.origin = f"{self.state.origin}:{node.line}"
        self.substituted = 0
        if self.state.aliases:
            node = without_alias(self, node)
        if self.bash and opens_brackets(node):
            return self.checked(evaluate_brackets(self, node), tested=tested)
        words = self._words(node)
        if words and words[0] == "exec":
            return self.checked(self._exec(node, words), tested=tested)
        special = bool(words) and words[0] in SPECIAL
        state = self.state
        try:
            replaced = redirect(node.redirections, state, self.files, self.expander) if node.redirections else {}
        except RedirectionError as error:
            if special:
                raise ShellError(str(error)) from error
            self.complain(error)
            return self.checked(REDIRECTION_FAILED, tested=tested)
        try:
            status = self._call(node.assignments, words, tested=tested)
        finally:
            if replaced:
                restore(state, replaced)
        return self.checked(status, tested=tested)

    def _words(self, node: Simple) -> list[str]:
        """Expand the words of a command."""
        if not node.words:
            return []
        first = self.expander.fields(node.words[:1])
        assigning = bool(first) and first[0] in ASSIGNING
        return first + self.expander.fields(node.words[1:], assigning=assigning)

    def _call(self, assignments: Sequence[Assignment], words: list[str], *, tested: bool) -> int:
        if not words:
            for each in assignments:
                self.set_variable(each.name, self.expander.text(each.value))
            return self.substituted
        if "xtrace" in self.state.options:
            stream_output(self.state, 2).text(f"+ {' '.join(words)}\n")
        name = words[0]
        if name in SPECIAL:
            for each in assignments:
                self.set_variable(each.name, self.expander.text(each.value))
            return self.builtin(words, tested=tested)
        if not assignments:
            return self.call(words, tested=tested)
        return self._call_with(assignments, words, tested=tested)

    def _call_with(self, assignments: Sequence[Assignment], words: list[str], *, tested: bool) -> int:
        """Call with variables that are exported for this one command."""
        state = self.state
        state.scopes.append({})
        try:
            for each in assignments:
                value = self.expander.text(each.value)
                state.make_local(each.name)
                self.set_variable(each.name, value)
                state.exported.add(each.name)
            return self.call(words, tested=tested)
        finally:
            state.leave_scope()

    def call(self, words: Sequence[str], *, tested: bool = False) -> int:
        """Call a function, builtin, debconf command or program by its name."""
        state = self.state
        definition = state.functions.get(words[0])
        if definition is not None and not isinstance(self.session.commands.get(words[0]), InPlace):
            return self._call_function(definition, words, tested=tested)
        if words[0] in self.builtins:
            return self.builtin(words, tested=tested)
        return self.run_program(words)

    def run_program(self, words: Sequence[str]) -> int:
        """Call a program, whatever functions and builtins there are."""
        return run_program(self, tuple(words), self.state.environment())

    def builtin(self, words: Sequence[str], *, tested: bool = False, fatal: bool = True) -> int:
        """Call a builtin.

        Args:
            words: Its name and arguments.
            tested: Whether ``set -e`` is off for it.
            fatal: Whether an error of a special builtin ends the shell.
        """
        try:
            return self.builtins[words[0]](self, self.invocation(words, {}), tested)
        except FilesError as error:
            stream_output(self.state, 2).text(f"{words[0]}: {error}\n")
            return 1 if error.code == "EBADF" else 2
        except ShellError as error:
            if fatal and words[0] in SPECIAL:
                raise
            stream_output(self.state, 2).text(f"{words[0]}: {error.message}\n")
            return error.status

    def _call_function(self, definition: Definition, words: Sequence[str], *, tested: bool) -> int:
        self.meter.enter()
        state = self.state
        before = (state.positional, state.loops, state.origin, self.line)
        state.positional, state.loops, state.origin = tuple(words[1:]), 0, definition.origin
        state.scopes.append({})
        state.functions_deep += 1
        body = definition.node.body
        try:
            return self.command(body, tested=tested)
        except Return as end:
            return end.status
        except NotUnderstoodError as error:
            raise self.located(error) from error
        finally:
            state.functions_deep -= 1
            state.leave_scope()
            state.positional, state.loops, state.origin, self.line = before
            self.meter.leave()

    def _exec(self, node: Simple, words: list[str]) -> int:
        """Run ``exec``: its redirections stay, and with a command the shell ends."""
        for each in node.assignments:
            self.set_variable(each.name, self.expander.text(each.value))
        try:
            redirect(node.redirections, self.state, self.files, self.expander)
        except RedirectionError as error:
            raise ShellError(str(error)) from error
        if len(words) == 1:
            return 0
        self.state.traps.pop("EXIT", None)
        raise Exit(self.run_program(words[1:]))
