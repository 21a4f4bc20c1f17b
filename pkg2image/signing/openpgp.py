"""Detached OpenPGP signatures of whole files, as ``gpg --armor --detach-sign`` makes them.

They say when they were made, so two of them are never the same.

Spec: RFC 9580 section 10.4; appc spec 0.8.11 discovery.md ("Authentication": ``.aci.asc``).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pysequoia

from pkg2image.archive.signature import examine_file
from pkg2image.archive.verdict import NoSignatureError, UnknownKeyError, judge
from pkg2image.errors import RequestError, TrustError
from pkg2image.image.target import failures
from pkg2image.signing.keys import ENCRYPTED_HINT, PasswordNeededError

SUFFIX = ".asc"


@dataclass(frozen=True, slots=True)
class OpenPgpKey:
    """A secret key that signs files.

    Args:
        fingerprint: Of its certificate, in lower-case hex.
    """

    fingerprint: str
    _signer: pysequoia.PySigner = field(repr=False)

    def sign(self, path: Path) -> bytes:
        """Return the armoured signature of a file.

        Raises:
            OutputError: When it cannot be read, or there is no room beside it.
        """
        # The library writes to a file only what it reads from one; so nothing of the size of an image is in memory.
        with failures(path), tempfile.TemporaryDirectory(prefix=f".{path.name[:100]}.", dir=path.parent) as place:
            signature = Path(place, "signature")
            try:
                pysequoia.sign_file(
                    self._signer, str(path), str(signature), mode=pysequoia.SignatureMode.DETACHED, armor=True
                )
            except RuntimeError as error:
                raise RequestError(f"cannot sign {path}: {first_line(error)}") from error
            return signature.read_bytes()


def read_secret_key(data: bytes, password: str | None, *, origin: str) -> OpenPgpKey:
    """Read a secret OpenPGP key.

    Args:
        data: The file, armoured or binary.
        password: What it is encrypted with, or None.
        origin: The file, for errors.

    Raises:
        PasswordNeededError: When it is encrypted and there is no password.
        RequestError: When it cannot sign, or the password is wrong.
    """
    try:
        secret = pysequoia.Tsk.from_bytes(data)
    except (RuntimeError, ValueError) as error:
        raise RequestError(
            f"cannot sign with {origin}: it holds no secret OpenPGP key",
            hint="write one into a file: gpg --armor --export-secret-keys NAME > key.asc",
        ) from error
    certificate = secret.extract_certificate()
    try:
        return OpenPgpKey(certificate.fingerprint, secret.signer())
    except RuntimeError as error:
        # The library tells these two apart in no other way.
        if "encrypted" not in str(error):
            raise RequestError(f"cannot sign with {origin}: {first_line(error)}", hint="name another key") from error
    if password is None:
        raise PasswordNeededError(f"cannot use the key {origin}: it is encrypted", hint=ENCRYPTED_HINT)
    try:
        return OpenPgpKey(certificate.fingerprint, secret.signer(password))
    except RuntimeError as error:
        raise RequestError(
            f"cannot use the key {origin}: its password is another one, or it is damaged", hint=ENCRYPTED_HINT
        ) from error


def first_line(error: Exception) -> str:
    """Return what the library says, without the stack trace that it may append."""
    text = str(error).partition("\n")[0]
    return text[:1].lower() + text[1:].rstrip(".")


def verify_file(path: Path, signature: Path, certificate: bytes, *, now: int) -> tuple[str, ...]:
    """Verify the detached signature of a file.

    Args:
        path: The file.
        signature: The file with its signature.
        certificate: Who may have signed it: OpenPGP certificates, armoured or binary.
        now: When the key must be valid, in seconds since the epoch.

    Returns:
        The fingerprints of the certificates that signed it.

    Raises:
        TrustError: When none of these has, or the signature is not of this file.
        RequestError: When something cannot be read.
    """
    if path.is_dir():
        raise RequestError(
            f"cannot verify {path}: an OpenPGP signature is of a file, and this is a directory",
            hint="name the archive that it was unpacked from",
        )
    try:
        armour = signature.read_bytes()
    except OSError as error:
        raise TrustError(
            f"cannot trust {path}: there is no signature {signature}",
            hint=f"gpg --armor --detach-sign {path} makes one, and so does pkg2image sign",
        ) from error
    try:
        return judge(examine_file(path, armour, (certificate,), origin=str(path)), now=now, origin=str(path)).signers
    except (NoSignatureError, UnknownKeyError) as error:
        raise TrustError(error.message, hint="verify it with the key of the one who signed it") from error
    except TrustError as error:
        raise TrustError(error.message, hint="get the file and its signature again, from whoever made them") from error
