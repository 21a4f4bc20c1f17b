"""Every verdict of the trust policy on signatures, made with keys of this session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pysequoia
import pytest

from pkg2image.archive.verdict import (
    BadSignatureError,
    ExpiredKeyError,
    MalformedSignatureError,
    NoSignatureError,
    RevokedKeyError,
    UnknownKeyError,
    Verified,
    WeakSignatureError,
)
from pkg2image.errors import RequestError, TrustError
from tests.support.keys import (
    SigningKey,
    armour,
    clearsign,
    keyring,
    packets,
    revoked,
    sign_detached,
    signing_key,
    verify_detached,
    verify_inrelease,
)

FIXTURES = Path(__file__).parents[3] / "fixtures" / "openpgp"
NOW = 1_700_000_000
BODY = b"Origin: Example\nSuite: bookworm\n-----dashes\nDescription: a line\n\n"
OTHER = BODY.replace(b"bookworm", b"trixie")

ALICE = signing_key("alice")
BOB = signing_key("bob")
STRANGER = signing_key("stranger")
SHORT_LIVED = signing_key("short-lived", validity_seconds=3600)
AFTER_ITS_END = int(SHORT_LIVED.certificate.expiration.timestamp()) + 1  # type: ignore[union-attr]
ALICE_REVOKED = revoked(ALICE)

Signer = Callable[[bytes, list[SigningKey]], tuple[bytes, bytes]]


def verify_both_ways(
    body: bytes, signers: list[SigningKey], known: list[SigningKey], *, now: int = NOW, signed: bytes | None = None
) -> list[Verified | TrustError]:
    """Judge the same signatures as InRelease and as Release with Release.gpg."""
    signed = body if signed is None else signed
    inrelease = clearsign(signed, signers).replace(escaped(signed), escaped(body))
    keys = [keyring(known)]
    results: list[Verified | TrustError] = []
    for verify in (
        lambda: verify_inrelease(inrelease, keys, now=now, origin="a mirror"),
        lambda: verify_detached(body, sign_detached(signed, signers), keys, now=now, origin="a mirror"),
    ):
        try:
            results.append(verify())
        except TrustError as error:
            results.append(error)
    return results


def escaped(body: bytes) -> bytes:
    return body.replace(b"\n-", b"\n- -")


@pytest.mark.parametrize("signers", [[ALICE], [ALICE, BOB], [BOB, ALICE]])
def test_good_signatures_name_their_certificates(signers: list[SigningKey]) -> None:
    for result in verify_both_ways(BODY, signers, [ALICE, BOB]):
        assert isinstance(result, Verified)
        assert result.body.rstrip(b"\n") == BODY.rstrip(b"\n")
        assert result.signers == tuple(sorted(key.fingerprint for key in signers))
        assert result.notes == ()


def test_the_body_is_what_the_verifier_returned_with_line_feeds_only() -> None:
    inrelease = clearsign(BODY, [ALICE]).replace(b"\n", b"\r\n")
    assert verify_inrelease(inrelease, [ALICE.binary], now=NOW).body == BODY
    body = BODY.replace(b"\n", b"\r\n")
    assert verify_detached(body, sign_detached(body, [ALICE]), [ALICE.binary], now=NOW).body == BODY


@pytest.mark.parametrize(
    ("signers", "known", "now", "error", "words"),
    [
        pytest.param([STRANGER], [ALICE], NOW, UnknownKeyError, "is not in the keyring", id="unknown key"),
        pytest.param([STRANGER, BOB], [ALICE], NOW, UnknownKeyError, "is not in the keyring", id="two unknown keys"),
        pytest.param([SHORT_LIVED], [SHORT_LIVED], AFTER_ITS_END, ExpiredKeyError, "has expired on", id="expired key"),
        pytest.param([ALICE], [ALICE_REVOKED], NOW, RevokedKeyError, "is revoked", id="revoked key"),
        pytest.param(
            [STRANGER, SHORT_LIVED], [SHORT_LIVED], AFTER_ITS_END, ExpiredKeyError, "has expired", id="expired, unknown"
        ),
        pytest.param(
            [ALICE, SHORT_LIVED],
            [ALICE_REVOKED, SHORT_LIVED],
            AFTER_ITS_END,
            RevokedKeyError,
            "is revoked",
            id="revoked, expired",
        ),
    ],
)
def test_without_a_good_signature_the_most_telling_verdict_is_the_error(
    signers: list[SigningKey], known: list[SigningKey], now: int, error: type[TrustError], words: str
) -> None:
    for result in verify_both_ways(BODY, signers, known, now=now):
        assert type(result) is error
        assert result.message.startswith("cannot trust a mirror: the key ")
        assert words in result.message
        assert result.hint


@pytest.mark.parametrize(
    ("signers", "known", "now", "words"),
    [
        pytest.param([ALICE, STRANGER], [ALICE], NOW, "is not in the keyring", id="unknown"),
        pytest.param([STRANGER, ALICE], [ALICE], NOW, "is not in the keyring", id="unknown first"),
        pytest.param([BOB, SHORT_LIVED], [BOB, SHORT_LIVED], AFTER_ITS_END, "has expired", id="expired"),
        pytest.param([BOB, ALICE], [BOB, ALICE_REVOKED], NOW, "is revoked", id="revoked"),
    ],
)
def test_a_worthless_signature_beside_a_good_one_is_noted(
    signers: list[SigningKey], known: list[SigningKey], now: int, words: str
) -> None:
    good = ALICE if STRANGER in signers else BOB
    for result in verify_both_ways(BODY, signers, known, now=now):
        assert isinstance(result, Verified)
        assert result.signers == (good.fingerprint,)
        [note] = result.notes
        assert note.startswith("a mirror: one signature counts for nothing: ")
        assert words in note


def test_an_altered_body_is_a_bad_signature() -> None:
    for result in verify_both_ways(OTHER, [ALICE], [ALICE], signed=BODY):
        assert type(result) is BadSignatureError
        assert "is wrong" in result.message
        assert result.hint


@pytest.mark.parametrize("order", [1, -1])
def test_one_bad_signature_is_fatal_beside_a_good_one(order: int) -> None:
    """pysequoia alone accepts this."""
    made = [sign_detached(BODY, [ALICE]), sign_detached(OTHER, [BOB])][::order]
    block = armour(b"".join(packets(each) for each in made))
    with pytest.raises(BadSignatureError, match="is wrong"):
        verify_detached(BODY, block, [ALICE.binary, BOB.binary], now=NOW)
    clear = [clearsign(BODY, [ALICE]), clearsign(OTHER, [BOB])][::order]
    marker = b"-----BEGIN PGP SIGNATURE-----"
    block = armour(b"".join(packets(marker + each.partition(marker)[2]) for each in clear))
    inrelease = clearsign(BODY, [ALICE]).partition(marker)[0] + block
    with pytest.raises(BadSignatureError, match="is wrong"):
        verify_inrelease(inrelease, [ALICE.binary, BOB.binary], now=NOW)


def test_a_bad_signature_by_a_stranger_is_only_unknown() -> None:
    block = armour(packets(sign_detached(BODY, [ALICE])) + packets(sign_detached(OTHER, [STRANGER])))
    assert verify_detached(BODY, block, [ALICE.binary], now=NOW).signers == (ALICE.fingerprint,)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("weak-key", WeakSignatureError, "that signed it is too weak"),
        ("weak-digest", WeakSignatureError, "is made with SHA1, which is too weak"),
        ("weak-binding", WeakSignatureError, "that signed it is too weak"),
        ("subkey-expired", ExpiredKeyError, "has expired on 2021-01-01"),
        ("subkey-revoked", RevokedKeyError, "is revoked"),
        ("from-the-future", BadSignatureError, "is wrong, and it was made after now, on 2090-01-01"),
    ],
)
def test_signatures_that_no_longer_prove_anything(name: str, error: type[TrustError], words: str) -> None:
    inrelease, key = ((FIXTURES / f"{name}.{kind}").read_bytes() for kind in ("InRelease", "asc"))
    with pytest.raises(error, match=words):
        verify_inrelease(inrelease, [key], now=NOW)


def test_keys_are_judged_now_not_when_they_signed() -> None:
    inrelease, key = ((FIXTURES / f"subkey-expired.{kind}").read_bytes() for kind in ("InRelease", "asc"))
    end = 1_609_459_200
    assert verify_inrelease(inrelease, [key], now=end - 1).signers
    with pytest.raises(ExpiredKeyError):
        verify_inrelease(inrelease, [key], now=end)


@pytest.mark.parametrize(
    "keys", [[ALICE.armoured], [ALICE.binary], [keyring([BOB, ALICE])], [BOB.binary, ALICE.armoured]]
)
def test_keyrings_may_be_armoured_or_binary_and_several(keys: list[bytes]) -> None:
    assert verify_inrelease(clearsign(BODY, [ALICE]), keys, now=NOW).signers == (ALICE.fingerprint,)


def test_a_revocation_in_any_copy_of_a_certificate_counts() -> None:
    for keys in ([ALICE.binary, ALICE_REVOKED.binary], [ALICE_REVOKED.binary, ALICE.binary]):
        with pytest.raises(RevokedKeyError):
            verify_inrelease(clearsign(BODY, [ALICE]), keys, now=NOW)


@pytest.mark.parametrize("keys", [[b""], [b"nothing"], [sign_detached(BODY, [ALICE])]])
def test_a_keyring_without_certificates_is_the_users_error(keys: list[bytes]) -> None:
    with pytest.raises(RequestError, match="cannot read the keyring given: it holds no OpenPGP certificate"):
        verify_inrelease(clearsign(BODY, [ALICE]), keys, now=NOW)


GOOD = clearsign(BODY, [ALICE])
HEADER = b"-----BEGIN PGP SIGNED MESSAGE-----\n"
START = b"-----BEGIN PGP SIGNATURE-----\n"
END = b"-----END PGP SIGNATURE-----\n"


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        pytest.param(b"", NoSignatureError, "it is not signed", id="empty"),
        pytest.param(BODY, NoSignatureError, "it is not signed", id="plain"),
        pytest.param(b"Injected: yes\n" + GOOD, MalformedSignatureError, "text before", id="text before"),
        pytest.param(b"\n" + GOOD, MalformedSignatureError, "text before", id="blank line before"),
        pytest.param(GOOD + b"Injected: yes\n", MalformedSignatureError, "text after", id="text after"),
        pytest.param(GOOD + GOOD, MalformedSignatureError, "text after", id="two messages"),
        pytest.param(
            GOOD + GOOD[GOOD.index(START) :], MalformedSignatureError, "text after", id="two signature blocks"
        ),
        pytest.param(GOOD.replace(HEADER, HEADER[:-1] + b" x\n"), NoSignatureError, "not signed", id="junk on marker"),
        pytest.param(
            GOOD.replace(HEADER, HEADER + b"Origin: Injected\n"),
            MalformedSignatureError,
            "other than Hash",
            id="header",
        ),
        pytest.param(
            GOOD.replace(HEADER, HEADER + b"-Hash: SHA512\n"),
            MalformedSignatureError,
            "other than Hash",
            id="dash header",
        ),
        pytest.param(
            GOOD.replace(START, START + b"Injected: yes\n"),
            MalformedSignatureError,
            "other than Version",
            id="armour header",
        ),
        pytest.param(
            GOOD.replace(b"Suite", b"\x00\nSuite"), MalformedSignatureError, "control character 0x00", id="NUL line"
        ),
        pytest.param(
            GOOD.replace(b"Suite", b"\x0bSuite"), MalformedSignatureError, "character 0x0b", id="vertical tab"
        ),
        pytest.param(GOOD.replace(b"Suite", b"\rSuite"), MalformedSignatureError, "character 0x0d", id="lone CR"),
        pytest.param(GOOD.replace(b"- -----d", b"-----d"), MalformedSignatureError, "unescaped dash", id="stray dash"),
        pytest.param(GOOD[: GOOD.index(START)], MalformedSignatureError, "cut off", id="no signature"),
        pytest.param(GOOD[: GOOD.index(START) + len(START)], MalformedSignatureError, "cut off", id="only its marker"),
        pytest.param(GOOD.replace(END, b""), MalformedSignatureError, "cut off", id="no end marker"),
        pytest.param(HEADER, MalformedSignatureError, "cut off", id="only the first marker"),
        pytest.param(GOOD.replace(END, b"!!!\n" + END), MalformedSignatureError, "not base64", id="not base64"),
        pytest.param(
            GOOD[: GOOD.index(START)] + START + b"\n" + END, NoSignatureError, "not signed", id="empty signature block"
        ),
        pytest.param(
            GOOD[: GOOD.index(START)] + START + b"\nAAAA\n" + END,
            MalformedSignatureError,
            "not OpenPGP",
            id="no OpenPGP",
        ),
        pytest.param(GOOD + b" " * (16 << 20), MalformedSignatureError, "longer than 16 MiB", id="huge"),
    ],
)
def test_anything_but_one_clean_signed_block_is_refused(data: bytes, error: type[TrustError], reason: str) -> None:
    with pytest.raises(error, match=reason) as caught:
        verify_inrelease(data, [ALICE.binary], now=NOW, origin="a mirror")
    assert type(caught.value) is error
    assert caught.value.message.startswith("cannot trust a mirror: ")
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD, id="simple"),
        pytest.param(GOOD.rstrip(b"\n"), id="no line feed at the end"),
        pytest.param(GOOD + b"\n\n", id="blank lines at the end"),
        pytest.param(GOOD.replace(b"-----\n", b"----- \t\n"), id="blanks after the markers"),
        pytest.param(GOOD.replace(START, START + b"Version: 1.2\nComment: hello\n"), id="known armour headers"),
        pytest.param(GOOD.replace(b"Hash: SHA512\n", b""), id="no Hash header"),
        pytest.param(GOOD.replace(b"Hash: SHA512\n", b"Hash: SHA512\nHash: SHA256\n"), id="two Hash headers"),
    ],
)
def test_what_apt_accepts_and_harms_nothing_is_accepted(data: bytes) -> None:
    assert verify_inrelease(data, [ALICE.binary], now=NOW).body == BODY


@pytest.mark.parametrize(
    ("signature", "error", "reason"),
    [
        pytest.param(b"", NoSignatureError, "not signed", id="empty"),
        pytest.param(packets(sign_detached(BODY, [ALICE])), MalformedSignatureError, "does not begin", id="binary"),
        pytest.param(
            b"x\n" + sign_detached(BODY, [ALICE]), MalformedSignatureError, "does not begin", id="text before"
        ),
        pytest.param(sign_detached(BODY, [ALICE]) + b"x\n", MalformedSignatureError, "text after", id="text after"),
        pytest.param(sign_detached(BODY, [ALICE]) * 2, MalformedSignatureError, "text after", id="two blocks"),
        pytest.param(armour(ALICE.binary), MalformedSignatureError, "something other than", id="a certificate"),
        pytest.param(sign_detached(BODY, [ALICE] * 17), MalformedSignatureError, "17 signatures", id="very many"),
    ],
)
def test_a_detached_signature_is_one_clean_block(signature: bytes, error: type[TrustError], reason: str) -> None:
    with pytest.raises(error, match=reason):
        verify_detached(BODY, signature, [ALICE.binary], now=NOW)


def test_release_and_signature_of_different_times_do_not_mix() -> None:
    with pytest.raises(BadSignatureError):
        verify_detached(OTHER, sign_detached(BODY, [ALICE]), [ALICE.binary], now=NOW)


def test_a_clearsigned_file_is_not_taken_as_the_plain_one() -> None:
    inrelease = clearsign(BODY, [ALICE])
    with pytest.raises(MalformedSignatureError, match="clearsigned"):
        verify_detached(inrelease, sign_detached(inrelease, [ALICE]), [ALICE.binary], now=NOW)


def test_a_certification_is_no_signature_of_a_document() -> None:
    revocation = ALICE.certificate.revoke(ALICE.secret.certifier())
    with pytest.raises(MalformedSignatureError, match="something other than"):
        verify_detached(BODY, armour(bytes(revocation)), [ALICE.binary], now=NOW)


def test_an_rsa_key_of_enough_bits_is_believed() -> None:
    key = signing_key("rsa", rsa=True)
    assert verify_inrelease(clearsign(BODY, [key]), [key.binary], now=NOW).signers == (key.fingerprint,)


def test_messages_of_the_library_stay_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUST_BACKTRACE", "1")
    with pytest.raises(BadSignatureError) as caught:
        verify_inrelease(GOOD.replace(b"bookworm", b"Bookworm"), [ALICE.binary], now=NOW)
    assert "\n" not in str(caught.value)
    assert pysequoia.__name__ not in str(caught.value)
