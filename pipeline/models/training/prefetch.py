"""Reading ahead while the network works."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def read_ahead(items: Iterator[T], ahead: int = 2) -> Iterator[T]:
    """Return the same items in the same order, taken from the iterator by a thread of its own.

    An error of the iterator comes up where its item would have; who stops early leaves no thread.

    Args:
        items: Anything but None.
        ahead: So many items wait at most.

    Example:
        >>> list(read_ahead(iter("abc")))
        ['a', 'b', 'c']
    """
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        waiting = deque(pool.submit(next, items, None) for _ in range(ahead))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item
