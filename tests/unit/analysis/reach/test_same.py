"""Equal files become one."""

from __future__ import annotations

import pytest

from pkg2image.analysis.reach.same import join_equal
from pkg2image.rootfs.tree import Tree
from tests.support.parts import Parts

TEXT = "equal " * 100
SOURCES = {"app": "app", "app-doc": "app"}


def _inodes(tree: Tree) -> list[str]:
    return [entry.inode for path, entry in tree.walk() if entry.content is not None]


def test_equal_files_of_one_source_are_one() -> None:
    tree = Parts().add("usr/bin/a", TEXT).add("usr/bin/b", TEXT, package="app-doc").add("usr/bin/c", TEXT * 2).tree
    tree.change("usr/bin/a", mtime=7)
    joined = join_equal(tree, SOURCES)
    assert _inodes(joined) == ["equal to /usr/bin/a", "equal to /usr/bin/a", ""]
    assert joined["usr/bin/b"].mtime == 7
    assert joined["usr/bin/b"].package == "app-doc"
    assert _inodes(tree) == ["", "", ""]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("usr/bin/b", {"package": "other"}),
        ("usr/bin/b", {"package": ""}),
        ("usr/bin/b", {"mode": 0o755}),
        ("etc/b", {}),
        ("var/lib/b", {}),
    ],
)
def test_what_differs_or_is_written_to_stays(path: str, more: dict[str, object]) -> None:
    tree = Parts().add("usr/bin/a", TEXT).add(path, TEXT, **more).tree  # type: ignore[arg-type]
    assert _inodes(join_equal(tree, SOURCES)) == ["", ""]


def test_small_files_and_those_with_several_names_stay() -> None:
    tree = Parts().add("usr/a", "x").add("usr/b", "x").add("usr/c", TEXT).add("usr/d", TEXT).add("usr/e", TEXT).tree
    tree.change("usr/c", inode="app/c")
    tree.change("usr/d", inode="app/c")
    assert _inodes(join_equal(tree, SOURCES)) == ["", "", "app/c", "app/c", ""]
