"""The Release of a suite: downloaded, verified, judged, and kept for the day there is no network.

What is kept is what was downloaded. It is judged again each time, by the keys, the clock and the memory of that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkg2image.archive.acquire import Acquirer
from pkg2image.archive.findings import find
from pkg2image.archive.keyrings import keys_for
from pkg2image.archive.release import Release, check_freshness, parse_release
from pkg2image.archive.sources import Source
from pkg2image.archive.trust import TrustMemory
from pkg2image.archive.verdict import Verified, judge
from pkg2image.digest import sha256
from pkg2image.errors import NetworkError
from pkg2image.plan import ReadFile, VerifiedSource
from pkg2image.store import Store

_LIMIT = 16 << 20
_INDEX_LIMIT = 128 << 20
_UNDATED = "Date: Thu, 01 Jan 1970 00:00:00 UTC\nValid-Until: Fri, 31 Dec 9999 23:59:59 UTC\n"
_RECORD = "release-1"
_BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
_END = b"\n-----BEGIN PGP SIGNATURE-----"


@dataclass(frozen=True, slots=True)
class Documents:
    """What a server says a suite is; nothing of it has been verified.

    Args:
        document: The InRelease or Release file.
        signature: The Release.gpg file, empty when there is none; None for an InRelease, which is signed inside.
    """

    document: bytes
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class BelievedRelease:
    """A Release that passed all checks of the trust policy.

    Args:
        source: Whose it is.
        release: What it says.
        verified: What the plan keeps of it.
        notes: Sentences that every output shows.
        read: The files that say so.
    """

    source: Source
    release: Release
    verified: VerifiedSource
    notes: tuple[str, ...] = ()
    read: tuple[ReadFile, ...] = ()


def fetch_documents(source: Source, acquirer: Acquirer) -> Documents | None:
    """Download InRelease, or Release with its signature where there is no InRelease.

    Returns:
        None when the server says that there is no such suite.

    Raises:
        NetworkError: When they cannot be had for any other reason.
    """
    base = source.release_base
    document = _fetch_optional(base + "InRelease", acquirer)
    if document is not None:
        return Documents(document, None)
    document = _fetch_optional(base + "Release", acquirer)
    if document is None:
        return None
    return Documents(document, _fetch_optional(base + "Release.gpg", acquirer) or b"")


def make_documents(source: Source, acquirer: Acquirer, store: Store) -> Documents | None:
    """Write the Release that is missing in a directory of packages, as ``dpkg-scanpackages`` leaves it.

    Only for flat sources that the user trusts without a signature. It is as old as can be, so that it has no say in the
    date of an image.

    Args:
        source: Where to look for an index.
        acquirer: Downloads the index, whatever it is.
        store: Gets the index.

    Returns:
        None when there is no index either.
    """
    for suffix in (".xz", ".gz", ""):
        index = _fetch_optional(f"{source.release_base}Packages{suffix}", acquirer, limit=_INDEX_LIMIT)
        if index is not None:
            blob = store.insert((index,))
            listing = f"SHA256:\n {blob.digest.hex} {blob.size} Packages{suffix}\n"
            return Documents(f"{_UNDATED}{listing}".encode(), b"")
    return None


def _fetch_optional(url: str, acquirer: Acquirer, *, limit: int = _LIMIT) -> bytes | None:
    try:
        return acquirer.fetch_bytes(url, limit=limit)
    except NetworkError as error:
        if error.status in {404, 410}:
            return None
        raise


def kept_documents(source: Source, store: Store) -> Documents | None:
    """Return what was downloaded last, or None."""
    record = store.record(_RECORD, _key(source))
    if record is None:
        return None
    length, _, rest = record.partition(b"\n")
    end = int(length)
    return Documents(rest, None) if end < 0 else Documents(rest[:end], rest[end:])


def keep_documents(source: Source, documents: Documents, store: Store) -> None:
    """Keep what was downloaded and believed, for `kept_documents`."""
    length = -1 if documents.signature is None else len(documents.document)
    value = b"%d\n%b%b" % (length, documents.document, documents.signature or b"")
    if store.record(_RECORD, _key(source)) != value:
        store.put_record(_RECORD, _key(source), value)


def _key(source: Source) -> str:
    return f"{source.public_uri} {source.suite}"


def believe(
    source: Source,
    documents: Documents,
    *,
    store: Store,
    keyrings: Sequence[Path],
    memory: TrustMemory,
    now: int,
) -> BelievedRelease:
    """Verify and judge a Release, and remember how new it is.

    Args:
        source: What was asked for.
        documents: What came.
        store: Keeps what was found about its signatures.
        keyrings: Key files for sources that name none themselves.
        memory: What was believed before; raised to this Release.
        now: Seconds since the epoch.

    Raises:
        TrustError: When anything in it must not be believed.
        RequestError: When the keys of the source cannot be read.
        MalformedPackageError: When it is not a Release.
    """
    origin = f"the Release of {source}"
    if source.trusted:
        verified = _unsigned(source, documents)
    else:
        keys = keys_for(source, keyrings=keyrings)
        findings = find(documents.document, documents.signature, keys, store=store, now=now, origin=origin)
        verified = judge(findings, now=now, origin=origin)
    release = parse_release(verified.body, origin=origin)
    notes = check_freshness(release, source, now=now, memory=memory.recall(source))
    memory.remember(source, release.mark)
    digest = sha256(documents.document)
    return BelievedRelease(
        source,
        release,
        VerifiedSource(
            uri=source.public_uri,
            suite=source.suite,
            codename=release.codename or source.suite,
            release=digest,
            date=release.date,
            signers=verified.signers,
            components=source.components,
            label=release.label,
            pin=source.priority,
        ),
        (*verified.notes, *notes),
        tuple(_read(source, documents)),
    )


def _read(source: Source, documents: Documents) -> Iterator[ReadFile]:
    base = source.public_release_base
    if documents.document.startswith(_UNDATED.encode()):
        return  # nobody has published it: see `make_documents`
    yield ReadFile(f"{base}InRelease" if documents.signature is None else f"{base}Release", sha256(documents.document))
    if documents.signature:
        yield ReadFile(f"{base}Release.gpg", sha256(documents.signature))


def _unsigned(source: Source, documents: Documents) -> Verified:
    """Take the bytes as they are, without the armour that an InRelease may have, because the user said so."""
    body = documents.document
    if body.startswith(_BEGIN):
        lines = body[: body.find(_END) + 1].partition(b"\n\n")[2].split(b"\n")
        body = b"\n".join(line.removeprefix(b"- ") for line in lines)
    return Verified(body, (), (unsigned_note(source),))


def unsigned_note(source: Source) -> str:
    """Return what every output says about a source without a signature."""
    return f"{source} is not verified: the user trusts it without a signature"
