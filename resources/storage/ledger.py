"""The ledger: one row per movie and asset, with its status, versions and next attempt."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from pipeline.core.errors import StoreError
from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row
from resources.storage.claims import Claims, kept_claims
from resources.storage.idle_movies import IdleMovies
from resources.storage.leases import Leases
from resources.storage.ledger_database import open_database, transaction
from resources.storage.ledger_tables import MOVIES, NOTES, ROWS, as_row, as_values, upsert
from resources.storage.shared_turns import SharedTurns
from resources.storage.tally import Tally

UNFINISHED = "unfinished restore or migration"
"""Note of a ledger that is being filled: by what."""

_CHUNK = 500
"""Rows in one statement: SQLite takes at most 32,766 variables. Rows are written in the order of
movies: two transactions that wait for each other's would end one of them."""


class Ledger:
    """Rows, known movies and notes in one database.

    Args:
        url: An SQLAlchemy URL: `sqlite:///file` or `postgresql://…`; of a path, use `sqlite_url`.
        locks: Folder in which those at work lock a file each (`resources/storage/leases.py`).

    Raises:
        ConfigurationError: The URL is none of these, or its driver is not installed.
        StoreError: The database cannot be opened.
    """

    def __init__(self, url: str | sa.URL, locks: Path | None = None):
        self.has_written, self.locks = False, locks
        self._engine = open_database(url)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def check_finished(self) -> None:
        """Check that no restore and no migration into this ledger was ended on its way.

        Raises:
            StoreError: One was.
        """
        if filled_by := self.note(UNFINISHED):
            raise StoreError(
                f"`marquee {filled_by}` was ended before it had finished. Run the same command "
                "again: it continues."
            )

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with transaction(self._engine) as connection:
            yield connection

    @property
    def name(self) -> str:
        """The database's address, without its password."""
        return self._engine.url.render_as_string()

    @property
    def engine(self) -> sa.Engine:
        """Connections to the database, for what reads or writes whole tables."""
        return self._engine

    @property
    def leases(self) -> Leases:
        """Who works on the store, and what they hold alone."""
        return Leases(self._transaction, self.locks)

    @property
    def claims(self) -> Claims:
        """Which movies are being worked on."""
        return Claims(self._transaction, self.leases)

    @property
    def tally(self) -> Tally:
        """Counts of rows, and lists of many that need little memory."""
        return Tally(self._transaction)

    @property
    def idle(self) -> IdleMovies:
        """Movies that were found to have nothing to do."""
        return IdleMovies(self._transaction, self._engine.dialect.name)

    def turns(self, host: str) -> SharedTurns:
        """Return the turns of a host's rate limit, which all who use this database share."""
        return SharedTurns(self._transaction, host)

    # -- known movies ------------------------------------------------------------------------------

    def movies(self) -> dict[int, str]:
        """Return every known movie with its change stamp, ordered by TMDB id."""
        with self._transaction() as connection:
            query = sa.select(MOVIES.c.tmdb_id, MOVIES.c.change_stamp).order_by(MOVIES.c.tmdb_id)
            return dict(map(tuple, connection.execute(query).all()))

    def know_movies(self, stamps: Mapping[int, str]) -> None:
        """Add movies, or set the stamp of when each was last reported as changed."""
        rows = [{"tmdb_id": int(i), "change_stamp": stamps[i]} for i in sorted(stamps)]
        with self._transaction() as connection:
            for chunk in _chunks(rows):
                connection.execute(self._upsert(MOVIES, ["change_stamp"]), chunk)

    # -- rows --------------------------------------------------------------------------------------

    def rows(self, asset: str, tmdb_ids: Iterable[int] | None = None) -> dict[int, Row]:
        """Return an asset's rows by movie; all of them where `tmdb_ids` is None."""
        query = sa.select(ROWS).where(ROWS.c.asset == asset)
        ids = None if tmdb_ids is None else set(tmdb_ids)
        if ids is not None and len(ids) <= _CHUNK:
            query = query.where(ROWS.c.tmdb_id.in_(ids))
        elif ids is not None:
            query = query.where(ROWS.c.tmdb_id.between(min(ids), max(ids)))
        with self._transaction() as connection:
            return {
                row[1]: as_row(row)
                for row in connection.execute(query)
                if ids is None or row[1] in ids
            }

    def marks(self, asset: str, tmdb_ids: Collection[int]) -> dict[int, tuple[float, bool, bool]]:
        """Return of movies' rows when they were written, whether Dagster shows them, and whether
        an intent is recorded: what tells whether a row has changed, without reading it.
        """
        query = sa.select(
            ROWS.c.tmdb_id, ROWS.c.updated_s, ROWS.c.is_shown, ROWS.c.pending != ""
        ).where(ROWS.c.asset == asset)
        if len(tmdb_ids) <= _CHUNK:
            query = query.where(ROWS.c.tmdb_id.in_(tmdb_ids))
        with self._transaction() as connection:
            found = connection.execute(query)
            return {row[0]: (row[1], row[2], row[3]) for row in found if row[0] in tmdb_ids}

    def each_row(self, asset: str) -> Iterator[tuple[int, Row]]:
        """Yield TMDB id and row of an asset's movies by id; few rows are in memory at once."""
        for values in self.tally.each(asset, ROWS.c.keys()):
            yield values[1], as_row(values)

    def rows_before(self, asset: str, moment_s: float) -> dict[int, Row]:
        """Return the rows that were written before a moment, and those without a result."""
        query = sa.select(ROWS).where(
            ROWS.c.asset == asset,
            sa.or_(ROWS.c.updated_s < moment_s, ROWS.c.status != Status.OK.value),
        )
        with self._transaction() as connection:
            return {row[1]: as_row(row) for row in connection.execute(query)}

    def write(
        self, asset: str, rows: Mapping[int, Row], *, now_s: float, owner: str = ""
    ) -> set[int]:
        """Write whole rows in one transaction; this clears their recorded intents.

        Args:
            asset: Name of the asset.
            rows: By movie.
            now_s: Seconds since the epoch.
            owner: Writes only movies that this owner still has claimed; all where empty.

        Returns:
            The movies written.
        """
        self.has_written = True
        columns = [c.name for c in ROWS.c if not c.primary_key]
        with self._transaction() as connection:
            kept = kept_claims(connection, asset, rows.keys(), owner) if owner else set(rows)
            values = [as_values(asset, i, rows[i], now_s) for i in sorted(kept)]
            for chunk in _chunks(values):
                connection.execute(self._upsert(ROWS, columns), chunk)
        return kept

    def restore(self, asset: str, rows: Mapping[int, Row]) -> None:
        """Write rows as they were once written; Dagster does not show them yet."""
        values = [as_values(asset, i, rows[i], rows[i].written_s) for i in sorted(rows)]
        columns = [c.name for c in ROWS.c if not c.primary_key]
        with self._transaction() as connection:
            for chunk in _chunks(values):
                connection.execute(self._upsert(ROWS, columns), chunk)

    def written_since(self, moment_s: float) -> Iterator[tuple[str, int, Row]]:
        """Yield asset, movie and row of what was written after a moment."""
        query = sa.select(ROWS).where(ROWS.c.updated_s > moment_s, ROWS.c.status != "")
        with self._transaction() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield row.asset, row.tmdb_id, as_row(row)

    def intend(self, asset: str, tmdb_id: int, pending: Mapping[str, object]) -> None:
        """Record the files about to be renamed, so that the next run can finish a killed one."""
        values = as_values(asset, tmdb_id, Row(), 0.0) | {"pending": json.dumps(dict(pending))}
        with self._transaction() as connection:
            connection.execute(self._upsert(ROWS, ["pending"]), [values])

    def mark_published(self, asset: str, tmdb_ids: Sequence[int]) -> None:
        """Record that Dagster has the events of these rows."""
        with self._transaction() as connection:
            for chunk in _chunks(sorted(tmdb_ids)):
                connection.execute(
                    sa.update(ROWS)
                    .where(ROWS.c.asset == asset, ROWS.c.tmdb_id.in_(chunk))
                    .values(is_shown=True)
                )

    def retry_now(self, assets: Sequence[str], tmdb_ids: Sequence[int] | None = None) -> int:
        """Queue rows that wait for their next attempt for retry now; return their number."""
        statement = sa.update(ROWS).where(
            ROWS.c.asset.in_(assets), ROWS.c.status == Status.WILL_RETRY.value
        )
        if tmdb_ids is not None:
            statement = statement.where(ROWS.c.tmdb_id.in_(tmdb_ids))
        with self._transaction() as connection:
            return connection.execute(statement.values(next_attempt_s=0.0, attempts=0)).rowcount

    def forget(
        self, assets: Sequence[str], tmdb_ids: Sequence[int], statuses: Sequence[str]
    ) -> int:
        """Delete rows of these statuses, which makes them pending; return their number."""
        with self._transaction() as connection:
            return sum(
                connection.execute(
                    sa.delete(ROWS).where(
                        ROWS.c.asset.in_(assets),
                        ROWS.c.status.in_(statuses),
                        ROWS.c.tmdb_id.in_(chunk),
                    )
                ).rowcount
                for chunk in _chunks(sorted(tmdb_ids))
            )

    def counts(self) -> dict[str, dict[tuple[str, str], int]]:
        """Count movies by asset and by (status, reason)."""
        query = (
            sa.select(ROWS.c.asset, ROWS.c.status, ROWS.c.reason, sa.func.count())
            .where(ROWS.c.status != "", ROWS.c.tmdb_id != 0)
            .group_by(ROWS.c.asset, ROWS.c.status, ROWS.c.reason)
        )
        counts: dict[str, dict[tuple[str, str], int]] = {}
        with self._transaction() as connection:
            for asset, status, reason, count in connection.execute(query):
                counts.setdefault(asset, {})[status, reason] = count
        return counts

    def statuses(self, asset: str) -> dict[int, tuple[str, str, str]]:
        """Return status, reason and detail by movie, without what else the rows hold."""
        columns = (ROWS.c.tmdb_id, ROWS.c.status, ROWS.c.reason, ROWS.c.detail)
        query = sa.select(*columns).where(ROWS.c.asset == asset).order_by(ROWS.c.tmdb_id)
        with self._transaction() as connection:
            return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}

    def count_written_after(self, moment_s: float) -> int:
        """Count the rows written after a moment, such as by a clock that ran ahead."""
        query = sa.select(sa.func.count()).where(ROWS.c.updated_s > moment_s)
        with self._transaction() as connection:
            return connection.execute(query).scalar_one()

    def will_retry(self, asset: str) -> dict[int, str]:
        """Return why each movie that failed for now will be retried, by TMDB id."""
        query = sa.select(ROWS.c.tmdb_id, ROWS.c.reason, ROWS.c.detail).where(
            ROWS.c.asset == asset, ROWS.c.status == Status.WILL_RETRY.value
        )
        with self._transaction() as connection:
            return {row[0]: f"{row[1]}: {row[2]}" for row in connection.execute(query)}

    # -- notes -------------------------------------------------------------------------------------

    def note(self, name: str) -> str | None:
        """Return a note, such as the day up to which changes were crawled, or None."""
        with self._transaction() as connection:
            return connection.execute(sa.select(NOTES.c.value).where(NOTES.c.name == name)).scalar()

    def notes(self) -> dict[str, str]:
        """Return all notes by name."""
        with self._transaction() as connection:
            return {row.name: row.value for row in connection.execute(sa.select(NOTES))}

    def set_note(self, name: str, value: str) -> None:
        """Write a note."""
        with self._transaction() as connection:
            connection.execute(self._upsert(NOTES, ["value"]), [{"name": name, "value": value}])

    def _upsert(self, table: sa.Table, columns: list[str]) -> sa.Insert:
        return upsert(self._engine.dialect.name, table, tuple(columns))


def _chunks(items: list, size: int = _CHUNK) -> Iterable[list]:
    return (items[start : start + size] for start in range(0, len(items), size))
