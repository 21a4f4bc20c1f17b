"""What an image or a lock holds: what dpkg knows in images of others, all of it where there is a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.errors import MalformedPackageError, RequestError
from pkg2image.freshness.held import HeldPackage, held_in_lock, read_held
from pkg2image.lock.model import LOCK_PATH
from pkg2image.lock.writing import write_lock
from tests.support.locks import LOCK

BASE = "Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
TOOL = "Package: tool\nStatus: hold ok installed\nSource: tools (2.0)\nVersion: 2.0+b1\nArchitecture: arm64\n"
REMOVED = "Package: removed\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: amd64\n"


def root_with(place: Path, **files: str) -> Path:
    """Make a root filesystem; two underscores in names stand for a slash, one for a hyphen."""
    for name, text in files.items():
        path = place / "image" / name.replace("__", "/").replace("_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place / "image"


def test_image_with_a_database_of_dpkg(tmp_path: Path) -> None:
    image = root_with(
        tmp_path,
        var__lib__dpkg__status=f"{TOOL}\n{REMOVED}\n{BASE}",
        etc__os_release='NAME="Debian"\nID=debian\nVERSION_CODENAME=bookworm\n',
    )
    held = read_held(image)
    assert held.packages == (
        HeldPackage("base", "1", "all", "base", "1"),
        HeldPackage("tool", "2.0+b1", "arm64", "tools", "2.0"),
    )
    assert (held.suite, held.distribution, held.architecture, held.sources) == ("bookworm", "debian", "arm64", ())


def test_image_with_a_file_for_each_package(tmp_path: Path) -> None:
    image = root_with(tmp_path, usr__lib__os_release="ID=ubuntu\nVERSION_CODENAME='jammy'\n")
    parts = image / "var/lib/dpkg/status.d"
    parts.mkdir(parents=True)
    (parts / "base").write_text("Package: base\nVersion: 1\nArchitecture: all\n")
    (parts / "base.md5sums").write_text("0123  usr/share/base\n")
    held = read_held(image)
    assert [each.name for each in held.packages] == ["base"]
    assert (held.suite, held.distribution, held.architecture) == ("jammy", "ubuntu", "all")


def test_lock_alone_and_in_an_image(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(write_lock(LOCK))
    held = read_held(tmp_path / "lock")
    assert held == held_in_lock(LOCK)
    assert held.sources == LOCK.sources
    image = root_with(tmp_path, var__lib__dpkg__status=BASE)
    path = image / LOCK_PATH
    path.parent.mkdir(parents=True)
    path.write_bytes(write_lock(LOCK))
    assert read_held(image) == held
    path.write_bytes(path.read_bytes().replace(b"Version", b"version", 1))
    with pytest.raises(RequestError, match=f"cannot use the lock in {image}: line "):
        read_held(image)


@pytest.mark.parametrize("text", ["", "Package: base\n", "no stanza", "Package: -\nVersion: 1\nArchitecture: all\n"])
def test_database_that_is_none(tmp_path: Path, text: str) -> None:
    image = root_with(tmp_path, var__lib__dpkg__status=text.replace("\n", "\nStatus: install ok installed\n", 1))
    with pytest.raises((MalformedPackageError, RequestError), match=r"cannot (tell what is in|use|read) /"):
        read_held(image)
