"""What a deep scan tells beside the names: hashes of contents, and file capabilities."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from pkg2image.image.scan import scan_directory, scan_tar

CAPABILITY = bytes.fromhex("01000002c0280000000000000000000000000000")
DATA = b"content"
HASH = hashlib.sha256(DATA).hexdigest()


def tar() -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        plain = tarfile.TarInfo("plain")
        plain.size = len(DATA)
        archive.addfile(plain, io.BytesIO(DATA))
        able = tarfile.TarInfo("able")
        able.pax_headers = {"SCHILY.xattr.security.capability": CAPABILITY.decode("utf-8", "surrogateescape")}
        archive.addfile(able, io.BytesIO())
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.LNKTYPE, "plain"
        archive.addfile(link)
    stream.seek(0)
    return stream


def test_tar() -> None:
    found = {info.path: (info.sha256, info.capabilities) for info in scan_tar(tar(), deep=True).files}
    assert found == {
        "plain": (HASH, ""),
        "able": (hashlib.sha256().hexdigest(), CAPABILITY.hex()),
        "link": ("", ""),
    }
    assert {(info.sha256, info.capabilities) for info in scan_tar(tar()).files} == {("", "")}


@pytest.mark.parametrize("deep", [False, True])
def test_what_is_captured_and_the_digests_are_the_same(deep: bool) -> None:  # noqa: FBT001
    scan = scan_tar(tar(), {"plain"}, deep=deep)
    assert scan.captured == {"plain": DATA}
    assert scan.diff_id == scan_tar(tar()).diff_id


def test_directory(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(DATA)
    (tmp_path / "same").hardlink_to(tmp_path / "plain")
    (tmp_path / "link").symlink_to("/etc/passwd")
    deep, usual = scan_directory(tmp_path, deep=True), scan_directory(tmp_path)
    assert {info.path: info.sha256 for info in deep.files} == {"plain": HASH, "same": "", "link": ""}
    assert deep.digest == usual.digest
