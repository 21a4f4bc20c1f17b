from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pkg2image.deb.facts import FetchedDeb
from pkg2image.rootfs.tree import Content, StoredContent, inline
from pkg2image.sbom.hashes import FileHashes
from pkg2image.store import Store
from tests.support.trees import Shelf, base_debs


class Counted:
    """Reads contents, and counts how often."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.count = 0

    def pieces(self, content: Content) -> Iterator[bytes]:
        self.count += 1
        yield self.shelf.read(content)


def first_file(deb: FetchedDeb) -> StoredContent:
    entry = next(entry for entry in deb.facts.entries if entry.kind == "file")
    return StoredContent(deb.facts.data, entry.offset, entry.size, entry.sha256)


def test_files_of_a_package_are_read_once_for_ever(tmp_path: Path) -> None:
    shelf = Shelf()
    (deb, *others) = base_debs(shelf, "amd64")
    counted, store, content = Counted(shelf), Store(tmp_path), first_file(deb)
    expected = hashlib.sha1(shelf.read(content)).hexdigest()
    for _ in range(2):
        hashes = FileHashes([deb, *others], counted.pieces, store)
        assert hashes.sha1(content) == expected
        assert hashes.sha1(content) == expected
    assert counted.count == sum(entry.kind == "file" for entry in deb.facts.entries)


def test_what_is_of_no_package_is_hashed_as_it_is(tmp_path: Path) -> None:
    shelf = Shelf()
    (deb, *_) = base_debs(shelf, "amd64")
    counted = Counted(shelf)
    hashes = FileHashes([], counted.pieces, Store(tmp_path))
    assert hashes.sha1(inline(b"text")) == hashlib.sha1(b"text").hexdigest()
    assert counted.count == 0
    assert hashes.sha1(first_file(deb)) == hashlib.sha1(shelf.read(first_file(deb))).hexdigest()
