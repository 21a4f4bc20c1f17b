"""Signed archives, judged by the programs of others that read images: signatures must be in nobody's way."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkg2image.digest import Digest
from pkg2image.image.outputs import write_aci, write_oci_archive
from pkg2image.image.read import read_image
from pkg2image.signing.sign import read_signer, sign
from tests.support.containers import ask, tell
from tests.support.images import IDENTITIES, Workshop, compression_named, sample_entries, unpack_layout
from tests.support.keys import signing_key
from tests.support.registry import registry
from tests.support.signed import key_files, members_of, tags
from tests.support.tools import needs
from tests.unit.signing.test_sign import statement_about

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="starting containers needs root")


@dataclass(frozen=True)
class Signed:
    """A signed image.

    Args:
        oci: With a signature and a statement inside.
        aci: With a signature beside it.
        digest: Of the manifest.
    """

    oci: Path
    aci: Path
    digest: Digest


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    root = tmp_path_factory.mktemp("signed")
    workshop = Workshop(root)
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree)
    oci, aci = root / "hello.oci.tar", root / "hello.aci"
    output = write_oci_archive(image, workshop.store, oci)
    write_aci(
        image,
        tree,
        identities=IDENTITIES,
        store=workshop.store,
        path=aci,
        compression=compression_named("gzip"),
    )
    secret = root / "secret"
    secret.write_bytes(bytes(signing_key("maker").secret))
    sign(oci, [read_signer(key_files(root).private, None)], statement=statement_about(oci))
    sign(aci, [read_signer(secret, None)])
    return Signed(oci, aci, output.digest)


def test_skopeo_copies_the_image_and_its_signatures(signed: Signed, tmp_path: Path) -> None:
    needs("skopeo", "docker-registry")
    names = tags(members_of(signed.oci))
    assert names == [f"sha256-{signed.digest.hex}.sig", "1.0", f"sha256-{signed.digest.hex}.att"]
    with registry(tmp_path) as address:
        copy = ("skopeo", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false")
        for tag in names:
            tell(*copy, f"oci-archive:{signed.oci}:{tag}", f"docker://{address}/test/hello:{tag}")
        for tag in names[::2]:
            raw = tell("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{address}/test/hello:{tag}")
            assert json.loads(raw)["subject"]["digest"] == str(signed.digest)
        there = f"docker://{address}/test/hello:1.0"
        assert tell("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", there) == str(signed.digest)


def test_oci_image_tool_and_umoci_find_the_image(signed: Signed, tmp_path: Path) -> None:
    needs("oci-image-tool", "umoci")
    layout = unpack_layout(signed.oci, tmp_path / "layout")
    answer = ask("oci-image-tool", "validate", "--type", "image", "--ref", "name=1.0", layout)
    assert (answer.code, "succeeded" in answer.output + answer.errors) == (0, True)
    tell("umoci", "unpack", "--rootless", "--image", f"{layout}:1.0", tmp_path / "bundle")
    assert (tmp_path / "bundle/rootfs/usr/bin/hello").is_file()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory with a short name: podman refuses a run root of more than 50 characters."""
    with tempfile.TemporaryDirectory(prefix="p2i") as path:
        yield Path(path)


@root_only
def test_podman_loads_and_runs_it(signed: Signed, short_path: Path) -> None:
    needs("podman", "runc")
    places = ("--root", short_path / "root", "--runroot", short_path / "run")
    client = ("podman", *places, "--storage-driver", "vfs", "--runtime", "runc")
    limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--network=none")
    assert "localhost/hello:1.0" in tell(*client, "load", "-q", "-i", signed.oci)
    configuration = Digest.parse(read_image(signed.oci).manifest["config"]["digest"])
    assert tell(*client, "image", "inspect", "--format", "{{.Id}}", "localhost/hello:1.0") == configuration.hex
    assert ask(*client, "run", "--rm", *limits, "localhost/hello:1.0").code == 0
    tell(*client, "rmi", "--force", "--all")


def test_gpgv_and_actool_accept_the_aci(signed: Signed, tmp_path: Path) -> None:
    needs("gpgv", "actool")
    keyring = tmp_path / "maker.gpg"
    keyring.write_bytes(signing_key("maker").binary)
    answer = ask("gpgv", "--keyring", keyring, f"{signed.aci}.asc", signed.aci)
    assert (answer.code, "Good signature" in answer.errors) == (0, True)
    assert ask("actool", "--debug", "validate", signed.aci).code == 0
