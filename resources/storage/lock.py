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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.core.errors import StoreError
from resources.storage.store import Store

LOG = logging.getLogger("marquee")

_POLL_S = 0.5
_MAX_NAME_BYTES = 200
_guard = threading.Lock()


@dataclass
class _Held:
    """A lock of this process; a build holds it around its runs.

    Attributes:
        descriptor: Of the file.
        names: Of those who hold it, each within the one before.
    """

    descriptor: int
    names: list[str] = field(default_factory=list)

    def enter(self, name: str) -> None:
        """Write into the file who holds it, and since when."""
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        self.names.append(f"{name} since {since}")
        self._write()

    def leave(self) -> bool:
        """Write the one before; return whether nobody holds it any more."""
        self.names.pop()
        self._write()
        return not self.names

    def _write(self) -> None:
        content = (self.names[-1] if self.names else "").encode()[:_MAX_NAME_BYTES]
        try:
            os.pwrite(self.descriptor, content.ljust(_MAX_NAME_BYTES), 0)
        except OSError:  # a full disk: the lock holds all the same
            LOG.debug("The name of the lock's holder could not be written.")


_held: dict[Path, _Held] = {}


@contextmanager
def exclusive(
    store: Store,
    *,
    name: str = "",
    notify: Callable[[str], None] = LOG.warning,
    note_holder: Callable[[str], None] = lambda _: None,
) -> Iterator[float]:
    """Hold the store for this process; wait while another process holds it.

    Args:
        store: The store.
        name: Who holds it, for others that wait; the process by default.
        notify: Called once if another process holds it.
        note_holder: Called with who that is and since when, and again when it is another one.

    Yields:
        The seconds that were waited.
    """
    if not store.is_local:
        yield 0.0
        return
    path = _path(store)
    waited_s = _acquire(path, name or f"process {os.getpid()}", notify, note_holder)
    try:
        yield waited_s
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
    return is_locked(path)


def is_locked(path: Path) -> bool:
    """Whether any process holds a file, which is made where there is none."""
    descriptor = open_lock(path)
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """Open a file that is locked; return its descriptor.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            f"The store {path.parent} cannot be written ({error.strerror}). Point MARQUEE_STORE to "
            "a folder that you may write."
        ) from error


def try_lock(descriptor: int) -> bool:
    """Lock an open file; return False where another process, or another opening, holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _path(store: Store) -> Path:
    return Path(str(store.root)).absolute() / ".lock"


def _acquire(
    path: Path, name: str, notify: Callable[[str], None], note_holder: Callable[[str], None]
) -> float:
    with _guard:
        if path in _held:
            _held[path].enter(name)
            return 0.0
    descriptor, waited_s = open_lock(path), 0.0
    if not try_lock(descriptor):
        waited_s = _wait(path, descriptor, notify, note_holder)
    with _guard:
        _held[path] = _Held(descriptor)
        _held[path].enter(name)
    return waited_s


def _wait(
    path: Path,
    descriptor: int,
    notify: Callable[[str], None],
    note_holder: Callable[[str], None],
) -> float:
    """Wait for the lock; return the seconds that it took."""
    began_s, holder = time.monotonic(), None
    while not try_lock(descriptor):
        now = os.pread(descriptor, _MAX_NAME_BYTES, 0).decode("utf-8", "replace").strip()
        if holder is None:
            who = f" ({now})" if now else ""
            where = f"{path.parent}{who}"
            notify(f"Another marquee is at work on {where}; waiting until it has finished.")
        if now != holder:
            holder = now
            note_holder(holder or "another marquee")
        time.sleep(_POLL_S)
    return time.monotonic() - began_s


def _release(path: Path) -> None:
    with _guard:
        held = _held[path]
        if not held.leave():
            return
        del _held[path]
    os.close(held.descriptor)
