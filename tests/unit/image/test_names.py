from __future__ import annotations

import re

import pytest

from pkg2image.errors import RequestError
from pkg2image.image.names import (
    AC_IDENTIFIER,
    AC_NAME,
    Platform,
    Reference,
    ac_identifier,
    ac_name,
    appc_architecture,
    default_reference,
    parse_reference,
    platform_of,
)


@pytest.mark.parametrize(
    ("debian", "platform"),
    [
        ("amd64", Platform("amd64")),
        ("i386", Platform("386")),
        ("arm64", Platform("arm64", "v8")),
        ("armhf", Platform("arm", "v7")),
        ("armel", Platform("arm", "v5")),
        ("ppc64el", Platform("ppc64le")),
        ("mips64el", Platform("mips64le")),
        ("riscv64", Platform("riscv64")),
        ("s390x", Platform("s390x")),
    ],
)
def test_debian_architectures_have_the_names_that_runtimes_know(debian: str, platform: Platform) -> None:
    assert platform_of(debian) == platform


def test_an_architecture_without_a_platform_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(RequestError, match="hurd-i386") as caught:
        platform_of("hurd-i386")
    assert "amd64" in str(caught.value.hint)


@pytest.mark.parametrize("debian", ["armel", "riscv64", "mips64el", "sparc"])
def test_architectures_that_appc_does_not_know_are_refused_with_the_reason(debian: str) -> None:
    with pytest.raises(RequestError, match=f"ACI for {debian}: appc 0.8.11 has no legal arch label"):
        appc_architecture(debian)


def test_appc_calls_arm64_aarch64() -> None:
    assert appc_architecture("arm64") == "aarch64"


@pytest.mark.parametrize(
    ("text", "reference", "full"),
    [
        ("hello", Reference("hello"), "localhost/hello:latest"),
        ("hello:1.0", Reference("hello", "1.0"), "localhost/hello:1.0"),
        ("team/web_app:V1", Reference("team/web_app", "V1"), "localhost/team/web_app:V1"),
        ("example.com/a/b", Reference("example.com/a/b"), "example.com/a/b:latest"),
        ("localhost:5000/a:1", Reference("localhost:5000/a", "1"), "localhost:5000/a:1"),
        ("localhost/a", Reference("localhost/a"), "localhost/a:latest"),
    ],
)
def test_references(text: str, reference: Reference, full: str) -> None:
    assert parse_reference(text) == reference
    assert reference.full == full


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "Hello",
        "hello:",
        "a//b",
        "a/-b",
        "hello:1+b",
        "hello:-1",
        "hello:" + "x" * 129,
        "a" * 256,
        "Host/a",
        "ü",
    ],
)
def test_names_that_a_container_tool_would_refuse_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="cannot name the image"):
        parse_reference(text)


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("postgresql", "postgresql"),
        ("g++", "gxx"),
        ("libstdc++6", "libstdcxx6"),
        ("python3.11-minimal", "python3.11-minimal"),
        ("a.-b-", "a.b"),
        ("libfoo-1.0-", "libfoo-1.0"),
    ],
)
def test_a_package_names_its_image(package: str, name: str) -> None:
    reference = default_reference(package)
    assert str(reference) == f"{name}:latest"
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("postgresql-15", "postgresql-15"),
        ("libstdc++6", "libstdc~2b~2b6"),
        ("g++", "g~2b~2b"),
        ("a.-b", "a~2e~2db"),
        ("a--b", "a~2d~2db"),
        ("end-", "end~2d"),
        ("example.com:5000/a/b", "example.com~3a5000/a/b"),
        ("Upper", "x~55pper"),
        ("tilde~1", "tilde~7e1"),
    ],
)
def test_ac_identifiers(text: str, identifier: str) -> None:
    assert ac_identifier(text) == identifier
    assert AC_IDENTIFIER.fullmatch(identifier)


@pytest.mark.parametrize("text", ["libstdc++6", "a.-b", "a--b", "tilde~1", "0ad", "gr\u00fc\u00dfe", "a/b_c.d-e"])
def test_ac_identifiers_can_be_read_back(text: str) -> None:
    identifier = ac_identifier(text).encode()
    assert re.sub(rb"~([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), identifier) == text.encode()


@pytest.mark.parametrize(
    ("text", "name"), [("/var/lib/postgresql/data", "var-lib-postgresql-data"), ("_", "x"), ("A.b", "a-b")]
)
def test_ac_names(text: str, name: str) -> None:
    assert ac_name(text) == name
    assert AC_NAME.fullmatch(name)
