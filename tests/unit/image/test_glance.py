"""A few files of an image are found in every format, in the layer that counts, and the rest is left alone."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pkg2image.digest import sha256
from pkg2image.errors import RequestError
from pkg2image.image.glance import Wanted, glance

STATUS = "var/lib/dpkg/status"
WANTED = Wanted(frozenset({STATUS, "etc/os-release"}), ("var/lib/dpkg/status.d/",), enough=frozenset({"lock"}))

Member = bytes | str | None
"""The content of a file, the target of a link, or a directory."""


COMPRESSED: Mapping[str, Callable[[bytes], bytes]] = {"": bytes, "gz": gzip.compress, "xz": lzma.compress}


def tar(members: Mapping[str, Member], compression: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return COMPRESSED[compression](stream.getvalue())


def docker(path: Path, *layers: bytes) -> Path:
    """Write a docker archive with some layers, from the bottom up."""
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [], "Layers": names}]).encode()
    path.write_bytes(tar({"manifest.json": manifest, "config.json": b"{}", **dict(zip(names, layers, strict=True))}))
    return path


def oci(path: Path, *layers: bytes) -> Path:
    """Write an OCI layout with some layers, from the bottom up."""
    blobs: dict[str, bytes] = {}

    def put(data: bytes) -> dict[str, object]:
        digest = sha256(data)
        blobs[f"blobs/sha256/{digest.hex}"] = data
        return {"digest": str(digest), "size": len(data)}

    manifest = {"config": put(b"{}"), "layers": [put(layer) for layer in layers]}
    index = {"manifests": [put(json.dumps(manifest).encode())]}
    path.write_bytes(tar({"oci-layout": b"{}", "index.json": json.dumps(index).encode(), **blobs}))
    return path


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([{STATUS: b"1"}], {STATUS: b"1"}),
        ([{STATUS: b"1"}, {STATUS: b"2", "etc/passwd": b"no"}], {STATUS: b"2"}),
        ([{f"./{STATUS}": b"1"}, {"usr": None}], {STATUS: b"1"}),
        ([{STATUS: b"1"}, {"var/lib/dpkg/.wh.status": b""}], {}),
        ([{STATUS: b"1"}, {"var/lib/.wh.dpkg": b""}], {}),
        ([{STATUS: b"1"}, {"var/.wh..wh..opq": b"", "etc/os-release": b"x"}], {"etc/os-release": b"x"}),
        ([{"var/lib/dpkg/.wh.status": b""}, {STATUS: b"1"}], {STATUS: b"1"}),
        ([{STATUS: b"1"}, {"var/lib/dpkg/.wh.status": b""}, {STATUS: b"3"}], {STATUS: b"3"}),
        ([{STATUS: b"1"}, {STATUS: "/elsewhere"}], {}),
        (
            [{"var/lib/dpkg/status.d/a": b"1"}, {"var/lib/dpkg/status.d/b": b"2", "var/lib/dpkg/status.d/c/d": b"3"}],
            {"var/lib/dpkg/status.d/a": b"1", "var/lib/dpkg/status.d/b": b"2"},
        ),
        ([{STATUS: b"1"}, {"lock": b"2"}], {"lock": b"2"}),
    ],
)
@pytest.mark.parametrize("write", [docker, oci])
def test_upper_layers_hide_lower_ones(
    tmp_path: Path, write: Callable[..., Path], layers: Sequence[Mapping[str, Member]], found: Mapping[str, bytes]
) -> None:
    assert glance(write(tmp_path / "image.tar", *map(tar, layers)), WANTED) == found


def test_no_lower_layer_is_read_when_there_is_enough(tmp_path: Path) -> None:
    image = docker(tmp_path / "image.tar", b"this is no layer", tar({"lock": b"1", STATUS: b"2"}, "gz"))
    assert glance(image, WANTED) == {"lock": b"1"}
    assert dict(glance(image, Wanted(frozenset({"lock"}), enough=frozenset({"lock"})))) == {"lock": b"1"}
    with pytest.raises(RequestError, match="cannot read the image"):
        glance(image, Wanted(frozenset({STATUS})))


@pytest.mark.parametrize("compression", ["", "gz", "xz"])
@pytest.mark.parametrize("prefix", ["", "./", "rootfs/"])
def test_one_tar(tmp_path: Path, compression: str, prefix: str) -> None:
    (tmp_path / "image").write_bytes(tar({f"{prefix}{STATUS}": b"1", f"{prefix}usr/x": b"2"}, compression))
    assert glance(tmp_path / "image", WANTED) == {STATUS: b"1"}


def test_nothing_outside_of_a_directory_is_read(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "var/lib/dpkg/status.d").mkdir(parents=True)
    outside.mkdir()
    (outside / "os-release").write_text("secret")
    (root / "etc").symlink_to(outside)
    (root / STATUS).symlink_to(outside / "os-release")
    assert glance(root, WANTED) == {}
    (root / "var/lib/dpkg/status.d/base").write_text("1")
    (root / "var/lib/dpkg/status.d/deep").mkdir()
    assert glance(root, WANTED) == {"var/lib/dpkg/status.d/base": b"1"}


@pytest.mark.parametrize("data", [b"", b"no image", tar({"oci-layout": b"{}"}), tar({"manifest.json": b"[]"})])
def test_what_is_no_image(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "image").write_bytes(data)
    with pytest.raises(RequestError, match="cannot read the image"):
        glance(tmp_path / "image", WANTED)
