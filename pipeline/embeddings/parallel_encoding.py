"""Threads around encoders: several of them over one stream of movies, and prepared inputs.

One encoder with several threads waits at every layer for the slowest of them, and on a machine
that does other work as well it mostly waits: ShuffleNet on two cores fell from 330 to 12 frames a
CPU second beside two other processes. Encoders that share only the weights do not wait.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Queue
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

WAITING_PER_ENCODER = 4
"""Results that wait, at most, for a reader that is slower than the encoders."""

AHEAD_PER_THREAD = 2
"""Prepared inputs that wait, at most, for each thread."""


def encode_in_parallel(
    items: Iterable[T], encoders: Sequence[Callable[[Iterator[T]], Iterator[R]]]
) -> Iterator[R]:
    """Share a stream of items among encoders; yield results as they come, in any order.

    Args:
        items: Read by one encoder at a time.
        encoders: Each takes its share of the items and yields results, in a thread of its own;
            a single one does so in the calling thread.

    Raises:
        Exception: The first that an encoder or the stream raised, after the others have stopped.

    Example:
        >>> double = lambda share: (2 * item for item in share)
        >>> sorted(encode_in_parallel(range(4), [double, double]))
        [0, 2, 4, 6]
    """
    if len(encoders) == 1:
        yield from encoders[0](iter(items))
        return
    shared, results = _Shared(items), Queue(WAITING_PER_ENCODER * len(encoders))
    threads = [
        threading.Thread(target=_encode, args=(encode, shared, results), daemon=True)
        for encode in encoders
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _collect(results, shared, len(threads))
    finally:
        shared.stop()
        for thread in threads:
            while thread.is_alive():
                with suppress(Empty):
                    results.get(timeout=0.01)  # nobody reads it any more


class _Shared(Generic[T]):
    """An iterator that several threads may read until it is stopped."""

    def __init__(self, items: Iterable[T]):
        self._items, self._lock, self._is_stopped = iter(items), threading.Lock(), False

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._lock:
            if self._is_stopped:
                raise StopIteration
            return next(self._items)

    def stop(self) -> None:
        self._is_stopped = True


class _End:
    """The last that an encoder puts into the queue, with its error."""

    def __init__(self, error: BaseException | None):
        self.error = error


def _encode(
    encode: Callable[[Iterator[T]], Iterator[R]], shared: _Shared[T], results: "Queue[R | _End]"
) -> None:
    error = None
    try:
        for result in encode(shared):
            results.put(result)
    except BaseException as raised:  # noqa: BLE001 - handed to the reading thread, which raises it
        error = raised
    results.put(_End(error))


def _collect(results: "Queue[R | _End]", shared: _Shared[T], running: int) -> Iterator[R]:
    error = None
    while running:
        result = results.get()
        if not isinstance(result, _End):
            yield result
            continue
        running -= 1
        error = error or result.error
        if result.error:
            shared.stop()
    if error:
        raise error


def map_ahead(function: Callable[[T], R], items: Iterable[T], *, threads: int) -> Iterator[R]:
    """Map items in threads, a few ahead of the reader, in order.

    Args:
        function: Applied to every item; what it raises reaches the reader at that item's turn.
        items: Read in the reader's thread, no further ahead than the bound.
        threads: 0 does everything in the reader's thread, when the result is requested.

    Example:
        >>> list(map_ahead(abs, [-1, 2, -3], threads=2))
        [1, 2, 3]
    """
    if not threads:
        yield from map(function, items)
        return
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="prepare")
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > AHEAD_PER_THREAD * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
