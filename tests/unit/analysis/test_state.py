"""Directories that are made for a service, and those that keep its state."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pkg2image.analysis.state import find_volumes, made_directories, prepared, socket_directories
from pkg2image.analysis.units import find_units
from pkg2image.rootfs.tree import Entry
from pkg2image.rootfs.users import read_accounts
from tests.support.services import UNITS, folder, program, read, service_tree, text, unit_of

ACCOUNTS = read_accounts(service_tree({}), read)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("RuntimeDirectory=a", ["/run/a 755"]),
        ("RuntimeDirectory=a b/c\nRuntimeDirectoryMode=2750", ["/run/a 2750", "/run/b/c 2750"]),
        ("RuntimeDirectory=a:b %p", ["/run/a 755", "/run/hello 755"]),
        (
            "StateDirectory=a\nCacheDirectory=b\nLogsDirectory=c",
            ["/var/lib/a 755", "/var/cache/b 755", "/var/log/c 755"],
        ),
        ("StateDirectory=../a /\nStateDirectoryMode=x", []),
        ("RuntimeDirectory=%H", []),
        ("RuntimeDirectory='a", []),
        ("PIDFile=/run/a/b.pid", ["/run/a 755"]),
        ("PIDFile=/var/run/a/b.pid", ["/run/a 755"]),
        ("PIDFile=a/b.pid", ["/run/a 755"]),
        ("PIDFile=/run/b.pid", []),
        ("PIDFile=/run/there/b.pid", []),
        ("PIDFile=/run/../etc/x/b.pid", []),
        ("PIDFile=/run/a/b.pid\nRuntimeDirectory=a\nRuntimeDirectoryMode=700", ["/run/a 700"]),
    ],
    ids=repr,
)
def test_directories_that_systemd_makes(body: str, expected: list[str]) -> None:
    made = made_directories(unit_of(body), service_tree({"run/there": folder()}), user="hello", group="friends")
    assert [f"{each.path} {each.mode:o}" for each in made] == expected
    assert {(each.user, each.group) for each in made} <= {("hello", "friends")}


def test_a_unit_without_a_user_leaves_owners_as_they_are() -> None:
    tree = service_tree({"run/a": folder("hello", "friends", 0o700)})
    unit = unit_of("RuntimeDirectory=a b")
    made = {each.path: each for each in made_directories(unit, tree, user="", group="")}
    assert (made["/run/a"].user, made["/run/a"].group, made["/run/a"].mode) == ("hello", "friends", 0o755)
    assert (made["/run/b"].user, made["/run/b"].group, made["/run/b"].mode) == ("root", "root", 0o755)
    (grouped,) = made_directories(unit_of("RuntimeDirectory=a"), tree, user="", group="hello")
    assert (grouped.user, grouped.group) == ("hello", "hello")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("ListenStream=/run/bus/socket", ["/run/bus hello:friends"]),
        (
            "ListenStream=/var/run/%p/socket\nListenDatagram=/run/log/x",
            ["/run/hello hello:friends", "/run/log hello:friends"],
        ),
        ("ListenStream=/run/socket\nListenStream=/run/there/socket\nListenStream=80\nListenStream=@abstract/x", []),
    ],
    ids=repr,
)
def test_directories_of_sockets_that_systemd_makes(body: str, expected: list[str]) -> None:
    tree = service_tree({f"{UNITS}/hello.socket": f"[Socket]\n{body}\n", "run/there": folder()})
    socket = find_units(tree, read).named("hello.socket")
    assert socket is not None
    made = socket_directories([socket], tree, user="hello", group="friends")
    assert [f"{each.path} {each.user}:{each.group}" for each in made] == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["/bin/mkdir -p /run/a"], ["/run/a root:root 755"]),
        (
            ["/bin/mkdir -m 740 -p /run/a /run/b", "/bin/chown hello /run/a"],
            ["/run/a hello:root 740", "/run/b root:root 740"],
        ),
        (["/bin/mkdir -m740 /run/there"], ["/run/there hello:hello 700"]),
        (["/usr/bin/install -o hello -g friends -m 2750 -d /run/a"], ["/run/a hello:friends 2750"]),
        (["/usr/bin/install -Z -d /var/run/a"], ["/run/a root:root 755"]),
        (["/bin/chown -R hello:friends /run/there/"], ["/run/there hello:friends 700"]),
        (["/bin/chmod 0750 /run/there"], ["/run/there hello:hello 750"]),
        (["-/bin/mkdir /run/%p"], ["/run/hello root:root 755"]),
        (["/bin/mkdir ${WHERE}"], ["/run/where root:root 755"]),
    ],
    ids=repr,
)
def test_commands_that_make_directories_are_followed(lines: list[str], expected: list[str]) -> None:
    unit = unit_of("\n".join(f"ExecStartPre={line}" for line in lines))
    tree = service_tree({"run/there": folder("hello", "hello", 0o700)})
    made = prepared(unit, tree, {"WHERE": "/run/where"}, ACCOUNTS)
    assert [f"{each.path} {each.user}:{each.group} {each.mode:o}" for each in made.directories] == expected
    assert made.left == ()


@pytest.mark.parametrize(
    "line",
    [
        "/usr/sbin/hello -t",
        "/bin/mkdir",
        "/bin/mkdir --mode=700 /run/a",
        "/bin/mkdir /etc/a",
        "/bin/mkdir /run/../etc",
        "/bin/chown nobody-there /run/a",
        "/bin/chmod u+x /run/a",
        "/usr/bin/install a /run/b",
        "/bin/mkdir /run/%H",
    ],
)
def test_other_commands_are_left(line: str) -> None:
    made = prepared(unit_of(f"ExecStartPre={line}"), service_tree({}), {}, ACCOUNTS)
    assert (made.directories, [each.text for each in made.left]) == ((), [line])


OTHERS = folder("other", package="other")


@pytest.mark.parametrize(
    ("entries", "user", "expected"),
    [
        ({"var/lib/hello": folder("hello")}, "hello", ["/var/lib/hello"]),
        ({"var/lib/hello": folder("hello")}, "root", ["/var/lib/hello"]),
        ({"var/lib/hello": folder("root", "hello", 0o775)}, "root", ["/var/lib/hello"]),
        (
            {"var/cache/hello": folder("hello"), "var/spool/x": folder("hello")},
            "hello",
            ["/var/cache/hello", "/var/spool/x"],
        ),
        ({"var/lib/other": OTHERS}, "root", []),
        ({"var/lib/any": folder("hello", package="")}, "hello", ["/var/lib/any"]),
        ({"var/lib/any": folder("hello", package="")}, "root", []),
        ({"var/lib/x": folder()}, "hello", []),
        ({"var/lib/x": folder()}, "root", ["/var/lib/x"]),
        ({"var/lib/x": folder(), "var/lib/x/file": text("")}, "root", []),
        ({"var/lib/hello": folder()}, "root", []),  # the home of a user who may not write it
        ({"var/lib/x": folder(), "var/lib/x/a": folder("hello"), "var/lib/x/f": text("")}, "root", ["/var/lib/x/a"]),
        (
            {"var/lib/x": folder(), **{f"var/lib/x/{name}": folder("hello") for name in "ab"}, "var/lib/x/f": text("")},
            "root",
            ["/var/lib/x"],
        ),
        ({"etc/hello": folder("hello"), "run/hello": folder("hello"), "opt/hello": folder("hello")}, "hello", []),
        ({"var/lib/file": program()}, "root", []),
    ],
)
def test_volumes(entries: Mapping[str, Entry], user: str, expected: list[str]) -> None:
    tree = service_tree(entries)
    found = find_volumes(unit_of(""), tree, ["hello"], user=user, made=(), accounts=ACCOUNTS)
    assert list(found) == expected


def test_paths_that_the_unit_may_write() -> None:
    unit = unit_of(
        "ReadWritePaths=-/var/lib/a /etc/b /var/lib /var/lib/missing /var/log/c/\nReadWriteDirectories=/var/lib/d"
    )
    tree = service_tree(dict.fromkeys(("var/lib/a", "etc/b", "var/log/c", "var/lib/d"), OTHERS))
    found = find_volumes(unit, tree, ["hello"], user="root", made=(), accounts=ACCOUNTS)
    assert list(found) == ["/var/lib/a", "/var/lib/d", "/var/log/c"]
    assert found["/var/lib/a"].endswith("hello.service:2")
