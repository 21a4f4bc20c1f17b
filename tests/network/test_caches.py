"""Caches of real images are those that the real tools make: the loader's by ldconfig, trust by its own script.

The tools are those of the suite itself: its libc-bin has an ldconfig without any dependency, and its ca-certificates a
shell script that takes every path as an option.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkg2image.image.content import ContentReader
from pkg2image.making.configure import Configured, configure
from pkg2image.pipeline import fetched
from pkg2image.request import make_request
from pkg2image.rootfs.certificates import BUNDLE, install_certificates
from pkg2image.rootfs.ldconfig import CACHE, ORIGIN
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.tree import Kind, ReadContent, Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.world import World
from tests.support.roots import list_root, write_root
from tests.support.tools import needs

pytestmark = pytest.mark.network

BOOKWORM = ["curl", "nginx", "redis-server", "git", "python3", "haproxy", "lib32z1"]
TRIXIE = ["curl", "nginx", "redis-server", "memcached", "bind9", "php-cli", "openssh-server"]
LIMIT = 120
CERTIFICATES = ("usr/share/ca-certificates/", "usr/local/share/ca-certificates/")
LINKS = "etc/ssl/certs"


@contextmanager
def image(package: str, suite: str, world: World) -> Iterator[tuple[Configured, ReadContent, Tree]]:
    """Make the finished tree of an image as a build does it; the last tree is of all packages as they are shipped."""
    request = make_request({"packages": (package,), "suite": suite}, None)
    planned, debs = fetched(request, "amd64", world)
    recipe = planned.recipe.load() if planned.recipe else None
    with ContentReader(world.store) as reader:
        epoch = planned.plan.epoch
        made = configure(planned.plan, debs, recipe, request=request, read=reader.read, epoch=epoch)
        yield made, reader.read, unpack(Tree(), debs)


def content_of(tree: Tree, path: str, read: ReadContent) -> bytes:
    entry = tree.lookup(path)
    assert entry is not None
    assert entry.content is not None
    return read(entry.content)


def program(shipped: Tree, paths: tuple[str, ...], read: ReadContent, directory: Path) -> Path:
    """Write a program of the suite to where it can be run; it is at the first of the paths that exists."""
    path = next(path for path in paths if path in shipped)
    place = directory / path.rpartition("/")[2]
    place.write_bytes(content_of(shipped, path, read))
    place.chmod(0o755)
    return place


@pytest.mark.parametrize(
    ("suite", "package"), [*(("bookworm", name) for name in BOOKWORM), *(("trixie", name) for name in TRIXIE)]
)
def test_the_loader_has_the_cache_of_ldconfig(suite: str, package: str, world: World, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("ldconfig changes its root, which root alone can do")
    with image(package, suite, world) as (made, read, shipped):
        ldconfig = program(shipped, ("usr/sbin/ldconfig", "sbin/ldconfig"), read, tmp_path)
        bare = made.tree.copy()
        for path in [path for path, entry in bare.walk() if entry.origin == ORIGIN]:
            bare.remove(path)
        assert CACHE not in bare
        ours, theirs = (
            write_root(tree, tmp_path / name, read=read, identities=made.identities)
            for name, tree in (("ours", made.tree), ("theirs", bare))
        )
    subprocess.run([ldconfig, "-r", theirs], check=True, timeout=LIMIT, capture_output=True)
    shutil.rmtree(theirs / "var/cache/ldconfig")

    entries = [listed(ldconfig, root / CACHE) for root in (ours, theirs)]
    assert entries[0] == entries[1]
    assert len(entries[0]) > 2
    assert list_root(ours) == list_root(theirs)


def listed(ldconfig: Path, cache: Path) -> list[str]:
    """Return what ldconfig sees in a cache."""
    printed = subprocess.run([ldconfig, "-p", "-C", cache], check=True, timeout=LIMIT, capture_output=True, text=True)
    return printed.stdout.splitlines()[1:]


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_trust_is_that_of_update_ca_certificates(suite: str, world: World, tmp_path: Path) -> None:
    needs("openssl")
    with image("ca-certificates", suite, world) as (made, read, shipped):
        script = program(shipped, ("usr/sbin/update-ca-certificates",), read, tmp_path)
        theirs = update_ca_certificates(script, made.tree, read, tmp_path / "root")
        assert len(theirs) > 200
        assert trust(made.tree, read) == theirs
        changed = with_administrator(made.tree, read)
        theirs = update_ca_certificates(script, changed, read, tmp_path / "changed")
        assert trust(install_certificates(changed, read=read, mtime=0), read) == theirs


def with_administrator(tree: Tree, read: ReadContent) -> Tree:
    """Return a tree where certificates were added and taken away, and nothing was made of it yet."""
    result = tree.copy()
    for path in [path for path, entry in tree.walk() if entry.origin == "ca-certificates"]:
        result.remove(path)
    names = [path for path, _ in tree.walk() if path.startswith(CERTIFICATES[0]) and path.endswith(".crt")]
    bad, moved, *others = names
    configuration = content_of(tree, "etc/ca-certificates.conf", read)
    for path, mark in ((bad, b"!"), (moved, b"#")):
        name = path.removeprefix(CERTIFICATES[0]).encode()
        configuration = configuration.replace(name, mark + name)
    add_file(result, "etc/ca-certificates.conf", configuration, origin="test", mtime=0)
    own = CERTIFICATES[1]
    added = {
        f"{own}moved (1), again.crt": content_of(tree, moved, read),
        f"{own}without an end.crt": content_of(tree, bad, read).rstrip(b"\n"),
        f"{own}below/several.crt": b"".join(content_of(tree, path, read) for path in names[:3]),
        f"{own}not looked at.pem": content_of(tree, others[0], read),
    }
    for path, data in added.items():
        add_file(result, path, data, origin="test", mtime=0)
    return result


def trust(tree: Tree, read: ReadContent) -> Mapping[str, str | bytes]:
    """Return name -> target of the links, and the bundle."""
    entries = {name: tree[f"{LINKS}/{name}"] for name in tree.children(LINKS)}
    return {
        name: entry.target if entry.kind is Kind.SYMLINK else content_of(tree, f"{LINKS}/{name}", read)
        for name, entry in entries.items()
    }


def update_ca_certificates(script: Path, tree: Tree, read: ReadContent, root: Path) -> Mapping[str, str | bytes]:
    """Let the real script make what `trust` returns."""
    files = [path for path, entry in tree.walk() if path.startswith(CERTIFICATES) and entry.kind is Kind.FILE]
    for path in (*files, "etc/ca-certificates.conf"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content_of(tree, path, read))
    links = root / LINKS
    links.mkdir(parents=True)
    options = {
        "--certsconf": root / "etc/ca-certificates.conf",
        "--certsdir": root / "usr/share/ca-certificates",
        "--localcertsdir": root / "usr/local/share/ca-certificates",
        "--etccertsdir": links,
        "--hooksdir": root / "none",
    }
    words = [str(word) for option in options.items() for word in option]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    subprocess.run(["sh", "-e", script, *words], check=True, timeout=LIMIT, capture_output=True, env=environment)
    return {
        path.name: str(path.readlink()).removeprefix(str(root)) if path.is_symlink() else path.read_bytes()
        for path in links.iterdir()
    }


def test_the_bundle_is_among_what_is_compared(world: World) -> None:
    with image("ca-certificates", "trixie", world) as (made, read, _):
        assert BUNDLE.rpartition("/")[2] in trust(made.tree, read)
