"""The database of a Packages index: every stanza is found by its names, damage is told when it is touched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from pkg2image.archive.databases import keep_database, kept_database
from pkg2image.archive.index import INDEX_RECORD, PackageIndex, build_index
from pkg2image.archive.stanzas import read_blocks
from pkg2image.digest import Digest, sha256
from pkg2image.errors import MalformedPackageError
from pkg2image.store import Store

ORIGIN = "http://archive.example/debian/dists/bookworm/main/binary-amd64/Packages"
KEY = sha256(b"the index")


def index(text: str | bytes, *, piece: int = 1 << 18) -> PackageIndex:
    data = text.encode() if isinstance(text, str) else text
    database = build_index(pieces(data, piece), origin=ORIGIN)
    return PackageIndex(lambda: database, origin=ORIGIN)


def pieces(data: bytes, size: int) -> Iterable[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


HELLO = """Package: hello
Version: 1.0
Architecture: amd64
Depends: libc6 (>= 2.36),
 debconf | debconf-2.0
Description: a greeting
 .
 Package: not a field
"""
MAILERS = """Package: postfix
Version: 3
Architecture: amd64
Provides: mail-transport-agent, postfix-tls (= 3), default-mta:any

Provides: mail-transport-agent,
 smtpd (= 4)
Package: exim
Version: 4
Architecture: amd64
"""


def test_stanza_is_returned_whole_and_in_order() -> None:
    (fields,) = index(HELLO + "\n" + MAILERS).stanzas("hello")
    assert list(fields.items()) == [
        ("Package", "hello"),
        ("Version", "1.0"),
        ("Architecture", "amd64"),
        ("Depends", "libc6 (>= 2.36),\n debconf | debconf-2.0"),
        ("Description", "a greeting\n .\n Package: not a field"),
    ]


def test_name_that_nobody_has() -> None:
    assert index(HELLO).stanzas("hell") == ()
    assert index(HELLO).stanzas("not") == ()
    assert index("").stanzas("hello") == ()


SOURCES = """Package: libgreet1
Version: 1.2-1
Source: greet (1.2)

Package: greet
Version: 1.2-1

Package: greet-data
Version: 1.3
Source: greet

