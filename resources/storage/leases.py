"""Who works on a store, and what each holds of it: rows of the ledger's database.

An owner is a process. Its own row has an expiry that a heartbeat renews; what it holds are rows
with its name, which are free again as soon as the owner's row has expired. So a process or machine
that died, which no kernel cleans up after on another host, blocks nobody for longer than a minute.
On the same machine, where the store is a local folder, each owner also locks a file, which shows
its death at once.
"""

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import sqlalchemy as sa

from resources.storage.file_lock import is_free
from resources.storage.lease_names import STORE, WORK, parts_of, whole_of
from resources.storage.ledger_tables import CLAIMS, LEASES, upsert

LEASE_S = 45.0
"""How long an owner counts as alive without a heartbeat: a dead one's are free within a minute."""

HEARTBEAT_S = 10.0
"""Time between two heartbeats of an owner."""

_WORK, _RUN = f"{WORK} ", "run "

Transaction = Callable[[], AbstractContextManager[sa.Connection]]


class Leases:
    """The leases of one database; times are the database's own where it has a server.

    Args:
        transaction: Opens a transaction of the ledger's.
        locks: Folder in which owners of this machine lock a file each; None: they lock none.
    """

    def __init__(self, transaction: Transaction, locks: Path | None = None):
        self._transaction, self._locks = transaction, locks

    # -- owners --------------------------------------------------------------------------------

    def renew(self, owner: str) -> set[str]:
        """Write an owner's heartbeat; return the names of what it holds."""
        with self._transaction() as connection:
            begin(connection, owner)
            query = sa.select(LEASES.c.name).where(LEASES.c.owner == owner)
            return {row.name for row in connection.execute(query)}

    def leave(self, owner: str) -> None:
        """Free what an owner holds. Its runs count as alive until its last heartbeat expires:
        Dagster notes a run's end after that.
        """
        with self._transaction() as connection:
            begin(connection, owner)
            is_kept = sa.or_(LEASES.c.name == owner, LEASES.c.name.startswith(_RUN))
            mine = LEASES.c.owner == owner
            connection.execute(sa.delete(LEASES).where(mine, sa.not_(is_kept)))
            connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.owner == owner))

    def living(self, connection: sa.Connection) -> set[str]:
        """Return the owners that are alive."""
        query = sa.select(LEASES.c.name).where(
            LEASES.c.name == LEASES.c.owner, LEASES.c.expires_s >= now_s(connection)
        )
        return {row.name for row in connection.execute(query) if not self._died_here(row.name)}

    def _died_here(self, owner: str) -> bool:
        """Whether an owner of this machine has left a file that it no longer locks."""
        if self._locks is None or not owner.startswith(f"{socket.gethostname()}-"):
            return False
        return is_free(self._locks / owner)

    def sweep(self, older_s: float) -> None:
        """Delete what owners have left that died some time ago."""
        with self._transaction() as connection:
            recent = sa.select(LEASES.c.name).where(
                LEASES.c.name == LEASES.c.owner,
                LEASES.c.expires_s >= now_s(connection) - older_s,
            )
            for table in (CLAIMS, LEASES):
                connection.execute(sa.delete(table).where(table.c.owner.not_in(recent)))

    # -- what they hold --------------------------------------------------------------------------

    def take(self, name: str, owner: str, holder: str = "") -> str | None:
        """Take a lease that is free or the owner's, with all of its parts; or a part of one.

        Args:
            name: Of the lease.
            owner: Who takes it.
            holder: The same in words, for those who wait.

        Returns:
            None, or who holds it.
        """
        with self._transaction() as connection:
            begin(connection, owner)
            if held := self._holders(connection, _is_in_the_way(name), owner):
                return held[0]
            _write(connection, name, owner, holder)
            return None

    def join(self, owner: str, holder: str = "") -> str | None:
        """Work on the store beside others; return who has it alone, or None. See `take`."""
        with self._transaction() as connection:
            begin(connection, owner)
            if held := self._holders(connection, LEASES.c.name == STORE, owner):
                return held[0]
            _write(connection, _WORK + owner, owner, holder)
            return None

    def take_alone(self, owner: str, holder: str = "") -> str | None:
        """Take the whole store: nobody new begins to work; return who still does, or None."""
        if held := self.take(STORE, owner, holder):
            return held
        with self._transaction() as connection:
            begin(connection, owner)
            is_work = LEASES.c.name.startswith(_WORK)
            if held := self._holders(connection, is_work, owner):
                return held[0]
            connection.execute(sa.delete(LEASES).where(is_work, LEASES.c.owner != owner))
            return None

    def announce(self, run_id: str, owner: str) -> None:
        """Note that an owner executes a run of Dagster's."""
        with self._transaction() as connection:
            begin(connection, owner)
            _write(connection, _RUN + run_id, owner, "")

    def rename(self, name: str, owner: str, holder: str) -> None:
        """Name another holder of an owner's lease."""
        with self._transaction() as connection:
            is_it = sa.and_(LEASES.c.name == name, LEASES.c.owner == owner)
            connection.execute(sa.update(LEASES).where(is_it).values(holder=holder))

    def free(self, name: str, owner: str) -> None:
        """Free a lease, if the owner still has it."""
        with self._transaction() as connection:
            connection.execute(
                sa.delete(LEASES).where(LEASES.c.name == name, LEASES.c.owner == owner)
            )

    def holder(self, name: str) -> str | None:
        """Return who holds a lease or a part of it, in words; None where nobody does."""
        with self._transaction() as connection:
            held = self._holders(connection, _is_in_the_way(name))
        return held[0] if held else None

    def workers(self) -> list[str]:
        """Return who works on the store, in words."""
        with self._transaction() as connection:
            return self._holders(connection, LEASES.c.name.startswith(_WORK))

    def is_run_alive(self, run_id: str) -> bool | None:
        """Whether the owner of a run lives; None where the run has not been announced."""
        with self._transaction() as connection:
            query = sa.select(LEASES.c.owner).where(LEASES.c.name == _RUN + run_id)
            owner = connection.execute(query).scalar()
            return None if owner is None else owner in self.living(connection)

    def _holders(
        self, connection: sa.Connection, which: sa.ColumnElement[bool], besides: str = ""
    ) -> list[str]:
        query = sa.select(LEASES.c.owner, LEASES.c.holder).where(which, LEASES.c.owner != besides)
        found = connection.execute(query).all()
        living = self.living(connection) if found else set()
        return [row.holder or row.owner for row in found if row.owner in living]


