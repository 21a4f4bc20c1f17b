"""What we write, judged by the programs of others that read images.

Each of them reads other parts with other care: skopeo checks blobs, umoci diff_ids, oci-image-tool documents, podman
and docker names, actool identifiers. The image holds what layers stumble over: hard links, long and non-ASCII names,
capabilities, merged /usr, a layer of several gzip members.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pkg2image.digest import Digest
from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.model import Image, Output
from pkg2image.image.outputs import write_aci, write_docker_archive, write_oci_archive
from pkg2image.rootfs.tree import Tree
from tests.support.containers import ask, tell, until
from tests.support.images import (
    CAPABILITY,
    EPOCH,
    IDENTITIES,
    Workshop,
    compression_named,
    sample_entries,
    unpack_layout,
)
from tests.support.tools import needs

CONFIG = ImageConfig(
    entrypoint=("/usr/bin/hello",),
    environment=(("PATH", "/usr/bin"),),
    user="web",
    workdir="/opt/work",
    ports=(Port(80, name="http"),),
    volumes=("/srv/data",),
    first_start=("/usr/bin/hello",),
    labels=(("Own", "label"),),
)

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="unpacking with owners needs root")


@dataclass(frozen=True)
class Sample:
    """An image in every format."""

    workshop: Workshop
    image: Image
    tree: Tree
    outputs: dict[str, Output]

    def path(self, name: str) -> Path:
        return self.outputs[name].path

    def layout(self, name: str, target: Path) -> str:
        """Unpack an archive and return the layout with its tag."""
        return f"{unpack_layout(self.path(name), target)}:1.0"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    root = tmp_path_factory.mktemp("images")
    workshop = Workshop(root)
    tree = workshop.tree(sample_entries(9 << 20))
    outputs: dict[str, Output] = {}
    image = workshop.image(tree, CONFIG)
    for compression in ("none", "zstd", "gzip"):
        image = workshop.image(tree, CONFIG, compression)
        for name, write in (("oci", write_oci_archive), ("docker", write_docker_archive)):
            outputs[f"{name}-{compression}"] = write(image, workshop.store, root / f"{name}-{compression}.tar")
    for compression in ("none", "gzip", "xz"):
        outputs[f"aci-{compression}"] = write_aci(
            image,
            tree,
            identities=IDENTITIES,
            store=workshop.store,
            path=root / f"{compression}.aci",
            compression=compression_named(compression),
        )
    return Sample(workshop, image, tree, outputs)


@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
def test_skopeo_reads_both_archives(sample: Sample, compression: str, tmp_path: Path) -> None:
    needs("skopeo")
    output = sample.outputs[f"oci-{compression}"]
    inspected = json.loads(tell("skopeo", "inspect", f"oci-archive:{output.path}:1.0"))
    assert inspected["Digest"] == str(output.digest)
    assert inspected["Created"] == "2023-11-14T22:13:20Z"
    assert inspected["Labels"]["Own"] == "label"
    docker = json.loads(tell("skopeo", "inspect", f"docker-archive:{sample.path(f'docker-{compression}')}"))
    assert len(docker["Layers"]) == len(sample.image.layers)
    tell("skopeo", "copy", "-q", f"oci-archive:{output.path}:1.0", f"dir:{tmp_path / 'copy'}")


def test_skopeo_notices_a_damaged_layer(sample: Sample, tmp_path: Path) -> None:
    needs("skopeo")
    layout = sample.layout("oci-gzip", tmp_path / "layout")
    blob = tmp_path / "layout" / "blobs" / "sha256" / sample.image.layers[0].digest.hex
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.write_bytes(data)
    assert ask("skopeo", "copy", "-q", f"oci:{layout}", f"dir:{tmp_path / 'copy'}").code != 0


@contextmanager
def registry(root: Path) -> Iterator[str]:
    """Serve a registry on the loopback interface and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = {"version": "0.1", "storage": {"filesystem": {"rootdirectory": str(root)}}, "http": {"addr": address}}
    (root / "settings.yml").write_text(json.dumps(settings))
    log = (root / "log").open("wb")
    server = subprocess.Popen(
        ["docker-registry", "serve", str(root / "settings.yml")], stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )

    def answers() -> bool:
        assert server.poll() is None, (root / "log").read_text()
        host, port = address.split(":")
        with socket.socket() as client:
            return client.connect_ex((host, int(port))) == 0

    try:
        until(answers, "docker-registry")
        yield address
    finally:
        server.terminate()
        server.wait(30)
        log.close()


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_registry_and_back_keeps_the_digest(sample: Sample, compression: str, tmp_path: Path) -> None:
    needs("skopeo", "docker-registry")
    output = sample.outputs[f"oci-{compression}"]
    copy = ("skopeo", "copy", "-q", "--all")
    (tmp_path / "registry").mkdir()
    with registry(tmp_path / "registry") as address:
        remote = f"docker://{address}/team/hello:1.0"
        tell(*copy, "--preserve-digests", "--dest-tls-verify=false", f"oci-archive:{output.path}:1.0", remote)
        tell(*copy, "--src-tls-verify=false", remote, f"oci:{tmp_path / 'back'}:1.0")
    (descriptor,) = json.loads((tmp_path / "back" / "index.json").read_text())["manifests"]
    assert Digest.parse(descriptor["digest"]) == output.digest


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_oci_image_tool_finds_nothing_wrong(sample: Sample, compression: str, tmp_path: Path) -> None:
    needs("oci-image-tool")
    layout, _, tag = sample.layout(f"oci-{compression}", tmp_path / "layout").rpartition(":")
    answer = ask("oci-image-tool", "validate", "--type", "image", "--ref", f"name={tag}", layout)
    assert answer.code == 0, answer.errors
    assert "Validation succeeded" in answer.output + answer.errors


