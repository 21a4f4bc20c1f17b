"""What we make of sysusers.d and tmpfiles.d is what the real systemd tools make of them in a root directory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkg2image.rootfs.sysusers import apply_sysusers
from pkg2image.rootfs.tmpfiles import apply_tmpfiles
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.rootfs.users import identities, read_accounts
from tests.support.debs import FileSpec, directory, reg, symlink
from tests.support.roots import list_root, list_tree, write_root
from tests.support.tools import needs
from tests.support.trees import Shelf

LIMIT = 60
PASSWD = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\nold:x:998:998::/:/bin/sh\n"
GROUP = "root:x:0:\ndaemon:x:1:\nadm:x:4:zoe,old\nold:x:998:\nother:x:997:\nnogroup:x:65534:\n"
SHADOW = "root:*:::::::\ndaemon:*:::::::\nold:!:::::::\n"
GSHADOW = "root:*::\ndaemon:*::\nadm:*::zoe,old\nold:!::\nother:!::\nnogroup:*::\n"
ACCOUNTS = (
    reg("etc/passwd", PASSWD.encode()),
    reg("etc/group", GROUP.encode()),
    reg("etc/shadow", SHADOW.encode(), mode=0o640),
    reg("etc/gshadow", GSHADOW.encode(), mode=0o640),
    reg("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
)

SYSUSERS: Mapping[str, str] = {
    "users and groups of their own": 'u alpha -\nu beta - "Beta, the second" /var/lib/beta /bin/sh\ng gamma -\n',
    "numbers": "u fixed 150\ng fixedgroup 151\nu taken 1\ng takengroup 4\n",
    "a group first": "u alpha -\ng alpha 170\ng later -\nu later 180\n",
    "a primary group": "u one 300:65534\nu two -:nogroup\nu three 301:mine\ng mine -\nu four -:0\n",
    "members": "m zoe adm\nm alpha adm\nm old fresh\nm daemon adm\nm alpha fresh\n",
    "numbers of others": "g other2 998\nu clash 997\nu old -\nu adm -\n",
    "a range": "r - 500-502\nr - 400\nu a -\nu b -\nu c -\nu d -\n",
    "the first line counts": 'u alpha - "first"\nu alpha - "second"\ng alpha 200\ng alpha 201\n',
    "specifiers": 'u sys%o - "on %w %%" %V/x\nu s - "%S"\n',
    "the user root": "u root 0 - /root\nu toor 0\n",
    "an owner of a file": "u asroot /etc/passwd\n",
    "wrong lines": "u -bad -\nx f -\nu good -\nu toolong_toolong_toolong_toolong_x -\nu a b c d e f g\n",
    "a user without a group": "u nobody1 -:nosuch\nu after -\n",
}


def _unpacked(*entries: FileSpec) -> tuple[Shelf, Tree]:
    shelf = Shelf()
    return shelf, unpack(Tree(), [shelf.deb("sample", *ACCOUNTS, *entries)])


def _run(program: str, root: Path, *arguments: str) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "LC_ALL": "C", "SYSTEMD_LOG_LEVEL": "err"}
    command = [program, f"--root={root}", *arguments]
    subprocess.run(command, capture_output=True, check=False, timeout=LIMIT, env=environment)


@pytest.fixture(autouse=True)
def _oracle() -> None:
    needs("systemd-sysusers", "systemd-tmpfiles")
    if os.geteuid() != 0:
        pytest.skip("owners of files can only be set by root")


def _lines(text: str, fields: int) -> list[list[str]]:
    # The date of the last change of a password is none of ours.
    return [line.split(":")[:fields] for line in text.splitlines()]


@pytest.mark.parametrize("text", SYSUSERS.values(), ids=SYSUSERS.keys())
def test_sysusers(text: str, tmp_path: Path) -> None:
    shelf, tree = _unpacked(reg("usr/lib/sysusers.d/sample.conf", text.encode()))
    root = write_root(tree, tmp_path / "root", read=shelf.read, identities=identities(tree, shelf.read))
    _run("systemd-sysusers", root)
    ours, _ = apply_sysusers(tree, read=shelf.read, architecture="amd64", mtime=0)
    for name, fields in {"passwd": 7, "group": 4, "shadow": 2, "gshadow": 4}.items():
        content = ours[f"etc/{name}"].content
        assert content is not None
        assert _lines(shelf.read(content).decode(), fields) == _lines((root / "etc" / name).read_text(), fields), name
    assert read_accounts(ours, shelf.read).identities.users


TMPFILES: Mapping[str, str] = {
    "directories": "d /run/a 0750 daemon adm 10d\nD /var/c/d/e 1777 - - -\nv /srv/v - - adm\nq /q 0700\nQ /Q\n",
    "directories that exist": "d /have/dir 0711 daemon daemon\nd /have/dir2 - - -\nd /have/keep :0700 :daemon :adm\n",
    "a new directory with owners for new ones": "d /new/keep :0700 :daemon :adm\n",
    "files": "f /run/f 0600 daemon daemon - some text\nf /run/empty\nf /have/file 0640 - - - not written\n",
    "files anew": "f+ /have/file 0644 - - - anew\nF /have/file2 - - - - anew too\nf+ /run/new - - - - new\n",
    "escapes": r"f /run/f - - - - one\ntwo\x20\040\\ %%" + "\nf~ /run/b - - - - AGIK\n",
    "writing": "w /have/file - - - - written\nw+ /have/file2 - - - - more\nw /have/f*3 - - - - g\n",
    "symlinks": "L /run/l - - - - ../target\nL+ /have/file2 - - - - y\nL /have/link - - - - z\n",
    "symlinks over": "L+ /have/link - - - - z\nL+ /have/dir - - - - gone\nL /etc/made\n",
    "fifos": "p /run/p 0600\np+ /have/file 0600\np /have/file2\n",
    "copies": "C /run/copy - - - - /have/dir\nC /have/dir - - - - /have/dir2\nC /etc/thing\n",
    "copies with owners": "C /run/copy 0700 daemon adm - /have/dir\nC /have/void - - - - /have/dir\n",
    "modes": "z /have/file 0600 daemon adm\nz /have/dir 2755\nz /have/none 0700\nz /have/f* - - adm\n",
    "modes of everything": "Z /have/dir ~0775 daemon daemon\nZ /have/masked ~2770 - adm\nZ /have/link 0700 daemon -\n",
    "only where it exists": "e /have/dir 0701 daemon -\ne /have/none 0700\ne /have/d*2 0702\n",
    "quotes": "d \"/run/with space\" 0755 - - -\nd '/run/single' 0700\n",
    # Not those of directories: this tool puts its --root into them twice.
    "specifiers": "d /run/%o-%w\nf /run/arch - - - - %a %u %U %h %g %G %%\nd /run/%m\nd /run/%B%W-\n",
    "through links": "d /var/run/through 0700\nd /have/link/below\nf /alias/f\n",
    "what is in the way": "d /have/file\nf /have/dir\nd /have/file/below\nd= /have/file2 0750\n",
    "the first line counts": "d /run/a 0700\nd /run/a 0755\nd /run/b 0711\nz /run/b 0700\nf /run/b/c\n",
    "parents first": "d /run/x/y 0711\nd /run/x 0700 daemon\nf /run/x/y/z\n",
    "nobody": "d /run/a 0755 nosuch\nd /run/b 0755 - nosuch\nd /run/c 0755 12345 54321\n",
    "xattrs": 't /have/file - - - - user.one=1 user.two="2 3"\nT /have/dir - - - - user.all=x\n',
    "for boot only": "d! /run/boot\nr! /have/file\nd- /run/quiet\n",
    "removal is not creation": "r /have/file\nR /have/dir\nx /have\nX /have\n",
    "wrong lines": "y /run/a\nd run/b\nd /run/c 0999\nd /run/d 07777777\nd /run/%Z\nd '/run/e\nd+ /run/g\nd /run/f\n",
}
HAVE = (
    reg("have/file", b"old", mode=0o644),
    reg("have/file2", b"old2", mode=0o600, user="daemon", uid=1),
    reg("have/file3", b"old3"),
    reg("have/dir/one", b"1", mode=0o755),
    reg("have/dir/sub/two", b"2", mode=0o4755),
    directory("have/dir2", mode=0o2750),
    directory("have/keep", mode=0o755),
    directory("have/void"),
    reg("have/masked/x", b"", mode=0o400),
    reg("have/masked/y", b"", mode=0o111),
    symlink("have/dir/link", "one"),
    symlink("have/link", "dir"),
    symlink("alias", "have/dir"),
    symlink("var/run", "/run"),
    directory("run"),
    reg("usr/share/factory/etc/thing", b"thing", mode=0o640),
    reg("usr/share/factory/etc/made", b"made"),
)


@pytest.mark.parametrize("text", TMPFILES.values(), ids=TMPFILES.keys())
def test_tmpfiles(text: str, tmp_path: Path) -> None:
    shelf, tree = _unpacked(*HAVE, reg("usr/lib/tmpfiles.d/sample.conf", text.encode()))
    known = identities(tree, shelf.read)
    root = write_root(tree, tmp_path / "root", read=shelf.read, identities=known)
    _run("systemd-tmpfiles", root, "--create")
    ours, _ = apply_tmpfiles(tree, read=shelf.read, architecture="amd64", mtime=0)
    assert list_tree(ours, read=shelf.read, identities=known) == list_root(root)


def test_precedence_of_files(tmp_path: Path) -> None:
    shelf, tree = _unpacked(
        *HAVE,
        reg("usr/lib/tmpfiles.d/a.conf", b"d /run/a 0700\n"),
        reg("etc/tmpfiles.d/a.conf", b"d /run/a-of-etc 0700\n"),
        reg("run/tmpfiles.d/b.conf", b"d /run/b 0711\nd /run/a-of-etc 0755\n"),
        reg("usr/lib/tmpfiles.d/b.conf", b"d /run/b-of-usr\n"),
        reg("usr/lib/tmpfiles.d/ignored", b"d /run/ignored\n"),
        reg("usr/lib/tmpfiles.d/off.conf", b"d /run/off\n"),
        symlink("etc/tmpfiles.d/off.conf", "/dev/null"),
    )
    known = identities(tree, shelf.read)
    root = write_root(tree, tmp_path / "root", read=shelf.read, identities=known)
    _run("systemd-tmpfiles", root, "--create")
    ours, _ = apply_tmpfiles(tree, read=shelf.read, architecture="amd64", mtime=0)
    assert list_tree(ours, read=shelf.read, identities=known) == list_root(root)


def test_removal(tmp_path: Path) -> None:
    text = b"r /have/file*\nR /have/dir\nr /have/masked\nr /have/void\nD /have/keep\nR /alias\n"
    shelf, tree = _unpacked(*HAVE, reg("have/keep/x"), reg("usr/lib/tmpfiles.d/sample.conf", text))
    known = identities(tree, shelf.read)
    root = write_root(tree, tmp_path / "root", read=shelf.read, identities=known)
    _run("systemd-tmpfiles", root, "--create", "--remove")
    ours, _ = apply_tmpfiles(tree, read=shelf.read, architecture="amd64", mtime=0, remove=True)
    assert list_tree(ours, read=shelf.read, identities=known) == list_root(root)
