"""A lock comes out of its text as it went in, and an edited one is refused with the line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkg2image.digest import sha256
from pkg2image.idmap import IdMap
from pkg2image.lock.differing import differences, request_differences
from pkg2image.lock.making import inner_lock, lock_digest, lock_plan
from pkg2image.lock.marks import marks
from pkg2image.lock.model import Lock
from pkg2image.lock.reading import LockError, load_lock, read_lock
from pkg2image.lock.requested import content_request
from pkg2image.lock.values import (
    map_value,
    read_map,
    read_row,
    read_text,
    read_words,
    row_value,
    text_value,
    words_value,
)
from pkg2image.lock.writing import NOTICE, write_lock
from pkg2image.request import BuildRequest
from tests.support.locks import LOCK

TEXT = write_lock(LOCK)
LINES = TEXT.decode().split("\n")
SMALLEST = Lock(
    BuildRequest(packages=("a",), suite="b", recipe="none"), "1", "b", "amd64", "debian", (), (), roots=("a",)
)


def refused(data: bytes) -> str:
    with pytest.raises(LockError) as caught:
        read_lock(data, origin="x.lock")
    assert caught.value.message.startswith("cannot use the lock x.lock: ")
    assert caught.value.hint
    return caught.value.message.removeprefix("cannot use the lock x.lock: ")


@pytest.mark.parametrize("lock", [LOCK, SMALLEST, replace(LOCK, compressor="", recipe=None)], ids=range(3))
def test_what_goes_in_comes_out(lock: Lock) -> None:
    lock = lock if lock.recipe else replace(lock, request=replace(lock.request, recipe="none"))
    again = read_lock(write_lock(lock), origin="test")
    assert again == lock
    assert write_lock(again) == write_lock(lock)
    for before, after in zip(lock.packages, again.packages, strict=True):
        assert before.package.fields == after.package.fields
        assert before.package.origins == after.package.origins
    assert list(again.request.environment) == list(lock.request.environment)  # the order of variables is a fact


@pytest.mark.parametrize("number", [number for number, line in enumerate(LINES) if line], ids=lambda n: LINES[n][:24])
def test_an_edited_line_is_named(number: int) -> None:
    lines = LINES.copy()
    lines[number] = lines[number][:-1] + ("0" if lines[number][-1] != "0" else "1")
    message = refused("\n".join(lines).encode())
    # Who edits the marks themselves is told where the paragraph begins to be wrong, or that this is no lock at all.
    if not lines[number].startswith("Check") and number > 1:
        assert message.startswith(f"line {number + 1}: ")


def test_a_line_too_many_and_one_too_few() -> None:
    place = next(number for number, line in enumerate(LINES) if line.startswith("Size"))
    assert refused("\n".join([*LINES[:place], *LINES[place + 1 :]]).encode()).startswith(
        f"line {place + 1}: it was edited"
    )
    assert refused("\n".join([*LINES[:place], "X: y", *LINES[place:]]).encode()).startswith(f"line {place + 1}: it was")


def test_paragraphs_cannot_be_taken_out_or_moved() -> None:
    head, *others = TEXT.decode().split("\n\n")
    first = len(head.split("\n")) + 2
    for changed in (others[1:], [others[1], others[0], *others[2:]]):
        message = refused("\n\n".join([head, *changed]).encode())
        assert message.startswith(f"line {first}: paragraphs before 'Repository: https://own")
    assert "paragraphs after this one are missing" in refused("\n\n".join([head, *others[:-1], ""])[:-1].encode())


def forged(old: str, new: str) -> bytes:
    """Return the text with something replaced and all marks made anew, as somebody would who knows how."""
    paragraphs = [part.split("\n")[:-1] for part in TEXT.decode().rstrip("\n").split("\n\n")]
    paragraphs[0] = paragraphs[0][1:]
    paragraphs = [[line.replace(old, new) for line in lines] for lines in paragraphs]
    checks = [f"Check: {marks(lines)}" for lines in paragraphs[1:]]
    closed = [[NOTICE, *paragraphs[0], f"Check: {marks([*paragraphs[0], *checks])}"]]
    closed += [[*lines, check] for lines, check in zip(paragraphs[1:], checks, strict=True)]
    return "".join("\n".join(lines) + "\n\n" for lines in closed)[:-1].encode()


def test_marks_made_anew_are_right() -> None:
    assert forged("nothing", "else") == TEXT


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("SHA256: 4", "SHA256: g", "SHA256: "),
        ("SHA512: 1", "SHA512: ", "SHA512: "),
        ("Size: 4321", "Size: -1", "Size: "),
        ("Size: 4321", "Size:  4321", "this is not as pkg2image writes it"),
        ("Repositories: 1 main", "Repositories: 7 main", "the lock has no repository 7"),
        ("Repositories: 1 main", "Repositories: 0 main", "the lock has no repository 0"),
        ("URL: http://archive.example/", "URL: http://other.example/", "it does not begin with"),
        ("Package: own", "Package: ../own", "is not a package name"),
        ("Version: 1:2.0", "Version: -", "is not one"),
        ("Reason: Depends", "Why: Depends", "the paragraph has no field Reason"),
        ("Skeleton: yes", "Skeleton: no", "this is not as pkg2image writes it"),
        ("Date: 2023-11-14T22:13:20Z", "Date: yesterday", "Date: "),
        ("Date: 2023-11-14T22:13:20Z", "Date: 2023-11-14", "this is not as pkg2image writes it"),
        ("Release: sha256", "Release: md5", "Release: "),
        ("Pin-Priority: -5", "Pin-Priority: high", "Pin-Priority: "),
        ("Closure: full", "Closure: open", "closure: "),
        ("Layers: 3", "Layers: 3000", "layers: "),
        ("Layers: 3", "Layers: three", "'three' is not a number"),
        ("Cmd: [", "Cmd: {", "its first paragraph: "),
        ("Cmd: [", 'Cmd: [1, "', "its first paragraph: "),
        ("Uids: www=33", "Uids: www=99999999999999999", "its first paragraph: "),
        ("Recipe: greeting sha256:", "Recipe: greeting ", "Recipe: "),
        ("Env: {", "Env: " + "[" * 100_000, "its first paragraph: "),
        ("Roots: hello own", "Unknown: x", "the paragraph has no field Roots"),
        ("Suite: bookworm", "Tool: 0.1.1", "the paragraph has no field"),
    ],
)
def test_a_forged_lock_that_makes_no_sense(old: str, new: str, said: str) -> None:
    assert said in refused(forged(old, new))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: it is not a lock of pkg2image"),
        (b"Lock: x\n", "line 1: it is not a lock of pkg2image"),
        (NOTICE.encode(), "it is not a lock of pkg2image"),
        (NOTICE.encode() + b"\nLock: 1\n", "line 2: the paragraph does not end in 'Check: ...'"),
        (b"\x1f\x8b\xff", "line 1: it is not UTF-8"),
        (TEXT[:-3], "line "),
        (TEXT + b"\n", "line "),
        (TEXT.replace(b"\n", b"\r\n"), "line "),
        (TEXT.replace(b"\n\n", b"\n"), "line "),
    ],
    ids=range(9),
)
def test_what_is_no_lock(data: bytes, said: str) -> None:
    assert said in refused(data)


def test_a_lock_of_a_newer_program() -> None:
    data = TEXT.replace(b"Lock: 1\n", b"Lock: 2\n").replace(b"Tool: 0.1.0", b"Tool: 7.5")
    with pytest.raises(LockError, match="line 2: it is of the format 2, and this program reads 1") as caught:
        read_lock(data, origin="x.lock")
    assert "7.5" in str(caught.value.hint)


def test_a_lock_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"cannot read the lock .*: No such file") as caught:
        load_lock(tmp_path / "x.lock")
    assert "pkg2image lock" in str(caught.value.hint)


@given(st.text(st.characters(codec=None, categories=["L", "N", "P", "S", "Z", "C", "Cs"])))
def test_texts(text: str) -> None:
    value = text_value(text)
    assert "\n" not in value
    assert value == value.strip()
    value.encode()
    assert read_text(value) == text


@given(st.lists(st.text(max_size=5), max_size=4))
def test_lists(words: list[str]) -> None:
    for value, again in ((words_value(words), read_words), (row_value(words), lambda text: read_row(text, len(words)))):
        assert "\n" not in value
        assert again(value) == tuple(words)


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_mappings(pairs: dict[str, str]) -> None:
    assert read_map(map_value(pairs)) == pairs


def test_the_image_does_not_know_what_compressed_it() -> None:
    assert lock_digest(LOCK) == lock_digest(replace(LOCK, compressor="none")) == sha256(inner_lock(LOCK))
    assert b"Compressor" not in inner_lock(LOCK)


def test_the_plan_of_a_lock() -> None:
    plan = lock_plan(LOCK, {LOCK.packages[3].package.sha256: "here/own_1.deb"})
    assert [planned.package.local_path for planned in plan.packages] == ["", "", "", "here/own_1.deb"]
    assert [planned.skeleton for planned in plan.packages] == [True, False, False, False]
    assert plan.edges == {"libgreet1": (), "hello": ("base-files", "libgreet1"), "own": ()}
    assert (plan.closure, plan.ids, plan.epoch) == ("full", IdMap({"www": 33}, {"www": 34}), 1_700_000_000)
    assert LOCK.epoch == 1_800_000_000


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ()),
        ({"compressor": "other", "tool": "9"}, ()),
        (
            {"ids": IdMap({"hello": 101, "www": 33}, {"www": 34})},
            ("Users: the lock says hello=100 www=33, found is hello=101 www=33",),
        ),
        ({"unmet": ()}, ('Unmet: the lock says /usr/bin/frob " x", found is nothing',)),
        ({"packages": LOCK.packages[:3]}, ("Package own is only in the lock",)),
        (
            {"packages": (*LOCK.packages[:3], replace(LOCK.packages[3], sha512="5" * 128))},
            (f"Package own: SHA512: the lock says {'4' * 120}, found is {'5' * 120}",),
        ),
    ],
)
def test_in_what_locks_differ(changes: dict[str, Any], told: tuple[str, ...]) -> None:
    assert differences(LOCK, replace(LOCK, **changes)) == told


def test_what_of_a_request_is_locked() -> None:
    request = BuildRequest(
        packages=("a", "./somewhere/b.deb"),
        suite="stable",
        slim=True,
        tag="x:1",
        mirror="http://user:secret@archive.example/",
        output=Path("out"),
        recipe="./mine.yaml",
    )
    kept = content_request(request, suite="bookworm", recipe="mine")
    assert kept == BuildRequest(packages=("a", "./b.deb"), suite="bookworm", slim=True, recipe="mine")


def test_in_what_requests_differ() -> None:
    locked = BuildRequest(packages=("a",), slim=True, epoch=5)
    assert request_differences(locked, locked, whole=True) == ()
    assert request_differences(locked, BuildRequest(packages=("a",)), whole=False) == ()
    assert request_differences(locked, BuildRequest(packages=("a",)), whole=True) == (
        "Slim: the lock says yes, asked for is nothing",
    )
    assert request_differences(locked, BuildRequest(packages=("b",), slim=True, epoch=6), whole=False) == (
        "Packages: the lock says a, asked for is b",
        "Epoch: the lock says 5, asked for is 6",
    )
