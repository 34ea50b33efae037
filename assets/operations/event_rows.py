"""Dagster's events as rows, whatever keeps them: one table, or SQLite with a file for each run.

With SQLite, the events that Dagster's queries look at (of assets, of checks, of the status of
runs) stand in the file of all runs, and count by their number there: tags, checks, cursors and
other events refer to it. So those keep their number wherever they go, and come first. The others
are only read with their run. Where Dagster keeps all this is no public interface; it is used here
alone, and `tests/graph/test_backup.py` fails should Dagster change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from dagster._core.events import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    EVENT_TYPE_TO_PIPELINE_RUN_STATUS,
)
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

from resources.storage.table_rows import as_values, one_change, one_moment, read_rows, write_rows

if TYPE_CHECKING:
    from dagster._core.storage.event_log import SqlEventLogStorage
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

EVENTS = SqlEventLogStorageTable

_OF_ALL_RUNS = sorted(
    kind.value for kind in (*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS)
)
"""Types of the events that stand in the file of all runs."""

_IS_OF_ALL_RUNS = EVENTS.c.dagster_event_type.in_(_OF_ALL_RUNS)
_IS_OF_ITS_RUN = sa.or_(EVENTS.c.dagster_event_type.is_(None), sa.not_(_IS_OF_ALL_RUNS))

Row = dict[str, Any]


def sharded(storage: SqlEventLogStorage) -> SqliteEventLogStorage | None:
    """Return a storage that has a file for each run; None where it has one table."""
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

    return storage if isinstance(storage, SqliteEventLogStorage) else None


@contextmanager
def connect_to_all_runs(storage: SqlEventLogStorage) -> Iterator[sa.Connection]:
    """Connect to the table, or the file, of all runs.

    A storage with files opens one of them at a time, so this connection to a file is not its own.
    """
    if (files := sharded(storage)) is None:
        with storage.index_connection() as connection:
            yield connection
        return
    engine = sa.create_engine(
        files.conn_string_for_shard("index"), poolclass=sa.NullPool, connect_args={"timeout": 60}
    )
    with engine.connect() as connection:
        yield connection


def read_events(
    storage: SqlEventLogStorage, connection: sa.Connection, run_ids: Sequence[str]
) -> Iterator[Row]:
    """Yield the events of all runs by number, then the others, run by run; those of a file of
    their own have no number.

    Args:
        storage: Where they are.
        connection: To the table, or the file, of all runs.
        run_ids: Runs whose own events are read.
    """
    if (files := sharded(storage)) is None:
        first = sa.select(EVENTS).where(_IS_OF_ALL_RUNS).order_by(EVENTS.c.id)
        yield from read_rows(connection, EVENTS, first)
        rest = sa.select(EVENTS).where(_IS_OF_ITS_RUN).order_by(EVENTS.c.run_id, EVENTS.c.id)
        yield from read_rows(connection, EVENTS, rest)
        return
    yield from read_rows(connection, EVENTS)
    own = sa.select(EVENTS).where(_IS_OF_ITS_RUN).order_by(EVENTS.c.id)
    for run_id in [*run_ids, ""]:  # events of no run are kept under the empty name
        if not Path(files.path_for_shard(run_id)).exists():
            continue
        with files.run_connection(run_id) as of_run, one_moment(of_run) as reading:
            for row in read_rows(reading, EVENTS, own):
                yield {**row, "id": None}


def write_events(
    storage: SqlEventLogStorage, connection: sa.Connection, rows: Iterable[Row]
) -> None:
    """Write events as `read_events` yields them into an empty storage.

    Args:
        storage: Where to.
        connection: To the table, or the file, of all runs; it is not committed here.
        rows: The events.
    """
    if (files := sharded(storage)) is None:
        write_rows(connection, EVENTS, _numbered(rows))
        return
    remaining = iter(rows)
    first_of_run: list[Row] = []

    def of_all_runs() -> Iterator[Row]:
        for row in remaining:
            if row["dagster_event_type"] not in _OF_ALL_RUNS:
                first_of_run.append(row)
                return
            yield row

    write_rows(connection, EVENTS, of_all_runs())

    def of_runs() -> Iterator[Row]:
        yield from first_of_run
        yield from remaining

    for run_id, group in groupby(of_runs(), key=lambda row: str(row["run_id"] or "")):
        _write_file(files, connection, run_id, list(group))


def remove_files(storage: SqlEventLogStorage) -> None:
    """Remove the files of single runs, which an emptied table of all runs leaves behind."""
    if (files := sharded(storage)) is None:
        return
    for run_id in [*files.get_all_run_ids(), ""]:
        place = Path(files.path_for_shard(run_id))
        for path in (place, *(place.with_name(f"{place.name}-{end}") for end in ("wal", "shm"))):
            path.unlink(missing_ok=True)
    files._initialized_dbs = set()


def _numbered(rows: Iterable[Row]) -> Iterator[Row]:
    """Number the events that have no number after those that have one."""
    last = 0
    for row in rows:
        last = max(last, row["id"]) if row["id"] is not None else last + 1
        yield row if row["id"] is not None else {**row, "id": last}


def _write_file(
    files: SqliteEventLogStorage, of_all_runs: sa.Connection, run_id: str, own: Sequence[Row]
) -> None:
    """Write the file of a run: its own events and a copy of the others, in the order of time."""
    copied = sa.select(EVENTS).where(EVENTS.c.run_id == run_id).order_by(EVENTS.c.id)
    events = [*own, *read_rows(of_all_runs, EVENTS, copied)]
    events.sort(key=lambda row: str(row["timestamp"]))
    values = [as_values(EVENTS, {**row, "id": number}) for number, row in enumerate(events, 1)]
    with files.run_connection(run_id) as connection, one_change(connection) as changing:
        changing.execute(sa.insert(EVENTS), values)
