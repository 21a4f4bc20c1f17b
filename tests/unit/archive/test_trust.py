"""High-water marks: kept, raised, never lowered, never silently forgotten."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pkg2image.archive.sources import Source
from pkg2image.archive.trust import HighWater, TrustMemory, TrustStateError
from pkg2image.errors import OutputError

SOURCE = Source("http://user:secret@archive.example/debian/", "bookworm", ("main",))
MARK = HighWater(1_700_000_000, "Debian", "Debian", "stable", "bookworm")


def only_file(state: Path) -> Path:
    [path] = (state / "releases").iterdir()
    return path


def test_nothing_is_known_at_first_and_nothing_is_made(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert TrustMemory(state).recall(SOURCE) is None
    assert not state.exists()


def test_a_mark_is_kept_for_the_next_run(tmp_path: Path) -> None:
    TrustMemory(tmp_path).remember(SOURCE, MARK)
    assert TrustMemory(tmp_path).recall(SOURCE) == replace(MARK, path=str(only_file(tmp_path)))


@pytest.mark.parametrize(
    "other",
    [
        replace(SOURCE, suite="trixie"),
        replace(SOURCE, uri="http://archive.example/other/"),
        replace(SOURCE, uri="https://user:secret@archive.example/debian/"),
        replace(SOURCE, uri="http://archive.example/debian-", suite="/bookworm"),
    ],
)
def test_sources_do_not_share_marks(tmp_path: Path, other: Source) -> None:
    memory = TrustMemory(tmp_path)
    memory.remember(SOURCE, MARK)
    assert memory.recall(other) is None


def test_a_password_changes_nothing_and_is_kept_nowhere(tmp_path: Path) -> None:
    memory = TrustMemory(tmp_path)
    memory.remember(SOURCE, MARK)
    assert memory.recall(replace(SOURCE, uri="http://archive.example/debian/")) is not None
    path = only_file(tmp_path)
    assert "secret" not in path.name + path.read_text()


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_mark_only_rises(tmp_path: Path, step: int) -> None:
    memory = TrustMemory(tmp_path)
    memory.remember(SOURCE, MARK)
    memory.remember(SOURCE, replace(MARK, date=MARK.date + step, suite="oldstable"))
    known = memory.recall(SOURCE)
    assert known is not None
    assert known.date == max(MARK.date, MARK.date + step)
    assert known.suite == ("stable" if step < 0 else "oldstable")


def test_many_writers_leave_the_newest(tmp_path: Path) -> None:
    dates = [MARK.date + (step * 37) % 50 for step in range(50)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda date: TrustMemory(tmp_path).remember(SOURCE, replace(MARK, date=date)), dates))
    known = TrustMemory(tmp_path).recall(SOURCE)
    assert known is not None
    assert known.date == max(dates)
    assert len(list((tmp_path / "releases").iterdir())) == 1


def test_sources_that_are_unsigned_on_request_are_not_remembered(tmp_path: Path) -> None:
    memory = TrustMemory(tmp_path)
    memory.remember(SOURCE, MARK)
    unsigned = replace(SOURCE, trusted=True)
    memory.remember(unsigned, replace(MARK, date=MARK.date + 1))
    assert memory.recall(unsigned) is None
    known = memory.recall(SOURCE)
    assert known is not None
    assert known.date == MARK.date


def damaged(**changes: object) -> bytes:
    value = {
        "format": 1,
        "uri": "http://archive.example/debian/",
        "source_suite": "bookworm",
        "date": 1,
        "origin": "",
        "label": "",
        "suite": "",
        "codename": "",
    }
    return json.dumps({**value, **changes}).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"\xff\xfe", "it is not text"),
        (b"[]", "not of a format that this version knows"),
        (damaged(format=2), "not of a format that this version knows"),
        (damaged(uri="http://archive.example/other/"), "it is about another source"),
        (damaged(source_suite="trixie"), "it is about another source"),
        (damaged(date="1"), "a value in it is missing or of the wrong kind"),
        (damaged(date=True), "a value in it is missing or of the wrong kind"),
        (damaged(label=None), "a value in it is missing or of the wrong kind"),
    ],
)
def test_a_damaged_mark_is_an_error_and_stays(tmp_path: Path, data: bytes, reason: str) -> None:
    memory = TrustMemory(tmp_path)
    memory.remember(SOURCE, MARK)
    path = only_file(tmp_path)
    path.write_bytes(data)
    for attempt in (lambda: memory.recall(SOURCE), lambda: memory.remember(SOURCE, MARK)):
        with pytest.raises(TrustStateError, match=reason) as caught:
            attempt()
        assert str(path) in caught.value.message
        assert "remove the file" in (caught.value.hint or "")
    assert path.read_bytes() == data


def test_an_unusable_state_directory_is_an_output_error(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("a file where the directory should be")
    memory = TrustMemory(state)
    with pytest.raises(OutputError, match="cannot read the trust state") as caught:
        memory.recall(SOURCE)
    assert "PKG2IMAGE_STATE_DIR" in (caught.value.hint or "")
    with pytest.raises(OutputError, match="cannot write the trust state") as caught:
        memory.remember(SOURCE, MARK)
    assert "PKG2IMAGE_STATE_DIR" in (caught.value.hint or "")
