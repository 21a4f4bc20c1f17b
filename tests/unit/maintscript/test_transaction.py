"""A journal goes back to exactly where it was, and tells exactly what changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from pkg2image.errors import MalformedPackageError
from pkg2image.maintscript.transaction import Journal
from pkg2image.rootfs.tree import Entry, Kind, Tree, inline
from tests.support.trees import dump_tree

Step = Callable[[Tree], None]
PATHS = ("", "etc", "etc/app", "etc/app/conf.d", "etc/app/main.conf", "srv", "srv/new", "var")


def file(data: bytes, **fields: object) -> Entry:
    return Entry(Kind.FILE, **{"mode": 0o644, "content": inline(data), **fields})  # type: ignore[arg-type]


def sample() -> Tree:
    tree = Tree()
    tree.make_directories("etc/app/conf.d", package="app")
    tree.make_directories("var/lib")
    tree.put("etc/app/main.conf", file(b"a", package="app"))
    tree.put("etc/app/conf.d/one", file(b"1", package="app"))
    tree.put("etc/link", Entry(Kind.SYMLINK, 0o777, target="app"))
    return tree


def make(tree: Tree) -> None:
    tree.make_directories("srv/new/deep", origin="app postinst:1")


def edit(tree: Tree) -> None:
    tree.put("etc/app/main.conf", file(b"b", origin="app postinst:2"))


def edit_link(tree: Tree) -> None:
    tree.change("etc/link", target="srv")


def delete(tree: Tree) -> None:
    tree.remove("etc/app", by="app preinst:9")


def replace_directory_by_file(tree: Tree) -> None:
    tree.remove("etc/app")
    tree.put("etc/app", file(b"x", origin="app postinst:3"))


def replace_file_by_directory(tree: Tree) -> None:
    tree.remove("etc/app/main.conf")
    tree.make_directories("etc/app/main.conf/below")


def come_and_go(tree: Tree) -> None:
    tree.put("etc/temporary", file(b"x"))
    tree.remove("etc/temporary")


def go_and_come(tree: Tree) -> None:
    tree.remove("etc/app/conf.d")
    tree.make_directories("etc/app/conf.d", origin="again")
    tree.put("etc/app/conf.d/one", file(b"1", origin="again", mtime=5))


def change_mode(tree: Tree) -> None:
    tree.change("etc/app", mode=0o750, group="app")


STEPS = [
    make,
    edit,
    delete,
    replace_directory_by_file,
    replace_file_by_directory,
    come_and_go,
    go_and_come,
    change_mode,
]


@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
def test_rollback_goes_back(first: Step, second: Step) -> None:
    tree = sample()
    journal = Journal(tree)
    first(journal)
    with suppress(MalformedPackageError, KeyError):  # also from where a step was refused half-way
        second(journal)
    journal.rollback()
    assert dict(journal.walk()) == dict(tree.walk())
    assert {path: journal.children(path) for path in PATHS} == {path: tree.children(path) for path in PATHS}
    assert journal.commit() == ()


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        (make, ["srv made app postinst:1", "srv/new made app postinst:1", "srv/new/deep made app postinst:1"]),
        (edit, ["etc/app/main.conf changed app postinst:2"]),
        (
            delete,
            [f"etc/app{rest} removed app preinst:9" for rest in ("", "/conf.d", "/conf.d/one", "/main.conf")],
        ),
        (come_and_go, []),
        (go_and_come, []),
        (change_mode, ["etc/app changed "]),
    ],
)
def test_commit_tells_what_is_different(step: Step, changes: list[str]) -> None:
    journal = Journal(sample())
    step(journal)
    assert [f"{change.path} {change.action} {change.by}" for change in journal.commit()] == changes
    after = dump_tree(journal)
    journal.rollback()
    assert dump_tree(journal) == after


def test_what_was_written_again_as_it_was_is_still_the_packages() -> None:
    tree = sample()
    journal = Journal(tree)
    go_and_come(journal)
    journal.commit()
    assert dict(journal.walk()) == dict(tree.walk())


def test_the_tree_that_it_was_made_of_changes_with_it_and_may_change_in_between() -> None:
    tree = sample()
    journal = Journal(tree)
    delete(journal)
    journal.commit()
    assert "etc/app" not in tree
    make(tree)
    between = dump_tree(tree)
    edit_link(journal)
    journal.rollback()
    assert dump_tree(tree) == dump_tree(journal) == between
    assert journal.commit() == ()


@pytest.mark.parametrize(
    "path",
    ["etc/passwd-", "etc/.pwd.lock", "var/log/dpkg.log", "var/cache/debconf/config.dat", "tmp/x", "var/tmp/y"],
)
def test_leftovers_are_not_kept(path: str) -> None:
    journal = Journal(sample())
    journal.make_directories(path.rpartition("/")[0])
    journal.commit()
    journal.put(path, file(b"x"))
    assert journal.commit() == ()
    assert path not in journal


def test_a_shipped_file_is_no_leftover() -> None:
    tree = sample()
    tree.put("etc/app.dpkg-old", file(b"x", package="app"))
    journal = Journal(tree)
    journal.put("etc/app.dpkg-old", file(b"y"))
    assert [change.action for change in journal.commit()] == ["changed"]


def test_the_machine_id_is_empty() -> None:
    journal = Journal(sample())
    journal.put("etc/machine-id", file(b"0123456789abcdef0123456789abcdef\n", mode=0o444))
    assert [change.path for change in journal.commit()] == ["etc/machine-id"]
    assert (journal["etc/machine-id"].size, journal["etc/machine-id"].mode) == (0, 0o444)
