"""Signatures of Release files: the OpenPGP verdict, and the policy that the verifier does not have.

pysequoia finds whether *a* good signature exists. Here every signature is judged alone: a wrong one is fatal even
beside a good one, one by an unknown, expired or revoked key counts for nothing, and the file must be exactly one
signed block, so that nobody reads what nobody signed. Only the bytes that the verifier returned are handed on.

Spec: rules 1 to 5 of the trust policy; RFC 9580 section 7 (cleartext) and 10.4 (detached).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pysequoia
from pysequoia import packet

from pkg2image.archive.certificates import STRONG_HASHES, Key, Keyring, read_keyring, read_packets
from pkg2image.errors import TrustError

_SIZE_LIMIT = 16 << 20
_SIGNATURE_LIMIT = 16
_BEGIN_MESSAGE = b"-----BEGIN PGP SIGNED MESSAGE-----"
_BEGIN_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
_END_SIGNATURE = b"-----END PGP SIGNATURE-----"
_HASH_HEADER = re.compile(rb"Hash: *[A-Za-z0-9, -]+")
_ARMOUR_HEADER = re.compile(rb"(Version|Comment): .*")
_ARMOUR_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,2}|=[A-Za-z0-9+/]{4}")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_SIGNATURE_TYPES = [packet.SignatureType.Binary, packet.SignatureType.Text]


class NoSignatureError(TrustError):
    """There is no signature at all."""


class MalformedSignatureError(TrustError):
    """The file is not exactly one signed block, or its signature is no OpenPGP signature."""


class BadSignatureError(TrustError):
    """A known key's signature does not fit the bytes."""


class UnknownKeyError(TrustError):
    """Nobody who may sign this source has signed it."""


class ExpiredKeyError(TrustError):
    """The key that signed it has expired."""


class RevokedKeyError(TrustError):
    """The key that signed it was revoked by its owner."""


class WeakSignatureError(TrustError):
    """The signature's hash or the key is too weak to prove anything."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that trusted keys vouch for.

    Args:
        body: Exactly the bytes that the verifier returned, lines ending in a line feed.
        signers: Fingerprints of the certificates behind the good signatures, lower case, sorted.
        notes: Sentences for the user, such as a signature by an unknown key beside a good one.
    """

    body: bytes
    signers: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Good:
    """A signature that counts."""

    body: bytes
    signer: str


@dataclass(frozen=True, slots=True)
class _Worthless:
    """A signature that counts for nothing and harms nothing beside a good one; alone it is an error of this kind."""

    kind: type[TrustError]
    reason: str


_Verifier = Callable[[packet.Packet, list[pysequoia.Cert]], pysequoia.Decrypted]
"""Verifies the document against one of its signatures; raises RuntimeError when that fails."""

_HINTS: Mapping[type[TrustError], str] = {
    RevokedKeyError: "do not use this source until its owner signs it with another key",
    ExpiredKeyError: "update the keyring package of the distribution, or give a newer key with --keyring",
    WeakSignatureError: "ask the owner of this source for a signature with SHA-256 and a key of 2048 bits or more",
    UnknownKeyError: "update the keyring package of the distribution, or give the key with --keyring or signed-by",
}
_TELLING = list(_HINTS)
"""Which verdict explains best why a file without a good signature is refused, best first."""


def verify_inrelease(data: bytes, keys: Sequence[bytes], *, now: int, origin: str = "InRelease") -> Verified:
    """Verify a clearsigned file.

    Args:
        data: The whole file.
        keys: Keyrings, binary or armoured; their certificates are the only ones that may sign.
        now: When the keys are judged, in seconds since the epoch.
        origin: What is verified, for errors and notes.

    Raises:
        TrustError: One of the subclasses here.
        RequestError: A keyring is unreadable.
    """
    cleartext, armour = _split_clearsigned(data, origin)

    def verify(signature: packet.Packet, certificates: list[pysequoia.Cert]) -> pysequoia.Decrypted:
        block = pysequoia.armor(bytes(signature), pysequoia.ArmorKind.Signature).encode()
        return pysequoia.verify(cleartext + block, store=lambda _: certificates)

    return _judge(armour, verify, read_keyring(keys), now=now, origin=origin)


