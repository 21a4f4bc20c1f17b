"""Our ld.so.cache is, byte for byte, what the real ldconfig makes of the same tree, and so are the links.

That of real images is compared in `tests.network.test_caches`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pkg2image.rootfs.ldconfig import CACHE, install_cache
from pkg2image.rootfs.tree import Content, Identities, ReadContent, Tree
from tests.support.libraries import BANNER, library_tree, read_inline
from tests.support.roots import list_root, list_tree, write_root
from tests.support.tools import needs

LIMIT = 60
ROOT = Identities({"root": 0}, {"root": 0})


@pytest.fixture(autouse=True)
def _oracle() -> None:
    needs("ldconfig")
    if os.geteuid() != 0:
        pytest.skip("ldconfig changes its root, which root alone can do")


def _ldconfig(root: Path) -> None:
    program = shutil.which("ldconfig", path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    assert program is not None
    subprocess.run([program, "-r", root], check=True, timeout=LIMIT, capture_output=True)
    shutil.rmtree(root / "var/cache/ldconfig", ignore_errors=True)


def _entries(cache: Path) -> list[str]:
    done = subprocess.run(["ldconfig", "-p", "-C", cache], check=True, timeout=LIMIT, capture_output=True, text=True)
    return done.stdout.splitlines()[1:]


def _compare(tree: Tree, ours: Tree, known: Identities, read: ReadContent, directory: Path) -> None:
    theirs = write_root(tree, directory / "theirs", read=read, identities=known)
    (theirs / "var/cache").mkdir(parents=True, exist_ok=True)
    _ldconfig(theirs)
    mine = write_root(ours, directory / "ours", read=read, identities=known)
    assert _entries(mine / CACHE) == _entries(theirs / CACHE)
    expected = list_root(theirs)
    assert {path: line for path, line in list_root(mine).items() if expected.get(path) != line} == {}
    assert list_tree(ours, read=read, identities=known).keys() >= expected.keys() - {"var", "var/cache"}


def test_every_form_of_library(tmp_path: Path) -> None:
    version = subprocess.run(["ldconfig", "--version"], check=True, timeout=LIMIT, capture_output=True, text=True)
    host = re.match(r"ldconfig (\(.*\)) (.*)", version.stdout)
    assert host is not None
    banner = f"GNU C Library {host[1]} stable release version {host[2]}.\n".encode()
    tree, elves = library_tree()

    def read(content: Content) -> bytes:
        return read_inline(content).replace(BANNER, banner)

    ours = install_cache(tree, elves=elves, read=read, architecture="amd64", mtime=0)
    _compare(tree, ours, ROOT, read, tmp_path)
