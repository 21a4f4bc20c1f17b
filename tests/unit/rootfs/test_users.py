from __future__ import annotations

from dataclasses import replace

import pytest

from pkg2image.errors import RequestError
from pkg2image.idmap import IdMap
from pkg2image.rootfs.passwd import Group, ShadowGroup, ShadowUser, User
from pkg2image.rootfs.tree import Entry, InlineContent, Kind, Tree
from pkg2image.rootfs.users import (
    Accounts,
    accounts_from_masters,
    check_granted,
    check_possible,
    identities,
    read_accounts,
    write_accounts,
)
from tests.support.trees import GROUP_MASTER, PASSWD_MASTER, Shelf

BASE = accounts_from_masters(PASSWD_MASTER.decode(), GROUP_MASTER.decode())


def test_numbers_are_those_adduser_takes() -> None:
    # Measured in a configured redis-server: user 100, group 101, for 100 is the group `users`.
    accounts = BASE.with_user("redis", home="/var/lib/redis").with_user("postgres", shell="/bin/bash")
    assert accounts.users[-2:] == (
        User("redis", 100, 101, "", "/var/lib/redis", "/usr/sbin/nologin"),
        User("postgres", 101, 102, "", "/nonexistent", "/bin/bash"),
    )
    assert accounts.groups[-2:] == (Group("redis", 101), Group("postgres", 102))
    assert accounts.shadow[-2:] == (ShadowUser("redis", "!"), ShadowUser("postgres", "!"))
    assert accounts.gshadow[-1] == ShadowGroup("postgres", "!")


def test_groups_of_a_user() -> None:
    accounts = BASE.with_user("web", group="staff", groups=("mail", "ssl-cert"))
    assert accounts.user("web") == User("web", 100, 50)
    assert accounts.group("web") is None
    assert accounts.group("mail") == Group("mail", 8, ("web",))
    assert accounts.group("ssl-cert") == Group("ssl-cert", 101, ("web",))
    assert accounts.gshadow[-1] == ShadowGroup("ssl-cert", "!", (), ("web",))


def test_adding_twice_changes_nothing_but_memberships() -> None:
    once = BASE.with_user("web", 33, groups=("mail",)).with_group("data", 500)
    assert once.with_user("web", 33, groups=("mail",)).with_group("data") == once
    again = once.with_user("web", groups=("staff",)).with_group("data", members=("web",))
    assert again.users == once.users
    assert again.group("staff") == Group("staff", 50, ("web",))
    assert again.group("data") == Group("data", 500, ("web",))


IMPOSSIBLE = {
    "the number of another user": (lambda: BASE.with_user("web", 8), "number 8 is taken"),
    "the number of another group": (lambda: BASE.with_group("web", 8), "number 8 is taken"),
    "another number": (lambda: BASE.with_user("mail", 9), "has the number 8 already"),
    "another number of a group": (lambda: BASE.with_group("mail", 9), "has the number 8 already"),
    "a colon": (lambda: BASE.with_user("web", home="/a:b"), "'/a:b' has a colon"),
    "a line break": (lambda: BASE.with_user("web", gecos="x\nroot::0"), "has a colon or line break"),
    "an empty name": (lambda: BASE.with_user(""), "not a legal name"),
    "a number for a name": (lambda: BASE.with_user("100"), "not a legal name"),
    "an option for a name": (lambda: BASE.with_group("-x"), "not a legal name"),
    "a name with a colon": (lambda: BASE.with_group("a:b"), "not a legal name"),
    "a name that is too long": (lambda: BASE.with_group("a" * 33), "not a legal name"),
}


