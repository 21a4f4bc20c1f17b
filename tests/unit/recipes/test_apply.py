"""What a recipe adds to a tree."""

from __future__ import annotations

from typing import Any

import pytest

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap
from pkg2image.recipes.apply import apply
from pkg2image.recipes.model import Recipe
from pkg2image.rootfs.provision import add_directory, add_file
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.users import identities
from tests.support.trees import Shelf, dump_tree

READ = Shelf().read
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n"
GROUP = b"root:x:0:\nadm:x:4:\nwww-data:x:33:\n"


def base() -> Tree:
    tree = Tree()
    add_file(tree, "etc/passwd", PASSWD, origin="base", mtime=1)
    add_file(tree, "etc/group", GROUP, origin="base", mtime=1)
    add_directory(tree, "var/lib/hello", origin="base", mtime=1)
    return tree


def applied(tree: Tree, ids: IdMap | None = None, **fields: Any) -> Tree:
    recipe = Recipe.model_validate({"name": "hello", "description": "says hello", **fields})
    return apply(recipe, tree, read=READ, epoch=7, ids=ids)


def added(tree: Tree, **fields: Any) -> dict[str, str]:
    """Return the lines of a tree that a recipe adds or changes."""
    before, after = dump_tree(tree), dump_tree(applied(tree, **fields))
    return {path: line for path, line in after.items() if before.get(path) != line}


def test_directories_files_and_links_get_owners_and_modes() -> None:
    assert added(
        base(),
        directories={"/var/lib/hello": {"user": "www-data", "group": "adm", "mode": "02750"}, "/run/hello": {}},
        files={
            "/etc/hello.conf": {"content": "world\n", "mode": "0640", "group": "adm"},
            "/srv/0": {"user": "7", "content": ""},
        },
        symlinks={"/usr/bin/hello": "../lib/hello"},
    ) == {
        "etc/hello.conf": "file 0640 root:adm [recipe hello] 6",
        "run": "directory 0755 root:root [recipe hello]",
        "run/hello": "directory 0755 root:root [recipe hello]",
        "srv": "directory 0755 root:root [recipe hello]",
        "srv/0": "file 0644 7:root [recipe hello] 0",
        "usr": "directory 0755 root:root [recipe hello]",
        "usr/bin": "directory 0755 root:root [recipe hello]",
        "usr/bin/hello": "symlink 0777 root:root [recipe hello] -> ../lib/hello",
        "var/lib/hello": "directory 2750 www-data:adm [base]",
    }


def test_the_given_tree_is_not_changed() -> None:
    tree = base()
    before = dump_tree(tree)
    applied(tree, users={"hello": {}}, directories={"/var/lib/hello": {"mode": "0700"}})
    assert dump_tree(tree) == before


@pytest.mark.parametrize(
    ("fields", "uid", "gid"),
    [
        ({"users": {"hello": {}}}, 100, 100),
        ({"users": {"hello": {"uid": 999}}}, 999, 100),
        ({"users": {"hello": {"uid": 999}}, "groups": {"hello": {"gid": 999}}}, 999, 999),
        ({"users": {"hello": {"uid": 33}}, "groups": {"hello": {"gid": 4}}}, 100, 100),
        ({"users": {"hello": {"group": "adm"}}}, 100, None),
        ({"users": {"www-data": {"uid": 999}}}, None, None),
    ],
    ids=["first-free", "wanted", "both-wanted", "taken", "existing-group", "existing-user"],
)
def test_accounts_get_the_numbers_they_want_when_those_are_free(
    fields: dict[str, Any], uid: int | None, gid: int | None
) -> None:
    numbers = identities(applied(base(), **fields), READ)
    assert numbers.users.get("hello") == uid
    assert numbers.groups.get("hello") == gid
    assert numbers.users["www-data"] == 33


def test_a_user_joins_further_groups() -> None:
    tree = applied(base(), users={"hello": {"groups": ["adm"], "gecos": "Hello", "home": "/srv", "shell": "/bin/sh"}})
    group, passwd = (tree[path].content for path in ("etc/group", "etc/passwd"))
    assert group is not None
    assert passwd is not None
    assert b"\nadm:x:4:hello\n" in READ(group)
    assert READ(passwd).endswith(b"\nhello:x:100:100:Hello:/srv:/bin/sh\n")


@pytest.mark.parametrize("kind", ["user", "group"])
@pytest.mark.parametrize("what", ["directories", "files"])
def test_an_owner_that_nothing_made_is_named(what: str, kind: str) -> None:
    entry = {kind: "ghost"} | ({"content": ""} if what == "files" else {})
    message = rf"cannot give /a to the {kind} ghost \(recipe hello\): the image has no such {kind}"
    with pytest.raises(RequestError, match=message) as caught:
        applied(base(), **{what: {"/a": entry}})
    assert caught.value.hint
    assert "--scripts none" in caught.value.hint


def test_given_numbers_win_over_those_of_the_recipe() -> None:
    ids = IdMap({"hello": 26, "other": 300}, {"data": 27})
    users = {"hello": {"uid": 999, "group": "data"}, "world": {"uid": 300}}
    known = identities(applied(base(), ids, users=users, groups={"data": {"gid": 999}}), READ)
    assert (known.users["hello"], known.groups["data"], known.users["world"]) == (26, 27, 100)
