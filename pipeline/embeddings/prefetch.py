"""Work that threads do ahead of whoever reads, in order and within a bound."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD_PER_THREAD = 2
"""Results that wait, at most, for each thread."""

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(function: Callable[[T], R], items: Iterable[T], *, threads: int) -> Iterator[R]:
    """Map items in threads, a few ahead of the reader, in order.

    Args:
        function: What is done to an item; what it raises reaches the reader at that item's turn.
        items: Read in the reader's thread, no further ahead than the bound.
        threads: 0 does everything in the reader's thread, at the moment it asks.

    Example:
        >>> list(map_ahead(abs, [-1, 2, -3], threads=2))
        [1, 2, 3]
    """
    if not threads:
        yield from map(function, items)
        return
    waiting: deque[Future] = deque()
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
