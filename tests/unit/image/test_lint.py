from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.digest import sha256
from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.lint import lint, tar_findings
from pkg2image.image.lint_aci import aci_manifest_findings
from pkg2image.image.outputs import write_aci, write_docker_archive, write_oci_archive
from pkg2image.image.read import ImageContents, read_image
from pkg2image.image.scan import FileInfo
from pkg2image.rootfs.tree import Kind
from tests.support.images import EPOCH, IDENTITIES, Workshop, compression_named, sample_entries

CONFIG = ImageConfig(
    entrypoint=("/usr/bin/hello",),
    environment=(("PATH", "/usr/bin"),),
    user="web",
    workdir="/opt/work",
    ports=(Port(80),),
    volumes=("/opt/work",),
    first_start=("/usr/bin/hello",),
)


def member(path: str, kind: Kind = Kind.FILE, **fields: Any) -> FileInfo:
    return replace(FileInfo(path, kind, 0o644, 0, 0, 5), **fields)


ROOT, A = member("", Kind.DIRECTORY), member("a", Kind.DIRECTORY)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([ROOT, A, member("a/x"), member("b")], ""),
        ([member("x"), member("y", target="x", hard_link=True)], ""),
        ([member("a/x")], "t: /a/x: comes without or before its directory"),
        ([member("a/x"), A], "t: /a/x: comes without or before its directory"),
        ([member("a", Kind.SYMLINK), member("a/x")], "t: /a/x: lies below a symlink"),
        ([member("a"), member("a/x")], "t: /a/x: lies below a file"),
        ([A, A], "t: /a: is there twice"),
        ([member("b"), A], "t: /a: is not in order"),
        (
            [member("x", target="y", hard_link=True), member("y")],
            "t: /x: is a hard link to /y, which is no earlier file",
        ),
        ([A, member("x", target="a", hard_link=True)], "t: /x: is a hard link to /a, which is no earlier file"),
        ([member("x", named=True)], "t: /x: names its user or group"),
        ([member("x", mtime=11)], "t: /x: is younger than the image"),
        ([member("x", mtime=-1)], "t: /x: is older than time"),
        ([member(".wh.x")], "t: /.wh.x: is a whiteout"),
        ([member("/x")], "t: //x: is not a plain relative path"),
        ([A, member("a/../x")], "t: /a/../x: is not a plain relative path"),
        ([member("./x")], "t: /./x: is not a plain relative path"),
    ],
)
def test_members_of_a_tar(files: list[FileInfo], message: str) -> None:
    findings = [str(finding) for finding in tar_findings(files, created=10, where="t")]
    assert any(finding.startswith(message) for finding in findings) if message else findings == []


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ImageContents]:
    root = tmp_path_factory.mktemp("lint")
    workshop = Workshop(root)
    tree = workshop.tree(sample_entries())
    image = workshop.image(tree, CONFIG)
    write_oci_archive(image, workshop.store, root / "oci")
    write_docker_archive(image, workshop.store, root / "docker")
    write_aci(
        image,
        tree,
        identities=IDENTITIES,
        store=workshop.store,
        path=root / "aci",
        compression=compression_named("none"),
    )
    return {name: read_image(root / name) for name in ("oci", "docker", "aci")}


@pytest.mark.parametrize("name", ["oci", "docker", "aci"])
def test_what_we_write_is_without_a_finding(images: dict[str, ImageContents], name: str) -> None:
    assert lint(images[name]) == ()


Change = Callable[[dict[str, Any]], object]


