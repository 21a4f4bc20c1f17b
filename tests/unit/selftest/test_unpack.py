"""Images on disk for a test: as the layers say, and never a byte outside of the directory."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pkg2image.errors import RequestError
from pkg2image.image.read import read_image
from pkg2image.selftest.unpack import unpack


def member(name: str, data: bytes | None = None, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member of a tar: a file with content, else what the fields say."""
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
    info.mode = 0o755 if data is None else 0o644
    info.uid, info.gid = os.getuid(), os.getgid()
    for field, value in {"size": len(data or b""), **fields}.items():
        setattr(info, field, value)
    return info, data or b""


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    """Return a symlink, or a hard link."""
    return member(name, type=kind, linkname=target)


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """Return a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def layout(directory: Path, *layers: bytes) -> Path:
    """Write an OCI layout."""
    blobs = directory / "blobs/sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes) -> dict[str, object]:
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"digest": f"sha256:{name}", "size": len(data)}

    config = put(json.dumps({"config": {}}).encode())
    manifest = put(json.dumps({"config": config, "layers": [put(layer) for layer in layers]}).encode())
    (directory / "index.json").write_text(json.dumps({"manifests": [manifest]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return directory


def listing(root: Path) -> Mapping[str, object]:
    """Return what is in a directory: path -> content, target, or None for a directory."""

    def value(path: Path) -> object:
        if path.is_symlink():
            return str(path.readlink())
        return None if path.is_dir() else path.read_bytes()

    return {str(path.relative_to(root)): value(path) for path in root.rglob("*")}


def test_layers_lie_over_each_other(tmp_path: Path) -> None:
    image = layout(
        tmp_path / "image",
        tar(
            [
                *(member("a"), member("a/old", b"1"), member("a/kept", b"2"), member("b"), member("b/x", b"3")),
                *(member("c"), member("c/deep", b"4"), link("d", "a")),
            ]
        ),
        tar([member("a/.wh.old", b""), member("b/.wh..wh..opq", b""), member("b/y", b"5"), member("c", b"now a file")]),
        tar([member("d"), member("d/new", b"6"), member("a/kept", b"7"), link("a/same", "a/kept", tarfile.LNKTYPE)]),
    )
    root = tmp_path / "root"
    unpack(read_image(image), root)
    assert listing(root) == {
        "a": None,
        "a/kept": b"7",
        "a/same": b"7",
        "b": None,
        "b/y": b"5",
        "c": b"now a file",
        "d": None,
        "d/new": b"6",
    }
    assert (root / "a/kept").stat().st_ino == (root / "a/same").stat().st_ino


def test_modes_and_times_are_those_of_the_image(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(
        tar(
            [
                member("sticky", mode=0o1777, mtime=7),
                member("sticky/tool", b"x", mode=0o4755, mtime=9),
                member("shut", mode=0),
            ]
        )
    )
    root = tmp_path / "root"
    unpack(read_image(path), root)
    assert (root / "sticky").stat().st_mode & 0o7777 == 0o1777
    assert int((root / "sticky").stat().st_mtime) == 7
    assert (root / "sticky/tool").stat().st_mode & 0o7777 == 0o4755
    assert int((root / "sticky/tool").stat().st_mtime) == 9
    assert (root / "shut").stat().st_mode & 0o7777 == 0


def test_devices_are_left_to_the_runtime(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(tar([member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3), member("file", b"x")]))
    unpack(read_image(path), tmp_path / "root")
    assert listing(tmp_path / "root") == {"file": b"x"}


@pytest.mark.parametrize(
    "members",
    [
        [member("../outside/evil", b"x")],
        [member("a"), member("a/../../outside/evil", b"x")],
        [member("/outside/evil", b"x")],
        [link("a", "../outside"), member("a/evil", b"x")],
        [link("a", "../outside"), link("b", "a"), member("b/evil", b"x")],
        [link("a", "../outside/secret", tarfile.LNKTYPE)],
        [link("a", "../outside"), link("b", "a/secret", tarfile.LNKTYPE)],
        [member("a", b"file"), member("a/evil", b"x")],
    ],
    ids=["up", "up-inside", "absolute", "symlink", "chain", "hardlink", "hardlink-by-symlink", "below-a-file"],
)
def test_no_member_leaves_the_directory(tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    path = tmp_path / "image.tar"
    path.write_bytes(tar(members))
    with pytest.raises(RequestError, match="cannot read the image"):
        unpack(read_image(path), tmp_path / "root")
    assert listing(outside) == {"secret": b"secret"}
    assert (outside / "secret").stat().st_nlink == 1


@pytest.mark.parametrize("whiteout", ["a/.wh.secret", "a/.wh..wh..opq", ".wh..."])
def test_no_whiteout_removes_anything_outside(tmp_path: Path, whiteout: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    image = layout(tmp_path / "image", tar([link("a", "../outside")]), tar([member(whiteout, b"")]))
    with pytest.raises(RequestError, match="cannot read the image"):
        unpack(read_image(image), tmp_path / "root")
    assert listing(outside) == {"secret": b"secret"}
