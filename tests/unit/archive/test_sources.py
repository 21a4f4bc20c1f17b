"""Sources in both formats of apt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.archive.sources import Source, parse_sources
from pkg2image.errors import RequestError

URI = "http://archive.example/debian/"
COMPLETE = f"Types: deb\nURIs: {URI}\nSuites: bookworm\nComponents: main"
PLAIN = Source(URI, "bookworm", ("main",))


def parse(text: str) -> tuple[Source, ...]:
    return parse_sources(text, origin="a.list")


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        (f"deb {URI} bookworm main", {}),
        ("deb http://archive.example/debian bookworm main", {}),
        (f"deb\t{URI}\tbookworm  main # a comment", {}),
        (f"deb {URI} bookworm main contrib main", {"components": ("main", "contrib")}),
        (f"deb [arch=amd64,arm64] {URI} bookworm main", {"architectures": ("amd64", "arm64")}),
        (f"deb [ arch=amd64 lang=en target=Packages ] {URI} bookworm main", {"architectures": ("amd64",)}),
        (f"deb [signed-by=/a.gpg,/b.asc] {URI} bookworm main", {"signed_by": (Path("/a.gpg"), Path("/b.asc"))}),
        (f"deb [signed-by={'A' * 40}] {URI} bookworm main", {"fingerprints": ("a" * 40,)}),
        (
            f"deb [signed-by=/a.gpg,0x{'A' * 40}] {URI} bookworm main",
            {"signed_by": (Path("/a.gpg"),), "fingerprints": ("a" * 40,)},
        ),
        (f"deb [trusted=yes] {URI} bookworm main", {"trusted": True}),
        (f"deb [trusted=no] {URI} bookworm main", {}),
        (f"deb [allow-insecure=yes allow-weak=yes] {URI} bookworm main", {}),
        (
            f"deb [check-valid-until=no check-date=no] {URI} bookworm main",
            {"check_valid_until": False, "check_date": False},
        ),
        (
            f"deb [valid-until-max=86400 valid-until-min=60 date-max-future=1] {URI} bookworm main",
            {"valid_until_max": 86400, "valid_until_min": 60, "date_max_future": 1},
        ),
        (f"deb [date-max-future=0] {URI} bookworm main", {"date_max_future": 0}),
        (f"deb [by-hash=no] {URI} bookworm main", {"by_hash": "no"}),
        (f"deb [by-hash=force] {URI} bookworm main", {"by_hash": "force"}),
        (f"deb [pin-priority=-1] {URI} bookworm main", {"priority": -1}),
        (f"deb [x-note=hello] {URI} bookworm main", {}),
        (f"deb {URI} ./", {"suite": "./", "components": ()}),
        (f"deb {URI} /", {"suite": "./", "components": ()}),
        (f"deb {URI} stable/", {"suite": "./stable/", "components": ()}),
        (f"deb {URI} buster/updates main", {"suite": "buster/updates"}),
        (
            "deb https://user:pass@archive.example:8443/x bookworm main",
            {"uri": "https://user:pass@archive.example:8443/x/"},
        ),
        ("deb file:/srv/repo ./", {"uri": "file:///srv/repo/", "suite": "./", "components": ()}),
        ("deb file:///srv/repo ./", {"uri": "file:///srv/repo/", "suite": "./", "components": ()}),
        ("deb copy:/srv/a%20b bookworm main", {"uri": "file:///srv/a%20b/"}),
        ("deb http://archive.example bookworm main", {"uri": "http://archive.example/"}),
    ],
)
def test_one_line(line: str, changes: dict[str, object]) -> None:
    assert parse(line) == (replace(PLAIN, **changes),)  # type: ignore[arg-type]


def test_a_file_of_lines_keeps_order_and_leaves_out_what_is_not_for_us() -> None:
    text = f"""# deb {URI} commented main

deb-src {URI} bookworm main
deb {URI} bookworm main
   # indented comment
deb {URI} trixie main
"""
    assert [(source.suite, source.where) for source in parse(text)] == [
        ("bookworm", "a.list:4"),
        ("trixie", "a.list:6"),
    ]


def test_deb822_is_expanded_uri_by_suite() -> None:
    text = """# first comment
Types: deb deb-src
URIs: http://one.example/debian http://two.example/debian/
Suites: bookworm
 bookworm-updates
