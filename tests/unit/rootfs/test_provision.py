from __future__ import annotations

import pytest

from pkg2image.errors import RequestError
from pkg2image.rootfs.provision import add_directory, add_file, add_symlink
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import directory, reg, symlink
from tests.support.trees import Shelf, dump_tree


def _tree() -> Tree:
    deb = Shelf().deb("sample", directory("run"), reg("etc/sample.conf"), symlink("var/run", "/run"))
    return unpack(Tree(), [deb])


def test_what_is_added() -> None:
    tree = _tree()
    made = {"origin": "recipe", "mtime": 7}
    assert add_directory(tree, "/var/run/sample", mode=0o2775, user="me", group="us", origin="recipe", mtime=7) == (
        "run/sample"
    )
    assert add_file(tree, "etc/d/new", b"new", mode=0o600, origin="recipe", mtime=7) == "etc/d/new"
    assert add_file(tree, "etc/sample.conf", b"other", origin="recipe", mtime=7) == "etc/sample.conf"
    assert add_symlink(tree, "var/run/link", "sample", origin="recipe", mtime=7) == "run/link"
    assert dump_tree(tree) == {
        "etc": "directory 0755 root:root sample",
        "etc/d": "directory 0755 root:root [recipe]",
        "etc/d/new": "file 0600 root:root [recipe] 3",
        "etc/sample.conf": "file 0644 root:root [recipe] 5",
        "run": "directory 0755 root:root sample",
        "run/link": "symlink 0777 root:root [recipe] -> sample",
        "run/sample": "directory 2775 me:us [recipe]",
        "var": "directory 0755 root:root sample",
        "var/run": "symlink 0777 root:root sample -> /run",
    }
    assert {tree[path].mtime for path in ("etc/d", "etc/d/new", "run/link", "run/sample")} == {made["mtime"]}


def test_a_directory_of_a_package_only_changes_hands() -> None:
    tree = _tree()
    add_directory(tree, "run", user="me", mode=0o700, origin="recipe", mtime=7)
    assert dump_tree(tree)["run"] == "directory 0700 me:root sample"


def test_a_link_is_replaced_and_not_followed() -> None:
    tree = _tree()
    add_file(tree, "var/run", b"", origin="recipe", mtime=7)
    assert dump_tree(tree)["var/run"] == "file 0644 root:root [recipe] 0"


@pytest.mark.parametrize("path", ["etc", "", "/", "var/run/.."])
def test_a_file_does_not_replace_a_directory(path: str) -> None:
    with pytest.raises(RequestError, match="has a directory of this name"):
        add_file(_tree(), path, b"", origin="recipe sample", mtime=0)


def test_nothing_lies_below_a_file() -> None:
    reason = r"cannot add /etc/sample.conf/d \(recipe\): .*sample.conf is not one"
    with pytest.raises(RequestError, match=reason):
        add_directory(_tree(), "etc/sample.conf/d", origin="recipe", mtime=0)
    with pytest.raises(RequestError, match=reason):
        add_symlink(_tree(), "etc/sample.conf/d/x", "y", origin="recipe", mtime=0)
