from __future__ import annotations

import pytest

from pkg2image.rootfs.tree import Entry, Kind, Tree, inline
from pkg2image.sbom.origins import origin_of, read_origins, render_origins


def file(package: str = "", origin: str = "") -> Entry:
    return Entry(Kind.FILE, 0o644, content=inline(b""), package=package, origin=origin)


def test_what_made_files_can_be_read_again() -> None:
    tree = Tree()
    for directory in ("etc", "var", "var/lib", "var/lib/dpkg", "usr", "usr/share", "usr/share/pkg2image"):
        tree.put(directory, Entry(Kind.DIRECTORY, 0o755, origin="unpack"))
    entries = {
        "etc/passwd": file(origin="skeleton"),
        "etc/caf\udce9": file(origin="skeleton"),
        "etc/changed": file("owner", "owner postinst:3"),
        "etc/plain": file("owner"),
        "etc/nobody": file(),
        "var/lib/dpkg/status": file(origin="dpkg database"),
        "usr/share/pkg2image/lock": file(origin="lock"),
    }
    for path, entry in entries.items():
        tree.put(path, entry)
    known = read_origins(render_origins(tree))
    assert known == {"etc/passwd": "skeleton", "etc/caf\udce9": "skeleton", "etc/changed": "owner postinst:3"}
    told = {path: origin_of(path, known, owned=bool(entry.package)) for path, entry in entries.items()}
    assert told == {
        **known,
        "etc/plain": "",
        "etc/nobody": "made for the image",
        "var/lib/dpkg/status": "dpkg database",
        "usr/share/pkg2image/lock": "pkg2image",
    }


@pytest.mark.parametrize("data", [b"", b"x", b"[]", b'{"a": 1}', b'{"a": [1, null]}', b"\xff", b"[" * 100_000])
def test_what_says_nothing(data: bytes) -> None:
    assert read_origins(data) == {}
