"""gpgv as second opinion, where its verdict is right (it believes expired, revoked and weak keys, and drops NULs)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pkg2image.errors import TrustError
from tests.support.keys import (
    SigningKey,
    armour,
    clearsign,
    keyring,
    packets,
    sign_detached,
    signing_key,
    verify_detached,
    verify_inrelease,
)
from tests.support.repository import NOW, Suite, render_release

KEYS = [signing_key(f"gpgv-{number}", rsa=number == 0) for number in range(2)]
STRANGER = signing_key("gpgv-stranger")
BODY = render_release(Suite("bookworm"), {"main/binary-amd64/Packages": b"packages"}) + b"Dashes:\n -----\n- dash\n\n"
OTHER = BODY.replace(b"bookworm", b"trixie")
MARKER = b"-----BEGIN PGP SIGNATURE-----"


def gpgv_inrelease(inrelease: bytes, known: list[SigningKey], directory: Path) -> bytes | None:
    """The text that gpgv finds signed, or None."""
    output = directory / "body"
    verdict = _gpgv(known, directory, "--output", str(output), str(_file(directory, "InRelease", inrelease)))
    return output.read_bytes() if verdict else None


def gpgv_detached(release: bytes, signature: bytes, known: list[SigningKey], directory: Path) -> bytes | None:
    files = [_file(directory, "Release.gpg", signature), _file(directory, "Release", release)]
    return release if _gpgv(known, directory, *map(str, files)) else None


def _gpgv(known: list[SigningKey], directory: Path, *arguments: str) -> bool:
    ring = _file(directory, "keyring.gpg", keyring(known))
    command = ["gpgv", "--homedir", str(directory), "--keyring", str(ring), *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


def _file(directory: Path, name: str, data: bytes) -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def ours_inrelease(inrelease: bytes, known: list[SigningKey]) -> bytes | None:
    try:
        return verify_inrelease(inrelease, [keyring(known)], now=NOW).body
    except TrustError:
        return None


def ours_detached(release: bytes, signature: bytes, known: list[SigningKey]) -> bytes | None:
    try:
        return verify_detached(release, signature, [keyring(known)], now=NOW).body
    except TrustError:
        return None


def with_two_signatures(first: bytes, second: bytes) -> bytes:
    """The first message with the signature of the second added."""
    blocks = [packets(MARKER + each.partition(MARKER)[2]) for each in (first, second)]
    return first.partition(MARKER)[0] + armour(b"".join(blocks))


GOOD = clearsign(BODY, KEYS[:1])
INRELEASES = {
    "good": GOOD,
    "two good": clearsign(BODY, KEYS),
    "altered": GOOD.replace(b"bookworm", b"Bookworm"),
    "one bad of two": with_two_signatures(GOOD, clearsign(OTHER, KEYS[1:])),
    "unknown": clearsign(BODY, [STRANGER]),
    "unsigned": BODY,
    "two messages": GOOD + GOOD,
    "junk armour header": GOOD.replace(MARKER + b"\n", MARKER + b"\nInjected\n"),
    "cut": GOOD[:-60],
    "CRLF": GOOD.replace(b"\n", b"\r\n"),
}
ACCEPTED = {"good", "two good", "CRLF"}


@pytest.mark.parametrize("name", sorted(INRELEASES))
def test_inrelease(name: str, tmp_path: Path) -> None:
    ours, theirs = ours_inrelease(INRELEASES[name], KEYS), gpgv_inrelease(INRELEASES[name], KEYS, tmp_path)
    assert (ours is None) == (theirs is None) == (name not in ACCEPTED)
    if ours is not None and theirs is not None:
        assert ours.rstrip(b"\n") == theirs.replace(b"\r\n", b"\n").rstrip(b"\n")


DETACHED = {
    "good": (BODY, sign_detached(BODY, KEYS[:1])),
    "two good": (BODY, sign_detached(BODY, KEYS)),
    "altered": (OTHER, sign_detached(BODY, KEYS)),
    "one bad of two": (BODY, armour(packets(sign_detached(BODY, KEYS[:1])) + packets(sign_detached(OTHER, KEYS[1:])))),
    "unknown": (BODY, sign_detached(BODY, [STRANGER])),
    "empty": (BODY, b""),
}


@pytest.mark.parametrize("name", sorted(DETACHED))
def test_detached(name: str, tmp_path: Path) -> None:
    release, signature = DETACHED[name]
    ours, theirs = ours_detached(release, signature, KEYS), gpgv_detached(release, signature, KEYS, tmp_path)
    assert ours == theirs == (release if name in ACCEPTED else None)
