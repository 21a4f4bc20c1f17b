"""What the oracle cannot say: owners, attributes, our own rules and the words of errors. See also `tests.oracle`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pkg2image.errors import FileConflictError, MalformedPackageError
from pkg2image.rootfs.diversions import Diversion
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.statoverrides import STATOVERRIDES
from pkg2image.rootfs.tree import Entry, Kind, Tree
from pkg2image.rootfs.unpack import Unpacker, unpack
from tests.support.debs import FileSpec, directory, hardlink, reg, symlink
from tests.support.scripts import read_inline
from tests.support.trees import Shelf, dump_tree, with_diversions


def _unpacked(*entries: FileSpec, fields: Mapping[str, str] | None = None) -> dict[str, str]:
    return dump_tree(unpack(Tree(), [Shelf().deb("sample", *entries, fields=fields)]))


def tree_with(*, passwd: str = "", group: str = "", overrides: str = "") -> Tree:
    tree = Tree()
    for path, text in (("etc/passwd", passwd), ("etc/group", group), (STATOVERRIDES, overrides)):
        add_file(tree, path, text.encode(), origin="test", mtime=0)
    return tree


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
    tree = tree_with(passwd="root:x:0:0::/:\nwww-data:x:33:33::/:\n", group="root:x:0:\nwww-data:x:33:\n")
    placed = unpack(tree, [deb], read=read_inline)["x"]
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
    tree = with_diversions(Tree(), Diversion("other", "usr/x", "opt/x"))
    diverted = unpack(tree, [deb], read=shelf.read)
    assert dump_tree(diverted)["usr/y"] == "file 0644 root:root sample 1 =opt/x"
    keeper = shelf.deb("keeper", directory("usr/x"), fields={"Replaces": "sample"})
    with pytest.raises(MalformedPackageError, match="/usr/y is a hard link to /usr/x, which is no file"):
        unpack(Tree(), [keeper, deb])


def test_diversions_know_both_names_of_a_place() -> None:
    shelf = Shelf()
    debs = [shelf.deb("old", reg("bin/x", b"old")), shelf.deb("new", reg("usr/bin/x", b"newer"))]
    tree = with_diversions(Tree(), Diversion("new", "usr/bin/x", "bin/x.old"))
    dump = dump_tree(unpack(tree, debs, read=shelf.read))
    assert dump["usr/bin/x"].endswith("new 5")
    assert dump["usr/bin/x.old"].endswith("old 3")


def test_nothing_may_take_the_place_of_a_diverted_file() -> None:
    deb = Shelf().deb("sample", reg("usr/x.old"))
    tree = with_diversions(Tree(), Diversion("new", "usr/x", "usr/x.old"))
    with pytest.raises(FileConflictError, match=r"cannot unpack sample: /usr/x.old .* new diverts /usr/x there"):
        unpack(tree, [deb], read=read_inline)


def test_overrides_give_owners_and_modes_to_what_is_unpacked() -> None:
    shelf = Shelf()
    deb = shelf.deb(
        "sample",
        directory("usr/d", mode=0o700),
        reg("bin/x", mode=0o755),
        reg("usr/y", mode=0o644),
        symlink("usr/z", "y"),
        hardlink("usr/x2", "bin/x"),
    )
    overrides = "app #9 4711 /usr/bin/x\nroot app 2770 /usr/d\napp app 600 /usr/z\nroot root 755 /not/there\njunk\n"
    tree = tree_with(passwd="app:x:100:100::/:\n", group="app:x:100:\n", overrides=overrides)
    dump = dump_tree(unpack(tree, [deb], read=shelf.read))
    assert {
        path: dump[path].rpartition(" sample")[0] for path in ("usr/bin/x", "usr/d", "usr/x2", "usr/y", "usr/z")
    } == {
        "usr/bin/x": "file 4711 app:9",
        "usr/d": "directory 2770 root:app",
        "usr/x2": "file 4711 app:9",
        "usr/y": "file 0644 root:root",
        "usr/z": "symlink 0777 app:app",
    }


def test_an_override_does_not_change_a_directory_that_is_there() -> None:
    shelf = Shelf()
    debs = [shelf.deb("one", directory("usr/d", mode=0o700)), shelf.deb("two", directory("usr/d"))]
    tree = tree_with()
    unpacker = Unpacker(tree, debs, read=shelf.read)
    unpacker.unpack(debs[0])
    add_file(tree, STATOVERRIDES, b"root root 1777 /usr/d\n", origin="test", mtime=0)
    unpacker.unpack(debs[1])
    assert dump_tree(tree)["usr/d"] == "directory 0700 root:root one"


def test_what_scripts_do_between_two_packages_counts() -> None:
    shelf = Shelf()
    first, second = (reg(path, user="app", group="app", uid=7, gid=8) for path in ("usr/a", "usr/b"))
    debs = [shelf.deb("one", first), shelf.deb("two", second, reg("old/c"))]
    tree = tree_with()
    unpacker = Unpacker(tree, debs, read=shelf.read)
    unpacker.unpack(debs[0])
    add_file(tree, "etc/passwd", b"app:x:100:100::/:\n", origin="test", mtime=0)
    add_file(tree, "etc/group", b"app:x:100:\n", origin="test", mtime=0)
    tree.make_directories("new")
    tree.put("old", Entry(Kind.SYMLINK, 0o777, target="new"))
    unpacker.unpack(debs[1])
    assert [(tree[path].user, tree[path].group) for path in ("usr/a", "usr/b")] == [("7", "8"), ("app", "app")]
    assert "new/c" in tree


def test_a_directory_that_a_script_made_stays_as_it_is() -> None:
    tree = Tree()
    tree.put("made", Entry(Kind.DIRECTORY, 0o755, origin="sample preinst:3"))
    tree.put("implied", Entry(Kind.DIRECTORY, 0o755, origin="unpack"))
    deb = Shelf().deb("sample", directory("made", mode=0o700), directory("implied", mode=0o700))
    dump = dump_tree(unpack(tree, [deb]))
    assert dump["made"] == "directory 0755 root:root [sample preinst:3]"
    assert dump["implied"] == "directory 0700 root:root sample"


OLD, NEW = Diversion("new", "usr/x", "usr/x.old"), Diversion("", "usr/x", "usr/x.old")


@pytest.mark.parametrize("moved", [True, False], ids=["moved", "not moved"])
@pytest.mark.parametrize("diversion", [OLD, NEW], ids=["of a package", "local"])
def test_who_owned_a_place_owns_the_other_end_of_its_diversion(diversion: Diversion, *, moved: bool) -> None:
    shelf = Shelf()
    old, new = shelf.deb("old", reg("usr/x", b"old")), shelf.deb("new", reg("usr/x", b"newer"))
    heir = shelf.deb("heir", reg("usr/x", b"the heir's"), fields={"Replaces": "old"})
    rival = shelf.deb("rival", reg("usr/x", b"the rival's"))
    tree = tree_with()
    unpacker = Unpacker(tree, [old, new, heir, rival], read=shelf.read)
    unpacker.unpack(old)
    if moved:
        tree.put("usr/x.old", tree["usr/x"])
        tree.remove("usr/x")
    with_diversions(tree, diversion)
    if diversion.package:
        unpacker.unpack(new)
        assert dump_tree(tree)["usr/x"].endswith("new 5")
    unpacker.unpack(heir)
    assert dump_tree(tree)["usr/x.old"].endswith("heir 10")
    with pytest.raises(FileConflictError, match=r"cannot unpack rival: /usr/x.old is also in heir"):
        unpacker.unpack(rival)


def test_when_a_diversion_ends_the_place_has_its_owner_again() -> None:
    shelf = Shelf()
    old, rival = shelf.deb("old", reg("usr/x", b"old")), shelf.deb("rival", reg("usr/x", b"the rival's"))
    free = shelf.deb("free", reg("usr/x.old"))
    tree = with_diversions(tree_with(), OLD)
    unpacker = Unpacker(tree, [old, rival, free], read=shelf.read)
    unpacker.unpack(old)
    tree.put("usr/x", tree["usr/x.old"])
    tree.remove("usr/x.old")
    with_diversions(tree)
    unpacker.unpack(free)
    with pytest.raises(FileConflictError, match="cannot unpack rival: /usr/x is also in old"):
        unpacker.unpack(rival)
