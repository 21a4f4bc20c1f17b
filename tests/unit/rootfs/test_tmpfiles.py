"""What tmpfiles.d makes of a tree; that systemd-tmpfiles makes the same, `tests.oracle` says."""

from __future__ import annotations

import pytest

from pkg2image.rootfs.tmpfiles import apply_tmpfiles
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, directory, hardlink, reg, symlink
from tests.support.trees import Shelf, dump_tree

ACCOUNTS = (
    reg("etc/passwd", b"root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n"),
    reg("etc/group", b"root:x:0:\ndaemon:x:1:\nadm:x:4:\n"),
    reg("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
)
HAVE = (
    reg("have/file", b"old"),
    reg("have/dir/one", b"1", mode=0o755),
    directory("have/dir/sub", mode=0o700),
    directory("have/void"),
    reg("have/twin", b"2"),
    hardlink("have/twin2", "have/twin"),
    symlink("have/link", "dir"),
)


def _apply(text: str, *entries: FileSpec, remove: bool = False) -> tuple[dict[str, str], Tree, Shelf, list[str]]:
    """Return what changed (path -> line, empty for what is gone), the tree, and the notes."""
    shelf = Shelf()
    configuration = reg("usr/lib/tmpfiles.d/x.conf", text.encode())
    tree = unpack(Tree(), [shelf.deb("sample", *ACCOUNTS, *HAVE, *entries, configuration)])
    before = dump_tree(tree)
    made, notes = apply_tmpfiles(tree, read=shelf.read, architecture="armhf", mtime=9, remove=remove)
    assert dump_tree(tree) == before
    after = dump_tree(made)
    changed = {path: line for path, line in after.items() if before.get(path) != line}
    changed |= dict.fromkeys(before.keys() - after.keys(), "")
    return changed, made, shelf, [note.removeprefix("tmpfiles.d/x.conf:") for note in notes]


def _made(line: str, number: int = 1) -> str:
    kind, mode, owner, *what = line.split(" ", 3)
    return " ".join((kind, mode, owner, f"[tmpfiles.d/x.conf:{number}]", *what))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d /a 0750 daemon adm 10d", {"a": _made("directory 0750 daemon:adm")}),
        ("D /have/dir 1777", {"have/dir": "directory 1777 root:root sample"}),
        ("v /have/dir :1777 :daemon adm", {"have/dir": "directory 0755 root:adm sample"}),
        ("q '/with space' - 12 13", {"with space": _made("directory 0755 12:13")}),
        ("f /a 0600 - - - hello", {"a": _made("file 0600 root:root 5")}),
        ("f~ /a - - - - AGIK", {"a": _made("file 0644 root:root 3")}),
        ("f+ /have/file - - - - longer", {"have/file": _made("file 0644 root:root 6")}),
        ("w /have/f* - - - - ab", {"have/file": _made("file 0644 root:root 3")}),
        ("w+ /have/file - - - - ab", {"have/file": _made("file 0644 root:root 5")}),
        ("L /a - - - - b/%o", {"a": _made("symlink 0777 root:root -> b/debian")}),
        ("L+ /have/void - daemon - - x", {"have/void": _made("symlink 0777 root:root -> x")}),
        ("p /a 0600 daemon", {"a": _made("fifo 0600 daemon:root")}),
        ("c /a 0666 - - - 1:3", {"a": _made("character 0666 root:root 1:3")}),
        ("b+ /have/file 0660 - adm - 8:1", {"have/file": _made("block 0660 root:adm 8:1")}),
        (
            "C /a 0700 daemon - - /have/dir",
            {
                "a": _made("directory 0700 daemon:root"),
                "a/one": _made("file 0755 daemon:root 1"),
                "a/sub": _made("directory 0700 daemon:root"),
            },
        ),
        ("z /have/link 0700 daemon", {"have/link": "symlink 0777 daemon:root sample -> dir"}),
        (
            "Z /have/dir ~0666 - adm",
            {
                "have/dir": "directory 0666 root:adm sample",
                "have/dir/one": "file 0666 root:adm sample 1",
                "have/dir/sub": "directory 0666 root:adm sample",
            },
        ),
        (
            "z /have/{file,void,none} 0500",
            {"have/file": "file 0500 root:root sample 3", "have/void": "directory 0500 root:root sample"},
        ),
        (
            "z /have/twin 0600 daemon",
            {"have/twin": "file 0600 daemon:root sample 1", "have/twin2": "file 0600 daemon:root sample 1 =have/twin"},
        ),
        ("e /have/v* 0711", {"have/void": "directory 0711 root:root sample"}),
        ("d /have/link/a", {"have/dir/a": _made("directory 0755 root:root")}),
        ("d= /have/file 0700", {"have/file": _made("directory 0700 root:root")}),
        ("d %S/x", {path: _made("directory 0755 root:root") for path in ("var", "var/lib", "var/lib/x")}),
        (
            "d /a/b 0700 - - - -\nd /a 0711",
            {"a/b": _made("directory 0700 root:root"), "a": _made("directory 0711 root:root", 2)},
        ),
        ("d! /a\nr! /have\nf^ /b - - - - secret\nx /have/%b\nr /have/file\nR /have/dir", {}),
        ("C /c - - - - /gone\nL /have/file - - - - x", {}),
    ],
)  # fmt: skip
def test_lines(text: str, expected: dict[str, str]) -> None:
    changed, made, _, notes = _apply(text + "\n")
    assert changed == expected
    assert notes == []
    if not text.startswith("C"):  # copies keep their time
        assert {entry.mtime for _, entry in made.walk() if entry.origin} <= {9}


