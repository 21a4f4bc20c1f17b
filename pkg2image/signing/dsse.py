"""Envelopes: a payload, what it is, and signatures of both together.

Spec: DSSE v1.0.2 protocol.md (pre-authentication encoding) and envelope.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from pkg2image.errors import TrustError
from pkg2image.plan import canonical_json
from pkg2image.signing.keys import PrivateKey

IN_TOTO = "application/vnd.in-toto+json"
"""The payload is an in-toto Statement."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope.

    Args:
        key_id: Says which key to try; proves nothing.
        value: The signature itself.
    """

    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signed payload.

    Args:
        payload: Its bytes.
        payload_type: What they are.
        signatures: Of both, see `encoded`.
    """

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    def render(self) -> bytes:
        """Return the envelope as JSON."""
        return canonical_json(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.payload_type,
                "signatures": [
                    {"keyid": each.key_id, "sig": base64.b64encode(each.value).decode()} for each in self.signatures
                ],
            }
        )


def encoded(payload: bytes, payload_type: str) -> bytes:
    """Return what is signed: the type and the payload, each behind its length.

    Args:
        payload: Its bytes.
        payload_type: What they are.

    Spec: DSSE v1.0.2 protocol.md "PAE".
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def enveloped(payload: bytes, payload_type: str, key: PrivateKey) -> Envelope:
    """Return a payload in an envelope with one signature."""
    return Envelope(payload, payload_type, (Signature(key.public.id, key.sign(encoded(payload, payload_type))),))


def read_envelope(data: bytes, *, origin: str) -> Envelope:
    """Read an envelope; nothing of it is verified yet.

    Raises:
        TrustError: When it is none.
    """
    try:
        document = json.loads(data)
        signatures = tuple(
            Signature(str(each.get("keyid", "")), base64.b64decode(each["sig"], validate=True))
            for each in document["signatures"]
        )
        payload = base64.b64decode(document["payload"], validate=True)
        return Envelope(payload, str(document["payloadType"]), signatures)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error) as error:
        raise TrustError(f"cannot trust {origin}: it is not a signed envelope") from error
