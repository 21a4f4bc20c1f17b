"""Open descriptors of a shell: what can be read from them and written to them."""

from __future__ import annotations

from dataclasses import dataclass

from pkg2image.maintscript.files import FilesError, Handle
from pkg2image.maintscript.session import Input, Output


class FileOutput(Output):
    """Writes to a file of the image."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._handle.write(data)


class Refused(Output):
    """A descriptor that cannot be written to."""

    __slots__ = ()

    def write(self, data: bytes) -> None:
        """Refuse.

        Raises:
            FilesError: Always.
        """
        raise FilesError("EBADF", f"write error of {len(data)} bytes")


@dataclass(frozen=True, slots=True)
class Stream:
    """What one descriptor refers to; descriptors made by ``>&`` share it.

    Args:
        input: What is read from it.
        output: What is written to it goes there.
    """

    input: Input
    output: Output

    @classmethod
    def closed(cls) -> Stream:
        """Return what a closed descriptor behaves like."""
        return cls(Input(), Refused())

    @classmethod
    def null(cls) -> Stream:
        """Return ``/dev/null``."""
        return cls(Input(), Output())

    @classmethod
    def reading(cls, data: bytes) -> Stream:
        """Return a stream that these bytes can be read from."""
        return cls(Input(data), Refused())

    @classmethod
    def writing(cls, output: Output) -> Stream:
        """Return a stream that only writes."""
        return cls(Input(), output)
