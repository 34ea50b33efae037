"""The ledger's rows counted by the database: a million movies are a few dozen groups."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import sqlalchemy as sa

from resources.storage.ledger_tables import MOVIES, ROWS

Transaction = Callable[[], AbstractContextManager[sa.Connection]]

_AT_ONCE = 2000
"""Rows that are fetched together."""


@dataclass(frozen=True)
class Group:
    """The known movies with the same status and reason in one asset.

    Attributes:
        asset, status, reason: What they share, as in their rows.
        movies: Their number.
        example: The first of them by TMDB id.
    """

    asset: str
    status: str
    reason: str
    movies: int
    example: int


class Tally:
    """Counts rows in the database.

    Args:
        transaction: Opens a transaction of the ledger.
    """

    def __init__(self, transaction: Transaction):
        self._transaction = transaction

    def known(self) -> int:
        """Count the known movies."""
        with self._transaction() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(MOVIES)).scalar_one()

    def groups(self) -> list[Group]:
        """Count the known movies by asset, status and reason."""
        columns = (ROWS.c.asset, ROWS.c.status, ROWS.c.reason)
        query = (
            sa.select(*columns, sa.func.count(), sa.func.min(ROWS.c.tmdb_id))
            .join(MOVIES, MOVIES.c.tmdb_id == ROWS.c.tmdb_id)
            .group_by(*columns)
        )
        with self._transaction() as connection:
            return [Group(*row) for row in connection.execute(query)]

    def unknown(self) -> dict[str, list[int]]:
        """List the movies, by asset, that have a row and are not known."""
        query = (
            sa.select(ROWS.c.asset, ROWS.c.tmdb_id)
            .outerjoin(MOVIES, MOVIES.c.tmdb_id == ROWS.c.tmdb_id)
            .where(MOVIES.c.tmdb_id.is_(None), ROWS.c.tmdb_id != 0)
            .order_by(ROWS.c.tmdb_id)
        )
        found: dict[str, list[int]] = {}
        with self._transaction() as connection:
            for asset, tmdb_id in connection.execute(query):
                found.setdefault(asset, []).append(tmdb_id)
        return found

    def of_group(self, group: Group) -> list[int]:
        """List the known movies of a group by TMDB id."""
        query = (
            sa.select(ROWS.c.tmdb_id)
            .join(MOVIES, MOVIES.c.tmdb_id == ROWS.c.tmdb_id)
            .where(
                *(ROWS.c[name] == getattr(group, name) for name in ("asset", "status", "reason"))
            )
            .order_by(ROWS.c.tmdb_id)
        )
        with self._transaction() as connection:
            return list(connection.execute(query).scalars())

    def detail(self, asset: str, tmdb_id: int) -> str:
        """Return the message of one row."""
        query = sa.select(ROWS.c.detail).where(ROWS.c.asset == asset, ROWS.c.tmdb_id == tmdb_id)
        with self._transaction() as connection:
            return connection.execute(query).scalar() or ""

    def movie_ids(self) -> array:
        """List the known movies by TMDB id, in eight bytes each."""
        query = sa.select(MOVIES.c.tmdb_id).order_by(MOVIES.c.tmdb_id)
        with self._transaction() as connection:
            return array("q", connection.execute(query).scalars())

    def each(self, asset: str, columns: Sequence[str]) -> Iterator[tuple]:
        """Yield these columns of an asset's rows by TMDB id; few rows are in memory at once."""
        query = sa.select(*(ROWS.c[name] for name in columns)).where(ROWS.c.asset == asset)
        with self._transaction() as connection:
            found = connection.execution_options(yield_per=_AT_ONCE).execute(
                query.order_by(ROWS.c.tmdb_id)
            )
            for rows in found.partitions():
                yield from map(tuple, rows)