@pytest.mark.parametrize(("add", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_impossible(add: object, reason: str) -> None:
    assert callable(add)
    with pytest.raises(RequestError, match=reason):
        add()


def test_all_numbers_taken() -> None:
    full = Accounts(groups=tuple(Group(f"g{number}", number) for number in range(100, 1000)))
    with pytest.raises(RequestError, match="all numbers from 100 to 999 are taken"):
        full.with_group("more")


def test_on_a_tree() -> None:
    read = Shelf().read
    tree = Tree()
    accounts = BASE.with_group("ssl-cert").with_user("postgres", home="/var/lib/postgresql", groups=("ssl-cert",))
    write_accounts(tree, BASE, mtime=5)
    write_accounts(tree, accounts, mtime=6)
    known = identities(tree, read)
    assert (known.uid("postgres"), known.gid("postgres"), known.gid("ssl-cert")) == (100, 102, 101)
    assert read_accounts(tree, read) == accounts
    modes = {path: (entry.mode, entry.group, entry.mtime) for path, entry in tree.walk() if entry.kind is Kind.FILE}
    assert modes == {
        "etc/group": (0o644, "root", 6),
        "etc/gshadow": (0o640, "shadow", 6),
        "etc/passwd": (0o644, "root", 6),
        "etc/shadow": (0o640, "shadow", 6),
    }


def test_a_tree_without_accounts_has_none() -> None:
    assert read_accounts(Tree(), Shelf().read) == Accounts()


def test_the_first_of_two_lines_counts() -> None:
    accounts = Accounts(users=(User("toor", 0, 0), User("toor", 1, 1)))
    assert accounts.identities.uid("toor") == 0


def test_bytes_of_foreign_accounts_survive() -> None:
    data = b"m\xfcller:x:1:1:M\xfcller:/:/bin/sh\n"
    tree = Tree()
    tree.make_directories("etc")
    tree.put("etc/passwd", Entry(Kind.FILE, 0o644, content=InlineContent(data, "")))
    read = Shelf().read
    write_accounts(tree, read_accounts(tree, read), mtime=0)
    content = tree["etc/passwd"].content
    assert content is not None
    assert read(content) == data


def _given(users: dict[str, int] | None = None, groups: dict[str, int] | None = None) -> Accounts:
    return replace(BASE, given=IdMap(users or {}, groups or {}))


def test_given_numbers_win_over_those_asked_for() -> None:
    accounts = _given({"web": 500}, {"data": 600}).with_user("web", 7777, group="data").with_group("log", 601)
    assert accounts.user("web") == User("web", 500, 600)
    assert (accounts.group("data"), accounts.group("log")) == (Group("data", 600), Group("log", 601))


def test_a_group_gets_the_number_of_its_user_where_that_is_free() -> None:
    assert _given({"web": 500}).with_user("web").groups[-1] == Group("web", 500)
    assert _given({"web": 500}).with_group("web", 333).groups[-1] == Group("web", 500)
    # 50 is the group staff and no user; 500 is kept for the group data.
    assert _given({"web": 50}).with_user("web").groups[-1] == Group("web", 101)
    assert _given({"web": 500}, {"data": 500}).with_user("web").groups[-1] == Group("web", 101)


def test_given_numbers_are_kept_from_others() -> None:
    accounts = _given({"web": 100}, {"web": 101}).with_user("app")
    assert (accounts.user("app"), accounts.group("app")) == (User("app", 101, 102), Group("app", 102))
    with pytest.raises(RequestError, match="cannot add the user other: the number 100 is taken"):
        accounts.with_user("other", 100)
    assert accounts.with_user("web").user("web") == User("web", 100, 101)


def test_the_map_stays_when_accounts_are_added() -> None:
    accounts = _given({"web": 500, "app": 501}).with_group("x").with_user("web").with_user("app")
    assert [user.uid for user in accounts.users[-2:]] == [500, 501]


IMPOSSIBLE_MAPS = {
    "another number": (IdMap({"mail": 82}), "the user mail the number 82: it is 8 in every such system"),
    "a number of another": (IdMap(groups={"web": 50}), "the group web the number 50: staff has it in every such"),
    "the number of root": (IdMap({"web": 0}), "the user web the number 0: root has it in every such system"),
}


@pytest.mark.parametrize(("given", "message"), IMPOSSIBLE_MAPS.values(), ids=IMPOSSIBLE_MAPS.keys())
def test_maps_leave_the_accounts_of_every_system_alone(given: IdMap, message: str) -> None:
    with pytest.raises(RequestError, match=message) as raised:
        check_possible(given, BASE)
    assert raised.value.hint


def test_maps_may_say_what_holds_anyway() -> None:
    check_possible(IdMap({"mail": 8, "web": 26}, {"staff": 50, "web": 26}), BASE)


def test_what_a_map_names_is_there_in_the_end() -> None:
    accounts = _given({"web": 500}).with_user("web")
    check_granted(accounts.given, accounts)
    with pytest.raises(RequestError, match="the user wbe the number 500: the image has no such user") as raised:
        check_granted(IdMap({"wbe": 500}), accounts)
    assert "are: mail, root, web" in (raised.value.hint or "")
    with pytest.raises(RequestError, match="the group web the number 9: something in the image gave it 500"):
        check_granted(IdMap(groups={"web": 9}), accounts)
