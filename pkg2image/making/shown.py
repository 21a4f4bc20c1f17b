"""What the files of an image showed, remembered: the next plan or build of the same starts with it.

A record is found under a hash of everything that it came of: this program, the request, the packages there are, the
recipe. So a damaged or missing record costs time, and nothing else. Reading one needs none of the code that made it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from pkg2image.digest import Digest
from pkg2image.image.reasons import SlimSizes
from pkg2image.plan import AddedNeed, MissingNeed, ReadFile
from pkg2image.store import Store

_RECORD = "shown-4"


@dataclass(frozen=True, slots=True)
class Shown:
    """What only the files of an image tell about it.

    Args:
        needs: What nobody declared and they need.
        refused: Packages that would answer a need and cannot be had with the rest.
        missing: What else they need, each thing once: no package that may be in has it.
        started: How it is started, value by value with its source, as the image carries it.
        unasked: What could not be found out, as sentences.
        notes: What the user should know about the image.
        read: The indexes of files that were asked.
        slim: Of a slim image, how much is left of what it would hold otherwise.
    """

    needs: tuple[AddedNeed, ...] = ()
    refused: tuple[str, ...] = ()
    missing: tuple[MissingNeed, ...] = ()
    started: Mapping[str, Any] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    read: tuple[ReadFile, ...] = ()
    slim: SlimSizes | None = None


def recall(store: Store, key: str) -> Shown | None:
    """Return what was found out before, or None.

    Args:
        store: Where it is kept.
        key: That of the `pkg2image.planning.offer.Offer`.
    """
    record = store.record(_RECORD, key)
    if record is None:
        return None
    try:
        known = json.loads(record)
        return Shown(
            tuple(AddedNeed(*words) for words in known["needs"]),
            tuple(known["refused"]),
            tuple(MissingNeed(what, tuple(places), *words) for what, places, *words in known["missing"]),
            known["started"],
            tuple(known["unasked"]),
            tuple(known["notes"]),
            tuple(ReadFile(uri, Digest.parse(digest)) for uri, digest in known["read"]),
            SlimSizes(**known["slim"]) if known["slim"] else None,
        )
    except (ValueError, TypeError, KeyError):
        return None  # of a version that had other fields


def remember(store: Store, key: str, shown: Shown) -> None:
    """Keep what was found out.

    Args:
        store: Where it is kept.
        key: That of the `pkg2image.planning.offer.Offer`.
        shown: All of it.

    Raises:
        OutputError: When the store cannot be written to.
    """
    value = {
        "needs": [astuple(need) for need in shown.needs],
        "refused": shown.refused,
        "missing": [astuple(need) for need in shown.missing],
        "started": shown.started,
        "unasked": shown.unasked,
        "notes": shown.notes,
        "read": [(each.uri, str(each.digest)) for each in shown.read],
        "slim": shown.slim.render() if shown.slim else None,
    }
    store.put_record(_RECORD, key, json.dumps(value).encode())
