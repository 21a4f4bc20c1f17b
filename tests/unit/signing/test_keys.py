"""Keys in files: those that are used, and what is said about all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.errors import RequestError
from pkg2image.signing.keys import (
    PasswordNeededError,
    PrivateKey,
    PublicKey,
    read_key_file,
    read_private_key,
    read_public_key,
)
from pkg2image.signing.openpgp import OpenPgpKey
from pkg2image.signing.sign import read_signer
from tests.support.keys import signing_key
from tests.support.signed import ALGORITHMS, KeyFiles, key_files, openssl

DATA = b"what is signed"


def public_key(path: Path) -> PublicKey:
    return read_public_key(path.read_bytes(), origin=str(path))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_accepts_a_signature(tmp_path: Path, algorithm: str) -> None:
    files = key_files(tmp_path, algorithm=algorithm)
    key = read_private_key(files.private.read_bytes(), None, origin="key")
    data, signature = tmp_path / "data", tmp_path / "signature"
    data.write_bytes(DATA)
    signature.write_bytes(key.sign(DATA))
    words = ("-sigfile", signature, "-in", data) if algorithm == "ed25519" else ("-signature", signature, data)
    verify = ("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey") if algorithm == "ed25519" else ("dgst", "-verify")
    assert "erified" in openssl(*verify, files.public, *words)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_by_openssl_fits(tmp_path: Path, algorithm: str) -> None:
    files = key_files(tmp_path, algorithm=algorithm)
    data, signature = tmp_path / "data", tmp_path / "signature"
    data.write_bytes(DATA)
    if algorithm == "ed25519":
        openssl("pkeyutl", "-sign", "-rawin", "-inkey", files.private, "-in", data, "-out", signature)
    else:
        openssl("dgst", "-sha256", "-sign", files.private, "-out", signature, data)
    assert public_key(files.public).fits(signature.read_bytes(), DATA)
    assert not public_key(files.public).fits(signature.read_bytes(), DATA + b"!")
    assert not public_key(files.public).fits(signature.read_bytes()[:-1], DATA)
    assert not public_key(files.public).fits(b"", DATA)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_bytes_have_the_same_signature(tmp_path: Path, algorithm: str) -> None:
    files = key_files(tmp_path, algorithm=algorithm)
    signatures = {read_private_key(files.private.read_bytes(), None, origin="key").sign(DATA) for _ in range(3)}
    assert len(signatures) == 1


def test_a_key_is_known_by_the_hash_of_its_public_part(tmp_path: Path, key: KeyFiles) -> None:
    der = tmp_path / "key.der"
    openssl("pkey", "-pubin", "-in", key.public, "-outform", "DER", "-out", der)
    digest = openssl("dgst", "-sha256", "-r", der).split()[0]
    assert public_key(key.public).id == digest
    assert read_private_key(key.private.read_bytes(), None, origin="key").public.id == digest


def test_a_password_is_needed_and_must_be_right(tmp_path: Path) -> None:
    files = key_files(tmp_path, password="secret")
    with pytest.raises(PasswordNeededError, match="it is encrypted"):
        read_signer(files.private, None)
    with pytest.raises(RequestError, match="its password is another one"):
        read_signer(files.private, "wrong")
    signer = read_signer(files.private, "secret")
    assert not isinstance(signer, OpenPgpKey)
    assert signer.public.id == public_key(files.public).id


def test_a_password_that_is_not_needed_is_no_matter(key: KeyFiles, tmp_path: Path) -> None:
    assert isinstance(read_signer(key.private, "of another key"), PrivateKey)
    secret = tmp_path / "secret.asc"
    secret.write_bytes(bytes(signing_key("maker").secret))
    assert isinstance(read_signer(secret, "of another key"), OpenPgpKey)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "it is neither ECDSA on P-256 nor Ed25519"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "it is neither ECDSA on P-256 nor Ed25519"),
    ],
)
def test_other_algorithms_are_refused(tmp_path: Path, words: str, reason: str) -> None:
    files = key_files(tmp_path, algorithm=words)
    with pytest.raises(RequestError, match=reason):
        read_signer(files.private, None)
    with pytest.raises(RequestError, match=reason):
        public_key(files.public)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "it holds no private key"),
        (b"not a key\n", "it holds no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "it holds no private key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "it is a public key"),
        (b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "in a format that only cosign reads"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "it holds no secret OpenPGP key"),
        (b"\xff\xff\xff", "it holds no secret OpenPGP key"),
        (b"x" * (1 << 21), "it is larger than any key"),
    ],
)
def test_what_cannot_sign_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(text)
    with pytest.raises(RequestError, match=reason) as caught:
        read_signer(path, None)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_what_cannot_verify_is_refused(tmp_path: Path, key: KeyFiles) -> None:
    with pytest.raises(RequestError, match="it is a private key"):
        public_key(key.private)
    with pytest.raises(RequestError, match="it holds no public key"):
        read_public_key(b"junk", origin="key")
    with pytest.raises(RequestError, match="No such file"):
        read_key_file(tmp_path / "missing")


def test_a_public_openpgp_key_cannot_sign(tmp_path: Path) -> None:
    path = tmp_path / "key.asc"
    path.write_bytes(signing_key("maker").armoured)
    with pytest.raises(RequestError, match="cannot sign with"):
        read_signer(path, None)
