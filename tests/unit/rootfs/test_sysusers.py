"""What sysusers.d makes of accounts; that systemd-sysusers makes the same, `tests.oracle` says."""

from __future__ import annotations

import pytest

from pkg2image.idmap import IdMap
from pkg2image.rootfs.sysusers import apply_sysusers
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.rootfs.users import read_accounts
from tests.support.debs import FileSpec, reg, symlink
from tests.support.trees import Shelf

PASSWD = b"root:x:0:0:root:/root:/bin/bash\nold:x:998:998::/:/bin/sh\n"
GROUP = b"root:x:0:\nadm:x:4:zoe\nold:x:998:\nshadow:x:42:\nnogroup:x:65534:\n"


def _apply(
    *entries: FileSpec, only: tuple[str, ...] = (), ids: IdMap | None = None
) -> tuple[Shelf, Tree, Tree, tuple[str, ...]]:
    shelf = Shelf()
    accounts = (reg("etc/passwd", PASSWD), reg("etc/group", GROUP), reg("etc/shadow", b""), reg("etc/gshadow", b""))
    tree = unpack(Tree(), [shelf.deb("sample", *accounts, reg("etc/os-release", b"ID='debian'\n"), *entries)])
    made, notes = apply_sysusers(tree, read=shelf.read, architecture="arm64", mtime=9, only=only, ids=ids)
    return shelf, tree, made, notes


def _added(text: str) -> tuple[dict[str, list[str]], list[str]]:
    shelf, _, made, notes = _apply(reg("usr/lib/sysusers.d/x.conf", text.encode()))
    old = set((PASSWD + GROUP).decode().splitlines())
    lines = {}
    for name in ("passwd", "group", "shadow", "gshadow"):
        content = made[f"etc/{name}"].content
        assert content is not None
        lines[name] = [line for line in shelf.read(content).decode().splitlines() if line not in old]
    return lines, [note.removeprefix("sysusers.d/x.conf") for note in notes]


def test_a_user_with_its_group() -> None:
    lines, notes = _added('u app - "An application" /var/lib/app\n')
    assert lines == {
        "passwd": ["app:x:999:999:An application:/var/lib/app:/usr/sbin/nologin"],
        "group": ["app:x:999:"],
        "shadow": ["app:!*:::::::"],
        "gshadow": ["app:!*::"],
    }
    assert notes == []


def test_an_account_that_is_locked_for_good_is_expired() -> None:
    lines, notes = _added("u! app\n")
    assert (lines["shadow"], notes) == (["app:!*::::::1:"], [])


@pytest.mark.parametrize(
    ("text", "passwd", "group"),
    [
        ("u a\nu b\n", ["a:999:999", "b:997:997"], ["a:999:", "b:997:"]),
        ("u a 150\nu b 0\n", ["a:150:150", "b:999:999"], ["a:150:", "b:999:"]),
        ("u a -:nogroup\nu b 7:65534\n", ["a:999:65534", "b:7:65534"], []),
        ("u a -:g\ng g 300\n", ["a:999:300"], ["g:300:"]),
        ("g a 160\nu a -\n", ["a:160:160"], ["a:160:"]),
        (
            "m a adm\nm b new\nm old new\n",
            ["a:997:997", "b:996:996"],
            ["adm:4:a,zoe", "new:999:b,old", "a:997:", "b:996:"],
        ),
        ("r - 500-501\nr - 400\nu a\nu b\nu c\n", ["a:501:501", "b:500:500", "c:400:400"], None),
        ("u old\nu root 0 x /root\n", [], []),
        ("u %o%a\nu b%%\n", ["debianarm64:999:999"], ["debianarm64:999:"]),
        ("u a /usr/share/owned\nu b /etc/passwd\nu c /gone\n", ["a:777:778", "b:999:999", "c:997:997"], None),
    ],
)  # fmt: skip
def test_numbers(text: str, passwd: list[str], group: list[str] | None) -> None:
    owned = reg("usr/share/owned", user="", group="", uid=777, gid=778)
    shelf, _, made, _ = _apply(owned, reg("usr/lib/sysusers.d/x.conf", text.encode()))
    found = {}
    for name, fields in {"passwd": (0, 2, 3), "group": (0, 2, 3)}.items():
        content = made[f"etc/{name}"].content
        assert content is not None
        new = [line for line in shelf.read(content).splitlines() if line not in (PASSWD + GROUP).splitlines()]
        found[name] = [":".join(line.decode().split(":")[field] for field in fields) for line in new]
    assert found["passwd"] == passwd
    assert group is None or found["group"] == group


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x a", "unknown type 'x'"),
        ("u 1a", "'1a' is not a legal name"),
        ("u -", "'' is not a legal name"),
        ("u a 65535", "'65535' is not the number of a user or group"),
        ("u a 99999999999", "'99999999999' is not the number of a user or group"),
        ("u a x", "'x' is not the number of a user or group"),
        ("u a -:nosuch", "there is no group nosuch"),
        ("u a -:4711", "there is no group with the number 4711"),
        ("u a - b c d e", "it has more than six fields"),
        ('u a - "b', "a quote is not closed"),
        ("u a%m", "%m has no value in an image"),
        ("u a%", "% has no value in an image"),
        ("r - 9-x", "'x' is not the number of a user or group"),
        ("r - 7\nu a\nu b", "there is no number left for b"),
    ],
)
def test_what_cannot_be_followed_is_told(line: str, why: str) -> None:
    _, notes = _added(line)
    assert [note.partition(": left out: ")[2] for note in notes] == [why]