def verify_detached(
    release: bytes, signature: bytes, keys: Sequence[bytes], *, now: int, origin: str = "Release"
) -> Verified:
    """Verify a file against the armoured block of its detached signatures.

    Args:
        release: The signed file.
        signature: Its ``.gpg`` file.
        keys: Keyrings, binary or armoured; their certificates are the only ones that may sign.
        now: When the keys are judged, in seconds since the epoch.
        origin: What is verified, for errors and notes.

    Raises:
        TrustError: One of the subclasses here.
        RequestError: A keyring is unreadable.
    """
    _check_text(release, origin)
    if release.startswith(_BEGIN_MESSAGE):
        raise _malformed(origin, "it is clearsigned, but was to be a plain file with a detached signature")
    _check_armour(signature.split(b"\n"), f"{origin}.gpg")
    _check_text(signature, f"{origin}.gpg")

    def verify(one: packet.Packet, certificates: list[pysequoia.Cert]) -> pysequoia.Decrypted:
        detached = pysequoia.Sig.from_bytes(bytes(one))
        return pysequoia.verify(release, store=lambda _: certificates, signature=detached)

    return _judge(signature, verify, read_keyring(keys), now=now, origin=origin)


def _malformed(origin: str, reason: str) -> MalformedSignatureError:
    return MalformedSignatureError(f"cannot trust {origin}: {reason}", hint="try another mirror")


def _check_text(data: bytes, origin: str) -> None:
    if len(data) > _SIZE_LIMIT:
        raise _malformed(origin, f"it is longer than {_SIZE_LIMIT >> 20} MiB")
    if found := _CONTROL.search(data):
        raise _malformed(origin, f"it holds the control character {found[0][0]:#04x}")


def _split_clearsigned(data: bytes, origin: str) -> tuple[bytes, bytes]:
    """Return the message up to its signature, and the armoured signature block.

    Raises:
        TrustError: The file is not exactly one clearsigned block.

    Spec: RFC 9580 section 7; stricter, as apt is since CVE-2013-1051 and CVE-2016-1252.
    """
    _check_text(data, origin)
    lines = data.split(b"\n")
    stripped = [line.rstrip() for line in lines]
    if stripped[0] != _BEGIN_MESSAGE:
        if _BEGIN_MESSAGE in stripped:
            raise _malformed(origin, "there is text before the signed block")
        raise _no_signature(origin)
    if b"" not in stripped or _BEGIN_SIGNATURE not in stripped:
        raise _malformed(origin, "the signed block is cut off")
    first, start = stripped.index(b"") + 1, stripped.index(_BEGIN_SIGNATURE)
    if not all(_HASH_HEADER.fullmatch(line) for line in stripped[1 : first - 1]):
        raise _malformed(origin, "the signed block has a header other than Hash")
    if any(line.startswith(b"-") and not line.startswith(b"- ") for line in lines[first:start]):
        raise _malformed(origin, "a line of the signed text begins with an unescaped dash")
    _check_armour(stripped[start:], origin)
    return b"\n".join([*lines[:start], b""]), b"\n".join(lines[start:])


def _no_signature(origin: str) -> NoSignatureError:
    return NoSignatureError(
        f"cannot trust {origin}: it is not signed",
        hint="only if you are sure, say 'trusted: yes' for this one source",
    )


def _check_armour(lines: list[bytes], origin: str) -> None:
    """Insist on one armoured block and nothing after it.

    Spec: RFC 9580 section 6.2.
    """
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise _no_signature(origin)
    if lines[0] != _BEGIN_SIGNATURE:
        raise _malformed(origin, "it does not begin with an armoured signature")
    if _END_SIGNATURE not in lines or b"" not in lines:
        raise _malformed(origin, "the signature is cut off")
    if lines[-1] != _END_SIGNATURE or lines.count(_END_SIGNATURE) > 1:
        raise _malformed(origin, "there is text after the signature")
    blank = lines.index(b"")
    if not all(_ARMOUR_HEADER.fullmatch(line) for line in lines[1:blank]):
        raise _malformed(origin, "the signature has a header other than Version and Comment")
    if not all(_ARMOUR_LINE.fullmatch(line) for line in lines[blank + 1 : -1]):
        raise _malformed(origin, "the signature is not base64")


