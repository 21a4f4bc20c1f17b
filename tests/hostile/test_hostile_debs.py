"""Crafted .debs get the verdict they deserve, and nothing is written but the sink."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pytest

from pkg2image.deb.reader import read_control, read_deb
from pkg2image.errors import MalformedPackageError
from pkg2image.store import Store
from tests.hostile.deb_cases import BINARY, CASES, CONTROL_MEMBER, ROOT, Case
from tests.support.debs import (
    CONTROL,
    FileSpec,
    Sink,
    ar,
    build_deb,
    control_tar,
    directory,
    hardlink,
    pack,
    reg,
    tar,
)


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a directory with files beside it that path traversal would hit; they must not change."""
    work = tmp_path / "work"
    work.mkdir()
    for name in ("canary", "work/canary", "work/a"):
        (tmp_path / name).write_bytes(b"untouched")
    before = snapshot(tmp_path)
    monkeypatch.chdir(work)
    yield tmp_path / "store"
    after = {path: content for path, content in snapshot(tmp_path).items() if not path.startswith("store/")}
    assert after == before


def snapshot(root: Path) -> Mapping[str, bytes]:
    """Return the content of every file below a directory; links and special files count as empty files."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        for path in root.rglob("*")
        if path != root / "store" and not path.is_dir()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case, canary: Path) -> None:
    store = Store(canary)
    with store.writer() as sink:
        if case.refused is None:
            facts = read_deb(BytesIO(case.deb()), sink, name="evil.deb", limits=case.limits)
            assert sink.commit().digest == facts.data
        else:
            with pytest.raises(MalformedPackageError) as caught:
                read_deb(BytesIO(case.deb()), sink, name="evil.deb", limits=case.limits)
            assert caught.value.message.startswith("cannot read evil.deb: ")
            assert case.refused in caught.value.message
            assert caught.value.message.isprintable()
    assert store.usage().temporary.count == 0


def test_the_table_is_as_large_as_promised_and_names_are_unique() -> None:
    assert len(CASES) >= 90
    assert len({case.name for case in CASES}) == len(CASES)


def accepted(specs: Sequence[FileSpec], canary: Path) -> dict[str, tuple[str, str, str]]:
    """Return kind, target and content hash of what is read of these entries."""
    with Store(canary).writer() as sink:
        facts = read_deb(BytesIO(build_deb(CONTROL, [ROOT, *specs], parents=False)), sink, name="odd.deb")
    return {entry.path: (entry.kind, entry.target, entry.sha256[:8]) for entry in facts.entries}


def test_hard_links_of_hard_links_lead_to_the_file(canary: Path) -> None:
    found = accepted([reg("a"), hardlink("b", "a"), hardlink("c", "b")], canary)
    assert found["b"] == found["c"] == ("hardlink", "a", "")


def test_a_directory_that_comes_twice_is_there_once_as_it_was_first(canary: Path) -> None:
    deb = build_deb(CONTROL, [ROOT, directory("a", mode=0o711), directory("a", mode=0o777)], parents=False)
    with Store(canary).writer() as sink:
        facts = read_deb(BytesIO(deb), sink, name="odd.deb")
    assert [(entry.path, entry.mode) for entry in facts.entries] == [("", 0o755), ("a", 0o711)]


def test_a_control_file_called_list_is_dropped_as_dpkg_does(canary: Path) -> None:
    deb = build_deb(CONTROL, [], control_files={"list": b"/etc/shadow\n", "postinst": b""})
    with Store(canary).writer() as sink:
        assert read_deb(BytesIO(deb), sink, name="odd.deb").control_files == (("postinst", b""),)


def test_another_package_than_expected() -> None:
    for field, expect in [
        ("Package", ("other", "1.0-1", "amd64")),
        ("Version", ("sample", "1.0-2", "amd64")),
        ("Architecture", ("sample", "1.0-1", "i386")),
    ]:
        with pytest.raises(MalformedPackageError, match=f"cannot read x.deb: the field {field} is"):
            read_deb(BytesIO(build_deb(CONTROL, [])), Nowhere(), name="x.deb", expect=expect)


class Nowhere:
    """A sink for packages that are refused before anything is written."""

    file = BytesIO()

    def write(self, data: bytes, /) -> None:
        raise AssertionError(data)

    def hexdigest(self) -> str:
        raise AssertionError


def test_control_is_read_without_looking_at_the_data() -> None:
    deb = ar([BINARY, CONTROL_MEMBER, (b"data.tar.xz", b"no xz at all")])
    assert read_control(BytesIO(deb), name="x.deb") == CONTROL


def test_errors_stay_short_and_printable_whatever_the_name() -> None:
    deb = pack(control_tar(CONTROL), tar([reg("", raw_name=b"./\xff\xfe\x1b" + b"n" * 5000)]))
    with pytest.raises(MalformedPackageError) as caught:
        read_deb(BytesIO(deb), Sink(), name="x.deb")
    assert len(caught.value.message) < 500
    assert caught.value.message.isprintable()
