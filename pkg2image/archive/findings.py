"""What was found about a signed document, kept so that the same bytes are not examined twice a day.

To examine the signatures of a distribution's Releases takes longer than to resolve the closure of a database. What is
found depends on the document, its signature and the keyrings alone, so it is kept under their hash, as what was read
of a package is; a new day examines anew, in case the verifier has learnt something. The verdict is never kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pkg2image.archive.verdict import Finding, Findings, Key
from pkg2image.store import Store

_RECORD = "signature-1"
_DAY = 86_400


def find(
    document: bytes, signature: bytes | None, keys: Sequence[bytes], *, store: Store, now: int, origin: str
) -> Findings:
    """Return what is found about the signatures of a document.

    Args:
        document: An InRelease, or a Release.
        signature: The detached signatures; None when the document holds them.
        keys: Keyrings, binary or armoured; their certificates are the only ones that may sign.
        store: Where findings are kept.
        now: Seconds since the epoch.
        origin: What is examined, for errors.

    Raises:
        NoSignatureError: It is not signed.
        MalformedSignatureError: The file is not exactly one signed block, or its signature is none.
        RequestError: A keyring is unreadable.
    """
    day, key = now // _DAY, _key(document, signature, keys)
    record = store.record(_RECORD, key)
    found = _read(record, day) if record is not None else None
    if found is None:
        found = _examine(document, signature, keys, origin)
        if found.body:
            store.put_record(_RECORD, key, _written(found, day))
    return found


def _examine(document: bytes, signature: bytes | None, keys: Sequence[bytes], origin: str) -> Findings:
    from pkg2image.archive.signature import examine_detached, examine_inrelease  # noqa: PLC0415 -- see the module

    if signature is None:
        return examine_inrelease(document, keys, origin=origin)
    return examine_detached(document, signature, keys, origin=origin)


def _key(document: bytes, signature: bytes | None, keys: Sequence[bytes]) -> str:
    whole = hashlib.sha256()
    for part in (b"" if signature is None else b"detached", document, signature or b"", *keys):
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _written(found: Findings, day: int) -> bytes:
    head = json.dumps([day, *(asdict(each) for each in found.signatures)])
    return head.encode("ascii") + b"\n" + found.body


def _read(record: bytes, today: int) -> Findings | None:
    head, _, body = record.partition(b"\n")
    day, *signatures = json.loads(head)
    if day != today:
        return None
    return Findings(body, tuple(_finding(each) for each in signatures))


def _finding(fields: dict[str, Any]) -> Finding:
    key = fields.pop("key")
    return Finding(**fields, key=Key(**key) if key else None)
