"""Verifying the signatures of an image: by this key, of these very bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pkg2image.digest import Digest
from pkg2image.errors import TrustError
from pkg2image.signing import openpgp
from pkg2image.signing.cosign import (
    ENVELOPE_MEDIA_TYPE,
    KEY_ID,
    PAYLOAD_MEDIA_TYPE,
    Attached,
    Beside,
    signed_digest,
)
from pkg2image.signing.dsse import IN_TOTO, encoded, read_envelope
from pkg2image.signing.keys import PublicKey, is_openpgp, read_key_file, read_public_key
from pkg2image.signing.sign import ENVELOPES, read_envelopes
from pkg2image.signing.statements import PLAIN, checked_predicate_type
from pkg2image.signing.subject import Subject, subject_of

_UNSIGNED = "sign it: pkg2image sign {path} --key KEY"
_OTHER_KEY = "verify it with the public key of the one who signed it"
_T = TypeVar("_T")
_AGAIN = "get the image and its signatures again, from whoever made them"


@dataclass(frozen=True, slots=True)
class SignedImage:
    """An image whose signatures are good.

    Args:
        path: Its file.
        digest: What is signed: of an OCI image the digest of its manifest, else that of the file.
        keys: Who signed it: the SHA-256 of a PEM key, or the fingerprints of OpenPGP certificates.
        statements: Kinds of the signed statements about it, sorted; empty when nothing but the image is signed.
    """

    path: Path
    digest: Digest
    keys: tuple[str, ...]
    statements: tuple[str, ...] = ()

    def render(self) -> dict[str, object]:
        """Return it the way ``verify --key --json`` shows it."""
        return {
            "path": str(self.path),
            "digest": str(self.digest),
            "keys": list(self.keys),
            "statements": list(self.statements),
        }


def verify_signatures(path: Path, key: Path, *, now: int) -> SignedImage:
    """Verify that a key has signed an image, and that the image is what was signed.

    Args:
        path: An image file, or the directory of an OCI layout.
        key: The file with a public key in PEM form, or with OpenPGP certificates.
        now: When OpenPGP keys must be valid, in seconds since the epoch.

    Raises:
        TrustError: When it is not signed, by another key, or not as it was.
        RequestError: When the image or the key cannot be read.
    """
    data = read_key_file(key)
    if is_openpgp(data):
        subject = subject_of(path)
        keys = openpgp.verify_file(path, path.parent / f"{path.name}{openpgp.SUFFIX}", data, now=now)
        return SignedImage(path, subject.digest, keys)
    public = read_public_key(data, origin=str(key))
    subject = subject_of(path)
    if subject.manifest is not None:
        return _verified_layout(subject, public)
    envelopes = path.parent / f"{path.name}{ENVELOPES}"
    lines = read_envelopes(envelopes) if envelopes.exists() else []
    if not lines:
        raise TrustError(f"cannot trust {path}: it is not signed", hint=_UNSIGNED.format(path=path))
    kinds = _good(lines, lambda line: _envelope(line, subject, public, origin=str(envelopes)))
    return SignedImage(path, subject.digest, (public.id,), _told(kinds))


def _verified_layout(subject: Subject, key: PublicKey) -> SignedImage:
    signatures = subject.attached.get(Beside.SIGNATURES, ())
    if not signatures:
        raise TrustError(f"cannot trust {subject.path}: it is not signed", hint=_UNSIGNED.format(path=subject.path))
    _good(signatures, lambda each: _signature(each, subject, key))
    attestations = subject.attached.get(Beside.ATTESTATIONS, ())
    kinds = _good(attestations, lambda each: _attestation(each, subject, key))
    return SignedImage(subject.path, subject.digest, (key.id,), _told(kinds))


def _told(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({kind for kind in kinds if kind != PLAIN}))


def _signature(attached: Attached, subject: Subject, key: PublicKey) -> str:
    origin = f"the signature of {subject.path}"
    if attached.media_type != PAYLOAD_MEDIA_TYPE:
        raise TrustError(f"cannot trust {origin}: its payload is {attached.media_type[:80]!r}", hint=_AGAIN)
    if not key.fits(attached.signature, attached.data):
        raise _not_fitting(origin, attached.annotations.get(KEY_ID, ""), key)
    if (signed := signed_digest(attached.data)) != str(subject.digest):
        raise TrustError(
            f"cannot trust {origin}: it is a signature of {signed or 'something else'}, not of {subject.digest}",
            hint=_AGAIN,
        )
    return PLAIN


def _attestation(attached: Attached, subject: Subject, key: PublicKey) -> str:
    origin = f"the statement about {subject.path}"
    if attached.media_type != ENVELOPE_MEDIA_TYPE:
        raise TrustError(f"cannot trust {origin}: it is {attached.media_type[:80]!r}", hint=_AGAIN)
    return _envelope(attached.data, subject, key, origin=origin)


def _envelope(data: bytes, subject: Subject, key: PublicKey, *, origin: str) -> str:
    envelope = read_envelope(data, origin=origin)
    if envelope.payload_type != IN_TOTO:
        raise TrustError(
            f"cannot trust {origin}: its envelope holds {envelope.payload_type[:80]!r}, not {IN_TOTO}", hint=_AGAIN
        )
    signed = encoded(envelope.payload, envelope.payload_type)
    if not any(key.fits(each.value, signed) for each in envelope.signatures):
        raise _not_fitting(origin, next((each.key_id for each in envelope.signatures), ""), key)
    return checked_predicate_type(envelope.payload, subject, origin=origin)


def _not_fitting(origin: str, named: str, key: PublicKey) -> TrustError:
    """Return the error for a signature that is not by a key; which one it names proves nothing, but tells people."""
    if named and named != key.id:
        return TrustError(f"cannot trust {origin}: it is by another key ({named[:64]})", hint=_OTHER_KEY)
    return TrustError(f"cannot trust {origin}: the signature does not fit what is signed, or the key", hint=_AGAIN)


def _good(items: Iterable[_T], check: Callable[[_T], str]) -> list[str]:
    """Return what checks say of those that pass; others may be by other keys, and one of this key is enough.

    Raises:
        TrustError: That of the last one, when none passes.
    """
    good: list[str] = []
    problem: TrustError | None = None
    for item in items:
        try:
            good.append(check(item))
        except TrustError as error:
            problem = error
    if not good and problem is not None:
        raise problem
    return good
