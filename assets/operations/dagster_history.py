"""Dagster's history as rows: runs, events, partitions, schedules, from and into any home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunsTable, RunStorageSqlMetadata
from dagster._core.storage.schedules import SqlScheduleStorage
from dagster._core.storage.schedules.schema import ScheduleStorageSqlMetadata
from sqlalchemy import exc

from assets.operations.event_rows import (
    connect_to_all_runs,
    read_events,
    remove_files,
    write_events,
)
from pipeline.core.errors import ConfigurationError, StoreError
from resources.storage.archive import Archive, ArchiveWriter
from resources.storage.table_rows import (
    continue_numbering,
    one_change,
    one_moment,
    read_rows,
    write_rows,
)

_OF_THE_HOME = ("secondary_indexes", "instance_info", "daemon_heartbeats", "alembic_version")
"""Tables that say how a home is built and who is at work: no history."""

_EVENTS = "event_logs"

_UNFINISHED = [
    status for status in dg.DagsterRunStatus
    if status not in (
        dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
    )
]  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """The tables of one of Dagster's three storages."""

    name: str
    metadata: sa.MetaData
    storage: Any

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        if self.name == "events":
            with connect_to_all_runs(self.storage) as connection:
                yield connection
            return
        with self.storage.connect() as connection:
            yield connection

    @property
    def tables(self) -> list[sa.Table]:
        """Its tables, each after those that it refers to."""
        return [t for t in self.metadata.sorted_tables if t.name not in _OF_THE_HOME]

    def member(self, table: sa.Table) -> str:
        """Return the name of a table's part in a backup."""
        return f"dagster/{self.name}/{table.name}.jsonl"


def save_history(instance: dg.DagsterInstance, to: ArchiveWriter) -> None:
    """Write the history of a home into a backup, each storage as it is at one moment.

    Raises:
        ConfigurationError: It is kept in a storage without tables.
        StoreError: Its tables are those of an earlier version of Dagster.
    """
    runs, events, schedules = _parts(instance)
    try:
        run_ids = _save(runs, to)
        with events.connect() as connection, one_moment(connection) as reading:
            to.add(
                events.member(SqlEventLogStorageMetadata.tables[_EVENTS]),
                read_events(events.storage, reading, run_ids),
            )
            _save_tables(events, reading, to)
        _save(schedules, to)
    except exc.OperationalError as error:
        raise StoreError(
            f"Dagster's home cannot be read ({error.orig}). If Dagster was updated, run `uv run "
            "dagster instance migrate` first."
        ) from error


def load_history(instance: dg.DagsterInstance, archive: Archive) -> None:
    """Replace the history of a home by that of a backup; runs that were at work are ended."""
    runs, events, schedules = _parts(instance)
    remove_files(events.storage)
    for part in (runs, events, schedules):
        with part.connect() as connection, one_change(connection) as changing:
            for table in reversed(part.tables):
                changing.execute(sa.delete(table))
            for table in part.tables:
                rows = archive.rows(part.member(table))
                if table.name == _EVENTS:
                    write_events(part.storage, changing, rows)
                else:
                    write_rows(changing, table, rows)
            continue_numbering(changing, part.tables)
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        instance.report_run_canceled(run, "It was not finished when the backup was made.")


def is_empty(instance: dg.DagsterInstance) -> bool:
    """Whether a home has no run, no event and no partition."""
    with ExitStack() as stack:
        for part in _parts(instance)[:2]:
            connection = stack.enter_context(part.connect())
            for table in part.tables:
                if table.name != "kvs" and connection.execute(sa.select(table).limit(1)).first():
                    return False
    return True


def _parts(instance: dg.DagsterInstance) -> tuple[_Part, _Part, _Part]:
    parts = (
        _Part("runs", RunStorageSqlMetadata, instance.run_storage),
        _Part("events", SqlEventLogStorageMetadata, instance.event_log_storage),
        _Part("schedules", ScheduleStorageSqlMetadata, instance.schedule_storage),
    )
    kinds = (SqlRunStorage, SqlEventLogStorage, SqlScheduleStorage)
    for part, kind in zip(parts, kinds, strict=True):
        if not isinstance(part.storage, kind):
            raise ConfigurationError(
                f"Dagster keeps its {part.name} in {type(part.storage).__name__}, which has no "
                "tables. Use SQLite or PostgreSQL in dagster.yaml."
            )
    return parts


def _save(part: _Part, to: ArchiveWriter) -> list[str]:
    """Save the tables of a storage; return the ids of the runs in it."""
    with part.connect() as connection, one_moment(connection) as reading:
        _save_tables(part, reading, to)
        if part.name != "runs":
            return []
        return list(
            reading.execute(sa.select(RunsTable.c.run_id).order_by(RunsTable.c.id)).scalars()
        )


def _save_tables(part: _Part, reading: sa.Connection, to: ArchiveWriter) -> None:
    for table in part.tables:
        if table.name != _EVENTS:
            to.add(part.member(table), read_rows(reading, table))
