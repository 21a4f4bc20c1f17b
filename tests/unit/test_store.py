"""The store keeps its promises: whole blobs or none, verified reads, damaged things put aside, many processes."""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkg2image.digest import Digest, sha256
from pkg2image.errors import OutputError, TrustError
from pkg2image.store import CorruptBlobError, MissingBlobError, Space, Store

ROOT = Path(__file__).resolve().parents[2]
CONTENT = b"some content\n" * 100
DIGEST = sha256(CONTENT)
OTHER = sha256(b"other")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache" / "store")


def files(store: Store) -> set[str]:
    """Return the files below the root of a store."""
    return {str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file()}


def test_insert_open_and_ask(store: Store) -> None:
    assert not store.has(DIGEST)
    assert store.size(DIGEST) is None
    blob = store.insert([CONTENT[:7], CONTENT[7:]], expected=DIGEST)
    assert (blob.digest, blob.size) == (DIGEST, len(CONTENT))
    assert store.has(DIGEST)
    assert store.size(DIGEST) == len(CONTENT)
    with store.open(DIGEST) as file:
        assert file.read() == CONTENT
    with store.open_unchecked(DIGEST) as file:
        assert file.read() == CONTENT
    assert store.path(DIGEST).read_bytes() == CONTENT


def test_looking_makes_nothing(store: Store) -> None:
    assert not store.has(DIGEST)
    assert store.record("kind", "key") is None
    assert store.usage().size == 0
    with pytest.raises(MissingBlobError) as caught:
        store.open(DIGEST)
    assert str(DIGEST) in caught.value.message
    assert not store.root.exists()


def test_the_wrong_content_is_not_stored(store: Store) -> None:
    with pytest.raises(TrustError, match=f"cannot store {OTHER}: the content has the digest {DIGEST}"):
        store.insert([CONTENT], expected=OTHER)
    assert files(store) == {"lock"}


def test_a_writer_without_commit_leaves_nothing(store: Store) -> None:
    with store.writer() as writer:
        writer.write(CONTENT)
        writer.file.flush()
        writer.file.seek(0)
        assert writer.file.read() == CONTENT
        assert (writer.hexdigest(), writer.size) == (DIGEST.hex, len(CONTENT))
    assert files(store) == {"lock"}


def test_a_failing_source_leaves_nothing(store: Store) -> None:
    def chunks() -> Iterator[bytes]:
        yield CONTENT
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.insert(chunks())
    assert files(store) == {"lock"}


def test_inserting_again_heals(store: Store) -> None:
    store.insert([CONTENT])
    store.path(DIGEST).write_bytes(b"damaged")
    store.insert([CONTENT])
    with store.open(DIGEST) as file:
        assert file.read() == CONTENT


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped bit": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "cut off": lambda data: data[:-1],
    "empty": lambda _: b"",
    "longer": lambda data: data + b"\0",
    "other content": lambda _: b"other",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_blob_is_noticed_and_put_aside(store: Store, damage: str) -> None:
    store.insert([CONTENT])
    store.path(DIGEST).write_bytes(DAMAGES[damage](CONTENT))
    with pytest.raises(CorruptBlobError):
        store.open(DIGEST)
    assert not store.has(DIGEST)
    assert store.usage().quarantined.count == 1
    with pytest.raises(MissingBlobError):
        store.open(DIGEST)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_as_good_as_none(store: Store, damage: str) -> None:
    store.put_record("kind", "key", CONTENT)
    (path,) = (store.root / "records").rglob("[0-9a-f]" * 64)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert store.record("kind", "key") is None
    assert not path.exists()


def test_records_are_kept_by_kind_and_key(store: Store) -> None:
    for kind, key, value in [("a", "k", b"1"), ("b", "k", b"2"), ("a", "\udce9/../x\n", b""), ("a", "k", b"3")]:
        store.put_record(kind, key, value)
    assert [store.record("a", "k"), store.record("b", "k"), store.record("a", "\udce9/../x\n")] == [b"3", b"2", b""]
    assert store.record("a", "K") is None


def test_a_record_in_the_place_of_another_is_not_believed(store: Store) -> None:
    store.put_record("a", "k", b"1")
    store.put_record("b", "k", b"2")
    first, second = ((store.root / "records" / kind).rglob("[0-9a-f]" * 64) for kind in "ab")
    next(first).replace(next(second))
    assert store.record("b", "k") is None


@pytest.mark.parametrize("kind", ["", "../a", "A", "a/b"])
def test_kinds_are_made_by_us(store: Store, kind: str) -> None:
    with pytest.raises(ValueError, match="not a kind of records"):
        store.put_record(kind, "k", b"")


def test_only_sha256_names_blobs(store: Store) -> None:
    with pytest.raises(ValueError, match="named by their SHA-256"):
        store.path(Digest("sha512", "0" * 128))


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o177])
def test_modes_do_not_depend_on_the_umask(store: Store, mask: int) -> None:
    before = os.umask(mask)
    try:
        store.insert([CONTENT])
        store.put_record("kind", "key", b"1")
        store.quarantine(DIGEST)
    finally:
        os.umask(before)
    modes = {(path.is_dir(), path.stat().st_mode & 0o7777) for path in [store.root, *store.root.rglob("*")]}
    assert modes == {(True, 0o755), (False, 0o644)}


