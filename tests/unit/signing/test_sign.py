"""What signing writes, in the eyes of others who know how cosign keeps signatures."""

from __future__ import annotations

import base64
import json
import tarfile
from pathlib import Path

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from pkg2image.errors import OutputError, RequestError, TrustError
from pkg2image.image.lint import lint
from pkg2image.image.read import is_ours, read_image
from pkg2image.plan import canonical_json
from pkg2image.signing.sign import read_signer, sign
from pkg2image.signing.statements import PLAIN, STATEMENT
from pkg2image.signing.subject import subject_of
from pkg2image.signing.verify import verify_signatures
from tests.support.signed import (
    ALGORITHMS,
    KeyFiles,
    Members,
    descriptors,
    key_files,
    manifest_of,
    members_of,
    openssl,
    payload_of,
    put_manifest,
    rewrite,
    tags,
)

SLSA = "https://slsa.dev/provenance/v1"


def statement_about(path: Path, predicate_type: str = SLSA) -> bytes:
    """Return a statement about an image."""
    digest = subject_of(path).digest
    return canonical_json(
        {
            "_type": STATEMENT,
            "subject": [{"name": "hello", "digest": {"sha256": digest.hex}}],
            "predicateType": predicate_type,
            "predicate": {"is": "so"},
        }
    )


