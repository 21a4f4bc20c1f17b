"""Keys that sign images: ECDSA on P-256 and Ed25519 in PEM files, and OpenPGP keys.

The library is imported when a key is used, since most runs sign and verify nothing.

Spec: RFC 7468 (PEM), RFC 6979 (ECDSA without a random number), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pkg2image.errors import RequestError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

ENCRYPTED_HINT = "set PKG2IMAGE_KEY_PASSWORD to its password"
_LARGEST = 1 << 20  # bytes of a file that holds a key
_PGP = b"-----BEGIN PGP "
_MAKE = "make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"
_PUBLIC = "write the public key of one: openssl pkey -in key.pem -pubout -out key.pub"


class PasswordNeededError(RequestError):
    """A key is encrypted and no password was given."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies.

    Args:
        id: SHA-256 of the key as it is in a PEM file (SubjectPublicKeyInfo), in hex.
        origin: The file it was read from.
    """

    id: str
    origin: str
    _key: PublicKeyTypes = field(repr=False)

    def fits(self, signature: bytes, data: bytes) -> bool:
        """Say whether a signature is of these bytes by this key."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        try:
            match self._key:
                case EllipticCurvePublicKey():
                    self._key.verify(signature, data, ECDSA(SHA256()))
                case Ed25519PublicKey():
                    self._key.verify(signature, data)
                case _:
                    return False
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs.

    Args:
        public: The key that verifies what it signs.
    """

    public: PublicKey
    _key: PrivateKeyTypes = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Return the signature of bytes; the same bytes have the same signature, wherever the library can do that."""
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        match self._key:
            case Ed25519PrivateKey():
                return self._key.sign(data)
            case EllipticCurvePrivateKey():
                try:
                    return self._key.sign(data, ECDSA(SHA256(), deterministic_signing=True))
                except UnsupportedAlgorithm:  # OpenSSL before 3.2
                    return self._key.sign(data, ECDSA(SHA256()))
        raise AssertionError(self.public.origin)  # `read_private_key` lets nothing else in


def read_key_file(path: Path) -> bytes:
    """Return the bytes of a file with a key.

    Raises:
        RequestError: When it cannot be read or is too large to be one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise RequestError(f"cannot read the key {path}: {error.strerror}", hint=_MAKE) from error
    if len(data) > _LARGEST:
        raise RequestError(f"cannot use the key {path}: it is larger than any key", hint=_MAKE)
    return data


def is_openpgp(data: bytes) -> bool:
    """Say whether the bytes of a key file look like an OpenPGP key: armoured, or binary packets."""
    return data.lstrip().startswith(_PGP) or bool(data and data[0] & 0x80)


def read_private_key(data: bytes, password: bytes | None, *, origin: str) -> PrivateKey:
    """Read a private key.

    Args:
        data: The PEM file.
        password: What it is encrypted with, or None.
        origin: The file, for errors.

    Raises:
        PasswordNeededError: When it is encrypted and there is no password.
        RequestError: When it is no key that can be used, or the password is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    if b"SIGSTORE PRIVATE KEY" in data or b"COSIGN PRIVATE KEY" in data:
        raise RequestError(
            f"cannot use the key {origin}: it is in a format that only cosign reads",
            hint=f"{_MAKE}; cosign verifies with its public key all the same",
        )
    if b" PUBLIC KEY-----" in data:
        raise RequestError(f"cannot sign with {origin}: it is a public key", hint="name the private key")
    try:
        key = load_pem_private_key(data, password)
    except TypeError as error:
        # The library tells these two apart in no other way.
        if password is None:
            raise PasswordNeededError(f"cannot use the key {origin}: it is encrypted", hint=ENCRYPTED_HINT) from error
        return read_private_key(data, None, origin=origin)
    except (ValueError, UnsupportedAlgorithm) as error:
        if b"ENCRYPTED" in data and password is not None:
            raise RequestError(
                f"cannot use the key {origin}: its password is another one, or it is damaged",
                hint=ENCRYPTED_HINT,
            ) from error
        raise _no_key(origin, "private", _MAKE) from error
    return PrivateKey(_public_key(key.public_key(), origin), key)


def read_public_key(data: bytes, *, origin: str) -> PublicKey:
    """Read a public key.

    Args:
        data: The PEM file.
        origin: The file, for errors.

    Raises:
        RequestError: When it is no key that can be used.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    if b" PRIVATE KEY-----" in data:
        raise RequestError(f"cannot verify with {origin}: it is a private key", hint=_PUBLIC)
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(origin, "public", _PUBLIC) from error
    return _public_key(key, origin)


def _no_key(origin: str, kind: str, hint: str) -> RequestError:
    return RequestError(f"cannot use the key {origin}: it holds no {kind} key in PEM or OpenPGP form", hint=hint)


def _public_key(key: PublicKeyTypes, origin: str) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    on_p256 = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if not on_p256 and not isinstance(key, Ed25519PublicKey):
        raise RequestError(f"cannot use the key {origin}: it is neither ECDSA on P-256 nor Ed25519", hint=_MAKE)
    return PublicKey(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest(), origin, key
    )
