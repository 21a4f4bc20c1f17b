"""Detached OpenPGP signatures of whole files."""

from __future__ import annotations

import dataclasses
import subprocess
import time
from pathlib import Path

import pytest

from pkg2image.errors import OutputError, RequestError, TrustError
from pkg2image.signing.keys import PasswordNeededError
from pkg2image.signing.openpgp import OpenPgpKey
from pkg2image.signing.sign import read_signer, sign
from pkg2image.signing.verify import verify_signatures
from tests.support.images import unpack_layout
from tests.support.keys import SigningKey, revoked, sign_detached, signing_key
from tests.support.signed import KeyFiles
from tests.support.tools import needs

NOW = int(time.time())


def secret_file(directory: Path, key: SigningKey) -> Path:
    path = directory / f"{key.name}.secret"
    path.write_bytes(bytes(key.secret))
    return path


def public_file(directory: Path, key: SigningKey, data: bytes = b"") -> Path:
    path = directory / f"{key.name}.asc"
    path.write_bytes(data or key.armoured)
    return path


@pytest.fixture
def maker(tmp_path: Path) -> tuple[Path, Path]:
    """The files of the secret and the public key of who makes images."""
    key = signing_key("maker")
    return secret_file(tmp_path, key), public_file(tmp_path, key)


@pytest.fixture
def armoured(docker_image: Path, maker: tuple[Path, Path]) -> Path:
    """The signature of the file."""
    (path,) = sign(docker_image, [read_signer(maker[0], None)])
    return path


def test_gpgv_accepts_a_signature(docker_image: Path, armoured: Path, tmp_path: Path) -> None:
    needs("gpgv")
    assert armoured == docker_image.with_name("hello.docker.tar.asc")
    assert armoured.read_text().startswith("-----BEGIN PGP SIGNATURE-----")
    keyring = public_file(tmp_path, signing_key("maker"), signing_key("maker").binary)
    command = ("gpgv", "--keyring", keyring, armoured, docker_image)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Good signature" in done.stderr
    assert done.returncode == 0


def test_a_good_signature(docker_image: Path, armoured: Path, maker: tuple[Path, Path]) -> None:
    found = verify_signatures(docker_image, maker[1], now=NOW)
    assert found.keys == (signing_key("maker").fingerprint,)
    assert armoured.exists()


def test_a_changed_file(docker_image: Path, armoured: Path, maker: tuple[Path, Path]) -> None:
    docker_image.write_bytes(docker_image.read_bytes() + b"!")
    with pytest.raises(TrustError, match=r"the signature by [0-9a-f]{40} is wrong") as caught:
        verify_signatures(docker_image, maker[1], now=NOW)
    assert str(docker_image) in caught.value.message
    assert armoured.exists()


def test_another_key(docker_image: Path, armoured: Path, tmp_path: Path) -> None:
    with pytest.raises(TrustError, match=r"the key [0-9a-f]{40} that signed it is not in the keyring"):
        verify_signatures(docker_image, public_file(tmp_path, signing_key("stranger")), now=NOW)
    assert armoured.exists()


def test_a_revoked_key(docker_image: Path, armoured: Path, tmp_path: Path) -> None:
    key = revoked(signing_key("maker"))
    with pytest.raises(TrustError, match="is revoked"):
        verify_signatures(docker_image, public_file(tmp_path, key), now=NOW)
    assert armoured.exists()


def test_an_expired_key(docker_image: Path, tmp_path: Path) -> None:
    key = signing_key("brief", validity_seconds=3600)
    sign(docker_image, [read_signer(secret_file(tmp_path, key), None)])
    public = public_file(tmp_path, key)
    assert verify_signatures(docker_image, public, now=NOW).keys
    with pytest.raises(TrustError, match="has expired"):
        verify_signatures(docker_image, public, now=NOW + 7200)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "it is not signed"),
        (b"junk\n", "it does not begin with an armoured signature"),
        (b"-----BEGIN PGP SIGNATURE-----\n\n!\n-----END PGP SIGNATURE-----\n", "the signature is not base64"),
        (b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n", "cannot trust"),
    ],
)
def test_what_is_no_signature(
    docker_image: Path, armoured: Path, maker: tuple[Path, Path], text: bytes, reason: str
) -> None:
    armoured.write_bytes(text)
    with pytest.raises(TrustError, match=reason):
        verify_signatures(docker_image, maker[1], now=NOW)


