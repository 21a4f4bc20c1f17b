"""What was found about a document is examined once a day, and judged each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkg2image.archive.findings import find
from pkg2image.archive.verdict import ExpiredKeyError, Findings, NoSignatureError, judge
from pkg2image.errors import RequestError
from pkg2image.store import Store
from tests.support.keys import clearsign, keyring, sign_detached, signing_key

DAY = 86_400
NOW = 1_700_000_000
BODY = b"Origin: Example\nSuite: bookworm\n"
ALICE = signing_key("alice")
BOB = signing_key("bob")
SHORT_LIVED = signing_key("short-lived", validity_seconds=3600)
INRELEASE = clearsign(BODY, [ALICE, BOB])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def found(store: Store, document: bytes = INRELEASE, *, signature: bytes | None = None, now: int = NOW) -> Findings:
    return find(document, signature, [keyring([ALICE])], store=store, now=now, origin="a mirror")


def records(store: Store) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in store.root.rglob("records/signature-*/**/*") if path.is_file()}


@pytest.mark.parametrize(
    ("document", "signature"), [(INRELEASE, None), (BODY, sign_detached(BODY, [BOB, ALICE]))], ids=["inline", "beside"]
)
def test_what_is_kept_is_what_was_found(store: Store, document: bytes, signature: bytes | None) -> None:
    first = found(store, document, signature=signature)
    (kept,) = records(store).items()
    assert first.body == BODY
    assert {each.fits for each in first.signatures} == {True, False}
    assert found(store, document, signature=signature, now=NOW + 1) == first
    assert records(store) == dict([kept])


def test_another_day_examines_anew(store: Store) -> None:
    first = found(store)
    before = records(store)
    assert found(store, now=NOW + DAY) == first
    assert before.keys() == records(store).keys()
    assert before != records(store)


def test_other_bytes_other_keys_and_other_forms_are_examined_by_themselves(store: Store) -> None:
    signature = sign_detached(BODY, [ALICE])
    found(store)
    found(store, INRELEASE.replace(b"bookworm", b"trixie"))  # fits nothing, so nothing is kept
    assert len(records(store)) == 1
    found(store, BODY, signature=signature)
    find(INRELEASE, None, [keyring([BOB])], store=store, now=NOW, origin="a mirror")
    find(INRELEASE, None, [keyring([BOB]), keyring([ALICE])], store=store, now=NOW, origin="a mirror")
    assert len(records(store)) == 4


def test_a_damaged_record_is_examined_again(store: Store) -> None:
    first = found(store)
    (path,) = records(store)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"true", b"TRUE"))
    assert found(store) == first


def test_the_verdict_is_of_the_moment(store: Store) -> None:
    end = int(SHORT_LIVED.certificate.expiration.timestamp())  # type: ignore[union-attr]
    document, keys = clearsign(BODY, [SHORT_LIVED]), [keyring([SHORT_LIVED])]
    kept = find(document, None, keys, store=store, now=end - 1, origin="a mirror")
    assert judge(kept, now=end - 1, origin="a mirror").signers == (SHORT_LIVED.fingerprint,)
    with pytest.raises(ExpiredKeyError):
        judge(find(document, None, keys, store=store, now=end, origin="a mirror"), now=end, origin="a mirror")


def test_what_cannot_be_examined_is_not_kept(store: Store) -> None:
    with pytest.raises(NoSignatureError):
        found(store, BODY)
    with pytest.raises(RequestError, match="keyring"):
        find(INRELEASE, None, [b"no keyring"], store=store, now=NOW, origin="a mirror")
    assert not records(store)
