"""Signatures the way cosign keeps them: small images beside the one that they are of.

A signature is of a payload that names the digest of a manifest. Payloads are the layers of an image of their own, whose
tag is made of that digest: ``sha256-<hex>.sig``; attestations are in another, ``sha256-<hex>.att``. In a layout their
descriptors say what they are, so that ``cosign verify --local-image`` finds them; a registry that knows referrers finds
them by their subject.

Spec: cosign specs/SIGNATURE_SPEC.md; containers/image "simple signing"; OCI image-spec v1.1 manifest.md "subject".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pkg2image.digest import Digest, sha256
from pkg2image.image.oci import CONFIG_MEDIA_TYPE, MANIFEST_MEDIA_TYPE, REF_NAME, Document
from pkg2image.plan import canonical_json

PAYLOAD_MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json"
KIND = "kind"
IMAGE_KIND = "dev.cosignproject.cosign/image"
KEY_ID = "dev.pkg2image.key"
"""Annotation of a signature: which key to try. It proves nothing."""
PREDICATE_TYPE = "predicateType"
"""Annotation of an attestation: what kind of statement is in it."""

_SIGNATURE = "dev.cosignproject.cosign/signature"
_PAYLOAD_TYPE = "cosign container image signature"


class Beside(StrEnum):
    """What is kept beside an image; the value is the end of its tag."""

    SIGNATURES = "sig"
    ATTESTATIONS = "att"

    @property
    def annotation(self) -> str:
        """What the descriptor in a layout says of it."""
        return f"dev.cosignproject.cosign/{self}s"

    @property
    def artifact_type(self) -> str:
        """What the manifest says of it."""
        return f"application/vnd.dev.cosign.artifact.{self}.v1+json"


@dataclass(frozen=True, slots=True)
class Attached:
    """One payload beside an image.

    Args:
        media_type: What it is.
        data: Its bytes.
        annotations: Of its descriptor.
    """

    media_type: str
    data: bytes
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> Digest:
        """SHA-256 of the bytes."""
        return sha256(self.data)

    @property
    def signature(self) -> bytes:
        """The signature of the bytes; empty when there is none, or it is not readable."""
        try:
            return base64.b64decode(self.annotations.get(_SIGNATURE, ""), validate=True)
        except (ValueError, binascii.Error):
            return b""

    def descriptor(self) -> dict[str, object]:
        """Return its descriptor."""
        return {
            "mediaType": self.media_type,
            "digest": str(self.digest),
            "size": len(self.data),
            "annotations": dict(self.annotations),
        }


def payload_of(digest: Digest, repository: str) -> bytes:
    """Return what is signed of an image.

    Args:
        digest: Of its manifest.
        repository: Its name without a tag.
    """
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": str(digest)},
        "type": _PAYLOAD_TYPE,
    }
    return canonical_json({"critical": critical, "optional": None}).rstrip(b"\n")


def signed_digest(payload: bytes) -> str:
    """Return the digest that a payload names; empty when it is no payload of a signature."""
    try:
        critical = json.loads(payload)["critical"]
        return str(critical["image"]["docker-manifest-digest"]) if critical["type"] == _PAYLOAD_TYPE else ""
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def signature_of(payload: bytes, signature: bytes, key_id: str) -> Attached:
    """Return a payload with its signature."""
    return Attached(PAYLOAD_MEDIA_TYPE, payload, {_SIGNATURE: base64.b64encode(signature).decode(), KEY_ID: key_id})


def attestation_of(envelope: bytes, predicate_type: str, key_id: str) -> Attached:
    """Return an envelope, which has its signature inside."""
    return Attached(ENVELOPE_MEDIA_TYPE, envelope, {_SIGNATURE: "", PREDICATE_TYPE: predicate_type, KEY_ID: key_id})


def render_attachments(kind: Beside, attached: Sequence[Attached], subject: Document) -> tuple[Document, Document]:
    """Return the manifest and the configuration of an image that holds payloads.

    Args:
        kind: What they are.
        attached: The payloads.
        subject: The manifest of the image that they are of.
    """
    layers = {"type": "layers", "diff_ids": [str(each.digest) for each in attached]}
    config = Document(CONFIG_MEDIA_TYPE, canonical_json({"architecture": "", "os": "", "config": {}, "rootfs": layers}))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_MEDIA_TYPE,
        "artifactType": kind.artifact_type,
        "config": config.descriptor(),
        "layers": [each.descriptor() for each in attached],
        "subject": subject.descriptor(),
    }
    return Document(MANIFEST_MEDIA_TYPE, canonical_json(manifest)), config


def descriptor_of(kind: Beside, manifest: Document, subject: Digest) -> dict[str, object]:
    """Return what the index of a layout says of an image with payloads.

    Args:
        kind: What they are.
        manifest: Its manifest.
        subject: The digest of the image that they are of.
    """
    return {
        **manifest.descriptor(),
        "artifactType": kind.artifact_type,
        "annotations": {KIND: kind.annotation, REF_NAME: f"{subject.algorithm}-{subject.hex}.{kind}"},
    }