@root_only
@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_umoci_unpacks_the_tree(sample: Sample, compression: str, tmp_path: Path) -> None:
    needs("umoci")
    tell("umoci", "unpack", "--image", sample.layout(f"oci-{compression}", tmp_path / "layout"), tmp_path / "bundle")
    rootfs = tmp_path / "bundle" / "rootfs"
    for path, entry in sample.tree.walk():
        status = (rootfs / path).lstat()
        assert status.st_uid == IDENTITIES.uid(entry.user), path
        assert entry.kind == "symlink" or stat.S_IMODE(status.st_mode) == entry.mode, path
        assert int(status.st_mtime) == (0 if entry.kind == "directory" else min(entry.mtime, EPOCH)), path
    assert os.getxattr(rootfs / "usr/bin/capable", "security.capability") == CAPABILITY
    assert (rootfs / "usr/bin/hello").samefile(rootfs / "usr/bin/hello-again")
    assert (rootfs / "bin").readlink() == Path("usr/bin")
    assert (rootfs / "usr/share/big").read_bytes() == bytes(range(256)) * (9 << 12)


@root_only
def test_umoci_notices_a_wrong_diff_id(sample: Sample, tmp_path: Path) -> None:
    """A layer of the right digest whose content is not what the configuration says."""
    needs("umoci")
    layers = sample.image.layers
    wrong = replace(sample.image, layers=(replace(layers[0], diff_id=layers[1].diff_id), *layers[1:]))
    path = write_oci_archive(wrong, sample.workshop.store, tmp_path / "wrong.tar").path
    layout = unpack_layout(path, tmp_path / "layout")
    assert ask("umoci", "unpack", "--image", f"{layout}:1.0", tmp_path / "bundle").code != 0


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory with a short name: podman refuses a run root of more than 50 characters."""
    with tempfile.TemporaryDirectory(prefix="p2i") as path:
        yield Path(path)


def podman(root: Path, driver: str) -> tuple[str, ...]:
    return (
        "podman",
        "--root",
        f"{root}/{driver}",
        "--runroot",
        f"{root}/run",
        "--storage-driver",
        driver,
        "--runtime",
        "runc",
    )


@root_only
@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
@pytest.mark.parametrize("format_", ["oci", "docker"])
def test_podman_loads_and_runs(sample: Sample, format_: str, compression: str, short_path: Path) -> None:
    needs("podman", "runc")
    client = podman(short_path, "vfs")
    limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--network=none")
    assert "localhost/hello:1.0" in tell(*client, "load", "-q", "-i", sample.path(f"{format_}-{compression}"))
    image_id = tell(*client, "image", "inspect", "--format", "{{.Id}}", "localhost/hello:1.0")
    assert image_id == sample.outputs["docker-gzip"].digest.hex
    assert ask(*client, "run", "--rm", *limits, "localhost/hello:1.0").code == 0
    assert ask(*client, "run", "--rm", *limits, "--entrypoint", "/usr/bin/exit7", "hello:1.0").code == 7
    mounted = Path(tell(*client, "image", "mount", "hello:1.0"))
    assert os.getxattr(mounted / "usr/bin/capable", "security.capability") == CAPABILITY
    tell(*client, "image", "umount", "--all")
    tell(*client, "rmi", "--force", "--all")


@pytest.mark.parametrize("compression", ["none", "gzip", "xz"])
def test_actool_calls_it_a_valid_image(sample: Sample, compression: str) -> None:
    needs("actool", "xz")
    answer = ask("actool", "--debug", "validate", sample.path(f"aci-{compression}"))
    assert answer.code == 0, answer.errors
    assert "valid app container image" in answer.output + answer.errors
    manifest = json.loads(tell("actool", "cat-manifest", sample.path(f"aci-{compression}")))
    assert manifest["app"]["user"] == "web"
    assert manifest["app"]["group"] == "web"
    annotations = {pair["name"]: pair["value"] for pair in manifest["annotations"]}
    assert annotations["dev.pkg2image/package/libstdc~2b~2b6"] == "12.2.0-14"


def test_gnu_tar_reads_every_archive_to_its_end(sample: Sample) -> None:
    needs("tar")
    for name, output in sample.outputs.items():
        answer = ask("tar", "tf", output.path)
        assert (answer.code, answer.errors) == (0, ""), name
