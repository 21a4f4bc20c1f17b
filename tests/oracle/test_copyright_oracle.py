"""python-debian reads copyright files as well: of all packages of this machine it finds the same licences."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from debian.copyright import Copyright, MachineReadableFormatError, NotMachineReadableError

from pkg2image.sbom.copyrights import read_copyright

FILES = sorted({path.resolve() for path in Path("/usr/share/doc").glob("*/copyright") if path.is_file()})[::9]


def theirs(data: bytes) -> list[str] | None:
    """Return the synopses of all paragraphs about files, or None for free text."""
    try:
        document = Copyright(data.decode().splitlines(keepends=True), strict=True)
        found = [paragraph.license for paragraph in document.all_files_paragraphs()]
    except (NotMachineReadableError, MachineReadableFormatError, UnicodeDecodeError, ValueError):
        return None
    return [" ".join(item.synopsis.split()) for item in found if item is not None]


def test_the_same_licences_are_found(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    read, different = 0, []
    for path in FILES:
        data = path.read_bytes()
        found = read_copyright(data)
        expected = theirs(data)
        if found is None or expected is None:
            continue  # each is strict about something else
        read += 1
        if [item.synopsis for item in found.files] != expected:
            different.append(str(path))
    assert different == []
    assert read > len(FILES) // 3
