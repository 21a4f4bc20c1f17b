"""Reading the content of files out of the store, every byte verified.

The blobs of the store are data tars of several hundred packages, and an image needs most of what is in them, in the
order of paths. So blobs are not verified as a whole before each use; each file's own SHA-256, taken when its package
was read, is checked while its bytes pass through.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from typing import BinaryIO, Self

from pkg2image.digest import Digest
from pkg2image.errors import TrustError
from pkg2image.rootfs.tree import Content, InlineContent, StoredContent
from pkg2image.store import Store

_PIECE = 1 << 20
_OPEN_BLOBS = 64


class ContentReader:
    """Reads files of a tree; a context manager that keeps the blobs it uses open.

    Not for use by several threads at once: each has its own.

    Args:
        store: Where the blobs are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: OrderedDict[Digest, BinaryIO] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def read(self, content: Content) -> bytes:
        """Return the content of a file.

        Raises:
            MissingBlobError: When the blob is not in the store.
            TrustError: When the bytes are not those that were stored; a damaged blob is quarantined.
        """
        return b"".join(self.pieces(content))

    def pieces(self, content: Content) -> Iterator[bytes]:
        """Yield the content of a file in pieces of at most 1 MiB.

        What was yielded is proven only when the iterator has ended without an error: whoever passes bytes on earlier
        throws the result away when it does not.

        Raises:
            MissingBlobError: When the blob is not in the store.
            TrustError: When the bytes are not those that were stored; a damaged blob is quarantined.
        """
        if isinstance(content, InlineContent):
            yield content.data
            return
        blob = self._blob(content.blob)
        seen = hashlib.sha256()
        position, end = content.offset, content.offset + content.size
        while position < end:
            piece = self._piece(blob, content, position, min(_PIECE, end - position))
            seen.update(piece)
            position += len(piece)
            yield piece
        if seen.hexdigest() != content.sha256:
            raise self._wrong(content)

    def _piece(self, blob: BinaryIO, content: StoredContent, position: int, size: int) -> bytes:
        with self._store.failures(f"read {content.blob}"):
            piece = os.pread(blob.fileno(), size, position)
        if not piece:
            raise self._wrong(content)
        return piece

    def _blob(self, digest: Digest) -> BinaryIO:
        blob = self._open.get(digest)
        if blob is not None:
            self._open.move_to_end(digest)
            return blob
        if len(self._open) >= _OPEN_BLOBS:
            self._open.popitem(last=False)[1].close()
        self._open[digest] = blob = self._store.open_unchecked(digest)
        return blob

    def _wrong(self, content: StoredContent) -> TrustError:
        """Find out what is damaged: the blob, which the store then quarantines, or what is said about it."""
        self._store.open(content.blob).close()
        return TrustError(
            f"cannot use a file of {content.blob}: its SHA-256 is not {content.sha256}, although the blob is intact",
            hint="run `pkg2image cache clear`; what the store says about a package is wrong",
        )
