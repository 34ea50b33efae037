"""Rows of database tables as JSON lines, from SQLite or PostgreSQL and into either."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

_AT_ONCE = 500
"""Rows in one statement."""

_BYTES = "base64"
"""Key of an object that stands for bytes, which JSON does not have."""


@contextmanager
def one_moment(connection: sa.Connection) -> Iterator[sa.Connection]:
    """Read everything as it is at one moment, whatever others write meanwhile."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN")
        yield connection
        return
    reading = connection.execution_options(isolation_level="REPEATABLE READ")
    if reading.in_transaction():
        yield reading
        return
    with reading.begin():
        yield reading


@contextmanager
def one_change(connection: sa.Connection) -> Iterator[sa.Connection]:
    """Change everything in one transaction, also where the connection commits by itself."""
    if connection.in_transaction():
        yield connection
        return
    changing = connection
    if connection.dialect.name != "sqlite":
        changing = connection.execution_options(isolation_level="READ COMMITTED")
    with changing.begin():
        yield changing


def read_rows(
    connection: sa.Connection, table: sa.Table, query: sa.Select | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a table's rows in the order of their key, or those of a query on it, as JSON values."""
    if query is None:
        query = sa.select(table).order_by(*table.primary_key.columns)
    for row in connection.execution_options(yield_per=_AT_ONCE).execute(query):
        yield {name: _as_json(value) for name, value in row._mapping.items()}


def write_rows(
    connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Insert rows as `read_rows` yields them; return their number."""
    count, batch = 0, list[dict[str, Any]]()
    for row in rows:
        batch.append(as_values(table, row))
        if len(batch) == _AT_ONCE:
            count += _insert(connection, table, batch)
            batch = []
    return count + _insert(connection, table, batch)


def continue_numbering(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Have PostgreSQL number the next row of each table after the highest key that was inserted."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        key = table.autoincrement_column
        if key is None:
            continue
        last = connection.execute(sa.select(sa.func.max(key))).scalar()
        sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
        if last and connection.execute(sa.select(sequence)).scalar():
            connection.execute(sa.select(sa.func.setval(sequence, last)))


def as_values(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a row of JSON values into those that the table's columns take."""
    return {name: _from_json(table.c[name], value) for name, value in row.items()}


def as_line(row: Mapping[str, Any]) -> bytes:
    """Encode a row as one line."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    if rows:
        connection.execute(sa.insert(table), rows)
    return len(rows)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return {_BYTES: base64.b64encode(value).decode()}
    return value


def _from_json(column: sa.Column[Any], value: Any) -> Any:
    if isinstance(value, str) and isinstance(column.type, sa.DateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, dict) and _BYTES in value:
        return base64.b64decode(value[_BYTES])
    return value
