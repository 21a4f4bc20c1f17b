"""Whether this machine can start the programs of an image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pkg2image.digest import sha256
from pkg2image.image.inside import Inside
from pkg2image.image.read import ImageContents
from pkg2image.selftest.machine import foreign_architecture

REGISTERED = "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: {}\noffset 0\n"


def image(config: dict[str, str], packages: Sequence[str] = ()) -> ImageContents:
    """Return an image that says its architecture, or has packages of these."""
    inside = Inside(packages=tuple({"name": "x", "architecture": name} for name in packages))
    return ImageContents("oci", Path("image.tar"), sha256(b""), 0, "", config, {}, (), (), inside)


@pytest.mark.parametrize(
    ("config", "packages", "machine", "foreign"),
    [
        ({"architecture": "amd64"}, [], "x86_64", ""),
        ({"architecture": "386"}, [], "x86_64", ""),
        ({"architecture": "arm64"}, [], "aarch64", ""),
        ({"architecture": "arm"}, [], "armv7l", ""),
        ({"architecture": "arm64"}, [], "x86_64", "arm64"),
        ({"architecture": "amd64"}, [], "aarch64", "amd64"),
        ({"architecture": "amd64"}, [], "i686", "amd64"),
        ({"architecture": "ppc64le"}, [], "x86_64", "ppc64le"),
        ({}, ["arm64", "all"], "x86_64", "arm64"),
        ({}, ["amd64", "i386"], "x86_64", ""),
        ({}, ["armhf", "arm64"], "x86_64", "arm64 and armhf"),
        ({}, ["all"], "x86_64", ""),
        ({}, [], "x86_64", ""),
        ({"architecture": "arm64"}, [], "an unknown one", ""),
    ],
)
def test_programs_of_other_machines_are_foreign(
    tmp_path: Path, config: dict[str, str], packages: list[str], machine: str, foreign: str
) -> None:
    assert foreign_architecture(image(config, packages), machine, tmp_path) == foreign


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        (REGISTERED.format("OCF"), ""),
        (REGISTERED.format("OC"), "arm64"),
        (REGISTERED.format("OCF").replace("enabled", "disabled"), "arm64"),
    ],
)
def test_an_emulator_of_the_kernel_makes_them_start(tmp_path: Path, text: str, foreign: str) -> None:
    (tmp_path / "qemu-aarch64").write_text(text)
    assert foreign_architecture(image({"architecture": "arm64"}), "x86_64", tmp_path) == foreign
