"""Properties of the source lists: what is rendered is read again, and nothing else escapes but our error."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.archive.sources import Source, parse_sources
from pkg2image.errors import RequestError

NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
URIS = st.builds("{}://{}.example/{}/".format, st.sampled_from(["http", "https"]), NAMES, NAMES)
SWITCHES = st.booleans()
SECONDS = st.none() | st.integers(0, 10**9)

NAMED_SOURCES = st.builds(
    Source,
    uri=URIS,
    suite=st.builds("{}-{}".format, NAMES, NAMES),
    components=st.lists(NAMES, min_size=1, max_size=3, unique=True).map(tuple),
    architectures=st.lists(st.sampled_from(["amd64", "arm64", "armhf"]), max_size=3, unique=True).map(tuple),
    signed_by=st.lists(NAMES.map(lambda name: Path(f"/keys/{name}.gpg")), max_size=2, unique=True).map(tuple),
    fingerprints=st.lists(st.text("0123456789abcdef", min_size=40, max_size=40), max_size=2, unique=True).map(tuple),
    trusted=SWITCHES,
    priority=st.none() | st.integers(-1, 1001),
    check_valid_until=SWITCHES,
    check_date=SWITCHES,
    valid_until_max=SECONDS,
    valid_until_min=SECONDS,
    date_max_future=st.integers(0, 10**6),
    by_hash=st.sampled_from(["yes", "no", "force"]),
)
SOURCES = NAMED_SOURCES | st.builds(
    lambda source, directory: replace(source, suite=directory, components=()),
    NAMED_SOURCES,
    st.just("./") | NAMES.map("./{}/".format),
)
WORDS = st.sampled_from(
    [
        *(
            "deb",
            "deb-src",
            "[",
            "]",
            "=",
            ":",
            "#",
            "\n",
            "\n\n",
            " ",
            "\t",
            "\r\n",
            "main",
            "./",
            "/",
            "bookworm",
            ",",
        ),
        *(
            "Types: deb\n",
            "URIs:",
            "Suites:",
            "Components:",
            "Enabled: no\n",
            "Signed-By:",
            " .",
            "$(ARCH)",
            "..",
            "yes",
        ),
        *(
            "http://archive.example/",
            "file:/srv",
            "trusted=yes",
            "arch=",
            "-----BEGIN PGP PUBLIC KEY BLOCK-----",
            "[::1",
        ),
    ]
)
NEARLY_SOURCES = st.lists(WORDS | st.text(max_size=3), max_size=20).map("".join)


def options(source: Source) -> dict[str, str]:
    """The options that say what is not so by default, in the spelling of deb822."""
    words = {
        "architectures": ",".join(source.architectures),
        "signed-by": ",".join([*(str(path) for path in source.signed_by), *source.fingerprints]),
        "trusted": "yes" if source.trusted else "",
        "pin-priority": "" if source.priority is None else str(source.priority),
        "check-valid-until": "" if source.check_valid_until else "no",
        "check-date": "" if source.check_date else "no",
        "valid-until-max": "" if source.valid_until_max is None else str(source.valid_until_max),
        "valid-until-min": "" if source.valid_until_min is None else str(source.valid_until_min),
        "date-max-future": str(source.date_max_future),
        "by-hash": source.by_hash,
    }
    return {name: value for name, value in words.items() if value}


@settings(deadline=None)
@given(SOURCES)
def test_a_rendered_line_is_read_again(source: Source) -> None:
    words = " ".join(f"{name.replace('architectures', 'arch')}={value}" for name, value in options(source).items())
    line = f"deb [{words}] {source.uri} {source.suite} {' '.join(source.components)}"
    assert parse_sources(line, origin="a.list") == (source,)


@settings(deadline=None)
@given(st.lists(SOURCES, min_size=1, max_size=3))
def test_rendered_paragraphs_are_read_again(sources: list[Source]) -> None:
    paragraphs = [
        {
            "Types": "deb",
            "URIs": source.uri,
            "Suites": source.suite,
            **({"Components": " ".join(source.components)} if source.components else {}),
            **options(source),
        }
        for source in sources
    ]
    text = "\n\n".join("\n".join(f"{name}: {value}" for name, value in fields.items()) for fields in paragraphs)
    assert parse_sources(text, origin="a.sources") == tuple(sources)


@settings(deadline=None)
@given(NEARLY_SOURCES)
def test_every_text_is_read_or_refused_with_its_line(text: str) -> None:
    lenient = parse_sources(text, origin="a.list", lenient=True)
    for source in lenient:
        assert source.uri.startswith(("http://", "https://", "file:///"))
        assert source.uri.endswith("/")
        assert ".." not in source.suite.split("/")
        assert source.flat != bool(source.components)
    try:
        strict = parse_sources(text, origin="a.list")
    except RequestError as error:
        said = error.message
        strict = lenient
    else:
        said = ""
    assert strict == lenient
    assert said.startswith("cannot read the source at a.list:") or not said
