"""What was found about the signatures of a document, and whether that makes it believed now.

Findings are facts of bytes: of the document, its signatures and the keyrings. They are found once by
`pkg2image.archive.signature` and may be kept, see `pkg2image.archive.findings`. The verdict is of the moment: a key
that has expired since then vouches for nothing, so it is made anew each time.

Spec: rules 1 to 5 of the trust policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pkg2image.errors import TrustError


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
class Key:
    """A primary key or subkey.

    Args:
        fingerprint: Lower-case hex.
        certificate: Fingerprint of the certificate it belongs to.
        key_id: Lower-case hex; what old signatures name instead of the fingerprint.
        revoked: Its owner has revoked it, or the certificate it belongs to.
        expires: Seconds since the epoch, the certificate's own end included; None when it never does.
        strong: It is long enough, and bound to its certificate by a signature with a strong hash.
    """

    fingerprint: str
    certificate: str
    key_id: str
    revoked: bool
    expires: int | None
    strong: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one signature.

    Args:
        issuer: Fingerprint or key id that it names, lower-case hex; may be empty.
        made: When, in seconds since the epoch; 0 when it does not say.
        weak_hash: Name of its hash when that is too weak to prove anything; else empty.
        key: The key of the keyring that made it, or None.
        fits: It is of these bytes by this key.
    """

    issuer: str
    made: int
    weak_hash: str
    key: Key | None
    fits: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about a document.

    Args:
        body: The bytes that the verifier returned, lines ending in a line feed; empty when no signature fits.
        signatures: In the order of the file, at least one.
    """

    body: bytes
    signatures: tuple[Finding, ...]


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
class _Worthless:
    """A signature that counts for nothing and harms nothing beside a good one; alone it is an error of this kind."""

    kind: type[TrustError]
    reason: str


_HINTS: Mapping[type[TrustError], str] = {
    RevokedKeyError: "do not use this source until its owner signs it with another key",
    ExpiredKeyError: "update the keyring package of the distribution, or give a newer key with --keyring",
    WeakSignatureError: "ask the owner of this source for a signature with SHA-256 and a key of 2048 bits or more",
    UnknownKeyError: "update the keyring package of the distribution, or give the key with --keyring or signed-by",
}
_TELLING = list(_HINTS)
"""Which verdict explains best why a file without a good signature is refused, best first."""


def judge(findings: Findings, *, now: int, origin: str) -> Verified:
    """Join the verdicts on all signatures: none wrong, at least one good.

    Args:
        findings: What was found about the document.
        now: When the keys are judged, in seconds since the epoch.
        origin: What is judged, for errors and notes.

    Raises:
        TrustError: One of the subclasses here.
    """
    verdicts = [_verdict(each, now, origin) for each in findings.signatures]
    good = [each for each in verdicts if isinstance(each, str)]
    worthless = [each for each in verdicts if isinstance(each, _Worthless)]
    if not good:
        first = min(worthless, key=lambda each: _TELLING.index(each.kind))
        raise first.kind(f"cannot trust {origin}: {first.reason}", hint=_HINTS[first.kind])
    return Verified(
        body=findings.body,
        signers=tuple(sorted(set(good))),
        notes=tuple(f"{origin}: one signature counts for nothing: {each.reason}" for each in worthless),
    )


def _verdict(finding: Finding, now: int, origin: str) -> str | _Worthless:
    """Judge one signature alone; return the certificate that vouches, or why nothing does.

    Raises:
        BadSignatureError: It is by a key that may sign and is not of these bytes.
    """
    if finding.key is None:
        issuer = finding.issuer or "(unnamed)"
        return _Worthless(UnknownKeyError, f"the key {issuer} that signed it is not in the keyring")
    if (worthless := _worthless(finding, finding.key, now)) is not None:
        return worthless
    if not finding.fits:
        raise _wrong(finding, finding.key, now, origin)
    return finding.key.certificate


def _worthless(finding: Finding, key: Key, now: int) -> _Worthless | None:
    """Return why a signature by a known key proves nothing now, whatever the bytes are."""
    if key.revoked:
        return _Worthless(RevokedKeyError, f"the key {key.fingerprint} that signed it is revoked")
    if key.expires is not None and key.expires <= now:
        return _Worthless(
            ExpiredKeyError, f"the key {key.fingerprint} that signed it has expired on {_day(key.expires)}"
        )
    if finding.weak_hash:
        return _Worthless(
            WeakSignatureError,
            f"its signature by {key.fingerprint} is made with {finding.weak_hash}, which is too weak",
        )
    if not key.strong:
        return _Worthless(WeakSignatureError, f"the key {key.fingerprint} that signed it is too weak")
    return None


def _wrong(finding: Finding, key: Key, now: int, origin: str) -> BadSignatureError:
    """Return the error for a signature by a known key; the library does not say whether bytes or clock are off."""
    message = f"cannot trust {origin}: the signature by {key.fingerprint} is wrong"
    if finding.made > now:
        return BadSignatureError(
            f"{message}, and it was made after now, on {_day(finding.made)}", hint="check the clock of this machine"
        )
    return BadSignatureError(message, hint="the file was altered or damaged on its way; try another mirror")


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).date().isoformat()
