"""Which keys may sign a source, and the keys that are data."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from pkg2image.archive.certificates import keys_of, parse_certificates
from pkg2image.archive.keyrings import NoKeyringError, distribution_keyrings, keys_for
from pkg2image.archive.sources import Source
from pkg2image.errors import RequestError
from tests.support.keys import keyring, signing_key

ALICE = signing_key("alice")
BOB = signing_key("bob")
SOURCE = Source("http://archive.example/x/", "own", ("main",))
DATA = resources.files("pkg2image.archive.keyrings")


def fingerprints(keys: tuple[bytes, ...]) -> set[str]:
    return {each.fingerprint for data in keys for each in parse_certificates(data, origin="given")}


def with_keys(**changes: object) -> Source:
    return Source(SOURCE.uri, SOURCE.suite, SOURCE.components, **changes)  # type: ignore[arg-type]


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A machine with the keyring of a distribution called own, and a key of bob's."""
    directory = tmp_path / "usr/share/keyrings"
    directory.mkdir(parents=True)
    (directory / "own-archive-keyring.gpg").write_bytes(ALICE.binary)
    (tmp_path / "bob.asc").write_bytes(BOB.armoured)
    return tmp_path


def test_keys_that_a_source_names_are_the_only_ones(host: Path) -> None:
    for signed_by in (Path("/bob.asc"), BOB.armoured):
        source = with_keys(signed_by=(signed_by,))
        found = keys_for(source, keyrings=[host / "usr/share/keyrings/own-archive-keyring.gpg"], root=host)
        assert fingerprints(found) == {BOB.fingerprint}


def test_keys_of_the_user_come_before_those_of_the_distribution(host: Path) -> None:
    found = keys_for(SOURCE, keyrings=[host / "bob.asc"], distribution="own", root=host)
    assert fingerprints(found) == {BOB.fingerprint}


def test_the_hosts_keyring_is_found_by_the_distributions_name(host: Path) -> None:
    assert fingerprints(keys_for(SOURCE, distribution="own", root=host)) == {ALICE.fingerprint}


@pytest.mark.parametrize("suite", ["bookworm", "trixie-security", "stable", "sid"])
def test_debians_keys_are_known_everywhere(tmp_path: Path, suite: str) -> None:
    found = keys_for(Source("http://archive.example/debian/", suite, ("main",)), root=tmp_path)
    assert len(fingerprints(found)) == 9


def test_the_hosts_keys_are_added_to_ours(tmp_path: Path) -> None:
    directory = tmp_path / "usr/share/keyrings"
    directory.mkdir(parents=True)
    (directory / "debian-archive-keyring.pgp").write_bytes(ALICE.armoured)
    found = fingerprints(distribution_keyrings("debian", root=tmp_path))
    assert found == fingerprints(distribution_keyrings("debian", root=tmp_path / "elsewhere")) | {ALICE.fingerprint}


@pytest.mark.parametrize("distribution", [None, "", "unheard-of", "../etc", "*"])
def test_no_key_is_no_trust(tmp_path: Path, distribution: str | None) -> None:
    with pytest.raises(NoKeyringError, match="no key is known that could have signed it") as caught:
        keys_for(SOURCE, distribution=distribution, root=tmp_path)
    assert "--keyring" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"", "no OpenPGP certificate"), (b"junk", "no OpenPGP certificate")],
)
def test_an_unusable_keyring_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "some.gpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RequestError, match=f"cannot read the keyring {re.escape(str(path))}: .*{reason}"):
        keys_for(SOURCE, keyrings=[path])


def test_a_huge_keyring_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.gpg"
    with path.open("wb") as file:
        file.truncate((16 << 20) + 1)
    with pytest.raises(RequestError, match="longer than 16 MiB"):
        keys_for(SOURCE, keyrings=[path])


def test_fingerprints_choose_among_the_keys(host: Path) -> None:
    path = host / "both.gpg"
    path.write_bytes(keyring([ALICE, BOB]))
    subkey = keys_of(BOB.certificate)[1].fingerprint
    for fingerprint in (BOB.fingerprint, subkey):
        source = with_keys(signed_by=(Path("/both.gpg"),), fingerprints=(fingerprint,))
        assert fingerprints(keys_for(source, root=host)) == {BOB.fingerprint}
    with pytest.raises(RequestError, match="no known key has the fingerprint 0000"):
        keys_for(with_keys(signed_by=(Path("/both.gpg"),), fingerprints=("0" * 40,)), root=host)


def test_the_table_of_our_keys_is_true() -> None:
    files = {each.name: each.read_bytes() for each in DATA.iterdir() if each.name.endswith(".gpg")}
    actual = set()
    for name, data in files.items():
        [certificate] = parse_certificates(data, origin=name)
        assert certificate.expiration is not None
        end = certificate.expiration.date().isoformat()
        actual.add((name.removeprefix("debian-archive-"), certificate.fingerprint, end))
    rows = re.findall(
        r"^\| `(\S+)` \| `([0-9a-f]{40})` \| (\S+) \|$", DATA.joinpath("README.md").read_text(), re.MULTILINE
    )
    assert set(rows) == actual
    assert len(rows) == 9
