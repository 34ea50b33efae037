"""One marquee at a time on one store: a locked file where it is a local folder, which the kernel
frees when its holder dies, else a lease in the ledger's database, which ends without heartbeats.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from resources.storage.file_lock import FileLock, is_locked
from resources.storage.store import Store

if TYPE_CHECKING:
    from resources.storage.leases import LeaseLock
    from resources.storage.ledger import Ledger

LOG = logging.getLogger("marquee")

_POLL_S = 0.5
_guard = threading.Lock()


@dataclass
class _Held:
    """A lock of this process; a build holds it around its runs.

    Attributes:
        lock: The file or the lease.
        names: Of those who hold it, each within the one before.
    """

    lock: "FileLock | LeaseLock"
    names: list[str] = field(default_factory=list)

    def enter(self, name: str) -> None:
        """Write down who holds it, and since when."""
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        self.names.append(f"{name} since {since}")
        self._write()

    def leave(self) -> bool:
        """Write down the one before; return whether nobody holds it any more."""
        self.names.pop()
        self._write()
        return not self.names

    def _write(self) -> None:
        self.lock.write_holder(self.names[-1] if self.names else "")


_held: dict[str, _Held] = {}


@contextmanager
def exclusive(
    store: Store,
    ledger: "Ledger | None" = None,
    *,
    name: str = "",
    notify: Callable[[str], None] = LOG.warning,
    note_holder: Callable[[str], None] = lambda _: None,
) -> Iterator[float]:
    """Hold the store for this process; wait while another process holds it.

    Args:
        store: The store.
        ledger: Its ledger, whose database has the lease where the store is no local folder.
        name: Who holds it, for others that wait; the process by default.
        notify: Called once if another process holds it.
        note_holder: Called with who that is and since when, and again when it is another one.

    Yields:
        The seconds that were waited.
    """
    key = _key(store)
    waited_s = _acquire(store, ledger, name or f"process {os.getpid()}", notify, note_holder)
    try:
        yield waited_s
    finally:
        _release(key)


def is_held(store: Store, ledger: "Ledger | None" = None) -> bool:
    """Whether any process, this one included, holds the store."""
    with _guard:
        if _key(store) in _held:
            return True
    if store.is_local:
        return is_locked(_path(store))
    assert ledger is not None
    return ledger.leases.holder(_key(store)) is not None


def _key(store: Store) -> str:
    """Return the name under which a store is held, by whoever works on it."""
    return str(_path(store)) if store.is_local else f"store {store.root}"


def _path(store: Store) -> Path:
    return Path(str(store.root)).absolute() / ".lock"


def _open(store: Store, ledger: "Ledger | None") -> "FileLock | LeaseLock":
    if store.is_local:
        return FileLock(_path(store))
    from resources.storage.leases import LeaseLock

    assert ledger is not None
    return LeaseLock(ledger.leases, _key(store), str(store.root))


def _acquire(
    store: Store,
    ledger: "Ledger | None",
    name: str,
    notify: Callable[[str], None],
    note_holder: Callable[[str], None],
) -> float:
    key = _key(store)
    with _guard:
        if key in _held:
            _held[key].enter(name)
            return 0.0
    lock = _open(store, ledger)
    waited_s = 0.0 if lock.try_take() else _wait(lock, notify, note_holder)
    with _guard:
        _held[key] = _Held(lock)
        _held[key].enter(name)
    return waited_s


def _wait(
    lock: "FileLock | LeaseLock",
    notify: Callable[[str], None],
    note_holder: Callable[[str], None],
) -> float:
    """Wait for the lock; return the seconds that it took."""
    began_s, holder = time.monotonic(), None
    while not lock.try_take():
        now = lock.read_holder()
        if holder is None:
            who = f" ({now})" if now else ""
            notify(
                f"Another marquee is at work on {lock.place}{who}; waiting until it has finished."
            )
        if now != holder:
            holder = now
            note_holder(holder or "another marquee")
        time.sleep(_POLL_S)
    return time.monotonic() - began_s


def _release(key: str) -> None:
    with _guard:
        held = _held[key]
        if not held.leave():
            return
        del _held[key]
    held.lock.free()
