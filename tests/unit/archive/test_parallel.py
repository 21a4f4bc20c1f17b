"""Threads that work side by side: order, errors, and an early end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pkg2image.archive.parallel import parallel_map, read_ahead


@pytest.mark.parametrize("jobs", [0, 1, 2, 100])
def test_results_are_in_the_order_of_the_items(jobs: int) -> None:
    assert parallel_map(lambda number: number * 2, range(20), jobs=jobs) == [number * 2 for number in range(20)]
    assert parallel_map(lambda number: number, [], jobs=jobs) == []


def test_calls_run_side_by_side() -> None:
    meeting = threading.Barrier(3, timeout=10)
    assert sorted(parallel_map(lambda _: meeting.wait(), range(3), jobs=3)) == [0, 1, 2]


def test_nothing_is_begun_after_a_failure() -> None:
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"0|1"):
        parallel_map(fail, range(1000), jobs=2)
    assert len(begun) <= 2


def test_failure_does_not_wait_for_the_others() -> None:
    released = threading.Event()

    def work(number: int) -> None:
        if number:
            raise KeyError(number)
        released.wait()

    with pytest.raises(KeyError):
        parallel_map(work, range(2), jobs=2)
    released.set()


@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_items_that_were_read_ahead_keep_their_order(count: int) -> None:
    assert list(read_ahead(iter(range(count)), limit=2)) == list(range(count))


def test_error_comes_after_the_items_before_it() -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise LookupError("no more")

    items = read_ahead(fail())
    assert next(items) == 1
    with pytest.raises(LookupError, match="no more"):
        next(items)


def test_reader_that_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    items = read_ahead(iter(range(1000)), limit=1)
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before
