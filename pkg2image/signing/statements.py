"""In-toto statements as far as a signature needs them: what they are about.

Spec: in-toto attestation framework v1, spec/v1/statement.md.
"""

from __future__ import annotations

import json
from typing import Any

from pkg2image.errors import TrustError
from pkg2image.plan import canonical_json
from pkg2image.signing.subject import Subject

STATEMENT = "https://in-toto.io/Statement/v1"
_AGAIN = "get it again, from whoever made it"
PLAIN = "https://sigstore.dev/cosign/sign/v1"
"""The predicate of a statement that says nothing about its subject but that somebody has signed it."""


def plain_statement(subject: Subject) -> bytes:
    """Return a statement that says nothing more than what it is about."""
    return canonical_json(
        {
            "_type": STATEMENT,
            "subject": [{"name": subject.name, "digest": {subject.digest.algorithm: subject.digest.hex}}],
            "predicateType": PLAIN,
            "predicate": {},
        }
    )


def checked_predicate_type(statement: bytes, subject: Subject, *, origin: str, hint: str = _AGAIN) -> str:
    """Return what kind of thing a statement says, after making sure that it is about a subject.

    Args:
        statement: The JSON document.
        subject: What it must be about.
        origin: Where it is from, for errors.
        hint: What to do about them.

    Raises:
        TrustError: When it is no statement, or about something else.
    """
    try:
        document: dict[str, Any] = json.loads(statement)
        kind, names = document["_type"], [dict(each["digest"]) for each in document["subject"]]
        predicate_type = str(document["predicateType"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TrustError(f"cannot trust {origin}: it is no in-toto statement", hint=hint) from error
    if kind != STATEMENT:
        raise TrustError(
            f"cannot trust {origin}: it is a statement of the type {str(kind)[:80]!r}, not {STATEMENT}", hint=hint
        )
    if not any(each.get(subject.digest.algorithm) == subject.digest.hex for each in names):
        raise TrustError(f"cannot trust {origin}: it is about something else, not about {subject.digest}", hint=hint)
    return predicate_type
