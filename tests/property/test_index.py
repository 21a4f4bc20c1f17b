"""Whatever an index holds and however it arrives: each package is found with exactly its fields."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from pkg2image.archive.index import PackageIndex, build_index
from pkg2image.deb.control import parse_stanzas
from pkg2image.errors import MalformedPackageError

NAMES = st.from_regex(r"[a-d][a-c+.-]{1,3}", fullmatch=True)
LINES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40).filter(
    lambda line: line.strip() == line and line.strip(" ") and "\x85" not in line
)
VALUES = st.lists(LINES, min_size=1, max_size=3).map("\n ".join)
STANZAS = st.fixed_dictionaries(
    {"Package": NAMES, "Version": st.from_regex(r"[0-9]{1,2}", fullmatch=True)},
    optional={"Description": VALUES, "Provides": st.lists(NAMES, min_size=1, max_size=3).map(",\n ".join)},
)
INDEXES = st.lists(STANZAS, max_size=30)


def render(stanzas: list[dict[str, str]], gap: str) -> bytes:
    texts = ("".join(f"{name}: {value}\n" for name, value in stanza.items()) for stanza in stanzas)
    return gap.join(texts).encode()


@given(INDEXES, st.sampled_from(["\n", "\n\n\n"]), st.integers(1, 5000), st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_every_package_is_found(stanzas: list[dict[str, str]], gap: str, piece: int, copies: int) -> None:
    """Many copies make the index span several blocks."""
    data = render(stanzas * copies, gap)
    index = PackageIndex(
        lambda: build_index((data[at : at + piece] for at in range(0, len(data), piece)), origin="test"), origin="test"
    )
    assert list(index.names()) == sorted({stanza["Package"] for stanza in stanzas})
    for name in index.names():
        assert list(index.stanzas(name)) == [stanza for stanza in stanzas * copies if stanza["Package"] == name]


@given(INDEXES)
@settings(deadline=None, max_examples=60)
def test_every_provider_is_found(stanzas: list[dict[str, str]]) -> None:
    index = PackageIndex(lambda: build_index([render(stanzas, "\n")], origin="test"), origin="test")
    for virtual in {name for stanza in stanzas for name in stanza.get("Provides", "").split(",\n ") if name}:
        wanted = {stanza["Package"] for stanza in stanzas if virtual in stanza.get("Provides", "").split(",\n ")}
        assert wanted <= index.providing(virtual)


@given(st.binary(max_size=200).map(lambda junk: b"Package: a\n" + junk) | st.binary(max_size=300))
@settings(deadline=None)
def test_junk_is_read_or_refused(data: bytes) -> None:
    """No other error than ours comes out; a stanza that is returned has the name that was asked for."""
    with contextlib.suppress(MalformedPackageError):
        index = PackageIndex(lambda: build_index([data], origin="test"), origin="test")
        for name in index.names():
            assert {fields["Package"] for fields in index.stanzas(name)} <= {name}


@given(st.lists(STANZAS, min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_stanzas_are_read_as_control_files_are(stanzas: list[dict[str, str]]) -> None:
    index = PackageIndex(lambda: build_index([render(stanzas, "\n")], origin="test"), origin="test")
    plain = list(parse_stanzas(render(stanzas, "\n").decode(), origin="test"))
    for name in index.names():
        assert list(index.stanzas(name)) == [fields for fields in plain if fields["Package"] == name]
