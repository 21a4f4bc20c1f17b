"""What was found in contents is kept for other builds, for as long as the same would be found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pkg2image.analysis.reach.extracts import Extracts
from pkg2image.digest import Digest, sha256
from pkg2image.rootfs.tree import Content, StoredContent, inline
from pkg2image.store import Store

BLOB = Digest("sha256", "0" * 64)


def words(data: bytes) -> Sequence[str]:
    return data.decode().split()


def letters(data: bytes) -> Sequence[str]:
    return sorted(set(data.decode()))


def _content(text: str, blob: Digest = BLOB) -> StoredContent:
    return StoredContent(blob, 0, len(text), sha256(text.encode()).hex)


class _Reader:
    """Contents by their SHA-256, and how often they were read."""

    def __init__(self, *texts: str) -> None:
        self.texts = {sha256(text.encode()).hex: text.encode() for text in texts}
        self.count = 0

    def __call__(self, content: Content) -> bytes:
        self.count += 1
        return self.texts[content.sha256]


def test_a_content_is_looked_at_once() -> None:
    read, extracts = _Reader("a b", "c"), Extracts()
    for _ in range(2):
        assert extracts.of(_content("a b"), words, read) == ("a", "b")
        assert extracts.of(_content("c"), words, read) == ("c",)
        assert extracts.of(_content("a b"), letters, read) == (" ", "a", "b")
        assert extracts.of(inline(b"made here"), words, lambda _: b"made here") == ("made", "here")
    assert read.count == 3


def test_the_next_build_reads_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    read, extracts = _Reader("a b"), Extracts(store)
    extracts.of(_content("a b"), words, read)
    extracts.of(inline(b"x"), words, lambda _: b"x")
    extracts.keep()
    assert Extracts(store).of(_content("a b"), words, read) == ("a", "b")
    assert read.count == 1


def test_what_is_new_is_kept_beside_what_was(tmp_path: Path) -> None:
    store, read = Store(tmp_path), _Reader("a", "b")
    for text in ("a", "b", "a", "b"):
        extracts = Extracts(store)
        extracts.of(_content(text), words, read)
        extracts.keep()
    assert read.count == 2


def test_other_packages_and_functions_have_records_of_their_own(tmp_path: Path) -> None:
    store, read = Store(tmp_path), _Reader("a b")
    other = Digest("sha256", "1" * 64)
    for content, find in ((_content("a b"), words), (_content("a b", other), words), (_content("a b"), letters)):
        extracts = Extracts(store)
        extracts.of(content, find, read)
        extracts.keep()
    assert read.count == 3
