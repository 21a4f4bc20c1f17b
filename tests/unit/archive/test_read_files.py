"""Which files of repositories a universe was read from, whatever was in the store already."""

from __future__ import annotations

import gzip
import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.digest import sha256
from pkg2image.plan import ReadFile
from tests.support.repository import URI, Suite
from tests.unit.archive.test_repository import HELLO, SOURCE, SUITE, World

RELEASE = f"{URI}dists/bookworm/"
PACKAGES = "main/binary-amd64/Packages"


def test_release_and_indexes(tmp_path: Path) -> None:
    world = World(tmp_path)
    plain = lzma.decompress(world.files[f"dists/bookworm/{PACKAGES}.xz"])
    read = (
        ReadFile(f"{RELEASE}InRelease", sha256(world.files["dists/bookworm/InRelease"])),
        ReadFile(f"{RELEASE}{PACKAGES}", sha256(plain)),
    )
    assert world.load().read == read
    assert world.load().read == read  # nothing but the database of the index is read now
    assert world.load(offline=True).read == read


@pytest.mark.parametrize("compressions", [("xz",), ("gz",), ("zst", ""), ("",)])
def test_an_index_is_the_same_in_every_form(tmp_path: Path, compressions: tuple[str, ...]) -> None:
    world = World(tmp_path, [replace(SUITE, compressions=compressions)])
    assert world.load().read[1] == World(tmp_path / "other").load().read[1]


def test_an_index_that_is_listed_in_one_form_only(tmp_path: Path) -> None:
    world = World(tmp_path, [replace(SUITE, plain_listed=False)])
    read = world.load().read[1]
    assert read == ReadFile(f"{RELEASE}{PACKAGES}.xz", sha256(world.files[f"dists/bookworm/{PACKAGES}.xz"]))


def test_release_with_a_signature_beside_it(tmp_path: Path) -> None:
    world = World(tmp_path, [replace(SUITE, inline=False, detached=True)])
    assert world.load().read[:2] == tuple(
        ReadFile(RELEASE + name, sha256(world.files[f"dists/bookworm/{name}"])) for name in ("Release", "Release.gpg")
    )


def test_a_directory_of_packages_has_only_its_index(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.transport.sites[URI] = {"Packages": HELLO.stanza().encode(), HELLO.filename: HELLO.contents}
    universe = world.load(replace(SOURCE, suite="./", components=(), trusted=True, signed_by=()))
    assert universe.read == (ReadFile(f"{URI}Packages", sha256(HELLO.stanza().encode())),)


def test_lists_of_files_count_when_somebody_has_asked_them(tmp_path: Path) -> None:
    contents = b"usr/bin/hello  misc/hello\n"
    suite = Suite("bookworm", packages={"main": [HELLO]}, more={"main/Contents-amd64.gz": gzip.compress(contents)})
    universe = World(tmp_path, [suite]).load()
    assert universe.files.read == ()
    assert universe.files.packages("usr/bin/hello") == ("hello",)
    assert universe.files.read == (
        ReadFile(f"{RELEASE}main/Contents-amd64.gz", sha256(suite.more["main/Contents-amd64.gz"])),
    )


def test_no_password_is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    private = URI.replace("://", "://user:secret@")
    world.transport.sites[private] = world.files
    universe = world.load(replace(SOURCE, uri=private))
    assert universe.read == world.load().read