def test_usage_counts_every_kind(store: Store) -> None:
    store.insert([CONTENT])
    store.insert([b"other"])
    store.quarantine(OTHER)
    store.put_record("kind", "key", b"12345")
    with store.writer() as writer:
        writer.write(b"123")
        writer.file.flush()
        usage = store.usage()
    assert (usage.blobs, usage.quarantined, usage.temporary) == (Space(1, len(CONTENT)), Space(1, 5), Space(1, 3))
    assert usage.records == Space(1, 32 + 5)
    assert usage.size == len(CONTENT) + 5 + 3 + 37


def test_prune_drops_what_was_not_used_for_longest(store: Store) -> None:
    blobs = [store.insert([bytes([number]) * 100]) for number in range(4)]
    for age, blob in enumerate(blobs):
        os.utime(store.path(blob.digest), (1000 + age, 1000 + age))
    store.open(blobs[0].digest).close()  # used just now
    left = store.prune(keep_bytes=250)
    assert left.blobs == Space(2, 200)
    assert [store.has(blob.digest) for blob in blobs] == [True, False, False, True]


def test_prune_by_age_and_leftovers(store: Store) -> None:
    old, new = store.insert([b"old"]), store.insert([b"new"])
    os.utime(store.path(old.digest), (1000, 1000))
    os.utime(store.path(new.digest), (3000, 3000))
    store.put_record("kind", "key", b"")
    store.insert([CONTENT])
    store.quarantine(DIGEST)
    left = store.prune(older_than=2000)
    assert (left.blobs.count, left.records.count, left.quarantined.count, left.temporary.count) == (1, 1, 0, 0)
    assert store.has(new.digest)


def test_clear_removes_everything_but_what_is_not_ours(store: Store) -> None:
    store.insert([CONTENT])
    store.put_record("kind", "key", b"1")
    (store.root / "mine.txt").write_text("keep me")
    store.clear()
    assert files(store) == {"lock", "mine.txt"}
    assert store.insert([CONTENT]).digest == DIGEST


@pytest.mark.parametrize("action", [lambda store: store.prune(keep_bytes=0), lambda store: store.clear()])
def test_nobody_loses_what_is_in_use(store: Store, action: Callable[[Store], object]) -> None:
    store.insert([CONTENT])
    neighbour = Store(store.root)
    assert neighbour.has(DIGEST)
    with pytest.raises(OutputError, match="another process uses it"):
        action(store)
    assert store.has(DIGEST)
    neighbour.close()
    action(store)
    assert not store.has(DIGEST)


def test_whoever_comes_first_removes_what_killed_runs_left(store: Store) -> None:
    store.insert([CONTENT])
    (store.root / "tmp" / "left").write_bytes(b"1")
    second = Store(store.root)
    assert second.has(DIGEST)
    assert second.usage().temporary.count == 1  # the first is still at work, perhaps on this
    store.close()
    second.close()
    third = Store(store.root)
    assert third.usage().temporary.count == 0


def insert_many(root: Path, number: int, rounds: int) -> None:
    """Insert the same blobs and records as everybody else, in another order, and read them back."""
    store = Store(root)
    for turn in range(rounds):
        content = bytes([(turn * 7 + number) % rounds]) * 5000
        blob = store.insert([content[:1000], content[1000:]], expected=sha256(content))
        with store.open(blob.digest) as file:
            assert file.read() == content
        store.put_record("kind", f"{turn}", content)
        assert store.record("kind", f"{turn}") is not None


def test_many_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=insert_many, args=(tmp_path / "store", number, 20)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert Store(tmp_path / "store").usage().blobs == Space(20, 20 * 5000)


def test_many_threads_at_once(store: Store) -> None:
    def work(number: int) -> None:
        for turn in range(20):
            store.insert([bytes([(turn + number) % 20]) * 5000])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert store.usage().blobs == Space(20, 20 * 5000)
    assert store.usage().temporary.count == 0


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from pkg2image.errors import OutputError
from pkg2image.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
store = Store(Path(sys.argv[1]))
try:
    if sys.argv[2] == "blob":
        store.insert([bytes(20_000)] * 5)
    else:
        store.put_record("kind", "key", bytes(100_000))
except OutputError as error:
    print(error.exit_code, error.message, error.hint)
print(store.usage().blobs.count, store.usage().records.count, store.usage().temporary.count)
"""


@pytest.mark.parametrize("what", ["blob", "record"])
def test_a_full_disk_is_an_error_with_numbers_and_leaves_nothing(tmp_path: Path, what: str) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "store"), what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    error, counts = done.stdout.splitlines()
    assert error.startswith(f"9 cannot write a {what}")
    assert f"in the store {tmp_path / 'store'}: " in error
    assert "bytes available" in error
    assert "--cache-dir" in error
    assert counts == "0 0 0"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize("place", ["file/store", "file", "/proc/pkg2image-store"])
def test_a_store_that_cannot_be_there(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write a blob in the store") as caught:
        Store(tmp_path / place).insert([CONTENT])
    assert caught.value.hint is not None
    assert "--cache-dir" in caught.value.hint
