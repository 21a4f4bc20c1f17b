"""A place in the text of a shell script: position, line, depth of nesting."""

from __future__ import annotations

from pkg2image.maintscript.failure import ShellSyntaxError

# Real scripts nest nine levels. A level of the readers takes up to fifteen frames of Python, which allows a thousand.
_DEEPEST = 30


class Cursor:
    """Where reading a text has come to.

    Args:
        text: What is read.
        origin: What it is, for messages.
        line: The line of the script that the text starts on.
        depth: How many constructs of the shell are open around the text.
    """

    __slots__ = ("_counted", "_depth", "_line", "origin", "position", "text")

    def __init__(self, text: str, *, origin: str, line: int = 1, depth: int = 0) -> None:
        self.text = text
        self.origin = origin
        self.position = 0
        self._line = line
        self._counted = 0
        self._depth = depth

    def line_at(self, position: int) -> int:
        """Return the line of a position; positions must not decrease from call to call.

        Args:
            position: An offset into the text.
        """
        self._line += self.text.count("\n", self._counted, position)
        self._counted = position
        return self._line

    def inner(self, text: str, line: int) -> Cursor:
        """Return a cursor of a text that was cut out of this one.

        Args:
            text: The part, perhaps with its escapes resolved.
            line: The line of the script that it starts on.
        """
        return Cursor(text, origin=self.origin, line=line, depth=self._depth)

    def enter(self) -> None:
        """Note that a construct opens.

        Raises:
            ShellSyntaxError: Too many are open.
        """
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.failure(f"nested more than {_DEEPEST} levels deep")

    def leave(self) -> None:
        """Note that the innermost construct is closed."""
        self._depth -= 1

    def failure(self, reason: str, *, line: int | None = None) -> ShellSyntaxError:
        """Return the error for something wrong here.

        Args:
            reason: What is wrong.
            line: The line; None for that of the position.
        """
        return ShellSyntaxError(line or self.line_at(self.position), reason, origin=self.origin)
