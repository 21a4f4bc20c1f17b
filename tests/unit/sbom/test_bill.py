from __future__ import annotations

import pytest
from packageurl import PackageURL

from pkg2image.sbom.bill import BuiltWith, Contact, SourcePackage, contact, package_url


@pytest.mark.parametrize(
    ("name", "version", "purl"),
    [
        ("libstdc++6", "12.2.0-14", "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=bookworm"),
        ("tzdata", "2:2025b-0+deb12u1~x", "pkg:deb/debian/tzdata@2:2025b-0%2Bdeb12u1~x?arch=amd64&distro=bookworm"),
    ],
)
def test_package_urls(name: str, version: str, purl: str) -> None:
    written = package_url("debian", "bookworm", name, version, "amd64")
    assert written == purl
    read = PackageURL.from_string(written)
    assert (read.name, read.version) == (name, version)
    assert read.to_string() == written


@pytest.mark.parametrize(
    ("maintainer", "expected", "is_group"),
    [
        ("Jane Doe <jane@example.org>", Contact("Jane Doe", "jane@example.org"), False),
        ('"Doe, Jane" <jane@example.org>', Contact("Doe, Jane", "jane@example.org"), False),
        ("Debian GCC Maintainers <gcc@lists.example>", Contact("Debian GCC Maintainers", "gcc@lists.example"), True),
        ("The Doe Team <d@example.org>, X <x@example.org>", Contact("The Doe Team", "d@example.org"), True),
        ("<jane@example.org>", Contact("jane@example.org", "jane@example.org"), False),
        ("Jane Doe", Contact("Jane Doe", ""), False),
        ("", Contact("unknown", ""), False),
    ],
)
def test_maintainers(maintainer: str, expected: Contact, *, is_group: bool) -> None:
    found = contact(maintainer)
    assert found == expected
    assert found.is_group is is_group


def test_a_source_is_described_by_a_file_without_epoch() -> None:
    assert SourcePackage("tzdata", "2:2025b-0+deb12u1", "").dsc == "tzdata_2025b-0+deb12u1.dsc"
    assert SourcePackage("dash", "0.5-1", "").dsc == "dash_0.5-1.dsc"


def test_what_is_linked_into_a_package() -> None:
    source = SourcePackage("x", "1", "")
    fields = ("Built-Using", "Static-Built-Using", "X-Cargo-Built-Using")
    assert [BuiltWith(field, source).is_static for field in fields] == [False, True, True]