def test_the_first_line_counts() -> None:
    lines, notes = _added('u a - "one"\nu a - "two"\nu a - "one"\n')
    assert lines["passwd"] == ["a:x:999:999:one:/:/usr/sbin/nologin"]
    assert notes == [":2: left out: sysusers.d/x.conf:1 declares a otherwise"]


def test_which_files_count() -> None:
    entries = (
        reg("usr/lib/sysusers.d/b.conf", b"u of-usr\n"),
        reg("run/sysusers.d/b.conf", b"u of-run\n"),
        reg("etc/sysusers.d/b.conf", b"u of-etc 201\n"),
        reg("usr/lib/sysusers.d/a.conf", b"u first 200\n; comment\n# comment\n\n"),
        reg("usr/lib/sysusers.d/readme", b"u readme\n"),
        reg("usr/lib/sysusers.d/off.conf", b"u off\n"),
        symlink("etc/sysusers.d/off.conf", "/dev/null"),
    )
    shelf, _, made, notes = _apply(*entries)
    content = made["etc/passwd"].content
    assert content is not None
    assert [line.split(b":")[0] for line in shelf.read(content).splitlines()[2:]] == [b"first", b"of-etc"]
    assert (made["etc/passwd"].mtime, made["etc/shadow"].mode, made["etc/shadow"].group) == (9, 0o640, "shadow")
    assert notes == ()
    shelf, _, made, _ = _apply(*entries, only=("a.conf",))
    content = made["etc/passwd"].content
    assert content is not None
    assert b"of-etc" not in shelf.read(content)


def test_a_tree_that_needs_nothing_stays_as_it_is() -> None:
    _, tree, made, _ = _apply(reg("usr/lib/sysusers.d/x.conf", b"u root 0\ng adm -\nm zoe adm\n"))
    assert made is not tree  # zoe was made
    _, tree, made, _ = _apply(reg("usr/lib/sysusers.d/x.conf", b"u root 0\ng adm -\n"))
    assert made is tree


def test_given_numbers_win_and_nobody_else_gets_them() -> None:
    text = b"u a 150\nu b -\ng c -\nu d -:c\nu e 600\n"
    ids = IdMap({"a": 500, "d": 600, "x": 999}, {"c": 700, "y": 998})
    shelf, _, made, notes = _apply(reg("usr/lib/sysusers.d/x.conf", text), ids=ids)
    known = read_accounts(made, shelf.read).identities
    assert {name: known.users[name] for name in "abde"} == {"a": 500, "b": 997, "d": 600, "e": 996}
    assert {name: known.groups[name] for name in "abce"} == {"a": 500, "b": 997, "c": 700, "e": 996}
    assert notes == ()
