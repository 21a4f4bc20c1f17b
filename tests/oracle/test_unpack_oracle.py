"""Our Tree is what real `dpkg --unpack` makes of the same packages, and dpkg reads the database that we write."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import FileConflictError
from pkg2image.rootfs.aliases import ALIASES, link_aliases
from pkg2image.rootfs.diversions import Diversion
from pkg2image.rootfs.dpkgdb import write_database
from pkg2image.rootfs.tree import Kind, Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, directory, hardlink, reg, symlink
from tests.support.trees import Shelf

_LIMIT = 60  # seconds; dpkg has hung on strange packages
_FORCE = "depends,conflicts,breaks,bad-path,unsafe-io,architecture"

Packages = Callable[[Shelf], list[FetchedDeb]]


def _packages(*described: tuple[str, Sequence[FileSpec], dict[str, str]]) -> Packages:
    return lambda shelf: [shelf.deb(identity, *entries, **fields) for identity, entries, fields in described]


_X = reg("usr/share/x", b"of a")
_OTHER_X = reg("usr/share/x", b"of b, longer")

SCENARIOS: dict[str, Packages] = {
    "files, links and modes": _packages(
        (
            "sample",
            [
                directory("usr/share/d", mode=0o2750),
                reg("usr/share/d/setuid", b"1", mode=0o4755),
                symlink("usr/share/d/link", "../nowhere"),
                hardlink("usr/share/d/second", "usr/share/d/setuid", mode=0o4755),
                FileSpec(path="usr/share/d/fifo", kind="fifo", mode=0o600),
                reg("usr/share/d/\udcff\udcfe", b"not UTF-8"),
            ],
            {},
        )
    ),
    "links come last": _packages(
        ("old", [symlink("lib/d", "real"), directory("usr/lib/real"), directory("usr/lib/d", mode=0o750)], {}),
    ),
    "paths through the links of merged /usr": _packages(
        ("old", [reg("lib/a/one", b"1"), reg("usr/lib/a/two", b"2"), reg("bin/tool", b"3", mode=0o755)], {}),
        ("new", [reg("lib/a/three", b"4"), symlink("sbin/four", "../bin/tool")], {}),
    ),
    "metadata of a directory comes from its first owner": _packages(
        ("old", [directory("usr/share/d", mode=0o2775)], {}),
        ("new", [directory("usr/share/d", mode=0o700), reg("usr/share/d/b", b"b")], {}),
    ),
    "a directory over a link to a directory keeps the link": _packages(
        ("old", [directory("usr/share/real"), symlink("usr/share/d", "real")], {}),
        ("new", [directory("usr/share/d", mode=0o700), reg("usr/share/d/b", b"b")], {}),
    ),
    "a link over a directory keeps the directory": _packages(
        ("old", [reg("usr/share/d/a", b"a")], {}),
        ("new", [directory("usr/share/real"), symlink("usr/share/d", "real")], {}),
    ),
    "the same link to a directory in two packages": _packages(
        ("old", [directory("usr/share/real"), symlink("usr/share/d", "real")], {}),
        ("new", [symlink("usr/share/d", "real")], {}),
    ),
    "the same link to a file in two packages": _packages(
        ("old", [reg("usr/share/real"), symlink("usr/share/d", "real")], {}),
        ("new", [symlink("usr/share/d", "real")], {}),
    ),
    "a directory over a dangling link": _packages(
        ("old", [symlink("usr/share/d", "missing")], {}),
        ("new", [directory("usr/share/d")], {}),
    ),
    "a directory over a dangling link, replaced": _packages(
        ("old", [symlink("usr/share/d", "missing")], {}),
        ("new", [directory("usr/share/d", mode=0o750), reg("usr/share/d/b", b"b")], {"Replaces": "old"}),
    ),
    "one file in two packages": _packages(("old", [_X], {}), ("new", [_OTHER_X], {})),
    "one equal file in two packages": _packages(("old", [_X], {}), ("new", [_X], {})),
    "the new package replaces": _packages(("old", [_X], {}), ("new", [_OTHER_X], {"Replaces": "old"})),
    "the old package replaces": _packages(
        ("old", [_X], {"Replaces": "new"}), ("new", [_OTHER_X, reg("usr/share/y")], {})
    ),
    "each replaces the other": _packages(("old", [_X], {"Replaces": "new"}), ("new", [_OTHER_X], {"Replaces": "old"})),
    "replaces an older version": _packages(("old 1", [_X], {}), ("new", [_OTHER_X], {"Replaces": "more, old (<< 2)"})),
    "replaces another version": _packages(("old 3", [_X], {}), ("new", [_OTHER_X], {"Replaces": "old (<< 2)"})),
    "replaces a provided name": _packages(
        ("old", [_X], {"Provides": "virtual"}), ("new", [_OTHER_X], {"Replaces": "virtual"})
    ),
    "replaces any architecture": _packages(
        ("old 1 amd64", [_X], {"Multi-Arch": "allowed"}), ("new", [_OTHER_X], {"Replaces": "old:any"})
    ),
    "replaces any architecture of a package that does not allow it": _packages(
        ("old 1 amd64", [_X], {}), ("new", [_OTHER_X], {"Replaces": "old:any"})
    ),
    "a replaced hard link": _packages(
        ("old", [_X, hardlink("usr/share/y", "usr/share/x")], {}), ("new", [_OTHER_X], {"Replaces": "old"})
    ),
    "a hard link to a file that is kept": _packages(
        ("old", [_X], {"Replaces": "new"}), ("new", [_OTHER_X, hardlink("usr/share/y", "usr/share/x")], {})
    ),
    "a file over an empty directory": _packages(("old", [directory("usr/share/x")], {}), ("new", [_X], {})),
    "a file over an empty directory, replaced": _packages(
        ("old", [directory("usr/share/x")], {}), ("new", [_X], {"Replaces": "old"})
    ),
    "a link over a file, replaced": _packages(
        ("old", [_X], {}), ("new", [symlink("usr/share/x", "y")], {"Replaces": "old"})
    ),
    "a directory over a file": _packages(("old", [_X], {}), ("new", [directory("usr/share/x")], {})),
    "two architectures share a file": _packages(
        ("old 1 amd64", [_X], {"Multi-Arch": "same"}), ("old 1 i386", [_X], {"Multi-Arch": "same"})
    ),
    "two architectures disagree about a file": _packages(
        ("old 1 amd64", [_X], {"Multi-Arch": "same"}), ("old 1 i386", [_OTHER_X], {"Multi-Arch": "same"})
    ),
    "two architectures share a link": _packages(
        ("old 1 amd64", [symlink("usr/share/x", "y")], {"Multi-Arch": "same"}),
        ("old 1 i386", [symlink("usr/share/x", "y")], {"Multi-Arch": "same"}),
    ),
    "three packages hand a file on": _packages(
        ("old", [_X], {}),
        ("new", [_OTHER_X], {"Replaces": "old"}),
        ("newest", [reg("usr/share/x", b"c")], {"Replaces": "new"}),
    ),
}


def _dpkg(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["dpkg", f"--root={root}", f"--force-{_FORCE}", "--no-triggers", "--log=/dev/null", *arguments]
    fakeroot = [] if os.geteuid() == 0 else ["fakeroot"]
    return subprocess.run(
        [*fakeroot, *command], capture_output=True, text=True, timeout=_LIMIT, check=False, errors="replace"
    )


def _empty_root(root: Path) -> Path:
    for name in ("updates", "info", "triggers"):
        (root / "var/lib/dpkg" / name).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "var/lib/dpkg/arch").write_text("amd64\ni386\n")
    for name in ALIASES:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    return root


def _unpack_with_dpkg(root: Path, shelf: Shelf, debs: Sequence[FetchedDeb]) -> bool:
    """Unpack with dpkg and say whether it did not complain."""
    for number, deb in enumerate(debs):
        file = root.parent / f"{number}.deb"
        file.write_bytes(shelf.files[deb.package.name, deb.package.architecture])
        done = _dpkg(root, "--unpack", str(file))
        if done.returncode != 0:
            assert "trying to overwrite" in done.stderr
            return False
    return True


def _listing(root: Path) -> dict[str, str]:
    """Return path -> kind, mode and content of everything but dpkg's database."""
    found = {}
    for top, directories, names in os.walk(root):
        for name in (*directories, *names):
            path = Path(top, name)
            relative = str(path.relative_to(root))
            if not f"{relative}/".startswith("var/"):
                # Conffiles get their names when they are configured.
                found[relative.removesuffix(".dpkg-new")] = _describe(path)
    return found


