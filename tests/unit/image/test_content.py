from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.digest import sha256
from pkg2image.errors import TrustError
from pkg2image.image.content import ContentReader
from pkg2image.rootfs.tree import StoredContent
from pkg2image.store import CorruptBlobError, MissingBlobError, Store
from tests.support.images import inline


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def stored(store: Store, data: bytes, before: bytes = b"before", after: bytes = b"after") -> StoredContent:
    blob = store.insert([before, data, after])
    return StoredContent(blob.digest, len(before), len(data), sha256(data).hex)


@pytest.mark.parametrize("data", [b"", b"x", b"abc" * 1_000_000])
def test_content_is_what_was_stored(store: Store, data: bytes) -> None:
    with ContentReader(store) as reader:
        assert reader.read(stored(store, data)) == data
        assert reader.read(inline(data)) == data


def test_pieces_are_small(store: Store) -> None:
    with ContentReader(store) as reader:
        assert [len(piece) for piece in reader.pieces(stored(store, bytes(2_500_000)))] == [1 << 20, 1 << 20, 402_848]


def test_more_blobs_than_may_be_open_at_once(store: Store) -> None:
    contents = [stored(store, b"%d" % number) for number in range(150)]
    with ContentReader(store) as reader:
        for number, content in [*enumerate(contents), *enumerate(contents)]:
            assert reader.read(content) == b"%d" % number


def test_a_changed_blob_is_quarantined(store: Store) -> None:
    content = stored(store, b"precious")
    store.path(content.blob).write_bytes(b"beforePreciousafter")
    with ContentReader(store) as reader, pytest.raises(CorruptBlobError):
        reader.read(content)
    assert not store.has(content.blob)
    assert store.usage().quarantined.count == 1


def test_a_truncated_blob_is_quarantined(store: Store) -> None:
    content = stored(store, b"precious")
    store.path(content.blob).write_bytes(b"befo")
    with ContentReader(store) as reader, pytest.raises(CorruptBlobError):
        reader.read(content)
    assert not store.has(content.blob)


def test_a_wrong_statement_about_an_intact_blob_is_an_error_too(store: Store) -> None:
    content = replace(stored(store, b"precious"), offset=5)
    with ContentReader(store) as reader, pytest.raises(TrustError, match="although the blob is intact"):
        reader.read(content)
    assert store.has(content.blob)


def test_a_missing_blob_is_an_error(store: Store) -> None:
    with ContentReader(store) as reader, pytest.raises(MissingBlobError):
        reader.read(StoredContent(sha256(b"never"), 0, 1, sha256(b"n").hex))
