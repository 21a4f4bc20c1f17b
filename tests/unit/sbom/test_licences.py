from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from license_expression import Licensing, get_spdx_licensing

from pkg2image.sbom.copyrights import MOST_BYTES
from pkg2image.sbom.licences import NOASSERTION, Licence, licence_of, load_licence

HEADER = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"


def dep5(*licences: str) -> bytes:
    paragraphs = (f"Files: f{number}\nCopyright: Jane\nLicense: {text}\n" for number, text in enumerate(licences))
    return "\n".join((HEADER, *paragraphs)).encode()


def test_all_paragraphs_count_once() -> None:
    found = licence_of(dep5("Expat", "GPL-2+", "Expat\n the text"))
    assert found.declared == found.concluded == "MIT AND GPL-2.0-or-later"
    assert found.texts == ()
    assert found.notices == "Jane"


def test_what_spdx_does_not_know_comes_with_its_text() -> None:
    found = licence_of(dep5("public-domain\n do what you want") + b"\nLicense: other\n unused\n")
    ((name, text),) = found.texts
    assert found.declared == name
    assert name.startswith("LicenseRef-deb-public-domain-")
    assert text == "do what you want"


def test_texts_of_several_licences() -> None:
    data = dep5("odd and Expat and strange\n the text of all") + b"\nLicense: strange\n its own\n"
    found = licence_of(data)
    assert {re.sub("-[0-9a-f]{8}$", "", name): text for name, text in found.texts} == {
        "LicenseRef-deb-odd": "the text of all",
        "LicenseRef-deb-strange": "its own",
    }


def test_a_name_without_text_is_said_to_be_one() -> None:
    ((_, text),) = licence_of(dep5("odd")).texts
    assert text == "The copyright file names the licence 'odd' and does not give its text."


def test_one_name_with_two_texts_is_two_licences() -> None:
    found = licence_of(dep5("custom\n one", "custom\n two"))
    assert sorted(text for _, text in found.texts) == ["one", "two"]
    assert found.declared.count(" AND ") == 1


def test_free_text_is_its_own_licence_and_nothing_is_declared() -> None:
    data = b"This is free software.\nCopyright (c) 1999 Jane\n"
    found = licence_of(data)
    assert found.declared == NOASSERTION
    assert found.texts == ((found.concluded, data.decode()),)
    assert found.notices == "Copyright (c) 1999 Jane"
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_what_is_not_utf8_is_free_text() -> None:
    found = licence_of(dep5("Expat").replace(b"Jane", b"J\xe4ne"))
    assert found.declared == NOASSERTION
    assert "J\ufffdne" in found.texts[0][1]


@pytest.mark.parametrize(
    ("data", "notices"),
    [
        (b" \n", "the copyright file is empty"),
        (b"x" * (MOST_BYTES + 1), "the copyright file is longer than 4 MiB"),
    ],
)
def test_what_says_nothing(data: bytes, notices: str) -> None:
    found = licence_of(data)
    assert (found.declared, found.concluded, found.texts) == (NOASSERTION, NOASSERTION, ())
    assert found.notices.startswith(notices)


def test_notices_have_an_end() -> None:
    found = licence_of(b"".join(b"Copyright %d\n" % number for number in range(5000)))
    assert found.notices.endswith("\n... and more in the copyright file")
    assert len(found.notices) < 17000


def test_it_can_be_kept() -> None:
    found = licence_of(dep5("public-domain\n text", "Expat"))
    assert load_licence(found.dump()) == found


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"[1]", b'["a","b",[1],"",""]', b"\xff"])
def test_what_was_not_kept_by_us_is_nothing(data: bytes) -> None:
    assert load_licence(data) is None


WORDS = st.sampled_from(
    [
        "Files:",
        "License:",
        "Copyright:",
        "Expat",
        "GPL-2+",
        "or",
        "and",
        "with",
        ",",
        "exception",
        "\n",
        "\n\n",
        "\n ",
        "(",
    ]
)
TEXTS = st.lists(WORDS, max_size=40).map(" ".join)


@pytest.fixture(scope="module")
def spdx() -> Licensing:
    return get_spdx_licensing()


@given(data=st.binary(max_size=200) | TEXTS.map(lambda text: f"{HEADER}\n{text}".replace("\n ", "\n").encode()))
def test_whatever_is_in_it_there_is_an_answer_that_is_valid(spdx: Licensing, data: bytes) -> None:
    found = licence_of(data)
    assert isinstance(found, Licence)
    for expression in {found.declared, found.concluded} - {NOASSERTION}:
        spdx.parse(expression)
        used = set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", expression))
        assert used <= {name for name, _ in found.texts}
        known = spdx.unknown_license_keys(expression)
        assert {name for name in known if not name.startswith("LicenseRef-")} == set()