def changed(document: Any, change: Change) -> Any:
    copy = json.loads(json.dumps(document))
    change(copy)
    return copy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("architecture"), "names no architecture"),
        (lambda c: c.update(os="plan9"), "names no architecture and linux"),
        (lambda c: c.update(created="yesterday"), "does not say when it was created"),
        (lambda c: c.update(created="2023-11-14T20:00:00Z"), "is younger than the image"),
        (lambda c: c["rootfs"]["diff_ids"].reverse(), "diff_ids are not those of the layers"),
        (lambda c: c.update(rootfs=[]), "diff_ids are not those of the layers"),
        (lambda c: c["history"].pop(), "history is of another number of layers"),
        (lambda c: c["config"]["Env"].append("X"), "'X' sets no environment variable"),
        (lambda c: c["config"]["ExposedPorts"].update({"http": {}}), "'http' is no port"),
        (lambda c: c["config"]["ExposedPorts"].update({"65536/tcp": {}}), "'65536/tcp' is no port"),
        (lambda c: c["config"]["Volumes"].update({"data": {}}), "'data' is not an absolute path"),
        (lambda c: c["config"].update(WorkingDir="x"), "'x' is not an absolute path"),
    ],
)
def test_configurations(images: dict[str, ImageContents], change: Change, message: str) -> None:
    for name in ("oci", "docker"):
        image = replace(images[name], config=changed(images[name].config, change))
        assert any(message in str(finding) for finding in lint(image))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(schemaVersion=1), "manifest: is not an image manifest"),
        (lambda m: m["config"].update(mediaType="x"), "manifest: its configuration is of another media type"),
        (
            lambda m: m["layers"][0].update(mediaType="application/vnd.oci.image.layer.v1.tar"),
            "does not fit its compression",
        ),
        (lambda m: m["layers"][0].update(size=1), "bytes, not 1"),
        (lambda m: m["layers"].pop(), "belongs to nothing"),
        (lambda m: m["layers"][0].update(digest="sha256:" + "0" * 64), "is missing"),
        (lambda m: m["config"].pop("mediaType"), "has no media type"),
        (lambda m: m["annotations"].update(a=1), "annotation a is no text"),
        (lambda m: m["annotations"].pop("org.opencontainers.image.created"), "does not say when"),
    ],
)
def test_manifests(images: dict[str, ImageContents], change: Change, message: str) -> None:
    image = replace(images["oci"], manifest=changed(images["oci"].manifest, change))
    assert any(message in str(finding) for finding in lint(image))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["oci-layout"].clear(), "oci-layout: is not version 1.0.0"),
        (lambda d: d["index.json"].update(mediaType="x"), "index.json: is not an image index"),
        (lambda d: d["index.json"]["manifests"][0]["platform"].update(architecture="x"), "names another platform"),
        (lambda d: d["manifest.json"].clear(), "manifest.json: does not describe one image"),
        (lambda d: d["manifest.json"][0]["Layers"].reverse(), "manifest.json: names other layers"),
        (lambda d: d["manifest.json"][0].update(Config="x"), "configuration is not named by its digest"),
        (lambda d: d["manifest.json"][0].update(RepoTags=["Hello"]), "manifest.json: cannot name the image"),
    ],
)
def test_documents(images: dict[str, ImageContents], change: Change, message: str) -> None:
    image = replace(images["oci"], documents=changed(images["oci"].documents, change))
    assert any(message in str(finding) for finding in lint(image))


def test_a_blob_under_a_wrong_name(images: dict[str, ImageContents]) -> None:
    path = images["oci"].layers[0].path
    blobs = {**images["oci"].blobs, path: (sha256(b"other"), images["oci"].blobs[path][1])}
    findings = lint(replace(images["oci"], blobs=blobs))
    assert [str(finding) for finding in findings] == [f"{path}: has the digest {sha256(b'other')}"]


def test_layers_that_disagree_about_a_directory(images: dict[str, ImageContents]) -> None:
    image = images["oci"]
    top = image.layers[-1]
    files = tuple(replace(entry, mode=0o700) if entry.path == "usr" else entry for entry in top.scan.files)
    layers = (*image.layers[:-1], replace(top, scan=replace(top.scan, files=files)))
    assert [str(finding) for finding in lint(replace(image, layers=layers))] == [
        "layer 1: /usr: differs from the same path in a lower layer"
    ]


