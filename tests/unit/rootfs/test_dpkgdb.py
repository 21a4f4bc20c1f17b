"""What is in the lists. That their form is dpkg's, the oracle says: `tests.oracle.test_unpack_oracle`."""

from __future__ import annotations

from collections.abc import Sequence

from pkg2image.deb.facts import FetchedDeb
from pkg2image.rootfs.diversions import Diversion
from pkg2image.rootfs.dpkgdb import write_database
from pkg2image.rootfs.minimize import minimize
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import directory, reg, symlink
from tests.support.trees import Shelf, base_debs, dump_tree, with_diversions


def _database(
    shelf: Shelf,
    tree: Tree,
    debs: Sequence[FetchedDeb],
    *,
    closure: str = "runtime",
    diversions: Sequence[Diversion] = (),
) -> dict[str, str]:
    """Return the files below var/lib/dpkg."""
    result = write_database(tree, debs, architecture="amd64", closure=closure, mtime=9, diversions=diversions)
    return {
        path.removeprefix("var/lib/dpkg/"): shelf.read(entry.content).decode()
        for path, entry in result.walk()
        if path.startswith("var/lib/dpkg/") and entry.content
    }


def test_files_modes_and_owners() -> None:
    shelf = Shelf()
    deb = shelf.deb("sample 1 i386", reg("x"), control_files={"postinst": b"#!/bin/sh\n", "shlibs": b"s\n"})
    tree = write_database(unpack(Tree(), [deb]), [deb], architecture="amd64", closure="full", mtime=9)
    dump = {path.removeprefix("var/lib/dpkg"): line for path, line in dump_tree(tree).items() if path != "x"}
    made = "root:root [dpkg database]"
    assert dump == {
        "var": f"directory 0755 {made}",
        "var/lib": f"directory 0755 {made}",
        "": f"directory 0755 {made}",
        **{f"/{name}": f"directory 0755 {made}" for name in ("alternatives", "info", "parts", "triggers", "updates")},
        "/arch": f"file 0644 {made} 11",
        "/available": f"file 0644 {made} 0",
        "/info/format": f"file 0644 {made} 2",
        "/info/sample.list": f"file 0644 {made} 6",
        "/info/sample.md5sums": f"file 0644 {made} 36",
        "/info/sample.postinst": f"file 0755 {made} 10",
        "/info/sample.shlibs": f"file 0644 {made} 2",
        "/status": f"file 0644 {made} 162",
    }
    assert tree["var/lib/dpkg/status"].mtime == 9


def test_status_has_what_is_installed() -> None:
    shelf = Shelf()
    later = shelf.deb("zlib 2 amd64", fields={"Multi-Arch": "no", "Essential": "no", "Origin": "x"})
    earlier = shelf.deb("awk 1", reg("etc/awk"), control_files={"conffiles": b"/etc/awk\n/etc/gone\n"})
    assert _database(shelf, unpack(Tree(), [later, earlier]), [later, earlier])["status"] == (
        "Package: awk\n"
        "Status: install ok installed\n"
        "Installed-Size: 1\n"
        "Maintainer: Nobody <nobody@example.org>\n"
        "Architecture: all\n"
        "Version: 1\n"
        "Conffiles:\n"
        " /etc/awk d41d8cd98f00b204e9800998ecf8427e\n"
        "Description: made by a test\n"
        "\n"
        "Package: zlib\n"
        "Status: install ok installed\n"
        "Installed-Size: 1\n"
        "Origin: x\n"
        "Maintainer: Nobody <nobody@example.org>\n"
        "Architecture: amd64\n"
        "Version: 2\n"
        "Description: made by a test\n"
        "\n"
    )


def test_architectures_and_their_lists() -> None:
    shelf = Shelf()
    fields = {"Multi-Arch": "same"}
    debs = [shelf.deb(f"libx 1 {arch}", reg("usr/share/x"), fields=fields) for arch in ("i386", "amd64")]
    files = _database(shelf, unpack(Tree(), debs), debs)
    assert files["arch"] == "amd64\ni386\n"
    for architecture in ("amd64", "i386"):
        assert files[f"info/libx:{architecture}.list"] == "/.\n/usr\n/usr/share\n/usr/share/x\n"
    assert files["status"].index("Architecture: amd64") < files["status"].index("Architecture: i386")


