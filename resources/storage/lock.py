"""One marquee at a time on one store: a lock that the kernel frees when its holder dies.

Stores that are not local folders are not locked; there the operator must run one process at a time.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.errors import StoreError
from resources.storage.store import Store

LOG = logging.getLogger("marquee")

_POLL_S = 0.5
_guard = threading.Lock()
_held: dict[Path, tuple[int, int]] = {}
"""Locks of this process: file descriptor and holders; a build holds it around its runs."""


@contextmanager
def exclusive(store: Store, *, notify: Callable[[str], None] = LOG.warning) -> Iterator[None]:
    """Hold the store for this process; wait while another process holds it.

    Args:
        store: The store.
        notify: Called once if another process holds it.
    """
    if not store.is_local:
        yield
        return
    path = _path(store)
    _acquire(path, notify)
    try:
        yield
    finally:
        _release(path)


def is_held(store: Store) -> bool:
    """Whether any process, this one included, holds the store."""
    if not store.is_local:
        return False
    path = _path(store)
    with _guard:
        if path in _held:
            return True
    descriptor = _open(path)
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _path(store: Store) -> Path:
    return Path(str(store.root)).absolute() / ".lock"


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            f"The store {path.parent} cannot be written ({error.strerror}). Point MARQUEE_STORE to "
            "a folder that you may write."
        ) from error


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _acquire(path: Path, notify: Callable[[str], None]) -> None:
    with _guard:
        if path in _held:
            descriptor, count = _held[path]
            _held[path] = (descriptor, count + 1)
            return
    descriptor = _open(path)
    if not _try_lock(descriptor):
        notify(f"Another marquee is at work on {path.parent}; waiting until it has finished.")
        while not _try_lock(descriptor):
            time.sleep(_POLL_S)
    with _guard:
        _held[path] = (descriptor, 1)


def _release(path: Path) -> None:
    with _guard:
        descriptor, count = _held.pop(path)
        if count > 1:
            _held[path] = (descriptor, count - 1)
            return
    os.close(descriptor)