def test_members_of_an_aci_outside_the_root_filesystem(images: dict[str, ImageContents]) -> None:
    scan = images["aci"].layers[0].scan
    files = (*scan.files, member("rootfsX"))
    image = replace(images["aci"], layers=(replace(images["aci"].layers[0], scan=replace(scan, files=files)),))
    assert [str(finding) for finding in lint(image)] == ["aci: rootfsX: is neither the manifest nor below rootfs"]
    image = replace(images["aci"], layers=(replace(images["aci"].layers[0], scan=replace(scan, files=files[1:])),))
    assert "aci: does not begin with manifest and rootfs" in [str(finding) for finding in lint(image)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(acKind="PodManifest"), "acKind is not ImageManifest"),
        (lambda m: m.update(acVersion="1"), "acVersion is no version"),
        (lambda m: m.update(name="libstdc++6"), "'libstdc++6' is not an AC Identifier"),
        (lambda m: m.update(name="a--b"), "'a--b' is not an AC Identifier"),
        (lambda m: m["labels"].append({"name": "os", "value": "linux"}), "a label 'os' is there 2 times"),
        (lambda m: m["labels"].append({"name": "name", "value": "x"}), "must not be called name"),
        (lambda m: m["labels"].append({"name": "Upper", "value": "x"}), "'Upper' is no legal name of a label"),
        (lambda m: m["labels"][0].update(value="arm64"), "os and arch are 'linux' and 'arm64'"),
        (lambda m: m["labels"].pop(), "labels version, os and arch is missing"),
        (lambda m: m["labels"][-1].update(value=15), "the value of a label 'version' is no text"),
        (lambda m: m["annotations"].clear(), "the annotation created is no time"),
        (lambda m: m["annotations"].append({"name": "homepage", "value": "x"}), "annotation homepage is no address"),
        (lambda m: m["annotations"].append(5), "None is no legal name of an annotation"),
        (lambda m: m.update(annotations="x"), "None is no legal name of an annotation"),
        (lambda m: m.update(app=[]), "app is no object"),
        (lambda m: m["app"].update(exec="/bin/x"), "app.exec is no command"),
        (lambda m: m["app"].update(user=0), "app.user is not a text"),
        (lambda m: m["app"].pop("group"), "app.group is not a text"),
        (lambda m: m["app"].update(workingDirectory="x"), "app.workingDirectory is not an absolute path"),
        (lambda m: m["app"]["environment"][0].update(name="1A"), "'1A' is no legal name of an environment variable"),
        (lambda m: m["app"]["mountPoints"][0].update(name="a.b"), "'a.b' is no legal name of a mount point"),
        (lambda m: m["app"]["mountPoints"][0].pop("path"), "has no absolute path"),
        (lambda m: m["app"]["ports"].append(m["app"]["ports"][0]), "a port '80-tcp' is there 2 times"),
        (lambda m: m["app"]["ports"][0].update(port=0), "has no number or protocol"),
        (lambda m: m["app"]["ports"][0].pop("protocol"), "has no number or protocol"),
        (lambda m: m["app"]["eventHandlers"][0].update(name="post-start"), "'post-start' is no event handler"),
        (lambda m: m["app"]["eventHandlers"][0].update(exec=[]), "'pre-start' is no event handler"),
    ],
)
def test_aci_manifests(images: dict[str, ImageContents], change: Change, message: str) -> None:
    findings = aci_manifest_findings(changed(images["aci"].config, change))
    assert any(message in str(finding) for finding in findings)


def test_the_epoch_is_the_time_of_the_image(images: dict[str, ImageContents]) -> None:
    youngest = max(entry.mtime for entry in images["oci"].files)
    assert youngest == EPOCH


def test_a_changed_file_is_found_by_reading_alone(images: dict[str, ImageContents], tmp_path: Path) -> None:
    data = bytearray(images["oci"].path.read_bytes())
    position = data.rindex(b'"architecture":"amd64"') + len('"architecture":"')
    data[position : position + 5] = b"arm64"
    (tmp_path / "changed").write_bytes(data)
    findings = [str(finding) for finding in lint(read_image(tmp_path / "changed"))]
    assert any("has the digest" in finding for finding in findings)
