from __future__ import annotations

import pytest

from pkg2image.sbom.expressions import Expression, joined, parsed, reference_name, spdx_of


def reference(name: str) -> str:
    return f"<{name}>"


@pytest.mark.parametrize(
    ("synopsis", "expression"),
    [
        ("Expat", "MIT"),
        ("expat", "MIT"),
        ("BSD-3-clause", "BSD-3-Clause"),
        ("GPL-2", "GPL-2.0-only"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GPL-3.0-or-later", "GPL-3.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("LGPL-2", "LGPL-2.0-only"),
        ("AGPL-3", "AGPL-3.0-only"),
        ("GFDL-1.3+", "GFDL-1.3-or-later"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("Apache-2", "Apache-2.0"),
        ("MPL-2.0.0", "MPL-2.0"),
        ("Zope-2.1", "ZPL-2.1"),
        ("CC0", "CC0-1.0"),
        ("Perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("GPL-1+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"),
        ("GPL-2+ and ISC or Zlib", "(GPL-2.0-or-later AND ISC) OR Zlib"),
        ("GPL-2+ or ISC, and Zlib", "(GPL-2.0-or-later OR ISC) AND Zlib"),
        ("ISC AND Zlib", "ISC AND Zlib"),
        ("ISC or ISC", "ISC"),
        ("GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"),
        ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
        ("GPL-2+ with Libtool exception and ISC", "GPL-2.0-or-later WITH Libtool-exception AND ISC"),
        # What SPDX has no name for, or no certain one.
        ("GPL-2+ with OpenSSL exception", "<GPL-2+ with OpenSSL exception>"),
        ("GPL-2+ with Autoconf exception", "<GPL-2+ with Autoconf exception>"),
        ("Perl with Font exception", "<Perl with Font exception>"),
        ("GPL", "<GPL>"),
        ("GPL-9", "<GPL-9>"),
        ("BSD", "<BSD>"),
        ("public-domain", "<public-domain>"),
        ("MIT/X11", "<MIT/X11>"),
        ("public-domain or Expat", "<public-domain> OR MIT"),
        # What is no expression is one licence of its own.
        ("", "<>"),
        ("ISC, Zlib", "<ISC, Zlib>"),
        ("ISC | Zlib", "<ISC | Zlib>"),
        ("ISC and", "<ISC and>"),
        ("or ISC", "<or ISC>"),
        ("ISC and/or Zlib", "<ISC and/or Zlib>"),
        ("The Apache License", "<The Apache License>"),
        ("ISC with", "<ISC with>"),
        ("(ISC or Zlib)", "<(ISC or Zlib)>"),
    ],
)
def test_synopses(synopsis: str, expression: str) -> None:
    assert str(spdx_of(synopsis, reference)) == expression


def test_joined_expressions_have_each_part_once() -> None:
    one, two = spdx_of("ISC or Zlib", reference), spdx_of("Expat and ISC", reference)
    assert str(joined("AND", (one, two, one))) == "(ISC OR Zlib) AND MIT AND ISC"
    assert joined("AND", (one, one)) == one


@pytest.mark.parametrize("text", ["MIT", "MIT AND ISC", "(MIT OR ISC) AND Zlib", "A WITH B OR (C AND (D OR E))"])
def test_a_written_expression_can_be_read(text: str) -> None:
    found = parsed(text)
    assert str(found) == text
    assert found.operator == {"MIT": "", "A WITH B OR (C AND (D OR E))": "OR"}.get(text, "AND")


def test_parts_keep_their_parentheses() -> None:
    assert parsed("(MIT OR ISC) AND Zlib") == Expression("AND", ("(MIT OR ISC)", "Zlib"))


def test_references() -> None:
    one = reference_name("GPL-2+ with OpenSSL exception", "text")
    assert one == "LicenseRef-deb-GPL-2plus-with-OpenSSL-exception-982d9e3e"
    assert reference_name("GPL-2+ with OpenSSL exception", " text\n") == one
    assert reference_name("GPL-2+ with OpenSSL exception", "other") != one
    assert reference_name("©", "text") == "LicenseRef-deb-text-982d9e3e"
