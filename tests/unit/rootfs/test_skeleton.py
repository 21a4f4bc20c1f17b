from __future__ import annotations

from dataclasses import replace

import pytest

from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.rootfs.skeleton import SKELETON_PACKAGES, skeleton
from pkg2image.rootfs.tree import Tree
from pkg2image.rootfs.unpack import unpack
from tests.support.debs import directory, reg, symlink
from tests.support.trees import Shelf, base_debs, dump_tree

EPOCH = 1_700_000_000


def _skeleton(architecture: str = "amd64") -> tuple[Shelf, Tree]:
    shelf = Shelf()
    return shelf, skeleton(base_debs(shelf, architecture), read=shelf.read, epoch=EPOCH)


def _text(shelf: Shelf, tree: Tree, path: str) -> str:
    entry = tree.lookup(path)
    assert entry is not None
    assert entry.content is not None
    return shelf.read(entry.content).decode()


def test_the_whole_skeleton() -> None:
    made, base = "root:root [skeleton]", "root:root base-files"
    assert dump_tree(_skeleton()[1]) == {
        "bin": f"symlink 0777 {made} -> usr/bin",
        "dev": f"directory 0755 {base}",
        "etc": f"directory 0755 {base}",
        "etc/debian_version": f"file 0644 {base} 6",
        "etc/group": f"file 0644 {made} 69",
        "etc/gshadow": "file 0640 root:shadow [skeleton] 58",
        "etc/ld.so.conf": "file 0644 root:root libc-bin 33",
        "etc/nsswitch.conf": f"file 0644 {made} 14",
        "etc/opt": f"directory 0755 {made}",
        "etc/os-release": f"symlink 0777 {base} -> ../usr/lib/os-release",
        "etc/passwd": f"file 0644 {made} 76",
        "etc/shadow": "file 0640 root:shadow [skeleton] 28",
        "lib": f"symlink 0777 {made} -> usr/lib",
        "lib64": f"symlink 0777 {made} -> usr/lib64",
        "media": f"directory 0755 {made}",
        "mnt": f"directory 0755 {made}",
        "opt": f"directory 0755 {made}",
        "proc": f"directory 0755 {base}",
        "root": f"directory 0700 {base}",
        "run": f"directory 0755 {base}",
        "run/lock": f"directory 1777 {made}",
        "sbin": f"symlink 0777 {made} -> usr/sbin",
        "srv": f"directory 0755 {made}",
        "sys": f"directory 0755 {base}",
        "tmp": f"directory 1777 {base}",
        "usr": f"directory 0755 {base}",
        "usr/bin": f"directory 0755 {base}",
        "usr/lib": f"directory 0755 {base}",
        "usr/lib/locale": "directory 0755 root:root libc-bin",
        "usr/lib/locale/C.utf8": "directory 0755 root:root libc-bin",
        "usr/lib/locale/C.utf8/LC_CTYPE": "file 0644 root:root libc-bin 6",
        "usr/lib/os-release": f"file 0644 {base} 10",
        "usr/lib64": f"directory 0755 {made}",
        "usr/local": f"directory 0755 {made}",
        **{
            f"usr/local/{name}": f"directory 0755 {made}"
            for name in ("bin", "etc", "games", "include", "lib", "sbin", "share", "share/man", "src")
        },
        "usr/sbin": f"directory 0755 {base}",
        "usr/share": f"directory 0755 {base}",
        "usr/share/common-licenses": f"directory 0755 {base}",
        "usr/share/common-licenses/GPL-3": f"file 0644 {base} 26",
        "usr/share/doc": f"directory 0755 {base}",
        "usr/share/doc/base-files": f"directory 0755 {base}",
        "usr/share/doc/base-files/copyright": f"file 0644 {base} 13",
        "usr/share/doc/base-passwd": "directory 0755 root:root base-passwd",
        "usr/share/doc/base-passwd/copyright": "file 0644 root:root base-passwd 5",
        "usr/share/doc/libc-bin": "directory 0755 root:root libc-bin",
        "usr/share/doc/libc-bin/copyright": "file 0644 root:root libc-bin 4",
        "var": f"directory 0755 {base}",
        "var/local": "directory 2775 root:staff base-files",
        "var/lock": f"symlink 0777 {made} -> /run/lock",
        "var/log": f"directory 0755 {base}",
        "var/mail": "directory 2775 root:mail [skeleton]",
        "var/opt": f"directory 0755 {made}",
        "var/run": f"symlink 0777 {made} -> /run",
        "var/spool": f"directory 0755 {made}",
        "var/spool/mail": f"symlink 0777 {made} -> ../mail",
        "var/tmp": f"directory 1777 {base}",
    }