def _signatures(armour: bytes, origin: str) -> list[packet.Packet]:
    """Return the signature packets of an armoured block."""
    try:
        packets = read_packets(armour)
    except RuntimeError:
        raise _malformed(origin, "the signature is not OpenPGP") from None
    if not packets:
        raise _no_signature(origin)
    if len(packets) > _SIGNATURE_LIMIT:
        raise _malformed(origin, f"it has {len(packets)} signatures")
    if not all(each.tag == packet.Tag.Signature and each.signature_type in _SIGNATURE_TYPES for each in packets):
        raise _malformed(origin, "the signature block holds something other than signatures of a document")
    return packets


def _judge(armour: bytes, verify: _Verifier, keyring: Keyring, *, now: int, origin: str) -> Verified:
    """Join the verdicts on all signatures: none wrong, at least one good."""
    verdicts = [_verdict(each, verify, keyring, now=now, origin=origin) for each in _signatures(armour, origin)]
    good = [each for each in verdicts if isinstance(each, _Good)]
    worthless = [each for each in verdicts if isinstance(each, _Worthless)]
    if not good:
        first = min(worthless, key=lambda each: _TELLING.index(each.kind))
        raise first.kind(f"cannot trust {origin}: {first.reason}", hint=_HINTS[first.kind])
    if len({each.body for each in good}) > 1:
        raise _malformed(origin, "its signatures are of different texts")
    return Verified(
        body=good[0].body.replace(b"\r\n", b"\n"),
        signers=tuple(sorted({each.signer for each in good})),
        notes=tuple(f"{origin}: one signature counts for nothing: {each.reason}" for each in worthless),
    )


def _verdict(
    signature: packet.Packet, verify: _Verifier, keyring: Keyring, *, now: int, origin: str
) -> _Good | _Worthless:
    """Judge one signature alone.

    Raises:
        BadSignatureError: It is by a key that may sign and is not of these bytes.
    """
    issuer = signature.issuer_fingerprint or signature.issuer_key_id or ""
    try:
        verified = verify(signature, keyring.certificates)
        maker = verified.valid_sigs[0]
        key = keyring.find(maker.signing_key, certificate=maker.certificate)
    except RuntimeError:
        verified, key = None, keyring.find(issuer)
    if key is None:
        return _Worthless(UnknownKeyError, f"the key {issuer or '(unnamed)'} that signed it is not in the keyring")
    if (worthless := _worthless(signature, key, now)) is not None:
        return worthless
    if verified is None or verified.bytes is None:
        raise _wrong(signature, key, now, origin)
    return _Good(verified.bytes, key.certificate)


def _worthless(signature: packet.Packet, key: Key, now: int) -> _Worthless | None:
    """Return why a signature by a known key proves nothing now, whatever the bytes are."""
    if key.revoked:
        return _Worthless(RevokedKeyError, f"the key {key.fingerprint} that signed it is revoked")
    if key.expires is not None and key.expires <= now:
        return _Worthless(
            ExpiredKeyError, f"the key {key.fingerprint} that signed it has expired on {_day(key.expires)}"
        )
    if signature.hash_algorithm not in STRONG_HASHES:
        name = str(signature.hash_algorithm).rpartition(".")[2]
        return _Worthless(
            WeakSignatureError, f"its signature by {key.fingerprint} is made with {name}, which is too weak"
        )
    if not key.strong:
        return _Worthless(WeakSignatureError, f"the key {key.fingerprint} that signed it is too weak")
    return None


def _wrong(signature: packet.Packet, key: Key, now: int, origin: str) -> BadSignatureError:
    """Return the error for a signature by a known key; the library does not say whether bytes or clock are off."""
    message = f"cannot trust {origin}: the signature by {key.fingerprint} is wrong"
    created = int(signature.signature_created.timestamp()) if signature.signature_created else 0
    if created > now:
        return BadSignatureError(
            f"{message}, and it was made after now, on {_day(created)}", hint="check the clock of this machine"
        )
    return BadSignatureError(message, hint="the file was altered or damaged on its way; try another mirror")


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).date().isoformat()