Package: other
Version: 1
Source: greetings
"""


@pytest.mark.parametrize(
    ("source", "packages"),
    [("greet", {"libgreet1", "greet", "greet-data"}), ("greetings", {"other"}), ("other", set()), ("hello", set())],
)
def test_packages_are_found_by_their_source(source: str, packages: set[str]) -> None:
    assert {fields["Package"] for fields in index(SOURCES).built_from(source)} == packages


def test_versions_keep_the_order_of_the_index() -> None:
    text = "\n".join(f"Package: a\nVersion: {version}\nFiller: {'x' * 9000}\n" for version in (3, 1, 2))
    assert [fields["Version"] for fields in index(text).stanzas("a")] == ["3", "1", "2"]


@pytest.mark.parametrize(
    ("virtual", "names"),
    [
        ("mail-transport-agent", {"postfix", "exim"}),
        ("postfix-tls", {"postfix"}),
        ("default-mta", {"postfix"}),
        ("smtpd", {"exim"}),
        ("postfix", set()),
        ("mail", set()),
    ],
)
def test_providers(virtual: str, names: set[str]) -> None:
    assert index(HELLO + "\n" + MAILERS).providing(virtual) == names


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Package: a\nVersion: 1\n\nPackage: b\nVersion: 2\n", id="as usual"),
        pytest.param("Package: a\nVersion: 1\n\nPackage: b\nVersion: 2", id="no line feed at the end"),
        pytest.param("\n\nPackage: a\nVersion: 1\n\n\n\nPackage: b\nVersion: 2\n\n\n", id="many blank lines"),
        pytest.param("Package: a\nVersion: 1\n \t\nPackage: b\nVersion: 2\n", id="a line of blanks"),
        pytest.param("Package:a\nVersion:1\n\nPackage:\tb\nVersion:  2\n", id="other blanks after the colon"),
        pytest.param("Version: 1\nPackage: a\n\nVersion: 2\nPackage: b\n", id="Package is not first"),
        pytest.param("Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\nVersion: 2\r\n", id="DOS line ends"),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 1 << 18])
def test_shapes_of_an_index(text: str, piece: int) -> None:
    found = index(text, piece=piece)
    assert list(found.names()) == ["a", "b"]
    assert [found.stanzas(name)[0]["Version"] for name in "ab"] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("Version: 1\n", "no field Package", id="only"),
        pytest.param("Package: a\n\nVersion: 1\n", r"the stanza 'Version: 1'\.\.\. has no field", id="last"),
        pytest.param("Version: 1\n\nPackage: a\n", "no field Package", id="first"),
        pytest.param("Package: a\n\n\nVersion: 1\n\n\nPackage: b\n\n", "no field Package", id="between"),
        pytest.param("<html>", "no field Package", id="page"),
        pytest.param("Description: x\n Package: a\n", "no field Package", id="only in another field"),
    ],
)
def test_stanza_without_a_name_is_told_at_once(text: str, message: str) -> None:
    with pytest.raises(MalformedPackageError, match=message) as caught:
        index(text)
    assert ORIGIN in caught.value.message


def test_stanza_without_end() -> None:
    chunks = (b"Filler: " + b"x" * (1 << 20) + b"\n" for _ in range(100))
    with pytest.raises(MalformedPackageError, match="longer than"):
        list(read_blocks(chunks, origin=ORIGIN))


def test_malformed_stanza_is_told_when_it_is_touched() -> None:
    found = index(HELLO + "\nPackage: broken\nVersion: 1\nVersion: 2\n\nPackage: worse\nthis is nothing\n")
    assert len(found.stanzas("hello")) == 1
    for name, reason in (("broken", "repeats the field Version"), ("worse", "line 2")):
        with pytest.raises(MalformedPackageError, match=reason) as caught:
            found.stanzas(name)
        assert name in caught.value.message
        assert ORIGIN in caught.value.message


def test_bytes_that_are_not_utf8_do_no_harm() -> None:
    found = index(b"Package: a\nMaintainer: J\xf6rg\n\nPackage: \xff\nVersion: 1\n")
    assert found.stanzas("a")[0]["Maintainer"] == "J\ufffdrg"


def test_near_names() -> None:
    names = ["postgresql", "postgresql-15", "libpq5", "nginx", "python3-django", "po4a"]
    found = index("\n".join(f"Package: {name}\nVersion: 1\n" for name in names))
    assert {"postgresql", "postgresql-15"} <= found.near("postgresq")
    assert "postgresql" in found.near("opstgresql")
    assert "libpq5" not in found.near("postgresq")
    assert found.near("x") == frozenset()


def test_kept_database_is_found_by_its_key(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert kept_database(store, INDEX_RECORD, KEY) is None
    keep_database(store, INDEX_RECORD, KEY, build_index([HELLO.encode()], origin=ORIGIN))
    found = kept_database(store, INDEX_RECORD, KEY)
    assert found is not None
    assert PackageIndex(lambda: found, origin=ORIGIN).stanzas("hello")
    assert kept_database(store, INDEX_RECORD, sha256(b"another")) is None


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_damaged_database_is_as_good_as_none(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    keep_database(store, INDEX_RECORD, KEY, build_index([HELLO.encode()], origin=ORIGIN))
    path = store.path(Digest.parse((store.record(INDEX_RECORD, str(KEY)) or b"").decode()))
    data = path.read_bytes()
    match damage:
        case "flip":
            path.write_bytes(data[:5000] + bytes([data[5000] ^ 1]) + data[5001:])
        case "truncate":
            path.write_bytes(data[:-1])
        case "empty":
            path.write_bytes(b"")
        case _:
            path.unlink()
    assert kept_database(store, INDEX_RECORD, KEY) is None
    assert not store.path(sha256(data)).exists()


def test_same_index_gives_the_same_database() -> None:
    data = (HELLO + "\n" + MAILERS).encode() * 50
    assert build_index([data], origin=ORIGIN) == build_index([data], origin=ORIGIN)
