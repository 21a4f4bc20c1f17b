"""In what two documents, and two tars, differ."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from pkg2image.verifying.divergence import Divergence, compare_values
from pkg2image.verifying.layers import compare_tars


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, []),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["config: a[1].b: 3, expected: 2"]),
        ({"a": 1}, {"b": 2}, ["config: a: missing (1)", "config: b: extra (2)"]),
        ({"a": [1]}, {"a": [1, 2]}, ["config: a: [1, 2], expected: [1]"]),
        ({"a": 1}, {"a": True}, ["config: a: true, expected: 1"]),
        ({"a": {}}, {"a": []}, ["config: a: [], expected: {}"]),
        ([], None, ["config: null, expected: []"]),
    ],
)
def test_values(expected: object, found: object, told: list[str]) -> None:
    assert [str(each) for each in compare_values("config", expected, found)] == told


def tar(*members: tuple[str, bytes, int], pax: dict[str, str] | None = None) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data, mode in members:
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.pax_headers = len(data), mode, pax or {}
            archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


MEMBERS = (("usr", b"", 0o755), ("usr/a", b"a" * 1000, 0o644), ("usr/b", b"b", 0o4755))
TAR = tar(*MEMBERS)
CONTENT = TAR.index(b"a" * 1000)


def told(found: bytes, *, expected: bytes = TAR) -> list[str]:
    divergences: tuple[Divergence, ...] = compare_tars("layer", io.BytesIO(expected), io.BytesIO(found))
    return [str(each) for each in divergences]


def changed(position: int, byte: bytes = b"!") -> bytes:
    return TAR[:position] + byte + TAR[position + 1 :]


def test_equal_tars_however_they_are_compressed() -> None:
    assert told(TAR) == told(gzip.compress(TAR)) == told(TAR, expected=gzip.compress(TAR)) == []


def test_members() -> None:
    (mode,) = told(tar(*MEMBERS[:2], ("usr/b", b"b", 0o755)))
    assert mode == "layer: /usr/b: mode 0755, expected: mode 4755"
    (content,) = told(changed(CONTENT + 7))
    assert content.startswith("layer: /usr/a: sha256 ")
    assert told(tar(*MEMBERS[1:])) == ["layer: /usr: missing (a file of mode 0755)"]
    assert told(tar(*MEMBERS, ("usr/c", b"", 0o600))) == ["layer: /usr/c: extra (a file of mode 0600)"]
    assert told(tar(*MEMBERS, MEMBERS[1])) == ["layer: /usr/a: extra (a file of mode 0644)"]
    (capability,) = told(tar(*MEMBERS, pax={"SCHILY.xattr.security.capability": "x"}))[:1]
    assert "capabilities 78, expected: capabilities none" in capability


def test_bytes_that_no_member_shows() -> None:
    assert told(TAR[:-1] + b"x") == [
        f"layer: /usr/b: byte {len(TAR) - 1} of the tar differs, in what follows it, expected: other bytes"
    ]
    (padding,) = told(changed(CONTENT + 1001))
    assert f"/usr/a: byte {CONTENT + 1001} of the tar differs, in what follows it" in padding
    (header,) = told(changed(CONTENT - 300))  # the header makes no sense then, and ends the tar for its reader
    assert "/usr/a: byte " in header
    assert "in its header" in header


def test_a_damaged_stream() -> None:
    packed = bytearray(gzip.compress(TAR))
    packed[-6] ^= 1  # of the checksum at the end
    (line,) = told(bytes(packed))
    assert "CRC check failed" in line
    assert told(gzip.compress(TAR)[:40])[0].startswith("layer: /")