def test_content_and_attributes() -> None:
    text = 'w /have/file - - - - N\\x45W!\nt /have/dir - - - - user.b="2 3" user.a=1\nT /have/dir - - - - user.c=x\n'
    _, made, shelf, notes = _apply(text, symlink("have/dir/link", "one"))
    content = made["have/file"].content
    assert content is not None
    assert shelf.read(content) == b"NEW!"
    assert made["have/dir"].xattrs == (("user.a", b"1"), ("user.b", b"2 3"), ("user.c", b"x"))
    assert made["have/dir/one"].xattrs == (("user.c", b"x"),)
    assert made["have/dir/link"].xattrs == ()
    assert notes == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("y /a", "unknown type 'y'"),
        ("d* /a", "unknown type 'd*'"),
        ("d a", "'a' is not an absolute path"),
        ("d /a/../b", "'/a/../b' is not an absolute path"),
        ("d /a 0888", "'0888' is not a mode"),
        ("d /a 17777", "'17777' is not a mode"),
        ("d /a 0755 nosuch", "there is no user nosuch"),
        ("d /a 0755 - nosuch", "there is no group nosuch"),
        ("d /a%m", "%m has no value in an image"),
        ("d '/a", "a quote is not closed"),
        ("f~ /a - - - - ?", "the argument is not Base64"),
        ("L~ /a - - - - AA==", "the type L knows no '~'"),
        ("c /a - - - - 1", "'1' is not the number of a device"),
        ("t /have - - - - nonsense", "'nonsense' is not an extended attribute"),
        ("d /have/file", "/have/file is there already and is not a directory"),
        ("f /have/dir", "/have/dir is there already and is not a file"),
        ("p /have/file", "/have/file is there already and is something else"),
        ("C /have/void - - - - /have/file", "/have/void is there already and is something else"),
        ("C /have/dir/new - - - - /have/dir", "/have/dir cannot be copied into itself"),
        ("e /have/file 0600", "/have/file is not a directory"),
        ("d /have/file/below", "cannot make the directory /have/file: /have/file is not one"),
        ("a /have - - - - u::r", "an image carries no ACLs and no file attributes"),
        ("d /have/dir\nd /have/dir 0700", "tmpfiles.d/x.conf:1 has the say about have/dir"),
        ("d /loop/x", "cannot follow /loop/x: too many symbolic links"),
    ],
)
def test_what_cannot_be_followed_is_told(text: str, why: str) -> None:
    _, _, _, notes = _apply(text, symlink("loop", "loop"))
    assert [note.partition(": left out: ")[2] for note in notes] == [why]


def test_no_path_leads_from_one_user_to_another() -> None:
    changed, _, _, notes = _apply("f /theirs/mine/x\nf /theirs/own/x\n", *(
        directory("theirs", user="daemon", uid=1),
        directory("theirs/mine"),
        directory("theirs/own", user="daemon", uid=1),
    ))  # fmt: skip
    assert list(changed) == ["theirs/own/x"]
    assert notes == ["1: left out: /theirs/mine belongs to root, but the directory it is in to daemon"]


def test_copies_do_not_grow_without_end() -> None:
    text = "".join(
        f"C /{one}{number} - - - - /{other}\n" for number in range(40) for one, other in (("b/", "a"), ("a/", "b"))
    )
    _, made, _, notes = _apply(text, reg("a/x"), reg("b/x"))
    assert len(made) < 20_000
    assert notes[-1].endswith("left out: too much is copied")


def test_the_same_twice_is_not_worth_a_note() -> None:
    assert _apply("d /a\nd /a\n")[3] == []


def test_removal() -> None:
    text = "r /have/file\nr /have/dir\nr /have/vo*\nR /have/tw*\nr /have/link/one\n"
    changed, _, _, notes = _apply(text, remove=True)
    assert changed == dict.fromkeys(("have/dir/one", "have/file", "have/twin", "have/twin2", "have/void"), "")
    assert notes == []
    assert _apply("D /have/dir\n", remove=True)[0] == {"have/dir/one": "", "have/dir/sub": ""}


def test_a_tree_without_such_files_stays_as_it_is() -> None:
    tree = Tree()
    assert apply_tmpfiles(tree, read=Shelf().read, architecture="amd64", mtime=0) == (tree, ())