# a comment inside
Components: main contrib
Architectures: amd64 arm64
Signed-By: /usr/share/keyrings/a.gpg
Languages: en de
X-Anything: goes

Types: deb
Enabled: no
URIs: http://three.example/debian
Suites: never
Components: main

Types: deb-src
URIs: http://three.example/debian
Suites: never
Components: main

types: deb
uris: http://four.example/debian
suites: trixie
components: main
trusted: yes
check-valid-until: no
by-hash: force
pin-priority: 990
"""
    first = Source(
        "http://one.example/debian/",
        "bookworm",
        ("main", "contrib"),
        architectures=("amd64", "arm64"),
        signed_by=(Path("/usr/share/keyrings/a.gpg"),),
    )
    assert parse(text) == (
        first,
        replace(first, suite="bookworm-updates"),
        replace(first, uri="http://two.example/debian/"),
        replace(first, uri="http://two.example/debian/", suite="bookworm-updates"),
        Source(
            "http://four.example/debian/",
            "trixie",
            ("main",),
            trusted=True,
            check_valid_until=False,
            by_hash="force",
            priority=990,
        ),
    )
    assert [source.where for source in parse(text)] == ["a.list:1"] * 4 + ["a.list:24"]


def test_an_inline_key_is_the_block_as_it_was() -> None:
    text = f"""Types: deb
URIs: {URI}
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
 =abcd
 -----END PGP PUBLIC KEY BLOCK-----
