from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.image.outputs import write_oci_archive
from pkg2image.image.read import PLAN_PATH, flatten, is_ours, read_image
from pkg2image.image.scan import FileInfo
from pkg2image.lock import canonical_json
from pkg2image.rootfs.tree import Kind
from tests.support.images import Workshop, file, sample_entries, unpack_layout


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    workshop = Workshop(tmp_path / "workshop")
    plan = {"packages": [{"name": "hello", "architecture": "amd64", "size": 7, "reason": "requested as hello"}]}
    tree = workshop.tree({**sample_entries(), PLAN_PATH: file("", canonical_json(plan))})
    return write_oci_archive(workshop.image(tree), workshop.store, tmp_path / "image.tar").path


def test_packages_are_those_of_the_status_and_the_plan(archive: Path) -> None:
    hello, library = read_image(archive).packages
    assert hello == {
        "name": "hello",
        "version": "1:1.0+b1",
        "architecture": "amd64",
        "source": "hello-source",
        "source_version": "1:1.0",
        "size": 7,
        "installed_size": 12288,
        "sha256": "",
        "reason": "requested as hello",
    }
    assert (library["name"], library["source"], library["source_version"]) == ("libstdc++6", "libstdc++6", "12.2.0-14")


def test_an_image_is_shown_as_json(archive: Path) -> None:
    shown = json.loads(json.dumps(read_image(archive).render()))
    assert shown["reference"] == "localhost/hello:1.0"
    assert [layer["name"] for layer in shown["layers"]] == ["shared 1/1", "metadata"]
    assert shown["config"]["config"]["Entrypoint"] == ["/usr/bin/hello"]
    files = {entry["path"]: entry for entry in shown["files"]}
    assert files["/usr/bin/hello-again"]["target"] == "usr/bin/hello"
    assert files["/usr/bin/set-user-id"]["mode"] == "4755"
    assert "target" not in files["/usr/bin/hello"]


def test_an_unpacked_layout_is_an_image_too(archive: Path, tmp_path: Path) -> None:
    layout, packed = read_image(unpack_layout(archive, tmp_path / "layout")), read_image(archive)
    assert (layout.digest, layout.files, layout.packages) == (packed.digest, packed.files, packed.packages)


def test_files_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="there is no such file"):
        read_image(tmp_path / "missing.tar")


def tar_of(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def header_that_claims(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


DEEP = b'{"a":' * 100_000
BLOB = "blobs/sha256/" + "0" * 64
INDEX = canonical_json({"manifests": [{"digest": "sha256:" + "0" * 64}]})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no tar at all" * 100,
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff broken",
        gzip.compress(tar_of({"a": b"a" * 5000}))[:-20],
        gzip.compress(tar_of({"a": b"a"})) + b"rubbish",
        b"\xfd7zXZ\0 broken",
        b"\x28\xb5\x2f\xfd broken",
        tar_of({"a": b"a" * 5000})[:2000],
        header_that_claims(tarfile.XHDTYPE, 1 << 40),
        header_that_claims(tarfile.GNUTYPE_LONGNAME, 1 << 30),
        header_that_claims(tarfile.GNUTYPE_SPARSE, 10) + bytes(1536),
        header_that_claims(tarfile.CONTTYPE, 0) + bytes(1024),
        tar_of({"oci-layout": b"{}"}),
        tar_of({"oci-layout": b"{}", "index.json": b"[]"}),
        tar_of({"oci-layout": b"{}", "index.json": b"\xff"}),
        tar_of({"oci-layout": b"{}", "index.json": DEEP}),
        tar_of({"oci-layout": b"{}", "index.json": b'{"manifests": [1, {}, {}]}'}),
        tar_of({"oci-layout": b"{}", "index.json": b'{"manifests": [{"digest": "sha256:../../etc"}]}'}),
        tar_of({"oci-layout": b"{}", "index.json": INDEX}),
        tar_of({"oci-layout": b"{}", "index.json": INDEX, BLOB: b"[]"}),
        tar_of({"oci-layout": b"{}", "index.json": INDEX, BLOB: b'{"config": {"digest": 5}, "layers": []}'}),
        tar_of({"manifest.json": b"{}"}),
        tar_of({"manifest.json": b'[{"Config": 1}]'}),
        tar_of({"manifest.json": b'[{"Config": "c", "Layers": ["l"]}]', "c": b"{}"}),
        tar_of({"manifest.json": b'[{"Config": "c", "Layers": "l"}]', "c": b"{}"}),
        tar_of({"manifest": b"[]", "rootfs": b""}),
        tar_of({"manifest": b"not json", "rootfs": b""}),
        tar_of({"usr/share/pkg2image/plan.json": b"not json"}),
        tar_of({"var/lib/dpkg/status": b"Package: x\nInstalled-Size: many\n"}),
    ],
    ids=range(29),
)
def test_broken_images_are_refused_in_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(RequestError, match=f"cannot read the image {path}: ."):
        read_image(path)
    assert not is_ours(path)


def info(path: str, kind: Kind = Kind.FILE, mode: int = 0o644) -> FileInfo:
    return FileInfo(path, kind, mode, 0, 0, 0)


A_DIRECTORY = info("a", Kind.DIRECTORY)


@pytest.mark.parametrize(
    ("layers", "paths"),
    [
        ([["a/", "a/x"], ["a/", "a/y"]], ["a", "a/x", "a/y"]),
        ([["a/", "a/x", "a/y"], ["a/", "a/.wh.x"]], ["a", "a/y"]),
        ([["a/", "a/x"], ["a/", "a/.wh..wh..opq", "a/z"]], ["a", "a/z"]),
        ([["a/", "a/b/", "a/b/x"], [".wh.a"]], []),
        ([["a/", "a/x"], ["a"]], ["a"]),
        ([["a/", "a/x"], ["a/", "a/.wh.x", "a/x"]], ["a", "a/x"]),
        ([["/"], ["b"]], ["b"]),
    ],
)
def test_layers_are_laid_over_each_other(layers: list[list[str]], paths: list[str]) -> None:
    members = [
        [info(path.rstrip("/"), Kind.DIRECTORY if path.endswith("/") else Kind.FILE) for path in layer]
        for layer in layers
    ]
    assert [found.path for found in flatten(members)] == paths


def test_the_upper_layer_wins() -> None:
    assert flatten([[info("a", mode=0o600)], [info("a", mode=0o644)]])[0].mode == 0o644


@pytest.mark.parametrize("damage", [lambda data: data[:-3000], lambda data: data[: len(data) // 2]])
def test_a_cut_archive_is_refused(archive: Path, damage: Callable[[bytes], bytes]) -> None:
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(RequestError, match="cannot read the image"):
        read_image(archive)
