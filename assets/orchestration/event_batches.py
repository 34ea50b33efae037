"""Events of many movies in two transactions, where Dagster takes two for each.

For every event Dagster opens its two SQLite files anew and asks which tables and columns they have:
that is most of what an event costs. Here a batch is written as Dagster writes one event: to the
file of the run, then to the file of all runs, together with the indexed tags and the asset's latest
materialization. The place where Dagster keeps events is no public interface; it is used here and in
`failed_partitions` alone, and `tests/graph/test_event_batches.py` fails should Dagster change.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import dagster as dg
from dagster._core.events import (
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry

from resources.storage.crash_points import CrashPoint, reach

if TYPE_CHECKING:  # the second takes half as long to load as all definitions
    from dagster._core.execution.context.system import StepExecutionContext
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

MovieEvent: TypeAlias = "dg.AssetMaterialization | dg.AssetObservation"


def log_events(context: dg.AssetExecutionContext, events: Sequence[MovieEvent]) -> None:
    """Log events of one asset; where Dagster's storage is not SQLite, one by one.

    A kill leaves all of them or none in the file of all runs, by which movies count as published.

    Args:
        context: Of the asset's step.
        events: In the order in which they happened.
    """
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

    storage = context.instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        for event in events:
            context.log_event(event)
    elif events:
        step = context.get_step_execution_context()
        entries = [_entry(step, event) for event in events]
        _store(storage, entries, context.asset_key.to_user_string())


def _store(storage: SqliteEventLogStorage, entries: Sequence[EventLogEntry], asset: str) -> None:
    """Write entries of one run and asset; see `SqliteEventLogStorage.store_event`."""
    inserts = [storage.prepare_insert_event(entry) for entry in entries]
    with storage.run_connection(entries[0].run_id) as connection:
        for insert in inserts:
            connection.execute(insert)
    reach(CrashPoint.LOGGED, asset)
    with storage.index_transaction() as connection:
        keys = [connection.execute(insert).inserted_primary_key for insert in inserts]
        ids = [int(key[0]) for key in keys if key is not None]
        storage._store_asset_event_tags(connection, entries, ids)
        numbered = zip(entries, ids, strict=True)
        latest = {entry.dagster_event_type: (entry, number) for entry, number in numbered}
        for entry, number in latest.values():
            storage._store_asset_event(connection, entry, number)


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
        step_handle=step.step.handle,
        node_handle=step.step.node_handle,
        step_kind_value=step.step.kind.value,
        logging_tags=step.event_tags,
        event_specific_data=data,
        message=message,
        pid=os.getpid(),
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