def test_lists_name_what_is_there() -> None:
    shelf = Shelf()
    sums = b"0" * 32 + b"  usr/share/doc/x/NEWS\n" + b"1" * 32 + b"  bin/tool\n"
    deb = shelf.deb(
        "sample",
        reg("bin/tool"),
        reg("etc/sample.conf"),
        reg("etc/gone.conf"),
        reg("usr/share/doc/x/NEWS"),
        symlink("usr/share/link", "doc"),
        control_files={"md5sums": sums, "conffiles": b"/etc/sample.conf\n/etc/gone.conf\n"},
    )
    tree, _ = minimize(unpack(Tree(), [deb]), level="runtime")
    tree.remove("etc/gone.conf")
    add_file(tree, "etc/sample.conf", b"changed", origin="recipe", mtime=0)
    files = _database(shelf, tree, [deb])
    assert files["info/sample.list"].split("\n") == [
        "/.",
        "/bin",
        "/bin/tool",
        "/etc",
        "/etc/sample.conf",  # a changed conffile is still the package's
        "/usr",
        "/usr/share",
        "/usr/share/doc",
        "/usr/share/link",
        "",
    ]
    assert files["info/sample.md5sums"] == "1" * 32 + "  bin/tool\n"
    assert files["info/sample.conffiles"] == "/etc/sample.conf\n"
    assert " /etc/sample.conf d41d8cd98f00b204e9800998ecf8427e\n" in files["status"]  # as shipped
    assert "gone" not in files["status"]


def test_packages_of_the_skeleton_are_listed_with_what_was_taken() -> None:
    shelf = Shelf()
    debs = base_debs(shelf)
    files = _database(shelf, skeleton(debs, read=shelf.read, epoch=0), debs)
    assert files["info/base-passwd.list"].split() == [
        "/.",
        "/usr",
        "/usr/share",
        "/usr/share/doc",
        "/usr/share/doc/base-passwd",
        "/usr/share/doc/base-passwd/copyright",
    ]
    assert "/etc/debian_version\n" in files["info/base-files.list"]
    assert "/etc/issue" not in files["info/base-files.list"] + files["status"]
    assert files["status"].count("Status: install ok installed\n") == 3


def test_replaced_and_diverted_files() -> None:
    shelf = Shelf()
    diversions = [Diversion("taker", "usr/bin/x", "bin/x.real"), Diversion("", "usr/local", "usr/elsewhere")]
    debs = [
        shelf.deb("loser", reg("usr/both", b"l"), reg("bin/x", b"l"), directory("usr/d")),
        shelf.deb("taker", reg("usr/both", b"t"), reg("usr/bin/x", b"t"), fields={"Replaces": "loser"}),
    ]
    tree = unpack(with_diversions(Tree(), *diversions), debs, read=shelf.read)
    files = _database(shelf, tree, debs, diversions=diversions)
    assert files["info/loser.list"] == "/.\n/usr\n/bin\n/bin/x\n/usr/d\n"
    assert files["info/taker.list"] == "/.\n/usr\n/usr/both\n/usr/bin\n/usr/bin/x\n"
    assert files["diversions"] == "/usr/bin/x\n/bin/x.real\ntaker\n/usr/local\n/usr/elsewhere\n:\n"


def test_closure_runtime_keeps_no_scripts() -> None:
    shelf = Shelf()
    scripts = {"postinst": b"#!/bin/sh\n", "templates": b"x\n", "triggers": b"activate x\n"}
    debs = [shelf.deb("sample", reg("x"), control_files=scripts)]
    tree = unpack(Tree(), debs)
    runtime = _database(shelf, tree, debs, closure="runtime")
    full = _database(shelf, tree, debs, closure="full")
    assert {name for name in full if name not in runtime} == {f"info/sample.{name}" for name in scripts}


def test_closure_full_knows_who_wants_to_hear_of_what() -> None:
    shelf = Shelf()
    interests = b"# comment\ninterest-noawait /usr/share/x # why\ninterest ldconfig\nactivate-noawait other\n"
    odd = b"interest ../status\ninterest File\ninterest\ninterest .\n"
    debs = [
        shelf.deb("one 1 amd64", fields={"Multi-Arch": "same"}, control_files={"triggers": interests}),
        shelf.deb("two", control_files={"triggers": b"interest-await  ldconfig\ninterest /usr/lib\n\n"}),
        shelf.deb("wrong", control_files={"triggers": odd}),
    ]
    tree = unpack(Tree(), debs)
    found = {name: text for name, text in _database(shelf, tree, debs, closure="full").items() if "triggers/" in name}
    assert found == {
        "triggers/File": "/usr/share/x one:amd64/noawait\n/usr/lib two\n",
        "triggers/ldconfig": "one:amd64\ntwo\n",
    }
    assert not any(name.startswith("triggers/") for name in _database(shelf, tree, debs))
