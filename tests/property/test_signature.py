"""Whatever a mirror sends, the verifier returns the signed text or raises one of our errors."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.archive.release import parse_release
from pkg2image.errors import MalformedPackageError, TrustError
from tests.support.keys import armour, clearsign, packets, sign_detached, signing_key, verify_detached, verify_inrelease
from tests.support.repository import NOW, Suite, render_release

KEY = signing_key("archive")
BODY = render_release(Suite("bookworm"), {"main/binary-amd64/Packages": b"packages"})
INRELEASE = clearsign(BODY, [KEY])
SIGNATURE = sign_detached(BODY, [KEY])
PACKETS = packets(SIGNATURE)

EDITS = st.lists(
    st.tuples(
        st.integers(0, len(INRELEASE)),
        st.integers(0, 40),
        st.binary(max_size=20) | st.sampled_from([b"\n", b"-", b" "]),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """The data with a few stretches replaced: where, how many bytes, by what."""
    for start, length, replacement in edits:
        data = data[:start] + replacement + data[start + length :]
    return data


def lines(body: bytes) -> list[bytes]:
    """What a clearsigned text says: blanks at line ends and line feeds at its end are not signed."""
    return [line.rstrip() for line in body.rstrip().split(b"\n")]


@settings(deadline=None)
@given(EDITS)
def test_an_edited_inrelease_says_the_same_or_is_refused(edits: list[tuple[int, int, bytes]]) -> None:
    try:
        verified = verify_inrelease(edited(INRELEASE, edits), [KEY.binary], now=NOW)
    except TrustError:
        return
    assert lines(verified.body) == lines(BODY)


@settings(deadline=None)
@given(EDITS)
def test_an_edited_release_is_the_same_or_is_refused(edits: list[tuple[int, int, bytes]]) -> None:
    try:
        verified = verify_detached(edited(BODY, edits), SIGNATURE, [KEY.binary], now=NOW)
    except TrustError:
        return
    assert verified.body == BODY


@settings(deadline=None)
@given(EDITS)
def test_edited_signature_packets_prove_the_text_or_are_refused(edits: list[tuple[int, int, bytes]]) -> None:
    packet = edited(PACKETS, [(start % len(PACKETS), length, data) for start, length, data in edits])
    try:
        verified = verify_detached(BODY, armour(packet), [KEY.binary], now=NOW)
    except TrustError:
        return
    assert verified.body == BODY


@settings(deadline=None)
@given(EDITS)
def test_an_edited_release_is_parsed_or_refused(edits: list[tuple[int, int, bytes]]) -> None:
    try:
        release = parse_release(edited(BODY, edits), origin="a mirror")
    except (MalformedPackageError, TrustError):
        return
    assert all(".." not in path.split("/") for path in release.files)
