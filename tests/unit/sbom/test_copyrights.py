from __future__ import annotations

import pytest

from pkg2image.sbom.copyrights import MOST_BYTES, Licensed, decoded, notices_of, read_copyright

HEADER = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: greet\n"
SIMPLE = f"""{HEADER}
Files: *
Copyright: 2001 Jane Doe
 2002 John Doe
License: Expat
 Permission is hereby granted
 .
   to anybody.

Files: debian/*
Copyright: 2001 Jane Doe
License: GPL-2+

# a remark
License: GPL-2+
 This is free software.
"""


def test_what_a_machine_readable_file_says() -> None:
    found = read_copyright(SIMPLE.encode())
    assert found is not None
    assert found.files == (Licensed("Expat", "Permission is hereby granted\n\n  to anybody."), Licensed("GPL-2+"))
    assert found.texts == {"gpl-2+": "This is free software."}
    assert found.notices == ("2001 Jane Doe", "2002 John Doe")


def test_a_header_counts_where_no_paragraph_is_about_files() -> None:
    found = read_copyright(f"{HEADER}License: ISC\n".encode())
    assert found is not None
    assert found.files == (Licensed("ISC"),)


def test_of_two_texts_of_one_name_the_first_counts() -> None:
    text = f"{HEADER}\nFiles: *\nCopyright: me\nLicense: X\n\nLicense: X\n one\n\nLicense: x\n two\n"
    found = read_copyright(text.encode())
    assert found is not None
    assert found.texts == {"x": "one"}


@pytest.mark.parametrize(
    "text",
    [
        SIMPLE.replace("\n", "\r\n"),
        f"\ufeff{SIMPLE}",
        SIMPLE.replace("Upstream-Name: greet", "Format-Specification: http://dep.debian.net/deps/dep5/").replace(
            "Format: https", "Comment: https"
        ),
        SIMPLE.replace("Files: debian/*", "Comment: one\nComment: two\nFiles: debian/*"),
    ],
)
def test_what_is_read_all_the_same(text: str) -> None:
    found = read_copyright(text.encode())
    assert found is not None
    assert [item.synopsis for item in found.files] == ["Expat", "GPL-2+"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"This package was debianized by somebody.\n\nCopyright: GPL\n",
        SIMPLE.replace("Format: https", "Form: https").encode(),
        HEADER.encode(),
        f"{SIMPLE}\nFiles: x\nCopyright: nobody\n".encode(),
        f"{SIMPLE}\nFiles: x\nFiles: y\nLicense: ISC\n".encode(),
        f"{SIMPLE}\nthis is no field\n".encode(),
        f"{SIMPLE}\n continues nothing\n".encode(),
        SIMPLE.replace("Doe", "D\xf6e").encode("latin-1"),
        f"{SIMPLE}\n".encode() + b"#" * MOST_BYTES,
    ],
)
def test_what_is_free_text(data: bytes) -> None:
    assert read_copyright(data) is None


def test_bytes_that_are_no_text_are_marked() -> None:
    assert decoded("Copyright Jörg".encode("latin-1")) == "Copyright J\ufffdrg"


def test_lines_of_free_text_that_speak_of_copyright() -> None:
    text = "It was packaged by me.\n  Copyright (C) 1999   Jane\n(c) 2000 John\n© 2001 Jim\n(c) 2000 John\nfree\n"
    assert notices_of(text) == ("Copyright (C) 1999 Jane", "(c) 2000 John", "© 2001 Jim")
