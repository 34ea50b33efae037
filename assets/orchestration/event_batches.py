"""Events of many movies in one or two transactions, where Dagster takes two for each.

For every event Dagster opens its SQLite files anew and asks which tables and columns they have:
that is most of what an event costs. Here a batch is written as Dagster writes one event, on SQLite
and PostgreSQL alike: to the file of the run, where there is one, then to the events of all runs,
together with the indexed tags and the asset's latest materialization. What an event says twice is
written once, and without blanks, which spares a quarter of its size.

The place where Dagster keeps events is no public interface; it is used here, in
`failed_partitions` and in `event_pruning` alone, and `tests/graph/test_event_batches.py` fails
should Dagster change.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg
from dagster._core.events import (
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._serdes import serialize_value

from resources.storage.crash_points import CrashPoint, reach

if TYPE_CHECKING:  # the second takes half as long to load as all definitions
    from dagster._core.execution.context.system import StepExecutionContext
    from dagster._core.storage.event_log import SqlEventLogStorage

MovieEvent: TypeAlias = "dg.AssetMaterialization | dg.AssetObservation"


def log_events(
    context: dg.AssetExecutionContext,
    events: Sequence[MovieEvent],
    *,
    is_on_run_page: bool = True,
) -> None:
    """Log events of one asset; in a database that names no new keys (MySQL), one by one.

    A kill leaves all of them or none in the events of all runs, by which movies count as published.

    Args:
        context: Of the asset's step.
        events: In the order in which they happened, of each movie at most one.
        is_on_run_page: Whether the file that SQLite has of every run gets them as well: where they
            are not, the page of the run shows its steps and the movies' pages show the events.
    """
    from dagster._core.storage.event_log import SqlEventLogStorage

    storage = context.instance.event_log_storage
    if not events:
        return
    if not isinstance(storage, SqlEventLogStorage) or not _names_new_keys(storage):
        for event in events:
            context.log_event(event)
        return
    step = context.get_step_execution_context()
    entries = [_entry(step, event) for event in events]
    _store(storage, entries, context.asset_key.to_user_string(), is_on_run_page=is_on_run_page)


def _names_new_keys(storage: SqlEventLogStorage) -> bool:
    with storage.index_connection() as connection:
        return connection.dialect.insert_returning


def _store(
    storage: SqlEventLogStorage, entries: Sequence[EventLogEntry], asset: str, *,
    is_on_run_page: bool,
) -> None:  # fmt: skip
    """Write entries of one run and asset; see `SqliteEventLogStorage.store_event`."""
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

    rows = [_as_row(storage, entry) for entry in entries]
    if storage.is_run_sharded and is_on_run_page:
        with storage.run_connection(entries[0].run_id) as connection:
            connection.execute(Events.insert(), rows)
    reach(CrashPoint.LOGGED, asset)
    with storage.index_transaction() as connection:
        returned = connection.execute(
            Events.insert().returning(Events.c.partition, Events.c.id), rows
        )
        id_of = {partition: int(number) for partition, number in returned}
        ids = [id_of[row["partition"]] for row in rows]
        storage._store_asset_event_tags(connection, entries, ids)
        numbered = zip(entries, ids, strict=True)
        latest = {entry.dagster_event_type: (entry, number) for entry, number in numbered}
        for entry, number in latest.values():
            storage._store_asset_event(connection, entry, number)


def _as_row(storage: SqlEventLogStorage, entry: EventLogEntry) -> dict[str, Any]:
    """Return the columns of an event; see `SqlEventLogStorage._event_to_row`."""
    event = entry.get_dagster_event()
    return {
        "run_id": entry.run_id,
        "event": serialize_value(entry, separators=(",", ":")),
        "dagster_event_type": event.event_type_value,
        "timestamp": storage._event_insert_timestamp(entry),
        "step_key": entry.step_key,
        "asset_key": event.asset_key.to_string() if event.asset_key else None,
        "partition": event.partition,
    }


def _entry(step: StepExecutionContext, event: MovieEvent) -> EventLogEntry:
    """Return what Dagster stores of an event that a step logs."""
    if isinstance(event, dg.AssetMaterialization):
        kind, data = DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event)
        message = f"Materialized value {event.label}."
    else:
        kind, data, message = DagsterEventType.ASSET_OBSERVATION, AssetObservationData(event), None
    logged = DagsterEvent(
        event_type_value=kind.value,
        job_name=step.job_name,
        step_kind_value=step.step.kind.value,
        event_specific_data=data,
        pid=os.getpid(),
        step_key=step.step.key,
    )
    return EventLogEntry(
        error_info=None,
        level=logging.DEBUG,
        user_message=message or f"{kind} for step {step.step.key}",
        run_id=step.run_id,
        timestamp=time.time(),
        step_key=step.step.key,
        job_name=step.job_name,
        dagster_event=logged,
    )
