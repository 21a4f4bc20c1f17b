"""Several downloads at once, in threads that never keep an interrupted program from ending."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int) -> list[Result]:
    """Call a function for each item, several at once.

    After the first failure nothing new is begun, and the error is raised without waiting for what is still running:
    the threads are daemons, so that neither a slow server nor Ctrl-C has to wait for them.

    Args:
        function: Called in other threads.
        items: What for.
        jobs: How many calls run at once, at least 1.

    Returns:
        The results in the order of the items.
    """
    waiting = list(enumerate(items))
    if min(jobs, len(waiting)) <= 1:
        return [function(item) for _, item in waiting]
    waiting.reverse()
    done: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]] = queue.SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                number, item = waiting.pop()  # atomic: a list is its own queue when nothing is added
            except IndexError:
                return
            try:
                done.put((number, function(item), None))
            except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
                stopped.set()
                done.put((number, None, error))

    total = len(waiting)
    for _ in range(min(jobs, total)):
        threading.Thread(target=work, daemon=True).start()
    results: dict[int, Result] = {}
    try:
        while len(results) < total:
            number, result, error = done.get()
            if error is not None:
                raise error
            results[number] = result  # type: ignore[assignment]  # None only when the function returned it
    finally:
        stopped.set()
    return [results[number] for number in range(total)]


def read_ahead(items: Iterable[Item], *, limit: int = 4) -> Iterator[Item]:
    """Yield what an iterable yields, while another thread already makes the next items.

    Worth it when both sides mostly run outside the interpreter, as decompression and compression do.

    Args:
        items: Iterated over in the other thread; an error in it is raised here.
        limit: How many items may wait.
    """
    made: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(limit)
    stopped = threading.Event()

    def work() -> None:
        try:
            for item in items:
                made.put((item, None))
                if stopped.is_set():
                    return
            made.put((None, StopIteration()))
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            made.put((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # None only when the iterable yielded it
    finally:
        stopped.set()
        while thread.is_alive():
            with contextlib.suppress(queue.Empty):
                made.get_nowait()  # makes room for the one item that the thread may be waiting to hand over
            thread.join(0.01)