"""
    [source] = parse(text)
    assert source.signed_by == (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n",
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "# nothing\n\n# more\n\n"])
def test_nothing_is_no_source(text: str) -> None:
    assert parse(text) == ()


def test_line_ends_of_other_systems() -> None:
    assert parse(f"# x\r\ndeb {URI} bookworm main\r\n") == (PLAIN,)
    assert parse(f"Types: deb\r\nURIs: {URI}\r\nSuites: bookworm\r\nComponents: main\r\n") == (PLAIN,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("rpm x y z", "neither 'deb \\[options\\] URI suite component...' nor"),
        ("deb", "neither 'deb"),
        (f"deb {URI}", "the suite is missing"),
        (f"deb {URI} bookworm", "the suite 'bookworm' needs a component"),
        (f"deb {URI} ./ main", "the flat repository './' cannot have components"),
        (f"deb [arch=amd64 {URI} bookworm main", "is not"),
        (f"deb [arch] {URI} bookworm main", "the option 'arch' is not of the form name=value"),
        (f"deb [arch=] {URI} bookworm main", "the option 'arch=' is not of the form name=value"),
        (f"deb [trustd=yes] {URI} bookworm main", "the option 'trustd' is unknown"),
        (f"deb [arch+=amd64] {URI} bookworm main", "the option 'arch\\+' is unknown"),
        (f"deb [arch=AMD64] {URI} bookworm main", "'AMD64' is not the name of an architecture"),
        (f"deb [trusted=maybe] {URI} bookworm main", "trusted is 'maybe', which is neither yes nor no"),
        (f"deb [by-hash=maybe] {URI} bookworm main", "by-hash is 'maybe'"),
        (f"deb [valid-until-max=soon] {URI} bookworm main", "valid-until-max is 'soon', which is not a number"),
        (f"deb [valid-until-max=-1] {URI} bookworm main", "valid-until-max is '-1', which is not a number of seconds"),
        (f"deb [pin-priority=high] {URI} bookworm main", "pin-priority is 'high', which is not a number"),
        (f"deb [signed-by=a.gpg] {URI} bookworm main", "signed-by 'a.gpg' is neither an absolute path"),
        (f"deb [signed-by={'A' * 40}!] {URI} bookworm main", "a fingerprint with '!' is not supported"),
        (f"deb {URI} ../etc main", "'../etc' is not the name of a suite"),
        (f"deb {URI} ../ ", "'../' is not the name of a suite"),
        (f"deb {URI} a//b main", "'a//b' is not the name of a suite"),
        (f"deb {URI} $(ARCH)/", "the variable in '\\$\\(ARCH\\)/' is not supported"),
        (f"deb {URI} bookworm ma/../in", "'ma/../in' is not the name of a component"),
        ("deb http://archive.example/$(ARCH) bookworm main", "the variable in .* is not supported"),
        ("deb http:///debian bookworm main", "'http:///debian' names no host"),
        ("deb http://[archive bookworm main", "'http://\\[archive' is not a URI"),
        ("deb http://archive.example/?a=b bookworm main", "is not the URI of a repository"),
        ("deb http://archive.example/\x07 bookworm main", "is not the URI of a repository"),
        ("deb file:relative bookworm main", "is not the absolute path of a directory on this machine"),
        ("deb file://host/path bookworm main", "is not the absolute path of a directory on this machine"),
        ("deb ftp://archive.example/ bookworm main", "is not an http, https, file or copy URI"),
        ("deb cdrom:[x] bookworm main", "is not an http, https, file or copy URI"),
        ("deb /srv/repo ./", "is not an http, https, file or copy URI"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(RequestError, match=reason) as caught:
        parse(f"# a comment\n\n{line}\n")
    assert caught.value.message.startswith("cannot read the source at a.list:3: ")


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("Types: deb\n", 1, "the field URIs is missing or empty"),
        ("Types: deb\nURIs:\nSuites: x\n", 1, "the field URIs is missing or empty"),
        ("URIs: http://a.example/\nSuites: x\n", 1, "the field Types is missing or empty"),
        ("Types: deb\nURIs: http://a.example/\n", 1, "the field Suites is missing or empty"),
        ("Types: rpm\nURIs: http://a.example/\nSuites: x\n", 1, "the type 'rpm' is unknown"),
        ("Types: deb\ntypes: deb\n", 2, "the field types is there twice"),
        ("Types: deb\nnonsense\n", 2, "the line is not 'Field: value'"),
        ("# Types: deb\n continued\nTypes: deb", 2, "neither 'deb"),
        (f"{COMPLETE}\n\n continued\n", 6, "the line continues no field"),
        ("Types: deb\nEnabled: perhaps\n", 1, "Enabled is 'perhaps', which is neither yes nor no"),
        (
            "Types: deb\nURIs: http://a.example/\nSuites: x\nComponents: main\nSined-By: /a\n",
            1,
            "'sined-by' is unknown",
        ),
    ],
)
def test_what_makes_no_sense_in_a_paragraph(text: str, where: int, reason: str) -> None:
    with pytest.raises(RequestError, match=reason) as caught:
        parse(text)
    assert caught.value.message.startswith(f"cannot read the source at a.list:{where}: ")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (f"deb [trustd=yes] {URI} bookworm main", "did you mean 'trusted'?"),
        (f"deb {URI} bookworm", "add one, for example main"),
        ("deb /srv/repo ./", "write file:///srv/repo"),
    ],
)
def test_hints(line: str, hint: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse(line)
    assert caught.value.hint == hint


def test_lenient_leaves_out_only_what_is_wrong() -> None:
    text = f"deb cdrom:[x]/ bookworm main\ndeb {URI} bookworm main\nnonsense\n"
    assert parse_sources(text, origin="a.list", lenient=True) == (PLAIN,)
    text = f"Types: nonsense\n\nTypes: deb\nURIs: {URI}\nSuites: bookworm\nComponents: main\n"
    assert parse_sources(text, origin="a.sources", lenient=True) == (PLAIN,)


@pytest.mark.parametrize(
    ("suite", "base"),
    [
        ("bookworm", "http://archive.example/debian/dists/bookworm/"),
        ("buster/updates", "http://archive.example/debian/dists/buster/updates/"),
        ("./", "http://archive.example/debian/"),
        ("./stable/", "http://archive.example/debian/stable/"),
    ],
)
def test_where_the_release_lies(suite: str, base: str) -> None:
    assert replace(PLAIN, suite=suite).release_base == base


@pytest.mark.parametrize(
    "uri",
    [
        "https://user:secret@archive.example/?a",
        "https://user:secret@archive.example/$(ARCH)",
        "ftp://a:secret@b.example/",
    ],
)
def test_passwords_are_not_in_errors(uri: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse(f"deb {uri} bookworm main")
    assert "secret" not in caught.value.message


def test_passwords_are_not_shown() -> None:
    source = Source("https://user:secret@archive.example:8443/debian/", "bookworm", ("main",))
    assert source.public_uri == "https://archive.example:8443/debian/"
    assert str(source) == "https://archive.example:8443/debian/ bookworm"
