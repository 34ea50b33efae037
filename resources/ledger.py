"""The ledger: one row per movie and asset, which says what became of it and what is due.

What belongs here: the table and its transactions, safe for several writers. What does not: the
rule of what is due (see `pipeline.due`), and Dagster's events (see `assets.partitions`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from pipeline.due import Row
from pipeline.errors import StoreError
from pipeline.outcomes import Status

_TABLES = sa.MetaData()

_ROWS = sa.Table(
    "ledger",
    _TABLES,
    sa.Column("asset", sa.String(80), primary_key=True),
    sa.Column("tmdb_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("status", sa.String(10), nullable=False, default=""),
    sa.Column("reason", sa.String(40), nullable=False, default=""),
    sa.Column("detail", sa.Text, nullable=False, default=""),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_attempt_s", sa.Float, nullable=False, default=0.0),
    sa.Column("input_version", sa.String(32), nullable=False, default=""),
    sa.Column("code_version", sa.String(32), nullable=False, default=""),
    sa.Column("content_hash", sa.String(80), nullable=False, default=""),
    sa.Column("facets", sa.Text, nullable=False, default="{}"),
    sa.Column("metadata", sa.Text, nullable=False, default="{}"),
    sa.Column("is_shown", sa.Boolean, nullable=False, default=False),
    sa.Column("updated_s", sa.Float, nullable=False, default=0.0),
    sa.Column("pending", sa.Text, nullable=False, default=""),
)

_MOVIES = sa.Table(
    "movies",
    _TABLES,
    sa.Column("tmdb_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("change_stamp", sa.String(40), nullable=False, default=""),
)

_NOTES = sa.Table(
    "notes",
    _TABLES,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

_CHUNK = 500
"""Rows in one statement: SQLite takes at most 32,766 variables."""


class Ledger:
    """Rows, known movies and notes in one database.

    Args:
        url: An SQLAlchemy URL: `sqlite:///file` or `postgresql+psycopg2://…`.
    """

    def __init__(self, url: str):
        try:
            self._engine = sa.create_engine(url, pool_pre_ping=True)
            if self._engine.dialect.name == "sqlite":
                sa.event.listen(self._engine, "connect", _set_up_sqlite)
            _TABLES.create_all(self._engine)
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise StoreError(
                f"The ledger {sa.engine.make_url(url).render_as_string()} cannot be opened "
                f"({type(error).__name__}). Check MARQUEE_LEDGER and that the folder is writable."
            ) from error

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self):
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise StoreError(
                f"The ledger cannot be written ({error.orig}). Free some space or stop the other "
                "writer, then run again: nothing that was done is lost."
            ) from error

    # -- known movies ------------------------------------------------------------------------------

    def movies(self) -> dict[int, str]:
        """Give every known movie, in the order it became known, with its stamp of change."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(_MOVIES).order_by(_MOVIES.c.tmdb_id))
            return {row.tmdb_id: row.change_stamp for row in rows}

    def know_movies(self, stamps: Mapping[int, str]) -> None:
        """Add movies, or set the stamp that says when each was last reported as changed."""
        rows = [{"tmdb_id": int(i), "change_stamp": stamp} for i, stamp in stamps.items()]
        with self._transaction() as connection:
            for chunk in _chunks(rows):
                connection.execute(
                    self._upsert(_MOVIES, ["tmdb_id"], ["change_stamp"]).values(chunk)
                )

    # -- rows --------------------------------------------------------------------------------------

    def rows(self, asset: str, tmdb_ids: Iterable[int] | None = None) -> dict[int, Row]:
        """Give an asset's rows by movie; all of them where `tmdb_ids` is None."""
        query = sa.select(_ROWS).where(_ROWS.c.asset == asset)
        wanted = None if tmdb_ids is None else set(tmdb_ids)
        if wanted is not None and len(wanted) <= _CHUNK:
            query = query.where(_ROWS.c.tmdb_id.in_(wanted))
        with self._transaction() as connection:
            return {
                row.tmdb_id: _as_row(row)
                for row in connection.execute(query)
                if wanted is None or row.tmdb_id in wanted
            }

    def write(self, asset: str, rows: Mapping[int, Row], *, now_s: float) -> None:
        """Write whole rows in one transaction; whatever was pending for them is settled."""
        values = [_as_values(asset, tmdb_id, row, now_s) for tmdb_id, row in rows.items()]
        columns = [c.name for c in _ROWS.c if not c.primary_key]
        with self._transaction() as connection:
            for chunk in _chunks(values):
                connection.execute(self._upsert(_ROWS, ["asset", "tmdb_id"], columns).values(chunk))

    def intend(self, asset: str, tmdb_id: int, pending: Mapping[str, object]) -> None:
        """Note what is about to be put in place, so that a killed run can finish it."""
        values = _as_values(asset, tmdb_id, Row(), 0.0) | {"pending": json.dumps(dict(pending))}
        with self._transaction() as connection:
            connection.execute(
                self._upsert(_ROWS, ["asset", "tmdb_id"], ["pending"]).values([values])
            )

    def mark_shown(self, asset: str, tmdb_ids: Sequence[int]) -> None:
        """Note that Dagster shows these rows."""
        with self._transaction() as connection:
            for chunk in _chunks(list(tmdb_ids)):
                connection.execute(
                    sa.update(_ROWS)
                    .where(_ROWS.c.asset == asset, _ROWS.c.tmdb_id.in_(chunk))
                    .values(is_shown=True)
                )

    def retry_now(self, assets: Sequence[str], tmdb_ids: Sequence[int] | None = None) -> int:
        """Make waiting rows due at once; give their number."""
        statement = sa.update(_ROWS).where(
            _ROWS.c.asset.in_(assets), _ROWS.c.status == Status.RETRY.value
        )
        if tmdb_ids is not None:
            statement = statement.where(_ROWS.c.tmdb_id.in_(tmdb_ids))
        with self._transaction() as connection:
            return connection.execute(statement.values(next_attempt_s=0.0, attempts=0)).rowcount

    def forget(
        self, assets: Sequence[str], tmdb_ids: Sequence[int], statuses: Sequence[str]
    ) -> int:
        """Drop rows of these statuses, which makes them due anew; give their number."""
        with self._transaction() as connection:
            return sum(
                connection.execute(
                    sa.delete(_ROWS).where(
                        _ROWS.c.asset.in_(assets),
                        _ROWS.c.status.in_(statuses),
                        _ROWS.c.tmdb_id.in_(chunk),
                    )
                ).rowcount
                for chunk in _chunks(list(tmdb_ids))
            )

    def counts(self) -> dict[str, dict[tuple[str, str], int]]:
        """Count movies by asset and by (status, reason)."""
        query = (
            sa.select(_ROWS.c.asset, _ROWS.c.status, _ROWS.c.reason, sa.func.count())
            .where(_ROWS.c.status != "", _ROWS.c.tmdb_id != 0)
            .group_by(_ROWS.c.asset, _ROWS.c.status, _ROWS.c.reason)
        )
        counts: dict[str, dict[tuple[str, str], int]] = {}
        with self._transaction() as connection:
            for asset, status, reason, count in connection.execute(query):
                counts.setdefault(asset, {})[status, reason] = count
        return counts

    # -- notes -------------------------------------------------------------------------------------

    def note(self, name: str) -> str | None:
        """Give a note such as the day up to which changes were crawled; None when there is none."""
        with self._transaction() as connection:
            return connection.execute(
                sa.select(_NOTES.c.value).where(_NOTES.c.name == name)
            ).scalar()

    def set_note(self, name: str, value: str) -> None:
        """Keep a note."""
        with self._transaction() as connection:
            connection.execute(
                self._upsert(_NOTES, ["name"], ["value"]).values([{"name": name, "value": value}])
            )

    def _upsert(self, table: sa.Table, keys: list[str], columns: list[str]):
        if self._engine.dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import insert
        else:
            from sqlalchemy.dialects.sqlite import insert

        return _Upsert(insert(table), keys, columns)


