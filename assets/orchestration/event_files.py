"""The SQLite file in which Dagster keeps the events of all runs: the size of its pages, its room.

An event has some 2 kB, and SQLite's pages have 4: by default one event fills a page and a third of
the file is empty. Pages of 32 kB leave a few percent empty.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg

PAGE_BYTES = 32_768

INDEX = "index"
"""Dagster's file of events across runs; every run has one of its own beside it."""


def event_file(instance: dg.DagsterInstance, shard: str) -> Path | None:
    """Return the file of a run's events, or of all runs' (`INDEX`); None where it is not SQLite."""
    find = getattr(instance.event_log_storage, "path_for_shard", None)
    return Path(find(shard)) if find else None


def use_large_pages(instance: dg.DagsterInstance) -> None:
    """Rewrite the file of a new home with pages of 32 kB; others wait for `compact`."""
    path = event_file(instance, INDEX)
    if path is None or not path.is_file():
        return
    with closing(sqlite3.connect(path, timeout=1.0)) as connection:
        is_new = not connection.execute(_ANY).fetchone()
        if is_new and connection.execute("PRAGMA page_size").fetchone()[0] != PAGE_BYTES:
            _rewrite(connection)


def compact(instance: dg.DagsterInstance) -> None:
    """Return the room of deleted events to the disk; as much again is needed meanwhile.

    Call it where nobody is at work on the store: who writes meanwhile would wait, and fail in the
    end. Where another process has the file open, it stays as it is, and new events use its room.
    """
    path = event_file(instance, INDEX)
    if path is not None and path.is_file():
        with closing(sqlite3.connect(path, timeout=1.0)) as connection:
            _rewrite(connection)


def empty(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Replace the file of a run's events by an empty one; return whether it held any.

    A file that is missing would be an error for a webserver that has had it open.
    """
    path = event_file(instance, run_id)
    if path is None or not path.is_file():
        return False
    with closing(sqlite3.connect(path, timeout=1.0)) as connection:
        query = "SELECT name FROM sqlite_master WHERE name = 'event_logs'"
        if not connection.execute(query).fetchone() or not connection.execute(_ANY).fetchone():
            return False
        statements = connection.execute(_SCHEMA).fetchall()
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    new = path.with_name(f".{path.name}")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("PRAGMA page_size = 512")
        for (statement,) in statements:
            connection.execute(statement)
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        connection.commit()
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    new.replace(path)
    return True


_ANY = "SELECT 1 FROM event_logs LIMIT 1"
_SCHEMA = (
    "SELECT sql FROM sqlite_master WHERE tbl_name IN ('event_logs', 'alembic_version') "
    "AND sql IS NOT NULL ORDER BY type DESC"
)


def _rewrite(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA journal_mode = DELETE")  # in WAL pages keep their size
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError:  # another process has it open
        return
