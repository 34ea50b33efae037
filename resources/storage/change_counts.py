"""How often each movie's rows have changed: counted by the database, whoever writes them.

Triggers count every insert, update and delete of a movie's rows in any asset, and of its change
stamp. A count that was read before the rows tells later whether they are still as they were. On
PostgreSQL a statement counts the movies of all its rows in one order, so that two transactions
never wait for each other.
"""

import secrets
from collections.abc import Iterator

import sqlalchemy as sa

from resources.storage.ledger_tables import CHANGES, MOVIES, ROWS, insert_if_new

OWN = -1
"""The "movie" whose count is a number of the database's own, so that sums differ as well."""

_TABLES = (ROWS.name, MOVIES.name)
_COUNT = f"""
    INSERT INTO {CHANGES.name} (tmdb_id, changes)
    {{rows}}
    ON CONFLICT (tmdb_id) DO UPDATE SET changes = {CHANGES.name}.changes + 1
"""
_EVENTS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
_FUNCTION = "marquee_count_changes"


def create_triggers(connection: sa.Connection) -> None:
    """Create the triggers that a database lacks."""
    missing = _names() - set(connection.execute(_FIND[connection.dialect.name]).scalars())
    if not missing:
        return
    make = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for statement in make(missing):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(
        f"INSERT INTO {CHANGES.name} SELECT tmdb_id, 0 FROM {MOVIES.name} WHERE tmdb_id > 0 "
        "ON CONFLICT DO NOTHING"
    )
    own = insert_if_new(connection.dialect.name, CHANGES)
    connection.execute(own, {"tmdb_id": OWN, "changes": secrets.randbelow(2**60)})


_FIND = {
    "sqlite": sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"),
    "postgresql": sa.text(
        "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal"
    ),
}


def _name(table: str, event: str) -> str:
    return f"count_{table}_{event}"


def _names() -> set[str]:
    return {_name(table, event) for table in _TABLES for event in _EVENTS}


def _sqlite(missing: set[str]) -> Iterator[str]:
    for table in _TABLES:
        for event, record in _EVENTS.items():
            if _name(table, event) in missing:
                count = _COUNT.format(rows=f"SELECT {record}.tmdb_id, 1 WHERE {record}.tmdb_id > 0")
                yield (
                    f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table} "
                    f"BEGIN {count}; END"
                )


def _postgresql(missing: set[str]) -> Iterator[str]:
    rows = "SELECT tmdb_id, 1 FROM altered WHERE tmdb_id > 0 GROUP BY tmdb_id ORDER BY tmdb_id"
    yield (
        f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {_COUNT.format(rows=rows)}; RETURN NULL; END $$"
    )
    for table in _TABLES:
        for event, record in _EVENTS.items():
            if _name(table, event) in missing:
                yield (
                    f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table} "
                    f"REFERENCING {record} TABLE AS altered "
                    f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
                )
