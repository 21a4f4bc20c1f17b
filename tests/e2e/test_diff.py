"""What differs between images of any format, and locks, and what cannot be compared."""

from __future__ import annotations

import shutil

import pytest

from tests.support.states import Yesterday, run_json
from tests.support.world import User


@pytest.mark.parametrize(
    ("suffix", "unknown"),
    [(".docker.tar", []), (".aci", []), (".rootfs.tar.gz", ["configuration"]), (".dir", ["configuration"])],
)
def test_formats_of_one_image_differ_in_nothing(
    yesterday: Yesterday, reader: User, suffix: str, unknown: list[str]
) -> None:
    one, other = yesterday.image(".oci.tar"), yesterday.image(suffix)
    found = reader.run("diff", str(one), str(other), "--json").json
    assert found.get("configuration", []) == found["files"] == []
    assert (found["same"], found["not_compared"]) == (True, unknown)


def test_image_and_lock(yesterday: Yesterday, reader: User) -> None:
    image = yesterday.image(".oci.tar")
    done = reader.run("diff", str(image), str(yesterday.lock), "--exit-code")
    assert done.code == 12
    assert done.out.splitlines()[1:3] == ["packages:", "  - fix-tools: 1.0-1"]
    assert reader.run("diff", str(image), str(yesterday.lock)).code == 0


def test_what_somebody_changed_in_an_image_is_told(yesterday: Yesterday, reader: User) -> None:
    before = yesterday.image(".dir")
    after = reader.work / "after"
    shutil.copytree(before, after, symlinks=True)
    (after / "usr/share/data/data").write_text("forged")
    (after / "usr/share/large/data").chmod(0o4755)
    (after / "usr/share/doc/lost/copyright").write_text("not free\n")
    passwd = after / "etc/passwd"
    passwd.write_text(f"{passwd.read_text()}intruder:x:0:0::/:/bin/sh\n")
    found = run_json(reader, 12, "diff", str(before), str(after), "--exit-code")
    assert [each["name"] for each in found["files"]] == [
        "/etc/passwd",
        "/usr/share/data/data",
        "/usr/share/doc/lost/copyright",
    ]
    assert [each["package"] for each in found["files"] if "package" in each] == ["data", "lost"]
    assert [(each["name"], each["before"]) for each in found["privileges"]] == [("/usr/share/large/data", "")]
    assert [each["name"] for each in found["users"]] == ["intruder"]
    assert [each["name"] for each in found["licences"]] == ["lost"]
    assert found["packages"] == found["groups"] == []


def test_what_cannot_be_compared(yesterday: Yesterday, reader: User) -> None:
    (reader.work / "letter").write_text("Dear all,\n")
    (reader.work / "noise").write_bytes(b"\0" * 100)
    for name in ("letter", "noise", "missing"):
        done = reader.run("diff", name, str(yesterday.lock))
        assert done.code == 3
        assert name in done.error
