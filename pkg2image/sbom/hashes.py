"""SHA-1 of files, which SPDX 2.3 demands of each: taken once of every package, and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from pkg2image.deb.facts import FetchedDeb
from pkg2image.digest import Digest
from pkg2image.maintscript.parsed import Records
from pkg2image.rootfs.tree import Content, InlineContent, StoredContent

_KIND = "sha1-1"

Pieces = Callable[[Content], Iterator[bytes]]
"""Yields the bytes of a content, after checking them."""


class FileHashes:
    """The SHA-1 of contents.

    Args:
        debs: The packages whose files are asked for.
        pieces: Reads contents out of the store.
        records: Where hashes are kept for other runs.
    """

    __slots__ = ("_debs", "_known", "_pieces", "_records")

    def __init__(self, debs: Iterable[FetchedDeb], pieces: Pieces, records: Records) -> None:
        self._debs = {deb.facts.data: deb for deb in debs}
        self._known: dict[Digest, Mapping[str, str]] = {}
        self._pieces = pieces
        self._records = records

    def sha1(self, content: Content) -> str:
        """Return the SHA-1 of a content in hex.

        Raises:
            TrustError: When content has changed in the store.
        """
        if isinstance(content, InlineContent):
            return hashlib.sha1(content.data, usedforsecurity=False).hexdigest()
        if content.blob not in self._known:
            self._known[content.blob] = self._of_package(content.blob)
        return self._known[content.blob].get(content.sha256) or self._taken(content)

    def _of_package(self, data: Digest) -> Mapping[str, str]:
        """Return SHA-256 -> SHA-1 of all files of a package."""
        record = self._records.record(_KIND, data.hex)
        if record is not None:
            known: Mapping[str, str] = json.loads(record)
            return known
        deb = self._debs.get(data)
        if deb is None:
            return {}
        found = {
            entry.sha256: self._taken(StoredContent(data, entry.offset, entry.size, entry.sha256))
            for entry in deb.facts.entries
            if entry.kind == "file"
        }
        self._records.put_record(_KIND, data.hex, json.dumps(found).encode())
        return found

    def _taken(self, content: Content) -> str:
        seen = hashlib.sha1(usedforsecurity=False)
        for piece in self._pieces(content):
            seen.update(piece)
        return seen.hexdigest()
