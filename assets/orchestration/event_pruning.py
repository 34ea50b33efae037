"""Dagster's history kept bounded: what is older than some days and no longer counts is deleted.

Of every movie and asset the latest materialization stays, and all after it: by these Dagster knows
what is materialized, failed or unsynced, and a build what it has published. Runs stay listed. Their
records in Dagster are not deleted through Dagster, which would take the movies' events with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.event_files import empty
from resources.run_context import RunContext
from resources.settings import HISTORY_DAYS

if TYPE_CHECKING:
    from dagster._core.storage.event_log import SqlEventLogStorage

DAY_S = 86_400.0

_RUNS_AT_ONCE = 500


@dataclass(frozen=True)
class Pruned:
    """What was deleted.

    Attributes:
        events: Movies' events that a later materialization has replaced.
        run_logs: Ended runs whose own log was deleted.
    """

    events: int
    run_logs: int


def kept_days(run_context: RunContext) -> float:
    """Return the days of history that are kept; 0: all of it.

    Raises:
        ConfigurationError: The setting is no number of at least 0.
    """
    return run_context.settings.number("history_days", HISTORY_DAYS, may_be_zero=True)


def prune(instance: dg.DagsterInstance, *, days: float, now_s: float) -> Pruned:
    """Delete what is older than some days and no longer counts.

    It may be ended at any moment, and run again. A storage that is no SQL database is left alone.

    Args:
        instance: Dagster's.
        days: What is younger stays.
        now_s: Seconds since the epoch.
    """
    from dagster._core.storage.event_log import SqlEventLogStorage

    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return Pruned(0, 0)
    before_s = now_s - days * DAY_S
    events = sum(_delete_replaced(storage, spec.name, before_s) for spec in MOVIE_ASSETS)
    logs = _delete_run_logs(instance, storage, before_s)
    return Pruned(events, logs)


def _delete_replaced(storage: "SqlEventLogStorage", asset: str, before_s: float) -> int:
    """Delete a movie's old events that come before its latest materialization."""
    import sqlalchemy as sa
    from dagster._core.storage.event_log import schema

    events, tags = schema.SqlEventLogStorageTable, schema.AssetEventTagsTable
    later = events.alias("later")
    replaced = sa.select(events.c.id).where(
        events.c.asset_key == dg.AssetKey(asset).to_string(),
        events.c.partition.is_not(None),
        events.c.timestamp < datetime.fromtimestamp(before_s, UTC).replace(tzinfo=None),
        sa.exists().where(
            later.c.asset_key == events.c.asset_key,
            later.c.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION.value,
            later.c.partition == events.c.partition,
            later.c.id > events.c.id,
        ),
    )
    with storage.index_transaction() as connection:
        connection.execute(tags.delete().where(tags.c.event_id.in_(replaced)))
        return connection.execute(events.delete().where(events.c.id.in_(replaced))).rowcount


def _delete_run_logs(
    instance: dg.DagsterInstance, storage: "SqlEventLogStorage", before_s: float
) -> int:
    """Delete the logs of runs that ended long ago; their pages then show no events."""
    ended = [
        record.dagster_run.run_id
        for record in instance.get_run_records(
            dg.RunsFilter(statuses=_ENDED, updated_before=datetime.fromtimestamp(before_s, UTC))
        )
    ]
    if storage.is_run_sharded:
        return sum(empty(instance, run_id) for run_id in ended)
    return sum(
        _delete_log_rows(storage, ended[start : start + _RUNS_AT_ONCE])
        for start in range(0, len(ended), _RUNS_AT_ONCE)
    )


_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def _delete_log_rows(storage: "SqlEventLogStorage", run_ids: Sequence[str]) -> int:
    """Delete what runs have logged beside the events of assets; return the number of runs."""
    import sqlalchemy as sa
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

    is_theirs = (Events.c.run_id.in_(run_ids), Events.c.asset_key.is_(None))
    with storage.index_transaction() as connection:
        runs = sa.select(sa.func.count(sa.distinct(Events.c.run_id))).where(*is_theirs)
        found = connection.execute(runs).scalar_one()
        connection.execute(Events.delete().where(*is_theirs))
    return found
