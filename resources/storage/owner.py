"""This process as an owner of leases and claims: its heartbeat, and its file where that helps."""

import _thread
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pipeline.core.errors import StoreError
from resources.storage import leases as timing
from resources.storage.file_lock import lock_new
from resources.storage.lease_names import STORE, WORK
from resources.storage.leases import work_of

if TYPE_CHECKING:  # it loads SQLAlchemy, which loading definitions does without
    from resources.storage.ledger import Ledger

LOG = logging.getLogger("marquee")


class Owner:
    """A process at work on a ledger; its heart beats until `leave`.

    Args:
        ledger: Whose.
        on_lost: Called where another owner has what this one held, because this process did not
            run for a while.
    """

    def __init__(self, ledger: "Ledger", *, on_lost: Callable[[], None] = _thread.interrupt_main):
        self.id = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self.leases, self.claims = ledger.leases, ledger.claims
        self._on_lost, self._held = on_lost, set[str]()
        self._guard, self._ended = threading.Lock(), threading.Event()
        self._file = ledger.locks / self.id if ledger.locks else None
        self._descriptor = lock_new(self._file) if self._file else None
        self.leases.renew(self.id)
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def take(self, name: str, holder: str) -> str | None:
        """Take a lease; return None, or who holds it. See `Leases.take`."""
        with self._guard:
            blocker = self._take(name, holder)
            if blocker is None:
                self._held.add(self._lease(name))
                self._write_into_file(holder)
            return blocker

    def _take(self, name: str, holder: str) -> str | None:
        if name == WORK:
            return self.leases.join(self.id, holder)
        if name == STORE:
            return self.leases.take_alone(self.id, holder)
        return self.leases.take(name, self.id, holder)

    def rename(self, name: str, holder: str) -> None:
        """Name another holder of a lease, such as a run within a build."""
        self.leases.rename(self._lease(name), self.id, holder)
        self._write_into_file(holder)

    def _lease(self, name: str) -> str:
        return work_of(self.id) if name == WORK else name

    def free(self, name: str) -> None:
        """Free a lease."""
        with self._guard:
            self._held.discard(self._lease(name))
            with _unreachable_at_the_end():
                self.leases.free(self._lease(name), self.id)

    def announce(self, run_id: str) -> None:
        """Note that this process executes a run of Dagster's."""
        self.leases.announce(run_id, self.id)

    def leave(self) -> None:
        """Free everything and end the heartbeat."""
        self._ended.set()
        self._thread.join()
        with _unreachable_at_the_end():
            self.leases.leave(self.id)
        if self._file is not None and self._descriptor is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)
            os.close(self._descriptor)

    def _write_into_file(self, holder: str) -> None:
        """Write who this is, for whoever looks at the file alone."""
        if self._descriptor is not None:
            with suppress(OSError):  # a full disk: the file is locked all the same
                os.pwrite(self._descriptor, holder.encode()[:200].ljust(200), 0)

    def _beat(self) -> None:
        renewed_s = time.monotonic()
        while not self._ended.wait(timing.HEARTBEAT_S):
            try:
                with self._guard:
                    lost = self._held - self.leases.renew(self.id)
                renewed_s = time.monotonic()
            except _database_errors() as error:
                LOG.warning("A heartbeat failed (%s).", type(error).__name__)
                lost = self._held if time.monotonic() - renewed_s >= timing.LEASE_S else set()
            if lost:
                LOG.error(
                    "This process no longer holds %s, because its heartbeat did not arrive for "
                    "%.0f s. It ends; the next run resumes its work.",
                    ", ".join(sorted(lost)), timing.LEASE_S,
                )  # fmt: skip
                self._on_lost()
                return


def _database_errors() -> tuple[type[Exception], ...]:
    from sqlalchemy import exc

    return StoreError, exc.SQLAlchemyError


@contextmanager
def _unreachable_at_the_end() -> Iterator[None]:
    """Let a database be away when something is freed: it expires by itself."""
    try:
        yield
    except _database_errors() as error:
        LOG.debug("What this process held expires by itself (%s).", type(error).__name__)
