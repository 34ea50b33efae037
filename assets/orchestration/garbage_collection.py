"""When Python looks for garbage: rarely while modules are loaded, and not among the definitions."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

ALLOCATIONS_PER_COLLECTION = 200_000
"""Objects that are made before Python looks for garbage; by default 700. Loading Dagster makes
millions and leaves none: looking took a third of the time of a build that has nothing to do."""

_THRESHOLD = gc.get_threshold()


@contextmanager
def collect_rarely() -> Iterator[None]:
    """Look for garbage rarely; afterwards as often as before."""
    before = gc.get_threshold()
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_as_usual() -> None:
    """Look for garbage as Python does by default: work has begun, which leaves arrays behind."""
    gc.set_threshold(*_THRESHOLD)


def keep_until_exit() -> None:
    """Exclude all that exists now from every later look for garbage.

    For what lives as long as the process, as definitions do: a full look at them takes 50 ms, and
    taking them apart when the process ends takes 200.
    """
    gc.freeze()