class _Upsert:
    """An insert that overwrites `columns` where the keys stand already."""

    def __init__(self, insert, keys: list[str], columns: list[str]):
        self._insert, self._keys, self._columns = insert, keys, columns

    def values(self, rows: list[dict]):
        insert = self._insert.values(rows)
        return insert.on_conflict_do_update(
            index_elements=self._keys,
            set_={column: insert.excluded[column] for column in self._columns},
        )


def _set_up_sqlite(connection, _record) -> None:
    # WAL: readers and one writer do not block each other; a killed process leaves no lock behind.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}")


def _chunks(items: list, size: int = _CHUNK) -> Iterable[list]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _as_row(row: sa.Row) -> Row:
    values = row._mapping
    return Row(
        status=values["status"],
        reason=values["reason"],
        detail=values["detail"],
        attempts=values["attempts"],
        next_attempt_s=values["next_attempt_s"],
        input_version=values["input_version"],
        code_version=values["code_version"],
        content_hash=values["content_hash"],
        facets=json.loads(values["facets"]),
        metadata=json.loads(values["metadata"]),
        is_shown=values["is_shown"],
        pending=json.loads(values["pending"]) if values["pending"] else None,
    )


def _as_values(asset: str, tmdb_id: int, row: Row, now_s: float) -> dict[str, object]:
    return {
        "asset": asset,
        "tmdb_id": int(tmdb_id),
        "status": row.status,
        "reason": row.reason,
        "detail": row.detail,
        "attempts": row.attempts,
        "next_attempt_s": row.next_attempt_s,
        "input_version": row.input_version,
        "code_version": row.code_version,
        "content_hash": row.content_hash,
        "facets": json.dumps(dict(row.facets)),
        "metadata": json.dumps(dict(row.metadata), default=str),
        "is_shown": row.is_shown,
        "updated_s": now_s,
        "pending": "",
    }
