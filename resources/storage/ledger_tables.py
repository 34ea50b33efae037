"""The ledger's tables, and the conversion between their rows and `Row`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from pipeline.core.staleness import Row

TABLES = sa.MetaData()

ROWS = sa.Table(
    "ledger",
    TABLES,
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
    sa.Column("updated_s", sa.Float, nullable=False, default=0.0, index=True),
    sa.Column("pending", sa.Text, nullable=False, default=""),
    sa.Index("ix_ledger_status", "asset", "status", "reason", "tmdb_id"),
)
"""The index has all that counts by status read: they do not touch the rows, which are long."""

MOVIES = sa.Table(
    "movies",
    TABLES,
    sa.Column("tmdb_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("change_stamp", sa.String(40), nullable=False, default=""),
)

NOTES = sa.Table(
    "notes",
    TABLES,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

LEASES = sa.Table(
    "leases",
    TABLES,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("holder", sa.Text, nullable=False, default=""),
    sa.Column("expires_s", sa.Float, nullable=False),
)

CLAIMS = sa.Table(
    "claims",
    TABLES,
    sa.Column("asset", sa.String(80), primary_key=True),
    sa.Column("tmdb_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(200), nullable=False),
)

TURNS = sa.Table(
    "turns",
    TABLES,
    sa.Column("host", sa.String(200), primary_key=True),
    sa.Column("next_s", sa.Float, nullable=False),
)
"""When each host's next request may go; see `SharedTurns`."""

CHANGES = sa.Table(
    "movie_changes",
    TABLES,
    sa.Column("tmdb_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("changes", sa.BigInteger, nullable=False),
)
"""How often each movie's rows have changed; triggers write it (`change_counts`)."""

IDLE = sa.Table(
    "idle_movies",
    TABLES,
    sa.Column("tmdb_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("scope", sa.String(16), primary_key=True),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("changes", sa.BigInteger, nullable=False),
    sa.Column("from_s", sa.Float, nullable=False),
    sa.Column("until_s", sa.Float, nullable=False),
)
"""Movies that were found to have nothing to do; see `IdleMovies`."""

MIGRATED = sa.Table(
    "migrated_files",
    TABLES,
    sa.Column("path", sa.String(500), primary_key=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
"""Files that an unfinished migration has copied to the store, and compared."""


@cache
def insert_if_new(dialect: str, table: sa.Table) -> sa.Insert:
    """Return the statement of an insert that does nothing where the key exists; see `upsert`.

    It returns the key of a row that it has added. (The number of rows is not known of psycopg.)
    """
    key = list(table.primary_key.columns)
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=key).returning(*key)


def _insert(dialect: str, table: sa.Table):
    return sqlite_insert(table) if dialect == "sqlite" else postgresql_insert(table)


@cache
def upsert(dialect: str, table: sa.Table, columns: tuple[str, ...]) -> sa.Insert:
    """Return the statement of an insert that overwrites `columns` where the key exists.

    It has no values of its own: rows are bound when it is executed, so that it is built and
    compiled once, and not for every movie.

    Args:
        dialect: `sqlite` or `postgresql`, which support such an insert.
        table: The table; its primary key decides which rows exist.
        columns: The columns to overwrite.
    """
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={column: statement.excluded[column] for column in columns},
    )


class StoredJson(Mapping[str, Any]):
    """A JSON object as it is stored, which is read where somebody asks for what it holds.

    Most rows are looked at for their versions alone, and reading two objects takes as long as all
    the rest.
    """

    __slots__ = ("_text", "_values")

    def __init__(self, text: str):
        self._text = text
        self._values: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._values is None:
            self._values = json.loads(self._text)
        return self._values or {}

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())


def as_row(values: Sequence[Any]) -> Row:
    """Convert a row of the table: its columns in the order of `ROWS`."""
    return Row(
        *values[2:10],
        facets=StoredJson(values[10]),
        metadata=StoredJson(values[11]),
        is_published=values[12],
        pending=json.loads(values[14]) if values[14] else None,
        written_s=values[13],
    )


def as_values(asset: str, tmdb_id: int, row: Row, now_s: float) -> dict[str, object]:
    """Convert a row for the table, without an intent."""
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
        "is_shown": row.is_published,
        "updated_s": now_s,
        "pending": "",
    }
