"""Files named as operands: what most filters read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pkg2image.maintscript.files import FilesError
from pkg2image.maintscript.session import Invocation


class Inputs:
    """The contents of operands in order; those that cannot be read are reported on stderr.

    Args:
        invocation: Whose operands they are.
        operands: Paths; ``-``, or no operand at all, is standard input.
    """

    def __init__(self, invocation: Invocation, operands: Sequence[str]) -> None:
        self._invocation = invocation
        self._operands = operands or ("-",)
        self.status = 0
        """1 once something could not be read."""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content."""
        for operand in self._operands:
            try:
                yield operand, self._invocation.stdin if operand == "-" else self._invocation.files.read(operand)
            except FilesError as error:
                self.status = self._invocation.fail(str(error))

    def data(self) -> bytes:
        """Return all contents one after the other."""
        return b"".join(data for _, data in self)

    def lines(self) -> list[bytes]:
        """Return the lines of all contents; the end of a file ends a line."""
        return [line for _, data in self for line in data.removesuffix(b"\n").split(b"\n") if data]
