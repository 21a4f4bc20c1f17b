from __future__ import annotations

import json
from typing import Any

import pytest

from pkg2image.digest import sha256
from pkg2image.errors import RequestError
from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.docker import docker_members
from pkg2image.image.model import Image, Layer
from pkg2image.image.names import Reference
from pkg2image.image.oci import layout_members, render_config, render_index, render_manifest
from tests.support.images import EPOCH

GLIBC = Layer("glibc", sha256(b"1"), 10, sha256(b"2"), 20, "gzip", ("libc-bin", "libc6"))
TOP = Layer("metadata", sha256(b"3"), 30, sha256(b"4"), 40, "zstd")
CONFIG = ImageConfig(
    entrypoint=("/usr/bin/web", "--listen"),
    command=("80",),
    environment=(("PATH", "/usr/bin"), ("LANG", "C.UTF-8")),
    user="web:web",
    workdir="/srv",
    ports=(Port(80), Port(53, "udp", "dns")),
    volumes=("/srv/data",),
    stop_signal="SIGQUIT",
    labels=(("org.opencontainers.image.title", "Mine"), ("own", "label")),
)
IMAGE = Image(
    architecture="arm64",
    config=CONFIG,
    layers=(GLIBC, TOP),
    epoch=EPOCH,
    reference=Reference("team/web", "1.0"),
    version="1:1.0+b1",
    annotations=(("org.opencontainers.image.description", "serves"),),
    compressor="gzip:6:lib/1:abc",
)
SAID = {
    "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
    "org.opencontainers.image.description": "serves",
    "org.opencontainers.image.title": "web",
    "org.opencontainers.image.version": "1:1.0+b1",
}


def test_the_configuration() -> None:
    document = render_config(IMAGE)
    assert document.media_type == "application/vnd.oci.image.config.v1+json"
    assert json.loads(document.data) == {
        "architecture": "arm64",
        "variant": "v8",
        "os": "linux",
        "created": "2023-11-14T22:13:20Z",
        "config": {
            "User": "web:web",
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
            "Env": ["PATH=/usr/bin", "LANG=C.UTF-8"],
            "Entrypoint": ["/usr/bin/web", "--listen"],
            "Cmd": ["80"],
            "Volumes": {"/srv/data": {}},
            "WorkingDir": "/srv",
            "Labels": {**SAID, "org.opencontainers.image.title": "Mine", "own": "label"},
            "StopSignal": "SIGQUIT",
        },
        "rootfs": {"type": "layers", "diff_ids": [str(GLIBC.diff_id), str(TOP.diff_id)]},
        "history": [
            {"created": "2023-11-14T22:13:20Z", "created_by": "pkg2image glibc", "comment": "libc-bin libc6"},
            {"created": "2023-11-14T22:13:20Z", "created_by": "pkg2image metadata"},
        ],
    }


def test_what_is_not_configured_is_not_there() -> None:
    image = Image("amd64", ImageConfig(), (TOP,), EPOCH, Reference("web"))
    assert set(json.loads(render_config(image).data)["config"]) == {"Labels"}


def test_the_manifest() -> None:
    config = render_config(IMAGE)
    assert json.loads(render_manifest(IMAGE, config).data) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": config.media_type, "digest": str(config.digest), "size": len(config.data)},
        "layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": str(GLIBC.digest), "size": 10},
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+zstd", "digest": str(TOP.digest), "size": 30},
        ],
        "annotations": {**SAID, "dev.pkg2image.compressor": "gzip:6:lib/1:abc"},
    }


def test_the_index_names_the_image_for_everybody() -> None:
    manifest = render_manifest(IMAGE, render_config(IMAGE))
    (descriptor,) = json.loads(render_index(IMAGE, manifest).data)["manifests"]
    assert descriptor == {
        "mediaType": manifest.media_type,
        "digest": str(manifest.digest),
        "size": len(manifest.data),
        "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"},
        "annotations": {
            "org.opencontainers.image.ref.name": "1.0",
            "io.containerd.image.name": "localhost/team/web:1.0",
        },
    }


def members(image: Image) -> dict[str, Any]:
    return dict(layout_members(image))


def test_the_archive_is_a_layout_that_docker_can_load() -> None:
    found = members(IMAGE)
    config, manifest = render_config(IMAGE), render_manifest(IMAGE, render_config(IMAGE))
    assert list(found) == [
        "oci-layout",
        "index.json",
        "manifest.json",
        "blobs",
        "blobs/sha256",
        f"blobs/sha256/{manifest.digest.hex}",
        f"blobs/sha256/{config.digest.hex}",
        f"blobs/sha256/{GLIBC.digest.hex}",
        f"blobs/sha256/{TOP.digest.hex}",
    ]
    assert json.loads(found["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert json.loads(found["manifest.json"]) == [
        {
            "Config": f"blobs/sha256/{config.digest.hex}",
            "RepoTags": ["team/web:1.0"],
            "Layers": [f"blobs/sha256/{GLIBC.digest.hex}", f"blobs/sha256/{TOP.digest.hex}"],
        }
    ]


def test_a_blob_that_is_two_layers_is_written_once() -> None:
    image = Image("amd64", CONFIG, (TOP, TOP), EPOCH, Reference("web"))
    assert [content for _, content in layout_members(image)].count(TOP) == 1
    assert [content for _, content in docker_members(image)].count(TOP) == 1
    assert json.loads(members(image)["manifest.json"])[0]["Layers"] == [f"blobs/sha256/{TOP.digest.hex}"] * 2


def test_the_docker_archive() -> None:
    found = dict(docker_members(IMAGE))
    config = render_config(IMAGE)
    manifest = found["manifest.json"]
    assert isinstance(manifest, bytes)
    assert json.loads(manifest) == [
        {
            "Config": f"{config.digest.hex}.json",
            "RepoTags": ["team/web:1.0"],
            "Layers": [f"{GLIBC.diff_id.hex}/layer.tar", f"{TOP.diff_id.hex}/layer.tar"],
        }
    ]
    assert found[f"{config.digest.hex}.json"] == config.data
    assert found[f"{TOP.diff_id.hex}/layer.tar"] is TOP
    assert found[TOP.diff_id.hex] is None


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(RequestError, match="hurd-i386"):
        render_config(Image("hurd-i386", CONFIG, (TOP,), EPOCH, Reference("web")))


def test_values_that_are_no_text_are_refused() -> None:
    config = ImageConfig(environment=(("A", "\udcff"),))
    with pytest.raises(RequestError, match="not valid text"):
        render_config(Image("amd64", config, (TOP,), EPOCH, Reference("web")))