def verified_by_openssl(algorithm: str, files: KeyFiles, payload: Path, signature: Path) -> str:
    """Return what openssl says about a signature that it accepts."""
    if algorithm == "ed25519":
        key = ("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", files.public)
        return openssl(*key, "-sigfile", signature, "-in", payload)
    return openssl("dgst", "-sha256", "-verify", files.public, "-signature", signature, payload)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_verifies_what_cosign_would(image: Path, tmp_path: Path, algorithm: str) -> None:
    files = key_files(tmp_path, algorithm=algorithm)
    digest = read_image(image).digest
    assert sign(image, [read_signer(files.private, None)]) == (image,)
    members = members_of(image)
    layer = manifest_of(members, "sigs")["layers"][0]
    assert layer["mediaType"] == "application/vnd.dev.cosign.simplesigning.v1+json"
    payload, signature = tmp_path / "payload", tmp_path / "signature"
    payload.write_bytes(payload_of(members))
    signature.write_bytes(base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"]))
    assert "erified" in verified_by_openssl(algorithm, files, payload, signature)
    assert json.loads(payload.read_bytes()) == {
        "critical": {
            "identity": {"docker-reference": "localhost/hello"},
            "image": {"docker-manifest-digest": str(digest)},
            "type": "cosign container image signature",
        },
        "optional": None,
    }


def test_signatures_are_where_cosign_looks_for_them(signed: Path, image: Path) -> None:
    members, before = members_of(signed), read_image(image)
    found = descriptors(members)
    assert found["image"]["digest"] == str(before.digest)
    assert {name: each["annotations"]["kind"] for name, each in found.items()} == {
        "image": "dev.cosignproject.cosign/image",
        "sigs": "dev.cosignproject.cosign/sigs",
    }
    assert tags(members) == [f"sha256-{before.digest.hex}.sig", "1.0"]
    manifest = manifest_of(members, "sigs")
    assert manifest["subject"]["digest"] == str(before.digest)
    assert (
        manifest["artifactType"] == found["sigs"]["artifactType"] == "application/vnd.dev.cosign.artifact.sig.v1+json"
    )


def test_a_signed_image_is_the_same_image(signed: Path, image: Path) -> None:
    before, after = read_image(image), read_image(signed)
    assert (after.digest, after.files, after.config, after.reference) == (
        before.digest,
        before.files,
        before.config,
        before.reference,
    )
    assert lint(after) == ()
    assert is_ours(signed)
    with tarfile.open(image) as one, tarfile.open(signed) as other:
        names = one.getnames()
        assert other.getnames()[: len(names)] == names
        assert {member.mtime for member in other if member.isreg()} == {
            member.mtime for member in one if member.isreg()
        }


def test_an_archive_of_another_program_is_signed_too(image: Path, key: KeyFiles) -> None:
    def change(members: Members) -> None:
        manifest = manifest_of(members, "image")
        del manifest["annotations"]
        put_manifest(members, "image", manifest)
        del members["manifest.json"]

    rewrite(image, change)
    assert not any("blobs" not in name for name in members_of(image) if name not in {"oci-layout", "index.json"})
    sign(image, [read_signer(key.private, None)])
    assert verify_signatures(image, key.public, now=0).keys


def test_signing_again_changes_nothing(signed: Path, key: KeyFiles, other_key: KeyFiles) -> None:
    once = signed.read_bytes()
    sign(signed, [read_signer(key.private, None)])
    assert signed.read_bytes() == once
    sign(signed, [read_signer(other_key.private, None)])
    assert len(manifest_of(members_of(signed), "sigs")["layers"]) == 2
    for each in (key, other_key):
        assert verify_signatures(signed, each.public, now=0).keys


def test_a_statement_is_signed_as_others_do_it(image: Path, key: KeyFiles) -> None:
    statement = statement_about(image)
    sign(image, [read_signer(key.private, None)], statement=statement)
    members = members_of(image)
    layer = manifest_of(members, "atts")["layers"][0]
    assert layer["mediaType"] == "application/vnd.dsse.envelope.v1+json"
    assert layer["annotations"]["predicateType"] == SLSA
    assert tags(members)[-1] == f"sha256-{read_image(image).digest.hex}.att"
    envelope = Envelope.from_dict(json.loads(payload_of(members, "atts")))
    assert envelope.payload == statement
    (key_id,) = envelope.signatures
    verifier = SSlibKey(key_id, "ecdsa", "ecdsa-sha2-nistp256", {"public": key.public.read_text()})
    assert envelope.verify([verifier], 1)
    assert verify_signatures(image, key.public, now=0).statements == (SLSA,)
    assert lint(read_image(image)) == ()


def test_statements_of_several_kinds_and_keys_stay(image: Path, key: KeyFiles, other_key: KeyFiles) -> None:
    for each in (key, other_key, key):
        for kind in (SLSA, "https://spdx.dev/Document"):
            sign(image, [read_signer(each.private, None)], statement=statement_about(image, kind))
    assert len(manifest_of(members_of(image), "atts")["layers"]) == 4
    for each in (key, other_key):
        assert verify_signatures(image, each.public, now=0).statements == (SLSA, "https://spdx.dev/Document")


def test_another_file_gets_an_envelope_beside_it(docker_image: Path, key: KeyFiles, other_key: KeyFiles) -> None:
    before = docker_image.read_bytes()
    written = sign(docker_image, [read_signer(each.private, None) for each in (key, other_key)])
    envelopes = docker_image.with_name("hello.docker.tar.intoto.jsonl")
    assert written == (envelopes,)
    assert docker_image.read_bytes() == before
    lines = [Envelope.from_dict(json.loads(line)) for line in envelopes.read_bytes().splitlines()]
    statements = [json.loads(line.payload) for line in lines]
    assert [each["predicateType"] for each in statements] == [PLAIN, PLAIN]
    assert statements[0]["subject"] == [
        {"name": "hello.docker.tar", "digest": {"sha256": openssl("dgst", "-sha256", "-r", docker_image).split()[0]}}
    ]
    for each in (key, other_key):
        assert verify_signatures(docker_image, each.public, now=0).statements == ()


def test_envelopes_of_others_stay(docker_image: Path, key: KeyFiles, other_key: KeyFiles) -> None:
    for each in (key, other_key, key):
        sign(docker_image, [read_signer(each.private, None)], statement=statement_about(docker_image))
    assert verify_signatures(docker_image, other_key.public, now=0).statements == (SLSA,)
    assert len(docker_image.with_name("hello.docker.tar.intoto.jsonl").read_bytes().splitlines()) == 2


def test_a_statement_about_something_else_is_not_signed(image: Path, docker_image: Path, key: KeyFiles) -> None:
    before = image.read_bytes()
    with pytest.raises(TrustError, match="it is about something else"):
        sign(image, [read_signer(key.private, None)], statement=statement_about(docker_image))
    with pytest.raises(TrustError, match="it is no in-toto statement"):
        sign(image, [read_signer(key.private, None)], statement=b"{}")
    assert image.read_bytes() == before


def test_what_is_no_image_file_is_not_signed(tmp_path: Path, key: KeyFiles) -> None:
    with pytest.raises(RequestError, match="it is a directory"):
        sign(tmp_path, [read_signer(key.private, None)])
    with pytest.raises(RequestError, match="there is no such file"):
        sign(tmp_path / "missing", [read_signer(key.private, None)])


def test_a_file_of_somebody_else_is_not_replaced(docker_image: Path, key: KeyFiles) -> None:
    envelopes = docker_image.with_name("hello.docker.tar.intoto.jsonl")
    envelopes.write_text("my notes\n")
    with pytest.raises(OutputError, match="exists and is not"):
        sign(docker_image, [read_signer(key.private, None)])
    assert envelopes.read_text() == "my notes\n"
