"""``verify``: images are what their locks give, and whatever somebody changes in one is found and named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Workshop
from tests.support.images import unpack_layout
from tests.support.tampering import Change, content_change, flip, header_change, rewrite
from tests.support.world import User, publish

FORMATS = ("oci", "docker", "aci", "rootfs")
SEEDS = range(10)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    place = tmp_path_factory.mktemp("verify")
    user = User(place / "home", publish(place / "archive"))
    words = [word for name in FORMATS for word in ("--format", name)]
    done = user.run("build", "hello", "service", "oddly-named", "--sbom", "none", *words, "-o", "out")
    assert done.code == 0, done.err
    return user


@pytest.fixture(scope="module")
def images(user: User) -> Mapping[str, Path]:
    suffixes = {"oci": ".oci.tar", "docker": ".docker.tar", "aci": ".aci", "rootfs": ".rootfs.tar.gz"}
    return {name: user.work / "out" / f"hello{suffix}" for name, suffix in suffixes.items()}


@pytest.mark.parametrize("name", FORMATS)
def test_an_image_is_what_its_lock_gives(user: User, images: Mapping[str, Path], name: str) -> None:
    verdict = user.run("verify", str(images[name]), "--json").json
    assert (verdict["format"], verdict["equal"], verdict["differences"]) == (name, True, [])


def test_a_layout_is_verified_too(user: User, images: Mapping[str, Path], tmp_path: Path) -> None:
    layout = unpack_layout(images["oci"], tmp_path / "layout")
    done = user.run("verify", str(layout))
    assert (done.code, "equal to what its lock gives" in done.out) == (0, True)
    (blob,) = (path for path in layout.rglob("*") if path.is_file() and b'"history"' in path.read_bytes())
    blob.write_bytes(blob.read_bytes().replace(b"/usr/bin/hello", b"/usr/bin/hallo"))
    done = user.run("verify", str(layout))
    assert (done.code, 'config: config.Entrypoint[0]: "/usr/bin/hallo"' in done.err) == (12, True)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_bit_anywhere(user: User, images: Mapping[str, Path], tmp_path: Path, seed: int) -> None:
    """Half of them in what nobody can read without uncompressing it; the exit code is that of a difference, always."""
    name = FORMATS[seed % len(FORMATS)]
    image = tmp_path / "image"
    flip(images[name], image, seed=seed)
    done = user.run("verify", str(image))
    assert done.code == 12, (name, done.out, done.err)
    assert [line for line in done.err.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize("seed", SEEDS)
def test_one_fact_with_all_digests_right(user: User, images: Mapping[str, Path], tmp_path: Path, seed: int) -> None:
    image = tmp_path / "image"
    field, change = header_change(seed) if seed % 2 else ("", content_change(seed))
    rewrite(images["oci"], image, change)
    done = user.run("verify", str(image))
    assert done.code == 12, done.err
    if "the lock in it is not as it was written" in done.error:
        assert re.search(r"line \d+: it was edited here", done.err)
        return
    lines = [line.strip() for line in done.err.splitlines() if line.startswith("  layer")]
    words = {"mode": r"mode \d{4}", "uid": r"uid \d+", "gid": r"gid \d+", "mtime": r"time \d+", "": "sha256 "}[field]
    (line,) = lines
    assert re.match(rf"layer \d+ \(.+\): /.*: {words}.*, expected: {words}", line)


def _entrypoint(config: dict[str, Any], _layers: list[bytes]) -> None:
    config["config"]["Entrypoint"][0] += "x"


def _environment(config: dict[str, Any], _layers: list[bytes]) -> None:
    config["config"]["Env"].append("LD_PRELOAD=/x")


def _label(config: dict[str, Any], _layers: list[bytes]) -> None:
    del config["config"]["Labels"]["dev.pkg2image.suite"]


def _added(_config: dict[str, Any], layers: list[bytes]) -> None:
    # A second entry of a name, which wins.
    layers[0] = layers[0][:-1024] + layers[0][:512] + bytes(1024)


def _padding(_config: dict[str, Any], layers: list[bytes]) -> None:
    layers[0] = layers[0][:-1] + b"x"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_entrypoint, 'config: config.Entrypoint[0]: "/usr/bin/hellox", expected: "/usr/bin/hello"'),
        (_environment, "config: config.Env: "),
        (_label, "config: config.Labels.dev.pkg2image.suite: missing "),
        (_added, "layer 1 (shared 1/1): /"),
        (_padding, "of the tar differs, in what follows it"),
    ],
)
def test_what_is_changed_is_named(
    user: User, images: Mapping[str, Path], tmp_path: Path, change: Change, told: str
) -> None:
    image = tmp_path / "image"
    rewrite(images["oci"], image, change)
    verdict = user.run("verify", str(image), "--json")
    assert verdict.code == 12
    assert told in verdict.err
    differences = json.loads(verdict.out)["differences"]
    assert differences
    assert all(set(each) == {"where", "what", "expected", "found"} for each in differences)


def test_another_lock_in_place_of_the_one_inside(user: User, images: Mapping[str, Path]) -> None:
    assert user.run("lock", "hello", "service", "oddly-named", "-o", "same.lock").code == 0
    assert user.run("lock", "hello", "-o", "other.lock").code == 0
    assert user.run("verify", str(images["oci"]), "--lock", "same.lock").code == 0
    done = user.run("verify", str(images["oci"]), "--lock", "other.lock")
    assert done.code == 12
    assert "/usr/sbin/service: extra (a file of mode 0755)" in done.err


def test_how_it_was_compressed(user: User) -> None:
    for name, level in (
        ("docker", "gzip:9"),
        ("oci", "zstd:7"),
        ("aci", "xz:1"),
        ("rootfs", "none"),
        ("oci", "stored"),
    ):
        words = ("--format", name, "--compression", level, "-o", "packed", "--force", "--sbom", "none")
        assert user.run("build", "hello", *words).code == 0
        assert user.run("verify", "packed", *([] if name == "oci" else ["--compression", level])).code == 0
    docker = ("--format", "docker", "--compression", "gzip:9", "-o", "packed", "--force", "--sbom", "none")
    assert user.run("build", "hello", *docker).code == 0
    done = user.run("verify", "packed")
    assert done.code == 12
    assert "the files in it are the same" in done.err


def test_what_cannot_be_verified(user: User, tmp_path: Path, images: Mapping[str, Path]) -> None:
    (tmp_path / "text").write_text("hello\n")
    assert user.run("verify", str(tmp_path / "text")).code == 3
    assert user.run("verify", str(tmp_path / "missing")).code == 3
    (tmp_path / "directory").mkdir()
    assert user.run("verify", str(tmp_path / "directory")).code == 3
    poor = User(tmp_path / "poor")
    done = poor.run("verify", str(images["oci"]), "--offline")
    assert (done.code, "--offline is set" in done.error) == (5, True)


@pytest.mark.parametrize(
    ("package", "suite", "name"),
    [
        ("redis-server", "bookworm", "oci"),
        ("redis-server", "trixie", "oci"),
        ("nginx", "bookworm", "docker"),
        ("nginx", "bookworm", "aci"),
        ("curl", "bookworm", "oci"),
        ("postgresql", "bookworm", "oci"),
    ],
)
def test_applications_are_what_their_locks_give(workshop: Workshop, package: str, suite: str, name: str) -> None:
    verdict = json.loads(workshop.run("verify", str(workshop.image(package, suite, name)), "--json"))
    assert (verdict["equal"], verdict["differences"], verdict["notes"]) == (True, [], [])