def test_accounts_come_from_the_masters_and_passwords_from_nowhere() -> None:
    shelf, tree = _skeleton()
    assert _text(shelf, tree, "etc/passwd").startswith("root:x:0:0:root:/root:/bin/bash\nmail:x:8:8:")
    assert _text(shelf, tree, "etc/group").startswith("root:x:0:\nmail:x:8:\n")
    assert _text(shelf, tree, "etc/shadow") == "root:*:::::::\nmail:*:::::::\n"
    assert _text(shelf, tree, "etc/gshadow").startswith("root:*::\nmail:*::\n")
    assert _text(shelf, tree, "etc/nsswitch.conf") == "passwd: files\n"


@pytest.mark.parametrize(
    ("architecture", "alias"),
    [("amd64", "lib64"), ("ppc64el", "lib64"), ("x32", "libx32"), ("arm64", ""), ("riscv64", ""), ("s390x", "")],
)
def test_the_loader_has_its_directory(architecture: str, alias: str) -> None:
    tree = _skeleton(architecture)[1]
    assert {name for name in tree.children("") if name.startswith("lib")} == {"lib", alias} - {""}


def test_trixie_ships_the_links_of_merged_usr_itself() -> None:
    shelf = Shelf()
    files, *others = base_debs(shelf)
    links = [symlink(name, f"usr/{name}") for name in ("bin", "lib", "lib64", "sbin")]
    directories = [directory(f"usr/{name}") for name in ("bin", "lib", "lib64", "sbin")]
    files = shelf.deb("base-files 13", *directories, directory("run"), reg("usr/lib/os-release"), *links)
    files = replace(files, package=replace(files.package, architecture="amd64"))
    dump = dump_tree(skeleton([files, *others], read=shelf.read, epoch=EPOCH))
    for name in ("bin", "lib", "lib64", "sbin"):
        assert dump[name] == f"symlink 0777 root:root base-files -> usr/{name}"
        assert dump[f"usr/{name}"] == "directory 0755 root:root base-files"


def test_the_whole_packages_fit_over_it() -> None:
    shelf, tree = _skeleton()
    before = dump_tree(tree)
    debs = base_debs(shelf)
    after = dump_tree(unpack(tree, debs))
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {
        "boot",
        "etc/issue",
        "usr/games",
        "usr/sbin/ldconfig",
        "usr/share/base-passwd",
        "usr/share/base-passwd/group.master",
        "usr/share/base-passwd/passwd.master",
        "usr/share/doc/base-files/README",
        "usr/share/libc-bin",
        "usr/share/libc-bin/nsswitch.conf",
    }


@pytest.mark.parametrize("missing", SKELETON_PACKAGES)
def test_every_package_is_needed(missing: str) -> None:
    shelf = Shelf()
    debs = [deb for deb in base_debs(shelf) if deb.package.name != missing]
    with pytest.raises(RequestError, match=f"cannot make the skeleton of the image: {missing} is not among"):
        skeleton(debs, read=shelf.read, epoch=EPOCH)


def test_a_base_package_without_its_master_is_refused() -> None:
    shelf = Shelf()
    files, _, libc = base_debs(shelf)
    passwd = shelf.deb("base-passwd 9", reg("usr/sbin/update-passwd"))
    with pytest.raises(MalformedPackageError, match=r"base-passwd 9 has no file /usr/share/base-passwd/passwd\.master"):
        skeleton([files, passwd, libc], read=shelf.read, epoch=EPOCH)
