"""Images that are not what was signed: each is refused, and for its own reason."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkg2image.errors import RequestError, TrustError
from pkg2image.signing.dsse import Envelope, encoded, read_envelope
from pkg2image.signing.keys import read_private_key
from pkg2image.signing.sign import read_signer, sign
from pkg2image.signing.verify import verify_signatures
from tests.support.images import unpack_layout
from tests.support.signed import (
    KeyFiles,
    Members,
    blob,
    descriptors,
    key_files,
    manifest_of,
    members_of,
    payload_of,
    place,
    put_manifest,
    put_payload,
    rewrite,
)
from tests.unit.signing.test_sign import statement_about

SIGNATURE = "dev.cosignproject.cosign/signature"


def flipped(data: bytes) -> bytes:
    """Return bytes of which one in the middle is another."""
    middle = len(data) // 2
    return data[:middle] + bytes((data[middle] ^ 1,)) + data[middle + 1 :]


def change_manifest(members: Members) -> None:
    where = place(descriptors(members)["image"])
    members[where] = flipped(members[where])


def change_configuration(members: Members) -> None:
    where = place(manifest_of(members, "image")["config"])
    members[where] = flipped(members[where])


def change_layer(members: Members) -> None:
    where = place(manifest_of(members, "image")["layers"][1])
    members[where] = flipped(members[where])


def change_size(members: Members) -> None:
    where = place(manifest_of(members, "image")["layers"][0])
    members[where] += b"more"


def drop_layer(members: Members) -> None:
    del members[place(manifest_of(members, "image")["layers"][0])]


def change_payload(members: Members) -> None:
    where = place(manifest_of(members, "sigs")["layers"][0])
    members[where] = members[where].replace(b"localhost/hello", b"localhost/hullo")


def change_payload_and_its_digests(members: Members) -> None:
    put_payload(members, payload_of(members).replace(b"localhost/hello", b"localhost/hullo"))


def change_signature(members: Members) -> None:
    manifest = manifest_of(members, "sigs")
    annotations = manifest["layers"][0]["annotations"]
    annotations[SIGNATURE] = base64.b64encode(flipped(base64.b64decode(annotations[SIGNATURE]))).decode()
    put_manifest(members, "sigs", manifest)


def garble_signature(members: Members) -> None:
    manifest = manifest_of(members, "sigs")
    manifest["layers"][0]["annotations"][SIGNATURE] = "not base64!"
    put_manifest(members, "sigs", manifest)


def change_media_type(members: Members) -> None:
    manifest = manifest_of(members, "sigs")
    manifest["layers"][0]["mediaType"] = "text/plain"
    put_manifest(members, "sigs", manifest)


def change_image(members: Members) -> None:
    """Put another image under the old signature, with all digests right."""
    manifest = manifest_of(members, "image")
    manifest["annotations"]["org.opencontainers.image.version"] = "1:0.9"
    put_manifest(members, "image", manifest)


def change_manifest_type(members: Members) -> None:
    index = json.loads(members["index.json"])
    index["manifests"][1]["mediaType"] = "application/vnd.oci.image.index.v1+json"
    members["index.json"] = json.dumps(index).encode()


def drop_signature(members: Members) -> None:
    index = json.loads(members["index.json"])
    members["index.json"] = json.dumps({**index, "manifests": index["manifests"][1:]}).encode()


def add_image(members: Members) -> None:
    index = json.loads(members["index.json"])
    index["manifests"].append({**index["manifests"][1], "annotations": {}})
    members["index.json"] = json.dumps(index).encode()


def change_what_docker_loads(members: Members) -> None:
    (entry,) = json.loads(members["manifest.json"])
    other = flipped(members[entry["Layers"][0]])
    entry["Layers"][0] = blob(other)
    members |= {"manifest.json": json.dumps([entry]).encode(), blob(other): other}


def load_more(members: Members) -> None:
    entries = json.loads(members["manifest.json"])
    members["manifest.json"] = json.dumps(entries * 2).encode()


def add_file(members: Members) -> None:
    members["repositories"] = b"{}"


def climb(members: Members) -> None:
    members["blobs/sha256/../../manifest.json"] = members["manifest.json"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_manifest, "its manifest was changed"),
        (change_configuration, "its configuration was changed"),
        (change_layer, "its layer 2 was changed"),
        (change_size, "its layer 1 was changed"),
        (drop_layer, r"its layer 1 \(blobs/sha256/.*\) is missing"),
        (change_payload, "a payload of its signatures was changed"),
        (change_payload_and_its_digests, "the signature does not fit what is signed"),
        (change_signature, "the signature does not fit what is signed"),
        (garble_signature, "the signature does not fit what is signed"),
        (change_media_type, "its payload is 'text/plain'"),
        (change_image, "it is a signature of sha256:.*, not of sha256:"),
        (change_manifest_type, "its manifest is none of an image"),
        (drop_signature, "it is not signed"),
        (add_image, "it holds 2 images, and a signature is of one"),
        (change_what_docker_loads, "its manifest.json, which docker loads, describes another image"),
        (load_more, "its manifest.json, which docker loads, describes another image"),
        (add_file, "it holds 'repositories', which belongs to no image"),
        (climb, "it holds 'blobs/sha256/../../manifest.json', which belongs to no image"),
    ],
)
def test_a_changed_image_is_refused(
    signed: Path, key: KeyFiles, change: Callable[[Members], None], reason: str
) -> None:
    rewrite(signed, change)
    with pytest.raises(TrustError, match=reason) as caught:
        verify_signatures(signed, key.public, now=0)
    assert caught.value.exit_code == 6
    assert str(signed) in caught.value.message
    assert caught.value.hint


def test_another_key_is_named(signed: Path, key: KeyFiles, other_key: KeyFiles) -> None:
    signer = read_private_key(key.private.read_bytes(), None, origin="key").public.id
    with pytest.raises(TrustError, match=rf"it is by another key \({signer}\)"):
        verify_signatures(signed, other_key.public, now=0)


def test_another_key_of_the_same_kind_does_not_fit(signed: Path, tmp_path: Path) -> None:
    stranger = key_files(tmp_path, "stranger")

    def claim(members: Members) -> None:
        manifest = manifest_of(members, "sigs")
        public = read_private_key(stranger.private.read_bytes(), None, origin="key").public
        manifest["layers"][0]["annotations"]["dev.pkg2image.key"] = public.id
        put_manifest(members, "sigs", manifest)

    rewrite(signed, claim)
    with pytest.raises(TrustError, match="the signature does not fit what is signed, or the key"):
        verify_signatures(signed, stranger.public, now=0)


def envelope_of(members: Members) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(payload_of(members, "atts"))
    return found


def change_envelope_type(members: Members) -> None:
    put_payload(members, json.dumps({**envelope_of(members), "payloadType": "text/plain"}).encode(), "atts")


def change_statement(members: Members) -> None:
    envelope = envelope_of(members)
    statement = base64.b64decode(envelope["payload"]).replace(b'"so"', b'"no"')
    envelope["payload"] = base64.b64encode(statement).decode()
    put_payload(members, json.dumps(envelope).encode(), "atts")


def drop_signatures(members: Members) -> None:
    put_payload(members, json.dumps({**envelope_of(members), "signatures": []}).encode(), "atts")


def garble_envelope(members: Members) -> None:
    put_payload(members, b'{"payload": 1}', "atts")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_envelope_type, "its envelope holds 'text/plain', not application/vnd.in-toto"),
        (change_statement, "the signature does not fit what is signed"),
        (drop_signatures, "the signature does not fit what is signed"),
        (garble_envelope, "it is not a signed envelope"),
    ],
)
def test_a_changed_statement_is_refused(
    image: Path, key: KeyFiles, change: Callable[[Members], None], reason: str
) -> None:
    sign(image, [read_signer(key.private, None)], statement=statement_about(image))
    rewrite(image, change)
    with pytest.raises(TrustError, match=reason):
        verify_signatures(image, key.public, now=0)


@pytest.mark.parametrize("kind", ["text/plain", "application/vnd.in-toto+json "])
def test_a_good_signature_of_another_type_counts_for_nothing(image: Path, key: KeyFiles, kind: str) -> None:
    """What was signed as something else must not be taken for a statement, though key and bytes are right."""
    statement = statement_about(image)
    sign(image, [read_signer(key.private, None)], statement=statement)
    signer = read_private_key(key.private.read_bytes(), None, origin="key")

    def change(members: Members) -> None:
        envelope = read_envelope(payload_of(members, "atts"), origin="envelope")
        value = signer.sign(encoded(statement, kind))
        signatures = (type(envelope.signatures[0])(signer.public.id, value),)
        put_payload(members, Envelope(statement, kind, signatures).render(), "atts")

    rewrite(image, change)
    with pytest.raises(TrustError, match="its envelope holds"):
        verify_signatures(image, key.public, now=0)


def test_a_statement_about_another_subject_is_refused(image: Path, docker_image: Path, key: KeyFiles) -> None:
    sign(image, [read_signer(key.private, None)], statement=statement_about(image))
    signer = read_signer(key.private, None)
    sign(docker_image, [signer], statement=statement_about(docker_image))
    stranger = docker_image.with_name("hello.docker.tar.intoto.jsonl").read_bytes()
    rewrite(image, lambda members: put_payload(members, stranger, "atts"))
    with pytest.raises(TrustError, match="it is about something else, not about sha256:"):
        verify_signatures(image, key.public, now=0)


def test_an_envelope_beside_a_changed_file_is_refused(docker_image: Path, key: KeyFiles, other_key: KeyFiles) -> None:
    with pytest.raises(TrustError, match="it is not signed"):
        verify_signatures(docker_image, key.public, now=0)
    sign(docker_image, [read_signer(key.private, None)])
    with pytest.raises(TrustError, match="it is by another key"):
        verify_signatures(docker_image, other_key.public, now=0)
    docker_image.write_bytes(flipped(docker_image.read_bytes()))
    with pytest.raises(TrustError, match="it is about something else"):
        verify_signatures(docker_image, key.public, now=0)
    docker_image.with_name("hello.docker.tar.intoto.jsonl").write_bytes(b"\n")
    with pytest.raises(TrustError, match="it is not signed"):
        verify_signatures(docker_image, key.public, now=0)


def test_two_members_of_one_name_are_refused(signed: Path, key: KeyFiles) -> None:
    """One tool takes the first, another the last."""
    with tarfile.open(signed, "a") as tar:
        info = tarfile.TarInfo("./index.json")
        data = members_of(signed)["index.json"]
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    with pytest.raises(TrustError, match=r"it holds index.json 2 times"):
        verify_signatures(signed, key.public, now=0)


def test_a_link_instead_of_a_file_is_refused(signed: Path, key: KeyFiles) -> None:
    with tarfile.open(signed, "a") as tar:
        info = tarfile.TarInfo("blobs/sha256/" + "0" * 64)
        info.type, info.linkname = tarfile.SYMTYPE, "../../manifest.json"
        tar.addfile(info)
    with pytest.raises(TrustError, match="which belongs to no image"):
        verify_signatures(signed, key.public, now=0)


def test_the_directory_of_a_layout_is_verified(signed: Path, key: KeyFiles, tmp_path: Path) -> None:
    layout = unpack_layout(signed, tmp_path / "layout")
    assert verify_signatures(layout, key.public, now=0).keys
    with pytest.raises(RequestError, match="it is a directory"):
        sign(layout, [read_signer(key.private, None)])
    where = layout / place(manifest_of(members_of(signed), "image")["config"])
    where.write_bytes(flipped(where.read_bytes()))
    with pytest.raises(TrustError, match="its configuration was changed"):
        verify_signatures(layout, key.public, now=0)
    shutil.rmtree(layout / "blobs")
    with pytest.raises(TrustError, match=r"its manifest .* is missing"):
        verify_signatures(layout, key.public, now=0)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"manifests": 1}', b'{"manifests": [1]}', b"[" * 100_000])
def test_a_broken_index_is_an_error_of_ours(signed: Path, key: KeyFiles, text: bytes) -> None:
    rewrite(signed, lambda members: members.__setitem__("index.json", text))
    with pytest.raises(RequestError, match="cannot read the image"):
        verify_signatures(signed, key.public, now=0)


def test_nothing_is_signed_that_does_not_fit(signed: Path, key: KeyFiles) -> None:
    rewrite(signed, change_layer)
    before = signed.read_bytes()
    with pytest.raises(TrustError, match="its layer 2 was changed"):
        sign(signed, [read_signer(key.private, None)])
    assert signed.read_bytes() == before
