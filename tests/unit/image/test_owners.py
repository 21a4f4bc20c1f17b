"""Whose a file is: what dpkg's lists say of what is really there."""

from __future__ import annotations

import io
import tarfile

import pytest

from pkg2image.image import scan
from pkg2image.image.owners import is_list, owners
from pkg2image.rootfs.tree import Kind
from tests.support.accounts import info

LISTS = {
    "var/lib/dpkg/info/a.list": b"/.\n/bin\n/bin/a\n/usr/bin/again\n/usr/share\n/etc/caf\xe9\n/gone\n",
    "var/lib/dpkg/info/b:amd64.list": b"/usr/bin/again\n/usr/lib/b\n",
    "etc/passwd": b"/usr/lib/c\n",
}


def test_files_have_the_package_that_lists_them() -> None:
    files = [
        info("bin", kind=Kind.SYMLINK, target="/usr/bin"),
        info("etc/caf\udce9"),
        info("usr/bin/a"),
        info("usr/bin/again"),
        info("usr/lib/b"),
        info("usr/lib/c"),
        info("usr/share", kind=Kind.DIRECTORY),
    ]
    assert owners(LISTS, files) == {
        "bin": "a",
        "etc/caf\udce9": "a",
        "usr/bin/a": "a",
        "usr/bin/again": "a",
        "usr/lib/b": "b",
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("var/lib/dpkg/info/a.list", True),
        ("var/lib/dpkg/info/libc6:amd64.list", True),
        ("var/lib/dpkg/info/a.md5sums", False),
        ("var/lib/dpkg/info/a/b.list", False),
        ("var/lib/dpkg/list", False),
    ],
)
def test_which_files_are_lists(path: str, *, expected: bool) -> None:
    assert is_list(path) is expected


def test_all_lists_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_MOST_TOGETHER", 25)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for number in range(5):
            member = tarfile.TarInfo(f"{number}.list")
            member.size = 10
            tar.addfile(member, io.BytesIO(b"0123456789"))
    file.seek(0)
    found = scan.scan_tar(file, [f"{number}.list" for number in range(5)])
    assert sorted(found.captured) == ["0.list", "1.list"]
    assert len(found.files) == 5
