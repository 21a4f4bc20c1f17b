"""OpenPGP certificates: which one made a signature, and whether its keys may be believed now.

The verifier judges keys at the time of the signature. A repository is judged now: a key that has expired or was
revoked since then vouches for nothing, so what its packets say is looked at here.

Spec: RFC 9580 sections 5.2 and 5.5; rule 4 of the trust policy.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pysequoia
from pysequoia import packet

from pkg2image.archive.verdict import Key
from pkg2image.errors import RequestError

# Lists, not sets: the enumerations of the library have no hash.
STRONG_HASHES = [
    packet.HashAlgorithm.SHA256,
    packet.HashAlgorithm.SHA384,
    packet.HashAlgorithm.SHA512,
    packet.HashAlgorithm.SHA3_256,
    packet.HashAlgorithm.SHA3_512,
]
_KEYS = [packet.Tag.PublicKey, packet.Tag.PublicSubkey]
_SIZED_ALGORITHMS = frozenset({1, 2, 3, 17})  # RSA and DSA: their strength is the length of the first number
_MINIMUM_BITS = 2048


@dataclass(frozen=True, slots=True)
class Keyring:
    """The certificates that may sign one source.

    Args:
        copies: Fingerprint -> every copy of that certificate; they are merged only when it has signed something,
            because that is what costs time.
    """

    copies: Mapping[str, tuple[pysequoia.Cert, ...]]

    @property
    def certificates(self) -> list[pysequoia.Cert]:
        """All copies of all certificates, for the verifier."""
        return [each for copies in self.copies.values() for each in copies]

    def find(self, issuer: str, *, certificate: str = "") -> Key | None:
        """Return the key with that fingerprint or key id, or None when there is none.

        Args:
            issuer: Fingerprint or key id in lower-case hex.
            certificate: Fingerprint of the certificate to look into; empty for all of them.
        """
        for fingerprint, copies in self.copies.items():
            if certificate in {"", fingerprint}:
                for key in keys_of(*copies):
                    if issuer in {key.fingerprint, key.key_id}:
                        return key
        return None


def parse_certificates(data: bytes, *, origin: str) -> tuple[pysequoia.Cert, ...]:
    """Read the certificates of a keyring file.

    Args:
        data: Binary or armoured OpenPGP.
        origin: What is read, for errors.

    Raises:
        RequestError: The data is not a keyring or holds no certificate.
    """
    try:
        certificates = _split(data)
    except RuntimeError:
        certificates = ()
    if not certificates:
        raise RequestError(
            f"cannot read the keyring {origin}: it holds no OpenPGP certificate",
            hint="export the public keys with 'gpg --export', armoured or not",
        )
    return certificates


@functools.lru_cache(maxsize=32)
def _split(data: bytes) -> tuple[pysequoia.Cert, ...]:
    # Values of their bytes: the suites of one archive have one keyring, which is parsed once.
    return tuple(pysequoia.Cert.split_bytes(data))


def read_keyring(keys: Sequence[bytes]) -> Keyring:
    """Join keyring files.

    Raises:
        RequestError: One of them is not a keyring.
    """
    copies: dict[str, tuple[pysequoia.Cert, ...]] = {}
    for data in keys:
        for each in parse_certificates(data, origin="given"):
            copies[each.fingerprint] = (*copies.get(each.fingerprint, ()), each)
    return Keyring(copies)


@functools.lru_cache(maxsize=256)
def keys_of(*copies: pysequoia.Cert) -> tuple[Key, ...]:
    """Return the primary key and the subkeys of a certificate.

    Args:
        copies: Of one certificate; what any of them says counts, so that the newest dates and every revocation do.
    """
    try:
        return _keys_of(bytes(functools.reduce(lambda known, other: known.merge(other), copies)))
    except RuntimeError:  # what the library can read but not write again is nothing to rely on
        return ()


@functools.lru_cache(maxsize=64)
def _keys_of(data: bytes) -> tuple[Key, ...]:
    certificate = pysequoia.Cert.from_bytes(data)
    primary, *subkeys = (_key(group, certificate.fingerprint) for group in _groups(data))
    primary = replace(primary, revoked=certificate.is_revoked)
    try:
        end = certificate.expiration
    except RuntimeError:  # nothing that the library believes binds the key to its owner
        primary = replace(primary, strong=False)
    else:
        primary = replace(primary, expires=int(end.timestamp()) if end else None)
    return (primary, *(_bounded(subkey, primary) for subkey in subkeys))


def _bounded(subkey: Key, primary: Key) -> Key:
    """A subkey lives no longer than its certificate."""
    ends = [end for end in (subkey.expires, primary.expires) if end is not None]
    return replace(
        subkey,
        revoked=subkey.revoked or primary.revoked,
        expires=min(ends, default=None),
        strong=subkey.strong and primary.strong,
    )


def read_packets(data: bytes) -> list[packet.Packet]:
    """Return the packets, armoured or not, that the library has names for; others are to be ignored.

    Raises:
        RuntimeError: It is not OpenPGP at all.

    Spec: RFC 9580 sections 4.3 and 5.2.3: unknown packets, kinds of signatures and algorithms.
    """
    return [each for each in packet.PacketPile.from_bytes(data) if _is_known(each)]


def _is_known(each: packet.Packet) -> bool:
    try:
        return each.tag != packet.Tag.Signature or (each.signature_type, each.hash_algorithm) != (None, None)
    except RuntimeError:
        return False


def _groups(data: bytes) -> Iterator[list[packet.Packet]]:
    """Yield each key packet with the packets that belong to it."""
    group: list[packet.Packet] = []
    for each in read_packets(data):
        if each.tag in _KEYS and group:
            yield group
            group = []
        group.append(each)
    yield group


def _key(group: list[packet.Packet], certificate: str) -> Key:
    """Judge a key by its own packet and the signatures that its certificate's owner put on it."""
    first, *rest = group
    signatures = [
        each
        for each in rest
        if each.tag == packet.Tag.Signature
        and ((each.issuer_fingerprint or certificate) == certificate)
        and certificate.endswith(each.issuer_key_id or "")
    ]
    bindings = [each for each in signatures if each.signature_type == packet.SignatureType.SubkeyBinding]
    newest = max(bindings, key=_created, default=None)
    expires = None
    if newest is not None and newest.key_validity_period is not None and first.key_created is not None:
        expires = int((first.key_created + newest.key_validity_period).timestamp())
    return Key(
        fingerprint=first.fingerprint or "",
        certificate=certificate,
        key_id=first.key_id or "",
        revoked=any(each.signature_type == packet.SignatureType.SubkeyRevocation for each in signatures),
        expires=expires,
        strong=_is_long(first.body) and any(each.hash_algorithm in STRONG_HASHES for each in signatures),
    )


def _created(signature: packet.Packet) -> float:
    return signature.signature_created.timestamp() if signature.signature_created else 0


def _is_long(body: bytes) -> bool:
    """Whether a key packet holds a key of a length that is still believed.

    Spec: RFC 9580 section 5.5.2: version, four octets of time, (version 3: two of validity), algorithm, (version 6:
    four octets of length), then numbers that begin with their length in bits.
    """
    start = {4: 6, 6: 10}.get(body[0]) if body else None
    if start is None or len(body) < start + 2:
        return False
    if body[5] not in _SIZED_ALGORITHMS:
        return True
    return int.from_bytes(body[start : start + 2]) >= _MINIMUM_BITS
