"""What files showed is remembered as it was, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkg2image.digest import sha256
from pkg2image.image.reasons import SlimSizes
from pkg2image.making.shown import Shown, recall, remember
from pkg2image.plan import AddedNeed, MissingNeed, ReadFile
from pkg2image.store import Store

SHOWN = Shown(
    needs=(AddedNeed("dash", "/bin/sh", "usr/bin/caf\udce9", "starts with /bin/sh", "app"),),
    refused=("bash",),
    missing=(MissingNeed("perl", ("usr/bin/perl", "bin/perl"), "usr/bin/x", "calls perl", "", "perl", "of --without"),),
    started={"values": {"entrypoint": {"value": ["/usr/bin/app"], "source": "its name"}}, "notes": []},
    unasked=("a suite has no lists of files",),
    notes=("one", "two"),
    read=(ReadFile("http://archive.example/Contents-amd64.gz", sha256(b"contents")),),
    slim=SlimSizes(packages=1, files=2, of_files=3, size=4, of_size=5),
)


@pytest.mark.parametrize("shown", [Shown(), SHOWN])
def test_what_was_remembered_is_recalled(tmp_path: Path, shown: Shown) -> None:
    store = Store(tmp_path)
    assert recall(store, "key") is None
    remember(store, "key", shown)
    assert recall(store, "key") == shown
    assert recall(store, "another") is None


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[",
        b"[]",
        b"{}",
        b'{"needs": 7}',
        b'{"needs": [["too few"]]}',
        b'{"needs": [], "refused": [], "missing": [[]]}',
    ],
)
def test_a_record_of_another_kind_is_none(tmp_path: Path, value: bytes) -> None:
    store = Store(tmp_path)
    remember(store, "key", SHOWN)
    (record,) = (path for path in tmp_path.glob("records/shown-*/*/*"))
    store.put_record(record.parent.parent.name, "key", value)
    assert recall(store, "key") is None


def test_a_record_is_plain_text(tmp_path: Path) -> None:
    store = Store(tmp_path)
    remember(store, "key", SHOWN)
    (record,) = (path for path in tmp_path.glob("records/shown-*/*/*"))
    assert json.loads(record.read_bytes()[32:])["notes"] == ["one", "two"]
