"""Signatures of Release files: what the OpenPGP verifier finds, and the policy that it does not have.

pysequoia finds whether *a* good signature exists. Here every signature is examined alone: a wrong one is fatal even
beside a good one, one by an unknown, expired or revoked key counts for nothing (see `pkg2image.archive.verdict`), and
the file must be exactly one signed block, so that nobody reads what nobody signed. Only the bytes that the verifier
returned are handed on.

Spec: rules 1 to 5 of the trust policy; RFC 9580 section 7 (cleartext) and 10.4 (detached).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pysequoia
from pysequoia import packet

from pkg2image.archive.certificates import STRONG_HASHES, Keyring, read_keyring, read_packets
from pkg2image.archive.verdict import Finding, Findings, MalformedSignatureError, NoSignatureError

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


_Verifier = Callable[[packet.Packet, list[pysequoia.Cert]], pysequoia.Decrypted]
"""Verifies the document against one of its signatures; raises RuntimeError when that fails."""


def examine_inrelease(data: bytes, keys: Sequence[bytes], *, origin: str = "InRelease") -> Findings:
    """Examine the signatures of a clearsigned file.

    Args:
        data: The whole file.
        keys: Keyrings, binary or armoured; their certificates are the only ones that may sign.
        origin: What is examined, for errors.

    Raises:
        NoSignatureError: It is not signed.
        MalformedSignatureError: It is not exactly one signed block, or the signature is no OpenPGP signature.
        RequestError: A keyring is unreadable.
    """
    cleartext, armour = _split_clearsigned(data, origin)

    def verify(signature: packet.Packet, certificates: list[pysequoia.Cert]) -> pysequoia.Decrypted:
        block = pysequoia.armor(bytes(signature), pysequoia.ArmorKind.Signature).encode()
        return pysequoia.verify(cleartext + block, store=lambda _: certificates)

    return _examine(armour, verify, read_keyring(keys), origin)


def examine_detached(release: bytes, signature: bytes, keys: Sequence[bytes], *, origin: str = "Release") -> Findings:
    """Examine the armoured block of detached signatures of a file.

    Args:
        release: The signed file.
        signature: Its ``.gpg`` file.
        keys: Keyrings, binary or armoured; their certificates are the only ones that may sign.
        origin: What is examined, for errors.

    Raises:
        NoSignatureError: It is not signed.
        MalformedSignatureError: It is not exactly one signed block, or the signature is no OpenPGP signature.
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

    return _examine(signature, verify, read_keyring(keys), origin)


def examine_file(path: Path, signature: bytes, keys: Sequence[bytes], *, origin: str) -> Findings:
    """Examine the armoured block of detached signatures of a file of any kind and size.

    Args:
        path: The signed file.
        signature: Its ``.asc`` file.
        keys: Keyrings, binary or armoured; their certificates are the only ones that may sign.
        origin: What is examined, for errors.

    Returns:
        What was found; the body is empty.

    Raises:
        NoSignatureError: It is not signed.
        MalformedSignatureError: The signature is not exactly one armoured block, or no OpenPGP signature.
        RequestError: A keyring is unreadable.
    """
    _check_text(signature, f"the signature of {origin}")
    _check_armour(signature.split(b"\n"), f"the signature of {origin}")

    def verify(one: packet.Packet, certificates: list[pysequoia.Cert]) -> pysequoia.Decrypted:
        detached = pysequoia.Sig.from_bytes(bytes(one))
        return pysequoia.verify(file=str(path), store=lambda _: certificates, signature=detached)

    return _examine(signature, verify, read_keyring(keys), origin)


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


def _examine(armour: bytes, verify: _Verifier, keyring: Keyring, origin: str) -> Findings:
    """Examine every signature of a document alone."""
    examined = [_finding(each, verify, keyring) for each in _signatures(armour, origin)]
    bodies = {body for body, _ in examined if body is not None}
    if len(bodies) > 1:
        raise _malformed(origin, "its signatures are of different texts")
    body = next(iter(bodies), b"").replace(b"\r\n", b"\n")
    return Findings(body, tuple(finding for _, finding in examined))


def _finding(signature: packet.Packet, verify: _Verifier, keyring: Keyring) -> tuple[bytes | None, Finding]:
    """Return the bytes that a signature is of, None when it fits nothing, and what was found about it."""
    issuer = signature.issuer_fingerprint or signature.issuer_key_id or ""
    try:
        verified = verify(signature, keyring.certificates)
        maker = verified.valid_sigs[0]
        # Of a file that the library has read itself there are no bytes.
        body, key = verified.bytes or b"", keyring.find(maker.signing_key, certificate=maker.certificate)
    except RuntimeError:
        body, key = None, keyring.find(issuer)
    weak = "" if signature.hash_algorithm in STRONG_HASHES else str(signature.hash_algorithm).rpartition(".")[2]
    made = int(signature.signature_created.timestamp()) if signature.signature_created else 0
    return body, Finding(issuer, made, weak, key, fits=body is not None)
