"""The machine that runs sed programs: pattern space, hold space, and the state of ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto

from pkg2image.maintscript.commands.octets import lines_of, text_of
from pkg2image.maintscript.commands.regex import Match, Regex
from pkg2image.maintscript.commands.sed_replacement import replaced
from pkg2image.maintscript.commands.sed_script import Address, SedCommand, Substitution
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.files import Files, FilesError

_STEP_WORK = 1024  # what a command counts, beside the bytes of the spaces
_MAX_SPACE = 16 * 1024 * 1024  # bytes of a space, and of the output


class _End(Enum):
    """How a cycle ends."""

    PRINTED = auto()
    """The pattern space is printed unless ``-n`` was given."""
    SILENT = auto()
    AGAIN = auto()
    """Silent, and the next cycle starts with what is left of the pattern space."""


class Machine:
    """One run of a program over a stream of lines.

    Args:
        files: Where ``r`` reads.
        program: The commands.
        sources: Contents of the files of the stream.
        quiet: Whether ``-n`` was given.
        end: What ends a line: a newline, or with ``-z`` a zero byte.
    """

    def __init__(
        self,
        files: Files,
        program: tuple[SedCommand, ...],
        sources: Sequence[bytes],
        *,
        quiet: bool,
        end: bytes = b"\n",
    ) -> None:
        self.quit_status: int | None = None
        """Set once ``q`` or ``Q`` was run."""
        self._files = files
        self._program = program
        self._end = end
        self._lines = [line for source in sources for line in lines_of(source, end)]
        self._complete = all(source.endswith(end) for source in [s for s in sources if s][-1:])
        self._quiet = quiet
        self._output = bytearray()
        self._newline_due = False
        self._number = 0
        self._space = b""
        self._hold = b""
        self._ended = True  # whether the line in the pattern space ended with a newline; it moves with the text
        self._hold_ended = True
        self._queue: list[tuple[bytes, bool]] = []
        self._range_ends: dict[int, int | None] = {
            index: None for index, command in enumerate(program) if command.first == Address("line", 0)
        }
        self._closed: set[int] = set()
        self._regex: Regex | None = None
        self._replaced = False

    @property
    def output(self) -> bytes:
        """What was printed."""
        return bytes(self._output)

    def execute(self) -> None:
        """Run the program over all lines.

        Raises:
            NotUnderstoodError: When it takes too long or makes too much.
        """
        again = False
        while again or self._read():
            end = self._cycle()
            if end is _End.PRINTED and not self._quiet:
                self._print(self._space)
            self._flush()
            again = end is _End.AGAIN
            if self.quit_status is not None:
                self._end_line(quitting=end is _End.PRINTED)
                return

    def _end_line(self, *, quitting: bool) -> None:
        """End the last line of the output, as ``q`` does even when that of the input has no end."""
        if quitting and self._newline_due:
            self._output += self._end
            self._newline_due = False

    @property
    def _at_end(self) -> bool:
        return self._number >= len(self._lines)

    def _read(self) -> bool:
        if self._at_end:
            return False
        self._space = self._lines[self._number]
        self._number += 1
        self._ended = self._complete or not self._at_end
        self._replaced = False
        return True

    def _emit(self, data: bytes, *, newline: bool = True) -> None:
        if self._newline_due:
            self._output += self._end
        self._output += data + (self._end if newline else b"")
        self._newline_due = not newline
        if len(self._output) > _MAX_SPACE:
            raise NotUnderstoodError("sed prints too much")

    def _print(self, data: bytes) -> None:
        self._emit(data, newline=self._ended)

    def _flush(self) -> None:
        for data, newline in self._queue:
            self._emit(data, newline=newline)
        self._queue.clear()

    def _cycle(self) -> _End:
        index = 0
        while index < len(self._program):
            self._files.toil(_STEP_WORK + len(self._space) + len(self._hold))
            if len(self._space) + len(self._hold) > _MAX_SPACE:
                raise NotUnderstoodError("sed takes too long or too much memory")
            command = self._program[index]
            selected = self._selects(index, command) != command.negated
            index += 1
            if selected:
                result = _ACTIONS[command.name](self, command)
                if isinstance(result, _End):
                    return result
                index = index if result is None else result
            elif command.name == "{":
                index = command.number
        return _End.PRINTED

    # addresses

    def _selects(self, index: int, command: SedCommand) -> bool:
        if command.first is None:
            return True
        if command.last is None:
            return self._is_at(command.first)
        if index in self._range_ends:
            return self._in_range(index, command.first, command.last)
        return self._starts_range(index, command.first, command.last)

    def _starts_range(self, index: int, first: Address, last: Address) -> bool:
        if first.kind == "line":
            # A range that starts at a line also starts later, when ``n`` or a branch jumped over that line, but once.
            if index in self._closed or self._number < first.number:
                return False
        elif not self._is_at(first):
            return False
        end = self._numbered_end(last)
        if end is None or end > self._number:
            self._range_ends[index] = end
            return True
        self._closed.add(index)
        return first.kind != "line" or self._number <= end or self._number == first.number

    def _in_range(self, index: int, first: Address, last: Address) -> bool:
        end = self._range_ends[index]
        if self._is_at(last) if end is None else self._number >= end:
            del self._range_ends[index]
            self._closed.add(index)
        return end is None or self._number <= end or self._is_at(first)

    def _numbered_end(self, last: Address) -> int | None:
        """Return the line at which a range ends, when it is known as soon as it starts."""
        match last.kind:
            case "line":
                return last.number
            case "more":
                return self._number + last.number
            case "multiple":
                return -(-self._number // last.number) * last.number if last.number else self._number
            case "last":
                return len(self._lines)
        return None

    def _is_at(self, address: Address) -> bool:
        match address.kind:
            case "line":
                return self._number == address.number
            case "last":
                return self._at_end
            case "step":
                if address.step == 0:
                    return self._number == address.number
                return self._number >= address.number and (self._number - address.number) % address.step == 0
        return self._used(address.regex).matches(self._space)

    def _used(self, regex: Regex | None) -> Regex:
        self._regex = regex or self._regex
        if self._regex is None:
            raise NotUnderstoodError("sed: no previous regular expression")
        self._files.toil(self._regex.work(self._space))
        return self._regex

    # commands

    def substitute(self, command: SedCommand) -> None:
        """``s``."""
        if command.substitution is None:
            return
        what = command.substitution
        regex = self._used(what.regex)
        pieces: list[bytes] = []
        at = 0
        for count, match in enumerate(regex.all(self._space), 1):
            if count < what.occurrence:
                continue
            pieces += [self._space[at : match.start], self._replacement(what, match)]
            at = match.end
            if not what.every:
                break
        if not pieces:
            return
        self._space = b"".join([*pieces, self._space[at:]])
        self._replaced = True
        if what.output:
            self._print(self._space)

    def _replacement(self, what: Substitution, match: Match) -> bytes:
        if max((part for part in what.replacement if isinstance(part, int)), default=0) > len(match.groups):
            raise NotUnderstoodError("sed: a group in the replacement that the regular expression has not")
        return replaced(what.replacement, match, self._space[match.start : match.end])

    def transliterate(self, command: SedCommand) -> None:
        """``y``."""
        self._space = self._space.translate(command.table)

    def print_all(self, _command: SedCommand) -> None:
        """``p``."""
        self._print(self._space)

    def print_first(self, _command: SedCommand) -> None:
        """``P``."""
        first, newline, _ = self._space.partition(b"\n")
        if newline:
            self._emit(first)
        else:
            self._print(first)

    def print_number(self, _command: SedCommand) -> None:
        """``=``."""
        self._emit(b"%d" % self._number)

    def delete(self, _command: SedCommand) -> _End:
        """``d``."""
        return _End.SILENT

    def delete_first(self, _command: SedCommand) -> _End:
        """``D``."""
        if b"\n" not in self._space:
            return _End.SILENT
        self._space = self._space.partition(b"\n")[2]
        return _End.AGAIN

    def next_line(self, _command: SedCommand) -> _End | None:
        """``n``."""
        if self._at_end:
            return _End.PRINTED
        if not self._quiet:
            self._print(self._space)
        self._flush()
        self._read()
        return None

    def append_line(self, _command: SedCommand) -> _End | None:
        """``N``."""
        if self._at_end:
            return _End.PRINTED
        self._flush()
        before, replaced = self._space, self._replaced
        self._read()
        self._space = before + b"\n" + self._space
        self._replaced = replaced
        return None

    def append_text(self, command: SedCommand) -> None:
        """``a``."""
        self._queue.append((command.text.removesuffix(b"\n"), True))

    def insert_text(self, command: SedCommand) -> None:
        """``i``."""
        self._emit(command.text.removesuffix(b"\n"))

    def change(self, command: SedCommand) -> _End:
        """``c``: the text once for a range, at its end."""
        if command.negated or not any(command is self._program[index] for index in self._range_ends):
            self._emit(command.text.removesuffix(b"\n"))
        return _End.SILENT

    def read_file(self, command: SedCommand) -> None:
        """``r``."""
        try:
            data = self._files.read(text_of(command.text))
        except FilesError:
            return
        if data:
            self._queue.append((data.removesuffix(b"\n"), data.endswith(b"\n")))

    def hold(self, _command: SedCommand) -> None:
        """``h``."""
        self._hold, self._hold_ended = self._space, self._ended

    def hold_more(self, _command: SedCommand) -> None:
        """``H``."""
        self._hold, self._hold_ended = self._hold + b"\n" + self._space, self._ended

    def get(self, _command: SedCommand) -> None:
        """``g``."""
        self._space, self._ended = self._hold, self._hold_ended

    def get_more(self, _command: SedCommand) -> None:
        """``G``."""
        self._space, self._ended = self._space + b"\n" + self._hold, self._hold_ended

    def exchange(self, _command: SedCommand) -> None:
        """``x``."""
        self._space, self._hold = self._hold, self._space
        self._ended, self._hold_ended = self._hold_ended, self._ended

    def clear(self, _command: SedCommand) -> None:
        """``z``."""
        self._space = b""

    def nothing(self, _command: SedCommand) -> None:
        """``{``, ``}`` and ``:``."""

    def branch(self, command: SedCommand) -> int:
        """``b``."""
        return command.number

    def branch_if_replaced(self, command: SedCommand) -> int | None:
        """``t``."""
        replaced, self._replaced = self._replaced, False
        return command.number if replaced else None

    def branch_unless_replaced(self, command: SedCommand) -> int | None:
        """``T``."""
        replaced, self._replaced = self._replaced, False
        return None if replaced else command.number

    def quit(self, command: SedCommand) -> _End:
        """``q``."""
        self.quit_status = command.number
        return _End.PRINTED

    def quit_silently(self, command: SedCommand) -> _End:
        """``Q``."""
        self.quit_status = command.number
        return _End.SILENT


_ACTIONS: Mapping[str, Callable[[Machine, SedCommand], _End | int | None]] = {
    "s": Machine.substitute,
    "y": Machine.transliterate,
    "p": Machine.print_all,
    "P": Machine.print_first,
    "=": Machine.print_number,
    "d": Machine.delete,
    "D": Machine.delete_first,
    "n": Machine.next_line,
    "N": Machine.append_line,
    "a": Machine.append_text,
    "i": Machine.insert_text,
    "c": Machine.change,
    "r": Machine.read_file,
    "h": Machine.hold,
    "H": Machine.hold_more,
    "g": Machine.get,
    "G": Machine.get_more,
    "x": Machine.exchange,
    "z": Machine.clear,
    "{": Machine.nothing,
    "}": Machine.nothing,
    ":": Machine.nothing,
    "b": Machine.branch,
    "t": Machine.branch_if_replaced,
    "T": Machine.branch_unless_replaced,
    "q": Machine.quit,
    "Q": Machine.quit_silently,
}