def test_no_signature_at_all(docker_image: Path, maker: tuple[Path, Path]) -> None:
    with pytest.raises(TrustError, match="there is no signature"):
        verify_signatures(docker_image, maker[1], now=NOW)


def test_a_directory_has_no_signature(
    signed: Path, maker: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = unpack_layout(signed, tmp_path / "layout")
    monkeypatch.chdir(layout)
    for path in (layout, Path()):
        with pytest.raises(RequestError, match="an OpenPGP signature is of a file"):
            verify_signatures(path, maker[1], now=NOW)
        with pytest.raises(RequestError, match="it is a directory"):
            sign(path, [read_signer(maker[0], None)])


def test_several_signatures_of_one_file(docker_image: Path, tmp_path: Path) -> None:
    keys = [signing_key("maker"), signing_key("second")]
    signature = docker_image.with_name("hello.docker.tar.asc")
    signature.write_bytes(sign_detached(docker_image.read_bytes(), keys))
    for key in keys:
        assert verify_signatures(docker_image, public_file(tmp_path, key), now=NOW).keys == (key.fingerprint,)


def test_a_key_that_is_no_key(docker_image: Path, armoured: Path, tmp_path: Path) -> None:
    public = tmp_path / "key.asc"
    public.write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\njunk\n")
    with pytest.raises(RequestError, match="cannot"):
        verify_signatures(docker_image, public, now=NOW)
    assert armoured.exists()


ENCRYPTED = """-----BEGIN PGP PRIVATE KEY BLOCK-----

lIYEawKlfBYJKwYBBAHaRw8BAQdAQl9wyB1sz/YFwBimlKlabm0VtMRl7Xe+fhYj
woXR5U/+BwMCrlCRlUtrqOX/Q0jI99tFM3V1J3KeCHpT5h8vANP4dJCUX7X+GoC7
jFm2i+xRO+fZj0ryjesWQVwY1jIZmNB1jcWLSK1VqpMp6IsPEc9xaLQdbWFrZXIg
PG1ha2VyQGFyY2hpdmUuZXhhbXBsZT6IkAQTFggAOBYhBMSFfZ18pCcK7O9qmGIi
8isga7aiBQJrAqV8AhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEGIi8isg
a7ai61AA/3t61Vg7CputAXANrxrr24eoG4v4sI+DPQVdp/WTujhWAQCUFmVQf+U9
Tfxf6OHYu7PM3+wI9sCIOBCXJ0P5pZIDAg==
=+rZ/
-----END PGP PRIVATE KEY BLOCK-----
"""
"""A key for this test alone, as gpg exports it, encrypted with the word "secret"."""


def test_a_password_is_needed_and_must_be_right(tmp_path: Path) -> None:
    key = tmp_path / "key.asc"
    key.write_text(ENCRYPTED)
    with pytest.raises(PasswordNeededError, match="it is encrypted"):
        read_signer(key, None)
    with pytest.raises(RequestError, match="its password is another one"):
        read_signer(key, "wrong")
    assert isinstance(read_signer(key, "secret"), OpenPgpKey)


def test_both_kinds_of_keys_at_once(image: Path, key: KeyFiles, maker: tuple[Path, Path]) -> None:
    signers = [read_signer(maker[0], None), read_signer(key.private, None)]
    armoured = image.with_name("hello.oci.tar.asc")
    assert sign(image, signers) == (image, armoured)
    assert verify_signatures(image, key.public, now=NOW).digest == verify_signatures(image, maker[1], now=NOW).digest
    with pytest.raises(OutputError, match="would not fit it any more"):
        sign(image, signers[1:])
    assert sign(image, signers) == (image, armoured)
    with pytest.raises(RequestError, match="with two OpenPGP keys"):
        sign(image, [signers[0], dataclasses.replace(signers[0])])
