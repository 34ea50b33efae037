"""Several encoders over one stream of movies, each with one processor thread.

One encoder with several threads waits at every layer for the slowest of them, and on a machine
that does other work as well it mostly waits: ShuffleNet on two cores fell from 330 to 12 frames a
CPU second beside two other processes. Encoders that share nothing but the weights do not wait.
What does not belong here: encoding (see `pipeline.embeddings.encode`).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, Queue

WAITING_PER_ENCODER = 4
"""Results that wait, at most, for a reader that is slower than the encoders."""

_END = object()


def encode_side_by_side(
    items: Iterable,
    encode: Callable[[Iterator], Iterator] | Sequence[Callable[[Iterator], Iterator]],
    *,
    workers: int = 1,
) -> Iterator:
    """Share a stream of items among encoders; give results as they come, in any order.

    Args:
        items: Read by one encoder at a time.
        encode: Takes its share of the items, gives results; or several, such as one per GPU.
        workers: Threads for each of them; one encoder with one runs in the calling thread.

    Raises:
        Exception: The first that an encoder or the stream raised, after the others have stopped.

    Example:
        >>> double = lambda share: (2 * item for item in share)
        >>> sorted(encode_side_by_side(range(4), double, workers=2))
        [0, 2, 4, 6]
    """
    encoders = list(encode) if isinstance(encode, Sequence) else [encode]
    encoders *= workers
    if len(encoders) == 1:
        yield from encoders[0](iter(items))
        return
    results: Queue = Queue(WAITING_PER_ENCODER * len(encoders))
    shared = _Shared(items)
    threads = [
        threading.Thread(target=_work, args=(one, shared, results), daemon=True) for one in encoders
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _collect(results, shared, len(threads))
    finally:
        shared.stop()
        for thread in threads:
            _join(thread, results)


def _join(thread: threading.Thread, results: Queue) -> None:
    """Wait for a thread to end, throwing away what it wants to hand on and nobody reads."""
    while thread.is_alive():
        with suppress(Empty):
            results.get(timeout=0.01)
    thread.join()


class _Shared:
    """An iterator that several threads may read until somebody stops it."""

    def __init__(self, items: Iterable):
        self._items, self._lock, self._is_stopped = iter(items), threading.Lock(), False

    def __iter__(self):
        return self

    def __next__(self):
        with self._lock:
            if self._is_stopped:
                raise StopIteration
            return next(self._items)

    def stop(self) -> None:
        self._is_stopped = True


def _work(encode: Callable, shared: _Shared, results: Queue) -> None:
    error = None
    try:
        for result in encode(shared):
            results.put((result, None))
    except BaseException as raised:  # noqa: BLE001 - handed to the reading thread, which raises it
        error = raised
    results.put((_END, error))


def _collect(results: Queue, shared: _Shared, running: int) -> Iterator:
    error = None
    while running:
        result, raised = results.get()
        if result is _END:
            running -= 1
            error = error or raised
            if raised:
                shared.stop()
        else:
            yield result
    if error:
        raise error
