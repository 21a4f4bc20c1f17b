"""OpenPGP keys made for one test session, and signatures by them in the forms that repositories use."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pysequoia
from pysequoia import packet

from pkg2image.archive.signature import examine_detached, examine_inrelease
from pkg2image.archive.verdict import Verified, judge


@dataclass(frozen=True)
class SigningKey:
    """A certificate with its secret key.

    Args:
        name: What its user id says.
        secret: The key; public parts of it may be revoked or expired.
        certificate: What a keyring holds; differs from the secret's own when it was revoked or its date was changed.
    """

    name: str
    secret: pysequoia.Tsk = field(repr=False)
    certificate: pysequoia.Cert = field(repr=False)

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint

    @property
    def binary(self) -> bytes:
        """The keyring with this one certificate, as in ``.gpg`` files."""
        return bytes(self.certificate)

    @property
    def armoured(self) -> bytes:
        """The keyring with this one certificate, as in ``.asc`` files."""
        return str(self.certificate).encode()


@functools.cache
def signing_key(name: str = "archive", *, validity_seconds: int | None = None, rsa: bool = False) -> SigningKey:
    """Return the key of that name, made at most once per session.

    Args:
        name: Any text; another name is another key.
        validity_seconds: From now until the key expires; None for the default of three years.
        rsa: RSA with 2048 bits instead of Curve 25519: slower, for tools that know nothing else.
    """
    suite = pysequoia.CipherSuite.RSA2k if rsa else pysequoia.CipherSuite.Cv25519
    secret = pysequoia.Tsk.generate(
        f"{name} <{name}@archive.example>", cipher_suite=suite, validity_seconds=validity_seconds
    )
    return SigningKey(name, secret, secret.extract_certificate())


def revoked(key: SigningKey) -> SigningKey:
    """Return the key with a certificate that its owner has revoked."""
    signature = key.certificate.revoke(key.secret.certifier())
    packets = [*packet.PacketPile.from_bytes(bytes(key.certificate))]
    revocation = [*packet.PacketPile.from_bytes(bytes(signature))]
    return SigningKey(key.name, key.secret, pysequoia.Cert.from_packets([packets[0], *revocation, *packets[1:]]))


def keyring(keys: Iterable[SigningKey]) -> bytes:
    """Return the certificates of several keys in one binary keyring."""
    return b"".join(key.binary for key in keys)


def clearsign(body: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Return an InRelease: the body in a clearsigned block with one signature per key."""
    messages = [pysequoia.sign(key.secret.signer(), body, mode=pysequoia.SignatureMode.CLEAR) for key in keys]
    marker = b"-----BEGIN PGP SIGNATURE-----"
    cleartext = messages[0].partition(marker)[0]
    return cleartext + armour(b"".join(packets(marker + message.partition(marker)[2]) for message in messages))


def sign_detached(body: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Return a Release.gpg: one armoured block with one signature per key."""
    signatures = [pysequoia.sign(key.secret.signer(), body, mode=pysequoia.SignatureMode.DETACHED) for key in keys]
    return armour(b"".join(packets(signature) for signature in signatures))


def packets(armoured: bytes) -> bytes:
    """Return the packets inside an armoured signature block."""
    return b"".join(bytes(each) for each in packet.PacketPile.from_bytes(armoured))


def armour(signatures: bytes) -> bytes:
    """Return signature packets as one armoured block."""
    return pysequoia.armor(signatures, pysequoia.ArmorKind.Signature).encode()


def verify_inrelease(data: bytes, keys: Sequence[bytes], *, now: int, origin: str = "InRelease") -> Verified:
    """Examine and judge a clearsigned file."""
    return judge(examine_inrelease(data, keys, origin=origin), now=now, origin=origin)


def verify_detached(
    release: bytes, signature: bytes, keys: Sequence[bytes], *, now: int, origin: str = "Release"
) -> Verified:
    """Examine and judge a file with its detached signatures."""
    return judge(examine_detached(release, signature, keys, origin=origin), now=now, origin=origin)
