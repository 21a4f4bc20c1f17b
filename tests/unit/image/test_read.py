from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.deb.package import package_from_stanza
from pkg2image.errors import RequestError
from pkg2image.image.captured import SCRIPTS_PATH
from pkg2image.image.inside import look_inside
from pkg2image.image.outputs import write_oci_archive
from pkg2image.image.read import is_ours, read_image
from pkg2image.image.scan import FileInfo, flatten
from pkg2image.lock.model import LOCK_PATH
from pkg2image.lock.writing import write_lock
from pkg2image.plan import Reason, canonical_json
from pkg2image.rootfs.tree import Kind
from tests.support.images import Workshop, file, sample_entries, unpack_layout
from tests.support.locks import LOCK


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    workshop = Workshop(tmp_path / "workshop")
    stanza = {
        "Package": "hello",
        "Source": "hello-source (1:1.0)",
        "Version": "1:1.0+b1",
        "Architecture": "amd64",
        "Installed-Size": "12",
        "Filename": "hello.deb",
        "Size": "7",
        "SHA256": "ab" * 32,
    }
    hello = replace(LOCK.packages[-1], package=package_from_stanza(stanza, origin="test"), url="file:hello.deb")
    lock = replace(LOCK, packages=(replace(hello, reason=Reason("requested", "", "hello")),))
    tree = workshop.tree({**sample_entries(), LOCK_PATH: file("", write_lock(lock))})
    return write_oci_archive(workshop.image(tree), workshop.store, tmp_path / "image.tar").path


def test_packages_are_those_of_the_status_and_the_lock(archive: Path) -> None:
    hello, library = read_image(archive).packages
    assert hello == {
        "name": "hello",
        "version": "1:1.0+b1",
        "architecture": "amd64",
        "source": "hello-source",
        "source_version": "1:1.0",
        "size": 7,
        "installed_size": 12288,
        "sha256": "ab" * 32,
        "reason": "requested as hello",
    }
    assert (library["name"], library["source"], library["source_version"]) == ("libstdc++6", "libstdc++6", "12.2.0-14")


def test_an_edited_lock_says_nothing() -> None:
    nothing = dict.fromkeys(("status", "scripts", "unmet", "passwd", "group"), b"")
    needs = look_inside(**nothing, lock=write_lock(LOCK)).needs
    assert [need["provider"] for need in needs] == ["dash"]
    assert look_inside(**nothing, lock=write_lock(LOCK).replace(b"dash", b"bash")).needs == ()


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


SCRIPTS = {
    "policy": "emulate",
    "counts": {"interpreted": 1, "not understood": 1},
    "packages": [
        {"package": "hello", "changes": [{"path": "/etc/hello", "action": "made", "by": "postinst:3"}]},
        {"package": "odd", "problem": {"script": "postinst", "line": 7, "reason": "unknown command: frob"}},
    ],
}


def test_scripts_and_accounts_are_those_of_the_files(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "workshop")
    files = {
        SCRIPTS_PATH: canonical_json(SCRIPTS),
        "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\nno line\n+::::::\nr\xfcdi:x:100:101::/srv:/bin/sh\n",
        "etc/group": b"root:x:0:\nredis:x:101:a,b\nx:x:many:\n",
    }
    tree = workshop.tree({**sample_entries(), **{path: file("", data) for path, data in files.items()}})
    shown = read_image(write_oci_archive(workshop.image(tree), workshop.store, tmp_path / "image.tar").path).render()
    assert shown["scripts"] == SCRIPTS
    assert shown["users"] == [
        {"name": "root", "uid": 0, "gid": 0, "home": "/root", "shell": "/bin/bash"},
        {"name": "r\ufffddi", "uid": 100, "gid": 101, "home": "/srv", "shell": "/bin/sh"},
    ]
    assert shown["groups"] == [
        {"name": "root", "gid": 0, "members": []},
        {"name": "redis", "gid": 101, "members": ["a", "b"]},
    ]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ([], {}),
        ({}, {}),
        ({"policy": 3}, {"policy": 3, "counts": {}, "packages": []}),
        ({"counts": [1], "packages": "x"}, {"counts": {}, "packages": []}),
        (
            {"packages": [1, {"package": "a", "changes": 5, "withheld": [2, {"what": "b"}], "problem": "c"}]},
            {"counts": {}, "packages": [{"package": "a", "withheld": [{"what": "b"}]}]},
        ),
    ],
)
def test_reports_of_another_form_are_left_out(report: object, expected: object) -> None:
    nothing = dict.fromkeys(("status", "lock", "unmet", "passwd", "group"), b"")
    assert look_inside(**nothing, scripts=canonical_json(report)).scripts == expected


UNMET = {"path": "/usr/bin/hello", "kind": "library", "what": "libx.so.1", "package": "hello"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, None),
        ({"unmet": []}, ()),
        ({"unmet": [UNMET]}, (UNMET,)),
        ({"unmet": [UNMET, 7]}, (UNMET,)),
        ({"unmet": 7}, ()),
        ([], ()),
    ],
)
def test_what_files_ask_for_and_whether_that_was_checked(document: object, expected: object) -> None:
    nothing = dict.fromkeys(("status", "lock", "scripts", "passwd", "group"), b"")
    assert look_inside(**nothing, unmet=b"" if document is None else canonical_json(document)).unmet == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, {}),
        ([], {}),
        ({"chosen": "a.service"}, {"chosen": "a.service", "values": {}, "candidates": [], "notes": []}),
        (
            {"values": {"user": {"source": "x"}, "ports": 7}, "candidates": [1, {"service": "a"}], "notes": ["b", 2]},
            {"values": {"user": {"source": "x"}}, "candidates": [{"service": "a"}], "notes": ["b"]},
        ),
        ({"values": 1, "candidates": 2, "notes": 3}, {"values": {}, "candidates": [], "notes": []}),
    ],
)
def test_how_an_image_is_started_and_why_so(document: object, expected: object) -> None:
    nothing = dict.fromkeys(("status", "lock", "scripts", "unmet", "passwd", "group"), b"")
    assert look_inside(**nothing, inferred=b"" if document is None else canonical_json(document)).inferred == expected


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
        tar_of({SCRIPTS_PATH: b"not json"}),
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