def _describe(path: Path) -> str:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return f"symlink {path.readlink()}"
    if stat.S_ISREG(status.st_mode):
        return f"file {mode:04o} {status.st_nlink} {int(status.st_mtime)} {path.read_bytes()!r}"
    return f"{'directory' if path.is_dir() else 'fifo'} {mode:04o}"


def _tree_listing(tree: Tree, shelf: Shelf) -> dict[str, str]:
    entries = dict(tree.walk())
    inodes = [entry.inode for entry in entries.values()]

    def line(path: str) -> str:
        entry = entries[path]
        if entry.kind is Kind.SYMLINK:
            return f"symlink {entry.target}"
        if entry.content is not None:
            links = inodes.count(entry.inode) if entry.inode else 1
            return f"file {entry.mode:04o} {links} {entry.mtime} {shelf.read(entry.content)!r}"
        return f"{entry.kind} {entry.mode:04o}"

    return {path: line(path) for path in entries if not f"{path}/".startswith("var/")}


@pytest.mark.parametrize("packages", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_unpacks_like_dpkg(packages: Packages, tmp_path: Path) -> None:
    shelf = Shelf()
    debs = packages(shelf)
    root = _empty_root(tmp_path / "root")
    if _unpack_with_dpkg(root, shelf, debs):
        tree = Tree()
        link_aliases(tree, ALIASES)
        tree = unpack(tree, debs)
        assert _tree_listing(tree, shelf) == _listing(root)
    else:
        with pytest.raises(FileConflictError):
            unpack(Tree(), debs)


DIVERSIONS = {
    "the diverting package ships the file itself": Diversion("new", "usr/share/x", "usr/share/x.old"),
    "a local diversion": Diversion("", "usr/share/x", "usr/share/x.old"),
    "the diverted name is taken": Diversion("more", "usr/share/other", "usr/share/x"),
}


@pytest.mark.parametrize("diversion", DIVERSIONS.values(), ids=DIVERSIONS.keys())
def test_diverts_like_dpkg(diversion: Diversion, tmp_path: Path) -> None:
    shelf = Shelf()
    old, new = shelf.deb("old", _X, hardlink("usr/share/y", "usr/share/x")), shelf.deb("new", _OTHER_X)
    debs = [old, new] if diversion.package else [old]
    root = _empty_root(tmp_path / "root")
    owner = ["--package", diversion.package] if diversion.package else ["--local"]
    divert = ["dpkg-divert", f"--root={root}", *owner, "--no-rename", "--divert", f"/{diversion.to}", "--add"]
    subprocess.run([*divert, f"/{diversion.path}"], check=True, capture_output=True, timeout=_LIMIT)
    if not _unpack_with_dpkg(root, shelf, debs):
        with pytest.raises(FileConflictError):
            unpack(Tree(), debs, diversions=[diversion])
        return
    tree = Tree()
    link_aliases(tree, ALIASES)
    tree = unpack(tree, debs, diversions=[diversion])
    assert _tree_listing(tree, shelf) == _listing(root)
    tree = write_database(tree, debs, architecture="amd64", closure="full", mtime=0, diversions=[diversion])
    for name in ("diversions", "info/old.list", *(["info/new.list"] if diversion.package else [])):
        content = tree[f"var/lib/dpkg/{name}"].content
        assert content is not None
        assert shelf.read(content) == (root / "var/lib/dpkg" / name).read_bytes()


def _export(tree: Tree, shelf: Shelf, root: Path) -> None:
    """Write a tree to disk, without owners."""
    for path, entry in tree.walk():
        target = root / path
        if entry.kind is Kind.DIRECTORY:
            target.mkdir(exist_ok=True)
        elif entry.kind is Kind.SYMLINK:
            target.symlink_to(entry.target)
        elif entry.content is not None:
            target.write_bytes(shelf.read(entry.content))


def _database_debs(shelf: Shelf) -> list[FetchedDeb]:
    return [
        shelf.deb(
            "libone 1:1.0-2 amd64",
            reg("usr/lib/libone.so.1", b"one"),
            symlink("usr/lib/libone.so", "libone.so.1"),
            reg("etc/one.conf", b"1"),
            reg("etc/two words", b"2"),
            control_files={"conffiles": b"/etc/one.conf\n/etc/two words\n", "shlibs": b"libone 1 libone\n"},
            Multi_Arch="same",
            Section="libs",
            Priority="optional",
            Homepage="https://example.org/",
            Depends="libtwo(>=1)|libthree,libfour (<< 2~)",
            Source="one (1.0)",
            Description="first line\n second line\n .\n third",
        ),
        shelf.deb("loser 2", reg("lib/tool", b"b"), hardlink("lib/same", "lib/tool"), Essential="yes", X_Odd="kept"),
        shelf.deb(
            "taker 3", reg("usr/lib/tool", b"a"), reg("usr/share/a", b"a"), Replaces="loser", Provides="virtual(=1)"
        ),
    ]


def test_database_is_byte_for_byte_that_of_dpkg(tmp_path: Path) -> None:
    shelf = Shelf()
    debs = _database_debs(shelf)
    root = _empty_root(tmp_path / "root")
    assert _unpack_with_dpkg(root, shelf, [deb for deb in debs if deb.package.name != "taker"])
    assert _dpkg(root, "--configure", "-a").returncode == 0
    database = root / "var/lib/dpkg"
    tree = write_database(unpack(Tree(), debs[:2]), debs[:2], architecture="amd64", closure="full", mtime=0)
    ours = {
        path.removeprefix("var/lib/dpkg/"): shelf.read(entry.content)
        for path, entry in tree.walk()
        if path.startswith("var/lib/dpkg/") and entry.content
    }
    assert ours["status"] == (database / "status").read_bytes()
    info = {f"info/{path.name}": path.read_bytes() for path in (database / "info").iterdir()}
    assert {name: data for name, data in ours.items() if name.startswith("info/")} == info


def test_dpkg_query_reads_what_we_write(tmp_path: Path) -> None:
    shelf = Shelf()
    debs = _database_debs(shelf)
    tree = write_database(unpack(Tree(), debs), debs, architecture="amd64", closure="runtime", mtime=0)
    _export(tree, shelf, tmp_path)

    def query(*arguments: str) -> list[str]:
        command = ["dpkg-query", f"--admindir={tmp_path}/var/lib/dpkg", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=True)
        assert not done.stderr
        return done.stdout.splitlines()

    assert query("-W", "-f", "${db:Status-Abbrev}${binary:Package} ${Version} ${Architecture}\n") == [
        "ii libone:amd64 1:1.0-2 amd64",
        "ii loser 2 all",
        "ii taker 3 all",
    ]
    # taker Replaces loser, which has lost the file and its other name stays.
    assert query("-L", "taker") == ["/.", "/usr", "/usr/lib", "/usr/lib/tool", "/usr/share", "/usr/share/a"]
    assert query("-L", "loser") == ["/.", "/lib", "/lib/same"]
    verify = ["dpkg", f"--root={tmp_path}", "--verify"]
    assert subprocess.run(verify, capture_output=True, text=True, timeout=_LIMIT, check=True).stdout == ""
