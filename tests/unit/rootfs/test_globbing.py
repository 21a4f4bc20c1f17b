"""Shell patterns over a tree."""

from __future__ import annotations

import pytest

from pkg2image.rootfs.globbing import is_pattern, matches
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import reg, symlink
from tests.support.trees import Shelf


@pytest.fixture(scope="module")
def tree() -> Tree:
    entries = [reg(path) for path in ("etc/a.conf", "etc/b.conf", "etc/.c.conf", "etc/d/e.conf", "lib/x[1]", "lib/x1")]
    links = (symlink("alias", "etc"), symlink("dead", "nowhere"), symlink("loop", "loop"))
    circles = (symlink("many/a", "."), symlink("many/b", "."), symlink("many/c", "."))
    return unpack(Tree(), [Shelf().deb("sample", *entries, *links, *circles)])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/etc/*.conf", ["etc/a.conf", "etc/b.conf"]),
        ("etc/.*", ["etc/.c.conf"]),
        ("//etc//a.conf/", ["etc/a.conf"]),
        ("/alias/[!a].conf", ["etc/b.conf"]),
        ("/alias/[^a].conf", ["etc/b.conf"]),
        ("/*/?.conf", ["etc/a.conf", "etc/b.conf"]),
        ("/etc/{b,a,z}.conf", ["etc/b.conf", "etc/a.conf"]),
        ("/etc/{a,{a,b}}.conf", ["etc/a.conf", "etc/b.conf"]),
        ("/etc/{a.conf", []),
        ("/lib/x[[]1]", ["usr/lib/x[1]"]),
        ("/d*", ["dead"]),
        ("/dead/*", []),
        ("/loop/*", []),
        ("/many" + "/*" * 60, ["many/a", "many/b", "many/c"]),
        ("/etc/a.conf/*", []),
        ("/", [""]),
        ("/" + "{a,b}" * 30, []),
    ],
)
def test_matches(tree: Tree, pattern: str, found: list[str]) -> None:
    assert list(matches(tree, pattern)) == found


@pytest.mark.parametrize(
    ("path", "expected"), [("/a/b", False), ("/a*", True), ("/a?", True), ("/[a", True), ("{a}", True)]
)
def test_is_pattern(path: str, expected: bool) -> None:  # noqa: FBT001
    assert is_pattern(path) is expected
