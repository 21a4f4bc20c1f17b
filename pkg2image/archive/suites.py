"""Which codename an alias such as ``stable`` means today.

Mirrors keep ``stable-security`` apart from ``trixie-security`` and one may lag behind the other, so an alias is only
ever used for this one question.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.distributions import ALIASES
from pkg2image.archive.documents import believe, fetch_documents, keep_documents, kept_documents
from pkg2image.archive.sources import Source
from pkg2image.archive.trust import TrustMemory
from pkg2image.plan import ReadFile
from pkg2image.store import Store


def codename_of(
    source: Source,
    *,
    acquirer: Acquirer,
    store: Store,
    memory: TrustMemory,
    keyrings: Sequence[Path],
    now: int,
    offline: bool,
) -> tuple[str, tuple[ReadFile, ...]]:
    """Return the codename of a suite, and the files that say so.

    Args:
        source: The main suite; a suite that is no alias is its own answer, without any look at it.
        acquirer: Downloads its Release.
        store: Keeps it for offline runs.
        memory: How new it was when it was last believed.
        keyrings: Key files when the source names none itself.
        now: Seconds since the epoch.
        offline: Use only what the store has.

    Raises:
        NetworkError: The Release cannot be downloaded.
        TrustError: The Release cannot be believed.
    """
    if source.suite not in ALIASES:
        return source.suite, ()
    documents = kept_documents(source, store) if offline else fetch_documents(source, acquirer)
    if documents is None:
        return source.suite, ()  # reading the universe explains what is missing
    believed = believe(source, documents, store=store, keyrings=keyrings, memory=memory, now=now)
    if not offline:
        keep_documents(source, documents, store)
    return believed.release.codename or source.suite, believed.read
