"""Names that one owner at a time holds, as rows of the ledger's database with a heartbeat.

The lock of stores on other hosts: no kernel frees what a dead process or machine held there, so
a lease that is not renewed ends by itself.
"""

import _thread
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa
from sqlalchemy import exc

from pipeline.core.errors import StoreError
from resources.storage.ledger_tables import LEASES, insert_if_new

LOG = logging.getLogger("marquee")

LEASE_S = 45.0
"""How long a lease holds without a heartbeat: a dead owner's is free within a minute."""

HEARTBEAT_S = 10.0
"""Time between two heartbeats of a lease."""


class Leases:
    """The leases of one database; times are the database's own where it has a server.

    Args:
        transaction: Opens a transaction of the ledger's.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]):
        self._transaction = transaction

    def take(self, name: str, owner: str, holder: str = "") -> bool:
        """Take a lease that is free, has ended, or is the owner's; return whether it is."""
        with self._transaction() as connection:
            now_s = _now_s(connection)
            values = {"owner": owner, "holder": holder, "expires_s": now_s + LEASE_S}
            is_free = sa.or_(LEASES.c.owner == owner, LEASES.c.expires_s < now_s)
            taken = connection.execute(
                sa.update(LEASES).where(LEASES.c.name == name, is_free).values(values)
            )
            if taken.rowcount:
                return True
            added = connection.execute(
                insert_if_new(connection.dialect.name, LEASES), {"name": name, **values}
            )
            return added.first() is not None

    def free(self, name: str, owner: str) -> None:
        """Free a lease, if the owner still has it."""
        with self._transaction() as connection:
            connection.execute(
                sa.delete(LEASES).where(LEASES.c.name == name, LEASES.c.owner == owner)
            )

    def holder(self, name: str) -> str | None:
        """Return who holds a lease, in words; None where nobody does."""
        return self._find(name)[1]

    def is_alive(self, name: str) -> bool | None:
        """Whether somebody holds a lease; None where nobody has taken it, or it was freed."""
        is_known, holder = self._find(name)
        return holder is not None if is_known else None

    def sweep(self, older_s: float) -> None:
        """Delete leases that ended some time ago."""
        with self._transaction() as connection:
            before_s = _now_s(connection) - older_s
            connection.execute(sa.delete(LEASES).where(LEASES.c.expires_s < before_s))

    def _find(self, name: str) -> tuple[bool, str | None]:
        with self._transaction() as connection:
            now_s = _now_s(connection)
            row = connection.execute(sa.select(LEASES).where(LEASES.c.name == name)).first()
        if row is None:
            return False, None
        return True, row.holder if row.expires_s >= now_s else None


def _now_s(connection: sa.Connection) -> float:
    if connection.dialect.name == "sqlite":
        return time.time()
    query = sa.text("SELECT extract(epoch FROM clock_timestamp())")
    return float(connection.execute(query).scalar_one())


class LeaseLock:
    """A lease that a thread renews for as long as it is held.

    Args:
        leases: Of the ledger.
        name: What is held.
        place: How messages name it.
        on_lost: Called where another owner has it, because this process did not run for a while.
    """

    def __init__(
        self,
        leases: Leases,
        name: str,
        place: str,
        *,
        on_lost: Callable[[], None] = _thread.interrupt_main,
    ):
        self.place = place
        self._leases, self._name, self._on_lost = leases, name, on_lost
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self._holder = ""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def try_take(self) -> bool:
        """Take it; return False where another owner holds it."""
        if not self._leases.take(self._name, self._owner, self._holder):
            return False
        self._thread = threading.Thread(target=self._renew, name="heartbeat", daemon=True)
        self._thread.start()
        return True

    def read_holder(self) -> str:
        """Return who holds it, as the holder has written it."""
        return self._leases.holder(self._name) or ""

    def write_holder(self, holder: str) -> None:
        """Write into its row who holds it."""
        self._holder = holder
        if self._thread is not None:
            self._leases.take(self._name, self._owner, holder)

    def free(self) -> None:
        """End the heartbeat and free it."""
        self._ended.set()
        if self._thread is None:
            return
        self._thread.join()
        try:
            self._leases.free(self._name, self._owner)
        except (StoreError, exc.SQLAlchemyError):  # it ends by itself
            LOG.debug("The lease of %s could not be freed; it ends by itself.", self.place)

    def _renew(self) -> None:
        renewed_s = time.monotonic()
        while not self._ended.wait(HEARTBEAT_S):
            try:
                if self._leases.take(self._name, self._owner, self._holder):
                    renewed_s = time.monotonic()
                    continue
            except (StoreError, exc.SQLAlchemyError) as error:
                LOG.warning("The heartbeat on %s failed (%s).", self.place, type(error).__name__)
                if time.monotonic() - renewed_s < LEASE_S:
                    continue
            LOG.error(
                "This process no longer holds %s, because its heartbeat did not arrive for %.0f s. "
                "It ends; the next run resumes its work.", self.place, LEASE_S,
            )  # fmt: skip
            self._on_lost()
            return
