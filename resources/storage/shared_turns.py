"""The turns of one host's rate limit, shared by all processes that have the same ledger."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from resources.storage.leases import now_s
from resources.storage.ledger_tables import TURNS, insert_if_new

MAX_AHEAD_S = 3600.0
"""A next turn later than this is of a clock that was wrong."""


class SharedTurns:
    """Turns of one host, by the database's clock where it has a server.

    Args:
        transaction: Opens a transaction of the ledger's.
        host: Whose.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]], host: str):
        self._transaction, self._host = transaction, host

    def take(self, turns: int, interval_s: float) -> float:
        """Take the next turns in the row; return the seconds until the first of them.

        Args:
            turns: How many.
            interval_s: Time between two.
        """
        return self._move(turns * interval_s, 0.0)

    def pause(self, seconds: float) -> None:
        """Have no turn begin for this long."""
        self._move(0.0, seconds)

    def _move(self, length_s: float, pause_s: float) -> float:
        """Set when the next turn begins; return the seconds until the turns before it begin."""
        with self._transaction() as connection:
            dialect = connection.dialect.name
            connection.execute(insert_if_new(dialect, TURNS), {"host": self._host, "next_s": 0.0})
            moment_s = now_s(connection)
            earliest_s = moment_s + pause_s
            later_of = sa.func.max if dialect == "sqlite" else sa.func.greatest
            current = sa.case(
                (TURNS.c.next_s > earliest_s + MAX_AHEAD_S, earliest_s),
                else_=later_of(TURNS.c.next_s, earliest_s),
            )
            moved = sa.update(TURNS).where(TURNS.c.host == self._host)
            moved = moved.values(next_s=current + length_s).returning(TURNS.c.next_s)
            next_s = float(connection.execute(moved).scalar_one())
        return next_s - length_s - moment_s
