"""The state of a shell: what a subshell gets a copy of.

Spec: POSIX.1-2017 XCU 2.12 (shell execution environment).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkg2image.maintscript.session import Command, Output
from pkg2image.maintscript.streams import Stream
from pkg2image.maintscript.syntax import Function

if TYPE_CHECKING:
    from pkg2image.maintscript.dialect import Alias

DEFAULT_IFS = " \t\n"
_PROCESS = "4242"  # $$ of every script, so that names made from it are always the same
_FLAGS = {"errexit": "e", "nounset": "u", "noglob": "f", "noclobber": "C", "allexport": "a", "xtrace": "x"}
_IGNORED_FLAGS = {"monitor": "m", "notify": "b", "verbose": "v", "noexec": "n"}


class ShellError(Exception):
    """The shell itself gives up: dash prints a message and a shell that is not interactive exits.

    Args:
        message: What dash says, without its own name.
        status: Of the shell, usually 2.
    """

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(slots=True)
class Definition:
    """A function and the script that defines it.

    Args:
        node: Its syntax.
        origin: Name of the script, for reports.
    """

    node: Function
    origin: str


_Saved = tuple[str | None, bool, bool]


@dataclass(slots=True)
class State:
    """Variables, functions, options, descriptors and traps of one shell.

    Args:
        name: ``$0``.
        positional: ``$1`` and so on.
        values: Variables that are set.
        exported: Names that are exported, set or not.
        readonly: Names that cannot be changed.
        functions: By name.
        streams: Open descriptors by number.
        options: Long names of the options of ``set`` that are on.
        traps: Action by signal name; the only one that ever fires is ``EXIT``.
        status: ``$?``.
        scopes: For every running function what its ``local`` variables were before.
        loops: How many loops run in the current function.
        origin: Name of the script whose lines run, for reports.
        functions_deep: How many functions run.
        helpers: Native commands that sourcing a library defined.
        ending: What ``exit`` means in an exit trap, or None outside of one.
        letter: How far ``getopts`` is in a group of options.
        aliases: By name; never changed in place.
    """

    name: str
    positional: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    readonly: set[str] = field(default_factory=set)
    functions: dict[str, Definition] = field(default_factory=dict)
    streams: dict[int, Stream] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    traps: dict[str, str] = field(default_factory=dict)
    status: int = 0
    scopes: list[dict[str, _Saved]] = field(default_factory=list)
    loops: int = 0
    origin: str = ""
    functions_deep: int = 0
    helpers: dict[str, Command] = field(default_factory=dict)
    ending: int | None = None
    letter: int = 0
    aliases: dict[str, Alias] = field(default_factory=dict)

    def copy(self) -> State:
        """Return what a subshell starts with: everything but the traps."""
        return State(
            self.name,
            self.positional,
            dict(self.values),
            set(self.exported),
            set(self.readonly),
            dict(self.functions),
            dict(self.streams),
            set(self.options),
            {signal: action for signal, action in self.traps.items() if not action},
            self.status,
            [dict(scope) for scope in self.scopes],
            self.loops,
            self.origin,
            self.functions_deep,
            self.helpers,
            None,
            self.letter,
            self.aliases,
        )

    def get(self, name: str) -> str | None:
        """Return the value of a variable, or of a positional or special parameter but ``@`` and ``*``."""
        if name in self.values:
            return self.values[name]
        if name.isdigit():
            number = int(name[:9])
            if number == 0:
                return self.name
            return self.positional[number - 1] if number <= len(self.positional) else None
        return self._special(name)

    def _special(self, name: str) -> str | None:
        match name:
            case "?":
                return str(self.status)
            case "#":
                return str(len(self.positional))
            case "$":
                return _PROCESS
            case "-":
                return "".join(letter for option, letter in _FLAGS.items() if option in self.options)
            case _:
                return None

    def set(self, name: str, value: str) -> None:
        """Set a variable.

        Raises:
            ShellError: When it is read-only.
        """
        if name in self.readonly:
            raise ShellError(f"{name}: is read only")
        self.values[name] = value
        if "allexport" in self.options:
            self.exported.add(name)

    def unset(self, name: str) -> None:
        """Unset a variable.

        Raises:
            ShellError: When it is read-only.
        """
        if name in self.readonly:
            raise ShellError(f"{name}: is read only")
        self.values.pop(name, None)
        self.exported.discard(name)

    def make_local(self, name: str) -> None:
        """Remember what a variable is until the function returns; it keeps its value, as in dash."""
        if name not in self.scopes[-1]:
            self.scopes[-1][name] = (self.values.get(name), name in self.exported, name in self.readonly)

    def leave_scope(self) -> None:
        """Give the local variables of the innermost scope their former values."""
        for name, (value, exported, readonly) in self.scopes.pop().items():
            for names, member in ((self.exported, exported), (self.readonly, readonly)):
                (names.add if member else names.discard)(name)
            if value is None:
                self.values.pop(name, None)
            else:
                self.values[name] = value

    def environment(self) -> dict[str, str]:
        """Return the exported variables, which a program gets."""
        return {name: self.values[name] for name in sorted(self.exported) if name in self.values}

    @property
    def separator(self) -> str:
        """What ``"$*"`` joins with."""
        return self.values.get("IFS", " ")[:1]

    def set_flag(self, flag: str, *, on: bool) -> bool:
        """Switch an option by its letter or long name, and say whether there is one."""
        for option, letter in (*_FLAGS.items(), *_IGNORED_FLAGS.items()):
            if flag in {option, letter}:
                (self.options.add if on else self.options.discard)(option)
                return True
        return False


def new_state(name: str, arguments: Sequence[str], environment: Mapping[str, str], cwd: str) -> State:
    """Return the state a shell starts with.

    Args:
        name: ``$0``.
        arguments: ``$1`` and so on.
        environment: Exported to the shell.
        cwd: Working directory.
    """
    state = State(name, tuple(arguments), dict(environment), set(environment))
    state.values |= {"IFS": DEFAULT_IFS, "OPTIND": "1", "PPID": "1", "PS1": "# ", "PS2": "> ", "PS4": "+ ", "PWD": cwd}
    return state


def stream_output(state: State, number: int) -> Output:
    """Return what a descriptor writes to; one that is closed refuses."""
    return state.streams[number].output if number in state.streams else CLOSED.output


CLOSED = Stream.closed()
