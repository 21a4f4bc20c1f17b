from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.errors import RequestError
from pkg2image.image.aci import aci_stream, render_aci_manifest, user_and_group
from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.content import ContentReader
from pkg2image.image.model import Image
from pkg2image.image.names import Reference
from pkg2image.rootfs.tree import Content, InlineContent, Tree
from tests.support.images import EPOCH, GROUP, IDENTITIES, PASSWD, Workshop, file, sample_entries

CONFIG = ImageConfig(
    entrypoint=("/usr/bin/web",),
    command=("--fast",),
    environment=(("PATH", "/usr/bin"), ("LANG", "C.UTF-8")),
    user="web",
    workdir="/srv",
    ports=(Port(80, name="http"), Port(80, "udp"), Port(81, name="HTTP")),
    volumes=("/srv/data", "/srv-data"),
    stop_signal="SIGQUIT",
    labels=(("Own", "label"),),
    first_start=("/usr/bin/prepare",),
)
IMAGE = Image(
    architecture="arm64",
    config=CONFIG,
    layers=(),
    epoch=EPOCH,
    reference=Reference("team/web", "1.0"),
    version="1:1.0+b1",
    annotations=(("org.opencontainers.image.url", "https://example.com/"),),
    packages=(("libstdc++6", "12.2.0-14"), ("web", "1:1.0+b1")),
)


def accounts() -> Tree:
    tree = Tree()
    tree.make_directories("etc")
    tree.put("etc/passwd", file("", PASSWD))
    tree.put("etc/group", file("", GROUP))
    return tree


def inline_only(content: Content) -> bytes:
    assert isinstance(content, InlineContent)
    return content.data


def manifest_of(image: Image) -> dict[str, Any]:
    manifest = json.loads(render_aci_manifest(image, accounts(), inline_only))
    assert isinstance(manifest, dict)
    return manifest


def test_the_manifest() -> None:
    manifest = manifest_of(IMAGE)
    annotations = {pair["name"]: pair["value"] for pair in manifest.pop("annotations")}
    assert manifest == {
        "acKind": "ImageManifest",
        "acVersion": "0.8.11",
        "name": "team/web",
        "labels": [
            {"name": "arch", "value": "aarch64"},
            {"name": "os", "value": "linux"},
            {"name": "version", "value": "1:1.0+b1"},
        ],
        "app": {
            "exec": ["/usr/bin/web", "--fast"],
            "user": "web",
            "group": "web",
            "workingDirectory": "/srv",
            "environment": [{"name": "PATH", "value": "/usr/bin"}, {"name": "LANG", "value": "C.UTF-8"}],
            "mountPoints": [
                {"name": "srv-data", "path": "/srv/data", "readOnly": False},
                {"name": "srv-data-2", "path": "/srv-data", "readOnly": False},
            ],
            "ports": [
                {"name": "http", "port": 80, "protocol": "tcp", "count": 1, "socketActivated": False},
                {"name": "80-udp", "port": 80, "protocol": "udp", "count": 1, "socketActivated": False},
                {"name": "http-2", "port": 81, "protocol": "tcp", "count": 1, "socketActivated": False},
            ],
            "eventHandlers": [{"name": "pre-start", "exec": ["/usr/bin/prepare"]}],
        },
    }
    assert annotations == {
        "created": "2023-11-14T22:13:20Z",
        "homepage": "https://example.com/",
        "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
        "org.opencontainers.image.title": "web",
        "org.opencontainers.image.url": "https://example.com/",
        "org.opencontainers.image.version": "1:1.0+b1",
        "dev.pkg2image/format": "aci",
        "dev.pkg2image/label/x~4fwn": "label",
        "dev.pkg2image/package/libstdc~2b~2b6": "12.2.0-14",
        "dev.pkg2image/package/web": "1:1.0+b1",
        "dev.pkg2image/stop-signal": "SIGQUIT",
    }


def test_an_image_without_a_program_has_no_app() -> None:
    assert "app" not in manifest_of(replace(IMAGE, config=ImageConfig()))


def test_a_homepage_that_is_no_address_is_left_out() -> None:
    manifest = manifest_of(replace(IMAGE, annotations=(("org.opencontainers.image.url", "gopher://x"),)))
    assert "homepage" not in {pair["name"] for pair in manifest["annotations"]}


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ("", ("0", "0")),
        ("root", ("root", "root")),
        ("web", ("web", "web")),
        ("101", ("101", "web")),
        ("web:root", ("web", "root")),
        ("web:0", ("web", "root")),
        ("4242", ("4242", "root")),
        ("4242:4343", ("4242", "4343")),
    ],
)
def test_users_bring_their_group(user: str, named: tuple[str, str]) -> None:
    assert user_and_group(user, accounts(), inline_only) == named


@pytest.mark.parametrize(("user", "who"), [("nobody", "user 'nobody'"), ("web:wheel", "group 'wheel'")])
def test_strangers_are_refused(user: str, who: str) -> None:
    with pytest.raises(RequestError, match=f"{who} is not in the image"):
        user_and_group(user, accounts(), inline_only)


def test_an_image_without_accounts_knows_numbers_only() -> None:
    assert user_and_group("5:6", Tree(), inline_only) == ("5", "6")
    with pytest.raises(RequestError, match="'web'"):
        user_and_group("web", Tree(), inline_only)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (replace(IMAGE, architecture="riscv64"), "no legal arch label"),
        (replace(IMAGE, config=replace(CONFIG, workdir="srv")), "working directory 'srv' is not an absolute path"),
        (replace(IMAGE, config=replace(CONFIG, volumes=("data",))), "volume 'data' is not an absolute path"),
        (replace(IMAGE, config=replace(CONFIG, command=("\udcff",))), "not valid text"),
    ],
)
def test_what_appc_cannot_say_is_refused(image: Image, reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        manifest_of(image)


def test_the_tar_holds_a_manifest_and_a_root_filesystem(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    tree = workshop.tree(sample_entries())
    with ContentReader(workshop.store) as reader:
        stream = aci_stream(IMAGE, tree, identities=IDENTITIES, read=reader.read, pieces=reader.pieces)
        data = b"".join(stream)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        names = tar.getnames()
        assert names[:3] == ["manifest", "rootfs", "rootfs/bin"]
        assert names[2:] == [f"rootfs/{path}" for path, _ in tree.walk()]
        assert tar.getmember("rootfs/usr/bin/hello-again").linkname == "rootfs/usr/bin/hello"
        assert tar.getmember("rootfs/bin").linkname == "usr/bin"
    assert hashlib.sha512(data).hexdigest()
