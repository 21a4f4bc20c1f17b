"""What the oracle cannot say: owners, attributes, our own rules and the words of errors. See also `tests.oracle`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pkg2image.errors import FileConflictError, MalformedPackageError
from pkg2image.rootfs.diversions import Diversion
from pkg2image.rootfs.tree import Entry, Identities, Kind, Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import FileSpec, directory, hardlink, reg, symlink
from tests.support.trees import Shelf, dump_tree


def _unpacked(*entries: FileSpec, fields: Mapping[str, str] | None = None) -> dict[str, str]:
    return dump_tree(unpack(Tree(), [Shelf().deb("sample", *entries, fields=fields)]))


def test_a_package_becomes_entries() -> None:
    capability = {"security.capability": b"\x01\x00\x00\x02"}
    shelf = Shelf()
    deb = shelf.deb(
        "sample",
        reg("usr/bin/ping", b"ping", mode=0o755, xattrs=capability, mtime=123),
        hardlink("usr/bin/ping4", "usr/bin/ping"),
        directory("usr/share/mail", mode=0o2775, gid=8, group="mail"),
        symlink("usr/share/link", "mail"),
        reg("usr/share/\udcff"),
    )
    tree = unpack(Tree(), [deb])
    assert dump_tree(tree) == {
        "usr": "directory 0755 root:root sample",
        "usr/bin": "directory 0755 root:root sample",
        "usr/bin/ping": "file 0755 root:root sample 4",
        "usr/bin/ping4": "file 0755 root:root sample 4 =usr/bin/ping",
        "usr/share": "directory 0755 root:root sample",
        "usr/share/link": "symlink 0777 root:root sample -> mail",
        "usr/share/mail": "directory 2775 root:mail sample",
        "usr/share/\udcff": "file 0644 root:root sample 0",
    }
    ping = tree["usr/bin/ping"]
    assert (ping.xattrs, ping.mtime) == (tuple(capability.items()), 123)
    assert tree["usr/bin/ping4"].xattrs == ping.xattrs
    assert ping.content is not None
    assert shelf.read(ping.content) == b"ping"


OWNERS = {
    "a known name": ("www-data", 12, "www-data"),
    "an unknown name is a number, as in dpkg": ("builder", 1000, "1000"),
    "no name": ("", 33, "33"),
    "no name of root": ("", 0, "root"),
    "an unknown name of root": ("builder", 0, "root"),
}


@pytest.mark.parametrize(("name", "number", "owner"), OWNERS.values(), ids=OWNERS.keys())
def test_owners(name: str, number: int, owner: str) -> None:
    entry = reg("x", uid=number, gid=number, user=name, group=name)
    deb = Shelf().deb("sample", entry)
    known = {"root": 0, "www-data": 33}
    placed = unpack(Tree(), [deb], identities=Identities(known, known))["x"]
    assert (placed.user, placed.group) == (owner, owner)
    believed = unpack(Tree(), [deb])["x"]
    assert believed.user == (name or owner)


def test_the_tree_that_is_given_stays_as_it_is() -> None:
    tree = Tree()
    unpack(tree, [Shelf().deb("sample", reg("bin/x"))])
    assert len(tree) == 1


@pytest.mark.parametrize(
    ("entry", "alias"),
    [
        (reg("lib64/ld.so"), "lib64"),
        (reg("usr/lib32/libc.so"), "lib32"),
        (reg("sbin/x"), "sbin"),
        (directory("libx32"), "libx32"),
    ],
)
def test_links_of_merged_usr_are_made_when_they_are_needed(entry: FileSpec, alias: str) -> None:
    dump = _unpacked(entry)
    assert dump[alias] == f"symlink 0777 root:root [skeleton] -> usr/{alias}"
    assert f"usr/{alias}" in dump
    assert sum(line.startswith("symlink") for line in dump.values()) == 1


def test_a_package_may_ship_the_links_of_merged_usr() -> None:
    dump = _unpacked(directory("usr/lib"), symlink("lib", "usr/lib"), reg("usr/lib/x"))
    assert dump["lib"] == "symlink 0777 root:root sample -> usr/lib"


SAME_PLACE = {
    "program, then link": [reg("bin/x", b"x"), symlink("usr/bin/x", "/bin/x")],
    "link, then program": [symlink("bin/x", "/usr/bin/x"), reg("usr/bin/x", b"x")],
    "relative link": [reg("bin/x", b"x"), symlink("usr/bin/x", "../../bin/x")],
    "one file twice": [reg("bin/x", b"x"), reg("usr/bin/x", b"x")],
    "hard link to itself": [reg("bin/x", b"x"), hardlink("usr/bin/x", "bin/x")],
}


@pytest.mark.parametrize("entries", SAME_PLACE.values(), ids=SAME_PLACE.keys())
def test_two_names_of_one_place_keep_the_file(entries: list[FileSpec]) -> None:
    assert _unpacked(*entries)["usr/bin/x"] == "file 0644 root:root sample 1"


def test_two_names_of_one_place_cannot_be_two_things() -> None:
    with pytest.raises(MalformedPackageError, match="sample: it ships different files as /usr/bin/x"):
        _unpacked(reg("bin/x", b"1"), reg("usr/bin/x", b"2"))


def test_a_link_for_compatibility_in_another_package_keeps_the_file() -> None:
    shelf = Shelf()
    program, link = shelf.deb("program", reg("usr/bin/x", b"x")), shelf.deb("link", symlink("bin/x", "/usr/bin/x"))
    for debs in ([program, link], [link, program]):
        assert unpack(Tree(), debs)["usr/bin/x"].package == "program"


def test_links_in_circles_are_only_links() -> None:
    shelf = Shelf()
    circle = [symlink("usr/a", "b"), symlink("usr/b", "a"), symlink("usr/x", "a/y")]
    debs = [shelf.deb("one", *circle), shelf.deb("two", symlink("usr/x", "b/y"), fields={"Replaces": "one"})]
    assert dump_tree(unpack(Tree(), debs))["usr/x"] == "symlink 0777 root:root two -> b/y"
    below = shelf.deb("below", reg("usr/a/y"))
    files = tuple(entry for entry in below.facts.entries if entry.kind == "file")
    below = replace(below, facts=replace(below.facts, entries=files))
    with pytest.raises(MalformedPackageError, match="cannot unpack below: cannot follow /usr/a/y: too many symbolic"):
        unpack(Tree(), [debs[0], below])


def test_packages_without_directories_unpack_too() -> None:
    deb = Shelf().deb("sample", reg("opt/d/x"))
    files = tuple(entry for entry in deb.facts.entries if entry.kind == "file")
    assert dump_tree(unpack(Tree(), [replace(deb, facts=replace(deb.facts, entries=files))])) == {
        "opt": "directory 0755 root:root [unpack]",
        "opt/d": "directory 0755 root:root [unpack]",
        "opt/d/x": "file 0644 root:root sample 0",
    }


def test_packages_that_ship_one_place_by_two_names_conflict() -> None:
    shelf = Shelf()
    debs = [shelf.deb("one", reg("bin/x", b"1")), shelf.deb("two", reg("usr/bin/x", b"2"))]
    with pytest.raises(FileConflictError) as raised:
        unpack(Tree(), debs)
    assert raised.value.message == "cannot unpack two: /usr/bin/x is also in one, and neither Replaces the other"
    assert (raised.value.path, raised.value.packages) == ("usr/bin/x", ("one", "two"))


def test_a_file_is_no_obstacle_for_its_own_package() -> None:
    shelf = Shelf()
    deb = shelf.deb("sample", reg("etc/x", b"x"))
    once = unpack(Tree(), [deb])
    assert dump_tree(unpack(once, [deb])) == dump_tree(once)


def test_what_nobody_owns_gives_way() -> None:
    tree = Tree()
    tree.put("x", Entry(Kind.FILE, 0o600, origin="skeleton"))
    assert unpack(tree, [Shelf().deb("sample", reg("x"))])["x"].package == "sample"


def test_replaces_counts_for_packages_of_the_skeleton() -> None:
    shelf = Shelf()
    skeleton = shelf.deb("base 2", reg("etc/x", b"old"))
    tree = unpack(Tree(), [skeleton])
    newer = shelf.deb("newer", reg("etc/x", b"new"), fields={"Replaces": "base (<< 3)"})
    with pytest.raises(FileConflictError, match="also in base"):
        unpack(tree, [newer])  # nobody said which version it is
    assert unpack(tree, [newer], installed=[skeleton.package])["etc/x"].package == "newer"


def test_directories_that_were_only_implied_take_the_metadata_of_their_package() -> None:
    tree = Tree()
    tree.make_directories("var/plain", origin="skeleton")
    tree.put("var/mail", Entry(Kind.DIRECTORY, 0o2775, group="mail", origin="skeleton"))
    deb = Shelf().deb("sample", directory("var/plain", mode=0o700), directory("var/mail", mode=0o700))
    dump = dump_tree(unpack(tree, [deb]))
    assert dump["var/plain"] == "directory 0700 root:root sample"
    assert dump["var/mail"] == "directory 2775 root:mail [skeleton]"


def test_two_architectures_must_agree() -> None:
    shelf = Shelf()
    fields = {"Multi-Arch": "same"}
    debs = [shelf.deb(f"lib 1 {arch}", reg("usr/share/x", arch.encode()), fields=fields) for arch in ("amd64", "i386")]
    with pytest.raises(FileConflictError, match="cannot unpack lib:i386: /usr/share/x is also in lib:amd64, and the"):
        unpack(Tree(), debs)


def test_a_file_never_replaces_a_directory_with_files() -> None:
    shelf = Shelf()
    debs = [shelf.deb("one", reg("x/y")), shelf.deb("two", reg("x"), fields={"Replaces": "one"})]
    with pytest.raises(FileConflictError, match="cannot unpack two: /x is also in one, and it is a directory there"):
        unpack(Tree(), debs)


def test_nothing_lies_below_a_file_that_is_kept() -> None:
    shelf = Shelf()
    debs = [shelf.deb("one", reg("x"), fields={"Replaces": "two"}), shelf.deb("two", reg("x/d/y"))]
    with pytest.raises(FileConflictError, match="cannot unpack two: /x is also in one, and it is no directory there"):
        unpack(Tree(), debs)


def test_a_hard_link_needs_its_file() -> None:
    shelf = Shelf()
    # The link's target was diverted away by a package that ships none of its own.
    deb = shelf.deb("sample", reg("usr/x", b"x"), hardlink("usr/y", "usr/x"))
    diverted = unpack(Tree(), [deb], diversions=[Diversion("other", "usr/x", "opt/x")])
    assert dump_tree(diverted)["usr/y"] == "file 0644 root:root sample 1 =opt/x"
    keeper = shelf.deb("keeper", directory("usr/x"), fields={"Replaces": "sample"})
    with pytest.raises(MalformedPackageError, match="/usr/y is a hard link to /usr/x, which is no file"):
        unpack(Tree(), [keeper, deb])


def test_diversions_know_both_names_of_a_place() -> None:
    shelf = Shelf()
    debs = [shelf.deb("old", reg("bin/x", b"old")), shelf.deb("new", reg("usr/bin/x", b"newer"))]
    dump = dump_tree(unpack(Tree(), debs, diversions=[Diversion("new", "usr/bin/x", "bin/x.old")]))
    assert dump["usr/bin/x"].endswith("new 5")
    assert dump["usr/bin/x.old"].endswith("old 3")


def test_nothing_may_take_the_place_of_a_diverted_file() -> None:
    deb = Shelf().deb("sample", reg("usr/x.old"))
    with pytest.raises(FileConflictError, match=r"cannot unpack sample: /usr/x.old .* new diverts /usr/x there"):
        unpack(Tree(), [deb], diversions=[Diversion("new", "usr/x", "usr/x.old")])
