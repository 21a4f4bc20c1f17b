"""Our Tree is what real `dpkg --unpack` makes of the same packages, and dpkg reads the database that we write."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, assume, given, reject, settings
from hypothesis import strategies as st

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import FileConflictError, MalformedPackageError
from pkg2image.rootfs.aliases import ALIASES, link_aliases
from pkg2image.rootfs.diversions import Diversion
from pkg2image.rootfs.dpkgdb import write_database
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.statoverrides import STATOVERRIDES
from pkg2image.rootfs.tree import Kind, Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, directory, hardlink, reg, symlink
from tests.support.dpkg import LIMIT, dpkg, empty_root, listing, tree_listing, unpack_with_dpkg
from tests.support.tools import needs
from tests.support.trees import Shelf, with_diversions


@pytest.fixture(autouse=True)
def _oracle() -> None:
    needs("dpkg", "dpkg-divert", "dpkg-query")


Packages = Callable[[Shelf], list[FetchedDeb]]


def _packages(*described: tuple[str, Sequence[FileSpec], dict[str, str]]) -> Packages:
    return lambda shelf: [shelf.deb(identity, *entries, fields=fields) for identity, entries, fields in described]


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


def _merged() -> Tree:
    tree = Tree()
    link_aliases(tree, ALIASES)
    return tree


@pytest.mark.parametrize("packages", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_unpacks_like_dpkg(packages: Packages, tmp_path: Path) -> None:
    shelf = Shelf()
    debs = packages(shelf)
    root = empty_root(tmp_path / "root")
    if unpack_with_dpkg(root, shelf, debs):
        assert tree_listing(unpack(_merged(), debs), shelf) == listing(root)
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
    root = empty_root(tmp_path / "root")
    owner = ["--package", diversion.package] if diversion.package else ["--local"]
    divert = ["dpkg-divert", f"--root={root}", *owner, "--no-rename", "--divert", f"/{diversion.to}", "--add"]
    subprocess.run([*divert, f"/{diversion.path}"], check=True, capture_output=True, timeout=LIMIT)
    if not unpack_with_dpkg(root, shelf, debs):
        with pytest.raises(FileConflictError):
            unpack(with_diversions(Tree(), diversion), debs, read=shelf.read)
        return
    tree = unpack(with_diversions(_merged(), diversion), debs, read=shelf.read)
    assert tree_listing(tree, shelf) == listing(root)
    tree = write_database(tree, debs, architecture="amd64", closure="full", mtime=0, diversions=[diversion])
    for name in ("diversions", "info/old.list", *(["info/new.list"] if diversion.package else [])):
        content = tree[f"var/lib/dpkg/{name}"].content
        assert content is not None
        assert shelf.read(content) == (root / "var/lib/dpkg" / name).read_bytes()


def test_overrides_owners_and_modes_like_dpkg(tmp_path: Path) -> None:
    shelf = Shelf()
    deb = shelf.deb(
        "old",
        directory("usr/share/d", mode=0o755),
        reg("usr/share/d/x", b"x"),
        reg("usr/share/d/y", b"y", mode=0o4755),
        symlink("usr/share/d/l", "x"),
    )
    modes = {"/usr/share/d": "2750", "/usr/share/d/x": "4711", "/usr/share/d/y": "600", "/usr/share/d/l": "700"}
    root = empty_root(tmp_path / "root")
    for path, mode in modes.items():
        override = ["dpkg-statoverride", f"--root={root}", "--add", "#0", "#0", mode, path]
        subprocess.run(override, check=True, capture_output=True, timeout=LIMIT)
    assert unpack_with_dpkg(root, shelf, [deb])
    tree = _merged()
    add_file(tree, STATOVERRIDES, (root / STATOVERRIDES).read_bytes(), origin="test", mtime=0)
    assert tree_listing(unpack(tree, [deb], read=shelf.read), shelf) == listing(root)


NAMES = ("old", "new", "newest")


def _entries() -> st.SearchStrategy[FileSpec]:
    # Links lead to a directory that all packages ship, or nowhere: dpkg looks at what was there before the package,
    # we at what is there now, and links that lead to other links of the same package show the difference.
    paths = st.sampled_from(("opt/x", "opt/y", "opt/d", "opt/d/x", "opt/d/y", "opt/e/x"))
    return st.one_of(
        st.builds(reg, paths, st.sampled_from((b"1", b"22"))),
        st.builds(lambda path, mode: directory(path, mode=mode), paths, st.sampled_from((0o755, 0o700))),
        st.builds(_link, paths, st.sampled_from(("real", "missing"))),
    )


def _link(path: str, target: str) -> FileSpec:
    # Relative: dpkg --root would look for absolute ones on the host.
    return symlink(path, "../" * (path.count("/") - 1) + target)


@settings(phases=[Phase.generate], max_examples=40, derandomize=True, deadline=None, database=None)
@given(
    st.lists(
        st.tuples(
            st.lists(_entries(), min_size=1, max_size=4, unique_by=lambda entry: entry.path),
            st.sets(st.sampled_from(NAMES)),
        ),
        min_size=2,
        max_size=3,
    )
)
def test_any_packages_are_unpacked_like_dpkg(described: list[tuple[list[FileSpec], set[str]]]) -> None:
    shelf = Shelf()
    debs = []
    for name, (entries, replaces) in zip(NAMES, described, strict=False):
        fields = {"Replaces": ", ".join(sorted(replaces - {name}))} if replaces - {name} else {}
        try:
            debs.append(shelf.deb(name, directory("opt/real"), *entries, fields=fields))
        except MalformedPackageError:
            reject()  # something lies below a file
    with TemporaryDirectory() as directory_name:
        root = empty_root(Path(directory_name, "root"))
        try:
            tree = unpack(_merged(), debs)
        except FileConflictError as error:
            assume("directory" not in str(error))  # our own rule
            assert not unpack_with_dpkg(root, shelf, debs)
        else:
            # Where dpkg finds that a directory of a path is a dangling link, we follow it.
            assume(not any(entry.kind is Kind.DIRECTORY and "missing" in path for path, entry in tree.walk()))
            assert unpack_with_dpkg(root, shelf, debs)
            assert tree_listing(tree, shelf) == listing(root)


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
            fields={
                "Multi-Arch": "same",
                "Section": "libs",
                "Priority": "optional",
                "Homepage": "https://example.org/",
                "Depends": "libtwo(>=1)|libthree,libfour (<< 2~)",
                "Source": "one (1.0)",
                "Description": "first line\n second line\n .\n third",
            },
        ),
        shelf.deb(
            "loser 2",
            reg("lib/tool", b"b"),
            hardlink("lib/same", "lib/tool"),
            fields={"Essential": "yes", "X-Odd": "kept"},
        ),
        shelf.deb(
            "taker 3",
            reg("usr/lib/tool", b"a"),
            reg("usr/share/a", b"a"),
            fields={"Replaces": "loser", "Provides": "virtual(=1)"},
        ),
    ]


def test_database_is_byte_for_byte_that_of_dpkg(tmp_path: Path) -> None:
    shelf = Shelf()
    debs = _database_debs(shelf)
    root = empty_root(tmp_path / "root")
    assert unpack_with_dpkg(root, shelf, [deb for deb in debs if deb.package.name != "taker"])
    assert dpkg(root, "--configure", "-a").returncode == 0
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
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
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
    assert subprocess.run(verify, capture_output=True, text=True, timeout=LIMIT, check=True).stdout == ""
