"""The debconf protocol: what a script says to debconf, and what it hears.

Spec: debconf-devel(7); debconf specification, protocol version 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pkg2image.maintscript.debconf import DebconfDatabase
from pkg2image.maintscript.failure import NotUnderstoodError

_ESCAPED_CHUNK = re.compile(r"(\\.|\s+)", re.DOTALL)
_PRIORITIES = frozenset({"low", "medium", "high", "critical"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What debconf answers to one command.

    Args:
        code: 0 for success, 30 for a question that was not shown; see the protocol.
        text: What follows the code.
        escaped: Whether the text went over the wire escaped (code 1), because the script asked for that.
    """

    code: int
    text: str | None = None
    escaped: bool = False

    @property
    def result(self) -> str:
        """What ``$RET`` of the shell library becomes: it cuts off codes of one digit only."""
        if self.text is None:
            return str(self.code)
        line = self.text if self.escaped else self.text.partition("\n")[0]
        return line if self.code < 10 else f"{self.code} {line}"


_SUCCESS, _BAD_PARAMETERS, _SYNTAX_ERROR, _SKIPPED, _BAD_VERSION = 0, 10, 20, 30, 30


class Conversation:
    """One script talking to debconf.

    Args:
        database: Changed by what the script says.
        owner: Package of the script.
        escape: Whether the script asked for escaped data before.
        pending: Questions that a ``GO`` would ask.
    """

    __slots__ = ("_database", "_owner", "escape", "pending")

    def __init__(
        self, database: DebconfDatabase, owner: str, *, escape: bool = False, pending: Sequence[str] = ()
    ) -> None:
        self._database = database
        self._owner = owner
        self.escape = escape
        self.pending = list(pending)

    def say(self, command: str, words: Sequence[str]) -> Reply:
        """Execute one command of the protocol.

        Args:
            command: In any case, for example ``GET``.
            words: What the script wrote after it; joined by blanks and split again, as on the wire.

        Raises:
            NotUnderstoodError: When there is no such command, or the line would be several.
        """
        line = " ".join(words)
        if "\n" in line:
            raise NotUnderstoodError(f"debconf {command} with a line break")
        handlers: dict[str, Callable[[list[str]], Reply]] = {
            "beginblock": lambda _: Reply(_SUCCESS),
            "capb": self._capb,
            "clear": self._clear,
            "endblock": lambda _: Reply(_SUCCESS),
            "fget": self._fget,
            "fset": self._fset,
            "get": self._get,
            "go": self._go,
            "info": lambda _: Reply(_SUCCESS),
            "input": self._input,
            "metaget": self._metaget,
            "progress": lambda _: Reply(_SUCCESS, "OK"),
            "purge": self._purge,
            "register": self._register,
            "reset": self._reset,
            "set": self._set,
            "settitle": self._settitle,
            "subst": self._subst,
            "title": lambda _: Reply(_SUCCESS),
            "unregister": self._unregister,
            "version": self._version,
        }
        handler = handlers.get(command.lower())
        if handler is None:
            raise NotUnderstoodError(f"debconf command {command}")
        return handler(_unescape(line) if self.escape else line.split())

    def _unknown(self, words: list[str], *counts: int) -> Reply | None:
        """Return the complaint about a wrong number of words, or about the first not being a question."""
        low, high = counts if len(counts) == 2 else (counts[0], counts[0])
        if not low <= len(words) <= high:
            return Reply(_SYNTAX_ERROR, "Incorrect number of arguments")
        if words[0] not in self._database.questions:
            return Reply(_BAD_PARAMETERS, f"{words[0]} doesn't exist")
        return None

    def _data(self, text: str) -> Reply:
        return Reply(_SUCCESS, text, escaped=self.escape)

    def _capb(self, words: list[str]) -> Reply:
        self.escape = "escape" in words
        return Reply(_SUCCESS, "multiselect escape")

    def _clear(self, _words: list[str]) -> Reply:
        self.pending = []
        return Reply(_SUCCESS)

    def _version(self, words: list[str]) -> Reply:
        if words and words[0].partition(".")[0] != "2":
            side = "low" if words[0] < "2" else "high"
            return Reply(_BAD_VERSION, f"Version too {side} ({words[0]})")
        return Reply(_SUCCESS, "2.0")

    def _get(self, words: list[str]) -> Reply:
        return self._unknown(words, 1) or self._data(self._database.value(words[0]))

    def _set(self, words: list[str]) -> Reply:
        if complaint := self._unknown(words, 1, len(words) or 1):
            return complaint
        self._database.set_value(words[0], " ".join(words[1:]))
        return Reply(_SUCCESS, "value set")

    def _reset(self, words: list[str]) -> Reply:
        if complaint := self._unknown(words, 1):
            return complaint
        self._database.set_value(words[0], self._database.field(words[0], "default"))
        self._database.set_flag(words[0], "seen", "false")
        return Reply(_SUCCESS)

    def _subst(self, words: list[str]) -> Reply:
        if complaint := self._unknown(words, 2, max(len(words), 2)):
            return complaint
        self._database.substitute(words[0], words[1], " ".join(words[2:]))
        return Reply(_SUCCESS)

    def _fget(self, words: list[str]) -> Reply:
        return self._unknown(words, 2) or Reply(_SUCCESS, self._database.flag(words[0], words[1]))

    def _fset(self, words: list[str]) -> Reply:
        if complaint := self._unknown(words, 3, max(len(words), 3)):
            return complaint
        value = " ".join(words[2:])
        self._database.set_flag(words[0], words[1], value)
        return Reply(_SUCCESS, value)

    def _metaget(self, words: list[str]) -> Reply:
        if complaint := self._unknown(words, 2):
            return complaint
        name, field_name = words[0], words[1].lower()
        match field_name:
            case "value":
                return self._data(self._database.value(name))
            case "owners":
                return self._data(", ".join(sorted(self._database.questions[name].owners)))
            case "template":
                return self._data(self._database.questions[name].template)
            case _:
                return self._data(self._database.field(name, field_name))

    def _register(self, words: list[str]) -> Reply:
        if complaint := self._unknown(words, 2):
            return replace(complaint, text=f'No such template, "{words[0]}"') if complaint.code == 10 else complaint
        self._database.register(words[1], self._database.questions[words[0]].template, self._owner)
        return Reply(_SUCCESS)

    def _unregister(self, words: list[str]) -> Reply:
        if complaint := self._unknown(words, 1):
            return complaint
        if words[0] in self.pending:
            return Reply(_BAD_PARAMETERS, f"{words[0]} is busy, cannot unregister right now")
        self._database.disown(words[0], self._owner)
        return Reply(_SUCCESS)

    def _purge(self, _words: list[str]) -> Reply:
        for name in sorted(self._database.questions):
            self._database.disown(name, self._owner)
        return Reply(_SUCCESS)

    def _settitle(self, words: list[str]) -> Reply:
        return self._unknown(words, 1) or Reply(_SUCCESS)

    def _input(self, words: list[str]) -> Reply:
        if len(words) != 2:
            return Reply(_SYNTAX_ERROR, "Incorrect number of arguments")
        priority, name = words
        if name not in self._database.questions:
            return Reply(_BAD_PARAMETERS, f'"{name}" doesn\'t exist')
        if priority not in _PRIORITIES:
            return Reply(_SYNTAX_ERROR, f'"{priority}" is not a valid priority')
        self.pending.append(name)
        return Reply(_SKIPPED, "question skipped")

    def _go(self, words: list[str]) -> Reply:
        if words:
            return Reply(_SYNTAX_ERROR, "Incorrect number of arguments")
        for name in self.pending:
            if name in self._database.questions:
                self._database.set_value(name, self._answer(name))
        self.pending = []
        return Reply(_SUCCESS, "ok")

    def _answer(self, name: str) -> str:
        """Return what the noninteractive front end answers."""
        value = self._database.value(name)
        match self._database.field(name, "type"):
            case "error" | "text":
                return ""
            case "select":
                choices = self._database.choices(name)
                return value if value in choices else next(iter(choices), "")
            case _:
                return value


def _unescape(line: str) -> list[str]:
    r"""Split a line of a script that escapes: ``\n`` is a line break, any other backslash quotes."""
    words, word = [], ""
    for chunk in _ESCAPED_CHUNK.split(line):
        if chunk == "\\n":
            word += "\n"
        elif chunk[:1] == "\\":
            word += chunk[1:]
        elif chunk.isspace():
            words.append(word)
            word = ""
        else:
            word += chunk
    return [*words, word] if word else words
