"""Keeps Dagster's SQLite files open while a step logs one event per movie.

Dagster opens and closes two files at each event. Whoever closes a file last has SQLite write its
journal back and remove it; as long as somebody else has it open that is put off, which spares a
tenth of all bookkeeping.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dagster as dg

INDEX = "index"
"""The file of events across runs; every run has one of its own beside it."""


@contextmanager
def open_event_log(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep the event log open; without SQLite, as with Postgres, there is nothing to do."""
    find = getattr(instance.event_log_storage, "path_for_shard", None)
    paths = [Path(find(shard)) for shard in (run_id, INDEX)] if find else []
    with ExitStack() as stack:
        for path in paths:
            if path.is_file():
                connection = stack.enter_context(closing(sqlite3.connect(path)))
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield
