from __future__ import annotations

import pytest

from pkg2image.rootfs.minimize import Dropped, keep_called, minimize, rule_of
from pkg2image.rootfs.tree import Kind, Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, directory, reg, symlink
from tests.support.trees import Shelf

RULES = [
    ("usr/share/doc", ""),
    ("usr/share/doc/x", "documentation"),
    ("usr/share/doc/x/changelog.gz", "documentation"),
    ("usr/share/doc-base/x", "documentation"),
    ("usr/share/document/x", ""),
    ("usr/share/gtk-doc", "documentation"),
    ("usr/share/help/C/x", "documentation"),
    ("usr/share/bug/x/script", "documentation"),
    ("usr/share/man", "manual pages"),
    ("usr/share/man/de/man1/x.1.gz", "manual pages"),
    ("usr/share/postgresql/15/man/man1/psql.1.gz", "manual pages"),
    ("usr/lib/x/man/de/man8/x.8", "manual pages"),
    ("usr/lib/python3/dist-packages/man/__init__.py", ""),
    ("usr/share/postgresql/15/man", ""),
    ("usr/local/share/man", ""),
    ("usr/share/info/x.info.gz", "info pages"),
    ("usr/share/lintian/overrides/x", "package checkers"),
    ("usr/share/lintian/checks/x.pm", ""),
    ("usr/share/locale", ""),
    ("usr/share/locale/de/LC_MESSAGES/x.mo", "translations"),
    ("usr/share/locale/locale.alias", ""),
    ("usr/share/locale-langpack/de", "translations"),
    ("usr/lib/locale/C.utf8/LC_CTYPE", ""),
    ("usr/share/doc/x/line\nbreak", "documentation"),
    ("usr/share/groff/1.22/tmac/an.tmac", ""),
    ("opt/usr/share/doc/x", ""),
]


@pytest.mark.parametrize(("path", "rule"), RULES)
def test_rules(path: str, rule: str) -> None:
    assert rule_of(path) == rule


def _left(*entries: FileSpec) -> set[str]:
    """Return the paths that are left of a package, but for directories in which something is left."""
    tree = unpack(Tree(), [Shelf().deb("sample", *entries)])
    kept, dropped = minimize(tree, level="runtime")
    paths = {path for path, _ in kept.walk()}
    assert paths | {item.path for item in dropped} == {path for path, _ in tree.walk()}
    return {path for path in paths if not kept.children(path)}


LICENCES = {
    "a file": ([reg("usr/share/doc/x/copyright"), reg("usr/share/doc/x/NEWS")], {"usr/share/doc/x/copyright"}),
    "deeper": ([reg("usr/share/doc/x/y/copyright")], {"usr/share/doc/x/y/copyright"}),
    "a link to a directory": (
        [reg("usr/share/doc/x/copyright"), reg("usr/share/doc/x/NEWS"), symlink("usr/share/doc/y", "x")],
        {"usr/share/doc/x/copyright", "usr/share/doc/y"},
    ),
    "links to links": (
        [
            reg("usr/share/doc/x/licence"),
            symlink("usr/share/doc/x/second", "licence"),
            symlink("usr/share/doc/y/copyright", "../x/second"),
        ],
        {"usr/share/doc/x/licence", "usr/share/doc/x/second", "usr/share/doc/y/copyright"},
    ),
    "a link to a directory without one": (
        [reg("usr/share/doc/x/NEWS"), symlink("usr/share/doc/y", "x")],
        {"usr/share/doc"},
    ),
    "a link to nowhere": ([symlink("usr/share/doc/x/copyright", "../y/copyright")], {"usr/share/doc/x/copyright"}),
    "a link in circles": ([symlink("usr/share/doc/x/copyright", "copyright")], {"usr/share/doc/x/copyright"}),
    "a directory of this name": ([reg("usr/share/doc/x/copyright/GPL")], {"usr/share/doc"}),
}


@pytest.mark.parametrize(("entries", "left"), LICENCES.values(), ids=LICENCES.keys())
def test_licences_stay_reachable(entries: list[FileSpec], left: set[str]) -> None:
    assert _left(*entries) == left


def test_links_to_what_is_left_out_go_too() -> None:
    assert _left(
        reg("usr/share/doc/x/README"),
        symlink("usr/share/x/README", "../doc/x/README"),
        symlink("usr/share/x/doc", "/usr/share/doc/x"),
        symlink("usr/share/x/kept", "../nowhere"),
        symlink("usr/share/x/circle", "circle"),
    ) == {"usr/share/doc", "usr/share/x/circle", "usr/share/x/kept"}


def test_everything_left_out_has_its_rule() -> None:
    entries = [
        reg("usr/share/doc/x/NEWS", b"123"),
        directory("usr/share/info"),
        symlink("news", "usr/share/doc/x/NEWS"),
    ]
    tree = unpack(Tree(), [Shelf().deb("sample", *entries)])
    assert minimize(tree, level="runtime")[1] == (
        Dropped("news", "links to what is left out", "sample", 0, Kind.SYMLINK),
        Dropped("usr/share/doc/x", "documentation", "sample", 0, Kind.DIRECTORY),
        Dropped("usr/share/doc/x/NEWS", "documentation", "sample", 3),
        Dropped("usr/share/info", "info pages", "sample", 0, Kind.DIRECTORY),
    )
    assert "news" in tree


def test_full_keeps_everything() -> None:
    tree = unpack(Tree(), [Shelf().deb("sample", reg("usr/share/doc/x/NEWS"))])
    kept, dropped = minimize(tree, level="full")
    assert list(kept.walk()) == list(tree.walk())
    assert dropped == ()


def test_tables_of_character_sets_go_where_nothing_converts() -> None:
    tables = [reg("usr/lib/x86_64-linux-gnu/gconv/UTF-16.so"), reg("usr/lib/x86_64-linux-gnu/gconv/gconv-modules")]
    tree = unpack(Tree(), [Shelf().deb("libc6", *tables, reg("usr/lib/x86_64-linux-gnu/libc.so.6"))])
    assert minimize(tree, level="runtime")[1] == ()
    assert minimize(tree, level="full", converts=False)[1] == ()
    kept, dropped = minimize(tree, level="runtime", converts=False)
    assert [path for path, _ in kept.walk()][-1] == "usr/lib/x86_64-linux-gnu/libc.so.6"
    assert {item.rule for item in dropped} == {"tables of character sets that nothing in the image converts"}
    assert len(dropped) == 3


def test_programs_that_are_called_stay_with_what_they_lead_to() -> None:
    entries = [reg("usr/bin/md5sum"), symlink("usr/bin/sum5", "md5sum"), reg("usr/bin/mv"), reg("usr/sbin/chroot")]
    deb = Shelf().deb("coreutils", *entries, reg("usr/libexec/coreutils/x"))
    tree = unpack(Tree(), [deb, Shelf().deb("other", reg("usr/bin/own"))])
    kept, dropped = keep_called(tree, {"coreutils": frozenset({"sum5"})})
    assert [item.path for item in dropped] == ["usr/bin/mv", "usr/sbin/chroot"]
    assert {item.rule for item in dropped} == {"nothing is known to call this program of coreutils"}
    assert {path for path, _ in tree.walk()} - {path for path, _ in kept.walk()} == {item.path for item in dropped}
    assert keep_called(tree, {}) == (tree, ())
