"""Chunks of bytes read as if they were one: exact pieces, and no copies of what is only passed on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pkg2image.deb.place import Place


class ByteStream:
    """Reads exact amounts from chunks of any size.

    Args:
        chunks: The bytes.
        place: Where they come from, for errors about a premature end.
    """

    __slots__ = ("_at", "_chunks", "_place", "_taken", "_view")

    def __init__(self, chunks: Iterable[bytes], place: Place) -> None:
        self._chunks = iter(chunks)
        self._place = place
        self._view = memoryview(b"")
        self._at = 0
        self._taken = 0

    @property
    def position(self) -> int:
        """Bytes taken so far."""
        return self._taken + self._at

    def at_end(self) -> bool:
        """Say whether nothing is left."""
        while self._at == len(self._view):
            chunk = next(self._chunks, None)
            if chunk is None:
                return True
            self._taken += self._at
            self._view, self._at = memoryview(chunk), 0
        return False

    def take(self, size: int) -> bytes:
        """Return exactly this many bytes.

        Raises:
            MalformedPackageError: When there are fewer.
        """
        end = self._at + size
        if end <= len(self._view):
            data = bytes(self._view[self._at : end])
            self._at = end
            return data
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Yield exactly this many bytes in pieces, without copying them.

        Raises:
            MalformedPackageError: When there are fewer.
        """
        while size:
            if self.at_end():
                raise self._place.error("it ends too early")
            piece = self._view[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def take_available(self) -> bytes:
        """Return what can be had without waiting for the next chunk; empty at the end."""
        return b"" if self.at_end() else self.take(len(self._view) - self._at)

    def skip(self, size: int) -> None:
        """Pass over exactly this many bytes.

        Raises:
            MalformedPackageError: When there are fewer.
        """
        for _ in self.pieces(size):
            pass
