"""What an awk program runs on: records, fields, variables and arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pkg2image.maintscript.commands.awk_values import Input, Value, to_number, to_text
from pkg2image.maintscript.commands.regex import Regex, compile_regex
from pkg2image.maintscript.commands.regex_syntax import Dialect
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.session import Invocation, Output

_STEP_WORK = 1024  # what a step counts, beside its result
_TEXT_WORK = 4  # what a byte of the result counts, which may be kept
_MAX_FIELDS = 100_000
_MAX_TEXT = 16 * 1024 * 1024
_FIXED = frozenset({"CONVFMT", "OFMT", "ARGV", "ARGC"})


class NextError(Exception):
    """``next``."""


class ExitError(Exception):
    """``exit``."""


class BreakError(Exception):
    """``break``."""


class ContinueError(Exception):
    """``continue``."""


class Machine:
    """The state of one run.

    Args:
        invocation: The run of awk, whose outputs are written to.
    """

    def __init__(self, invocation: Invocation) -> None:
        self.stdout: Output = invocation.stdout
        self.stderr: Output = invocation.stderr
        self.status = 0
        self.order: Callable[[Iterable[bytes]], list[bytes]] = sorted
        """In which order ``for (key in array)`` takes the keys: no order is defined."""
        self.ordered = False
        """Whether that order was asked for."""
        self._files = invocation.files
        self.arrays: dict[str, dict[bytes, Value]] = {
            "ENVIRON": {
                name.encode("utf-8", "surrogateescape"): Input(value.encode("utf-8", "surrogateescape"))
                for name, value in invocation.environment.items()
            }
        }
        self._variables: dict[str, Value] = {
            "FS": b" ",
            "OFS": b" ",
            "ORS": b"\n",
            "RS": b"\n",
            "SUBSEP": b"\x1c",
            "NR": 0.0,
            "FNR": 0.0,
        }
        self._record: bytes | None = b""
        self._fields: list[Value] | None = []

    def step(self, value: Value = None) -> None:
        """Count a step.

        Args:
            value: Its result.

        Raises:
            NotUnderstoodError: When there were too many.
        """
        size = len(value) if isinstance(value, bytes) else 0
        self._files.toil(_STEP_WORK + _TEXT_WORK * size)
        if size > _MAX_TEXT:
            raise NotUnderstoodError("awk: a text too long")

    def searching(self, regex: Regex, text: bytes) -> Regex:
        """Count the search for an expression, and return it."""
        self._files.toil(regex.work(text))
        return regex

    def get(self, name: str) -> Value:
        """Return a variable."""
        if name == "NF":
            return float(len(self._split()))
        if name in self.arrays:
            raise NotUnderstoodError(f"awk: the array {name} as a value")
        return self._variables.get(name)

    def set(self, name: str, value: Value) -> None:
        """Set a variable."""
        if name in _FIXED or name in self.arrays:
            raise NotUnderstoodError(f"awk: an assignment to {name}")
        if name == "RS" and value != b"\n":
            raise NotUnderstoodError("awk: RS")
        if name == "NF":
            count = int(to_number(value))
            if not 0 <= count <= _MAX_FIELDS:
                raise NotUnderstoodError(f"awk: {count} fields")
            fields = self._split()
            fields[:] = [*fields, *([Input()] * (count - len(fields)))][:count]
            self._record = None
        else:
            self._variables[name] = value

    def array(self, name: str) -> dict[bytes, Value]:
        """Return an array, which is made when it is not there."""
        if name in self._variables or name == "NF":
            raise NotUnderstoodError(f"awk: the variable {name} as an array")
        return self.arrays.setdefault(name, {})

    def text(self, name: str) -> bytes:
        """Return a variable as text."""
        return to_text(self.get(name))

    def start_record(self, record: bytes) -> None:
        """Take the next record of the input."""
        self.set_record(record)
        for name in ("NR", "FNR"):
            self._variables[name] = to_number(self._variables[name]) + 1

    def set_record(self, record: bytes) -> None:
        """Set ``$0``."""
        self._record = record
        self._fields = None

    def field(self, index: int) -> Value:
        """Return ``$index``."""
        if index < 0:
            raise NotUnderstoodError(f"awk: ${index}")
        if index == 0:
            if self._record is None:
                self._record = self.text("OFS").join(to_text(field) for field in self._fields or ())
            return Input(self._record)
        fields = self._split()
        return fields[index - 1] if index <= len(fields) else None

    def set_field(self, index: int, value: Value) -> None:
        """Set ``$index``."""
        if index == 0:
            self.set_record(to_text(value))
            return
        if not 0 < index <= _MAX_FIELDS:
            raise NotUnderstoodError(f"awk: ${index}")
        fields = self._split()
        fields += [Input()] * (index - len(fields))
        fields[index - 1] = value
        self._record = None

    def _split(self) -> list[Value]:
        if self._fields is None:
            self._fields = list(split(self._record or b"", self.text("FS")))
        return self._fields


def regex_of(text: bytes) -> Regex:
    """Return a text as a regular expression."""
    return compile_regex(text, Dialect.AWK)


def split(text: bytes, separator: bytes) -> Iterator[Input]:
    """Yield the fields of a text.

    Args:
        text: A record.
        separator: One blank for runs of blanks and newlines, any other character for itself, else a regular expression.
    """
    if not text:
        return
    if separator == b" ":
        yield from map(Input, text.split())
    elif len(separator) == 1 and separator != b"\\":
        yield from map(Input, text.split(separator))
    elif not separator:
        raise NotUnderstoodError("awk: an empty separator")
    else:
        at = 0
        for match in regex_of(separator).all(text):
            if match.end > match.start:
                yield Input(text[at : match.start])
                at = match.end
        yield Input(text[at:])
