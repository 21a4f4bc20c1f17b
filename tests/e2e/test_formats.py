"""What we write for a real application, in the eyes of everybody who reads such files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pkg2image.image.read import read_image
from tests.e2e.conftest import Workshop
from tests.support.registry import registry
from tests.support.tools import needs

SUITES = ("bookworm", "trixie")
# Bytes of the gzip image of postgresql.
LARGEST = {"runtime": 110_000_000, "full": 145_000_000}
AARCH64 = 183


def tool(*command: str | Path) -> str:
    """Run a tool and return what it prints."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}"
    return done.stdout


def inspected(workshop: Workshop, image: Path) -> dict[str, Any]:
    """Return what inspect says."""
    found: dict[str, Any] = json.loads(workshop.run("inspect", str(image), "--json"))
    return found


def layout_of(image: Path, directory: Path) -> Path:
    """Unpack an OCI archive."""
    directory.mkdir()
    tool("tar", "-xf", image, "-C", directory)
    return directory


@pytest.mark.parametrize("suite", SUITES)
def test_oci_tools_accept_the_archive(workshop: Workshop, tmp_path: Path, suite: str) -> None:
    needs("oci-image-tool", "umoci", "skopeo", "docker-registry")
    image = workshop.image("postgresql", suite, "oci")
    layout = layout_of(image, tmp_path / "layout")
    assert "succeeded" in tool("oci-image-tool", "validate", "--type", "image", "--ref", "name=latest", layout)
    tool("umoci", "unpack", "--rootless", "--image", f"{layout}:latest", tmp_path / "bundle")
    digest = tool("skopeo", "inspect", "--format", "{{.Digest}}", f"oci-archive:{image}:latest").strip()
    with registry(tmp_path) as address:
        copy = ("skopeo", "copy", "-q", "--all", "--preserve-digests")
        there = f"docker://{address}/test/postgresql:latest"
        tool(*copy, "--dest-tls-verify=false", f"oci-archive:{image}:latest", there)
        tool(*copy, "--src-tls-verify=false", there, f"oci:{tmp_path / 'back'}:latest")
    back = tool("skopeo", "inspect", "--format", "{{.Digest}}", f"oci:{tmp_path / 'back'}:latest").strip()
    assert back == digest == inspected(workshop, image)["digest"]


@pytest.mark.parametrize("suite", SUITES)
def test_actool_accepts_the_aci(workshop: Workshop, suite: str) -> None:
    needs("actool")
    image = workshop.image("postgresql", suite, "aci")
    assert "valid app container image" in tool("actool", "--debug", "validate", image)
    manifest = json.loads(tool("actool", "cat-manifest", image))
    assert manifest["app"]["eventHandlers"] == [
        {"name": "pre-start", "exec": ["/usr/local/bin/docker-entrypoint.sh", "init"]}
    ]
    assert (manifest["app"]["user"], manifest["app"]["group"]) == ("postgres", "postgres")


@pytest.mark.parametrize("file_format", ["oci", "docker", "aci"])
@pytest.mark.parametrize("suite", SUITES)
def test_our_own_lint_finds_nothing(workshop: Workshop, suite: str, file_format: str) -> None:
    assert inspected(workshop, workshop.image("postgresql", suite, file_format))["findings"] == []


@pytest.mark.parametrize("suite", SUITES)
def test_an_image_holds_what_its_plan_lists(workshop: Workshop, suite: str) -> None:
    plan = json.loads(workshop.run("plan", "postgresql", "--suite", suite, "--json"))
    planned = {(package["name"], package["version"]): package for package in plan["packages"]}
    found = inspected(workshop, workshop.image("postgresql", suite, "oci"))["packages"]
    assert {(package["name"], package["version"]): package for package in found} == planned
    assert plan["suite"] == suite


@pytest.mark.parametrize("closure", ["runtime", "full"])
@pytest.mark.parametrize("suite", SUITES)
def test_an_image_is_small(workshop: Workshop, tmp_path: Path, suite: str, closure: str) -> None:
    image = workshop.image("postgresql", suite, "oci")
    if closure == "full":
        image = tmp_path / "full.oci.tar"
        workshop.run("build", "postgresql", "--suite", suite, "--closure", "full", "-o", str(image))
    assert image.stat().st_size < LARGEST[closure]


def elf_machines(root: Path) -> Iterator[tuple[str, int]]:
    """Yield the machine of every ELF file below a directory."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                head = file.read(20)
            if head.startswith(b"\x7fELF"):
                yield str(path.relative_to(root)), int.from_bytes(head[18:20], "little")


@pytest.mark.parametrize("suite", SUITES)
def test_another_architecture_is_built_here(workshop: Workshop, tmp_path: Path, suite: str) -> None:
    image, root = tmp_path / "arm64.oci.tar", tmp_path / "root"
    options = ("postgresql", "--suite", suite, "--arch", "arm64")
    workshop.run("build", *options, "-o", str(image))
    workshop.run("build", *options, "--format", "dir", "-o", str(root))
    machines = dict(elf_machines(root))
    assert len(machines) > 100
    assert set(machines.values()) == {AARCH64}
    there, here = read_image(image), read_image(workshop.image("postgresql", suite, "oci"))
    assert (there.config["architecture"], there.config["variant"]) == ("arm64", "v8")
    same = ("Entrypoint", "Cmd", "Env", "User", "Volumes", "ExposedPorts", "StopSignal")
    assert [there.config["config"].get(key) for key in same] == [here.config["config"].get(key) for key in same]
    assert {package["name"] for package in there.packages} == {package["name"] for package in here.packages}
    ours, theirs = ({file.path.partition("/")[0] for file in each.files} for each in (here, there))
    assert ours - {"lib64"} == theirs - {"lib64"}