def _is_in_the_way(name: str) -> sa.ColumnElement[bool]:
    """Return which leases exclude one: itself, its parts, what it is a part of."""
    is_it = sa.or_(LEASES.c.name == name, LEASES.c.name.startswith(parts_of(name)))
    whole = whole_of(name)
    return is_it if whole is None else sa.or_(is_it, LEASES.c.name == whole)


def work_of(owner: str) -> str:
    """Return the name of the lease by which an owner works beside others."""
    return _WORK + owner


def begin(connection: sa.Connection, owner: str) -> None:
    """Renew an owner's heartbeat and keep others from taking anything until the transaction ends.

    SQLite has one writer at a time, and this writes; on a server the table is locked.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text("LOCK TABLE leases IN SHARE ROW EXCLUSIVE MODE"))
    _write(connection, owner, owner, "")


def _write(connection: sa.Connection, name: str, owner: str, holder: str) -> None:
    expires_s = now_s(connection) + LEASE_S
    values = {"name": name, "owner": owner, "holder": holder, "expires_s": expires_s}
    columns = ("owner", "holder", "expires_s")
    connection.execute(upsert(connection.dialect.name, LEASES, columns), [values])


def now_s(connection: sa.Connection) -> float:
    """Return the time by which all who share a database go, in seconds since the epoch."""
    if connection.dialect.name == "sqlite":
        return time.time()
    query = sa.text("SELECT extract(epoch FROM clock_timestamp())")
    return float(connection.execute(query).scalar_one())
