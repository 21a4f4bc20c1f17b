"""What is made of a tree in the end, and what is said about the rest."""

from __future__ import annotations

from pkg2image.rootfs.ldconfig import CACHE
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.triggers import run_triggers
from tests.support.debs import FileSpec, reg
from tests.support.libraries import library_tree, read_inline


def _run(*entries: FileSpec) -> tuple[Tree, Tree, tuple[str, ...]]:
    tree, elves = library_tree("amd64", *entries)
    made, notes = run_triggers(tree, elves=elves, read=read_inline, epoch=5, architecture="amd64")
    return tree, made, notes


def test_the_cache_is_made_and_nothing_is_left_out() -> None:
    before, made, notes = _run()
    assert CACHE in made
    assert CACHE not in before
    assert made[CACHE].mtime == 5
    assert notes == ()


def test_what_is_left_out_is_said() -> None:
    _, _, notes = _run(
        reg("usr/share/mime/packages/freedesktop.org.xml"),
        reg("usr/share/icons/hicolor/index.theme"),
        reg("usr/share/info/sed.info.gz"),
        reg("usr/share/icons/none/other"),
    )
    assert [note.partition(":")[0] for note in notes] == [
        "left out the database of MIME types",
        "left out the caches of icon themes",
        "left out the directory of info documents",
    ]
