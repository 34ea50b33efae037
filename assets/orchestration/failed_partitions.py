"""Dagster's failed partitions: the movies that the ledger will retry, and no others.

Dagster calls a partition failed when its latest event is that a run planned to
materialize it, and that run ended as a failure. A run of a range succeeds although some of its
movies failed; so these are planned once more, in a run beside it that has failed from the start
and executes nothing. The next materialization of a movie takes it out of the set. The place where
Dagster keeps such events is no public interface; it is used here alone, and
`tests/graph/test_failed_partitions.py` fails should Dagster change.
"""

import logging
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.events import (
    AssetMaterializationPlannedData,
    DagsterEvent,
    DagsterEventType,
    EngineEventData,
)
from dagster._core.events.log import EventLogEntry

from assets.orchestration.partitions import MOVIES
from assets.orchestration.shown_movies import movie_events

if TYPE_CHECKING:
    from dagster._core.storage.event_log import SqlEventLogStorage

FAILED_MOVIES = "marquee/failed_movies_of"
"""Tag of a run that only marks failed movies: the run in which they failed."""

MARKED_MOVIES = "marquee/marked_movies"
"""Tag of such a run: the number of movies that it marks."""

_JOB_NAME = "failed_movies"
_EVENTS_AT_ONCE = 900
"""SQLite takes no more in one statement."""


def failed_partitions(instance: dg.DagsterInstance, asset: str) -> set[int]:
    """Return the movies that Dagster's UI shows as failed in an asset."""
    from dagster._core.storage.partition_status_cache import (
        get_and_update_asset_status_cache_value,
    )

    status = get_and_update_asset_status_cache_value(instance, dg.AssetKey(asset), MOVIES)
    if status is None:
        return set()
    return {
        int(k) for k in status.deserialize_failed_partition_subsets(MOVIES).get_partition_keys()
    }


def _find_failed(instance: dg.DagsterInstance, asset: str) -> set[int]:
    """Return what `failed_partitions` does, from the few events that count.

    Dagster brings a list of all partitions up to date, which takes seconds of thousands of movies.
    """
    from dagster._core.storage.event_log import SqlEventLogStorage

    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return failed_partitions(instance, asset)
    planned = _latest(storage, asset, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    materialized = _latest(storage, asset, kind, list(planned))
    run_ids = {
        key: run_id for key, (event_id, run_id) in planned.items()
        if event_id > materialized.get(key, (0, ""))[0]
    }  # fmt: skip
    failed = _failed_runs(instance, set(run_ids.values()))
    return {int(key) for key, run_id in run_ids.items() if run_id in failed}


def _latest(
    storage: "SqlEventLogStorage",
    asset: str,
    kind: dg.DagsterEventType,
    keys: Sequence[str] | None = None,
) -> dict[str, tuple[int, str]]:
    """Return id and run of the latest event of a kind, by partition; `keys` None: of all."""
    import sqlalchemy as sa
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

    of_kind = movie_events(storage, [asset], kind, Events.c.partition, sa.func.max(Events.c.id))
    found = dict[str, tuple[int, str]]()
    starts = [0] if keys is None else range(0, len(keys), _EVENTS_AT_ONCE)
    with storage.index_connection() as connection:
        for start in starts:
            query = of_kind
            if keys is not None:
                some = keys[start : start + _EVENTS_AT_ONCE]
                query = of_kind.where(Events.c.partition.in_(some))
            latest = query.group_by(Events.c.partition).subquery()
            runs = sa.select(Events.c.partition, Events.c.id, Events.c.run_id).join(
                latest, latest.c[1] == Events.c.id
            )
            found.update({row[0]: (row[1], row[2]) for row in connection.execute(runs)})
    return found


def _failed_runs(instance: dg.DagsterInstance, run_ids: set[str]) -> set[str]:
    ordered, failed = sorted(run_ids), [dg.DagsterRunStatus.FAILURE]
    return {
        run.run_id
        for start in range(0, len(ordered), _EVENTS_AT_ONCE)
        for run in instance.get_runs(
            dg.RunsFilter(run_ids=ordered[start : start + _EVENTS_AT_ONCE], statuses=failed)
        )
    }


def show_failed(
    instance: dg.DagsterInstance, asset: str, failures: Mapping[int, str], run_id: str
) -> None:
    """Make these movies, and no others, the failed partitions of an asset.

    Args:
        instance: Dagster's.
        asset: A per-movie asset.
        failures: Why each movie will be retried, by TMDB id.
        run_id: The run that found it out.
    """
    shown = _find_failed(instance, asset)
    if settled := shown - failures.keys():
        key = dg.AssetKey(asset)
        instance.event_log_storage.wipe_asset_cached_status(key)  # a kill may come before the next
        release(instance, asset, settled, run_id)
        instance.event_log_storage.wipe_asset_cached_status(key)
        shown = _find_failed(instance, asset)
    new = {tmdb_id: why for tmdb_id, why in failures.items() if tmdb_id not in shown}
    if new:
        status = dg.DagsterRunStatus.FAILURE
        run = _add_run(instance, asset, run_id, status, {MARKED_MOVIES: str(len(new))})
        _plan(instance, asset, new, run.run_id)
        table = [dg.TableRecord({"movie": i, "reason": why}) for i, why in sorted(new.items())]
        instance.report_engine_event(
            f"{asset}: {len(new)} movies failed and will be retried; this run marks them as failed "
            f"partitions. They failed in run {run_id}.",
            run,
            EngineEventData({"failed movies": dg.MetadataValue.table(table[:_EVENTS_AT_ONCE])}),
        )


def release(instance: dg.DagsterInstance, asset: str, tmdb_ids: Iterable[int], run_id: str) -> None:
    """Take back that a run has planned to materialize these movies, as a canceled run does."""
    tmdb_ids = list(tmdb_ids)
    if not tmdb_ids:
        return
    run = _add_run(instance, asset, run_id, dg.DagsterRunStatus.CANCELED)
    _plan(instance, asset, tmdb_ids, run.run_id)


def count_marked(instance: dg.DagsterInstance, run_id: str) -> int:
    """Return how many movies became failed partitions, over all assets, in a run."""
    marking = dg.RunsFilter(tags={FAILED_MOVIES: run_id}, statuses=[dg.DagsterRunStatus.FAILURE])
    return sum(int(run.tags.get(MARKED_MOVIES, 0)) for run in instance.get_runs(marking))


def _add_run(
    instance: dg.DagsterInstance,
    asset: str,
    run_id: str,
    status: dg.DagsterRunStatus,
    tags: Mapping[str, str] | None = None,
) -> dg.DagsterRun:
    run = dg.DagsterRun(
        job_name=_JOB_NAME,
        run_id=str(uuid.uuid4()),
        asset_selection=frozenset({dg.AssetKey(asset)}),
        status=status,
        tags={FAILED_MOVIES: run_id, **(tags or {})},
    )
    return instance.run_storage.add_run(run)


def _plan(instance: dg.DagsterInstance, asset: str, tmdb_ids: Iterable[int], run_id: str) -> None:
    """Log planned materializations, all of a statement at once: one by one each takes 3 ms."""
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

    events = [_planned(asset, tmdb_id, run_id) for tmdb_id in tmdb_ids]
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        storage.store_event_batch(events)
        return
    with storage.index_transaction() as connection:
        for start in range(0, len(events), _EVENTS_AT_ONCE):
            batch = events[start : start + _EVENTS_AT_ONCE]
            connection.execute(storage.prepare_insert_event_batch(batch))


def _planned(asset: str, tmdb_id: int, run_id: str) -> EventLogEntry:
    return EventLogEntry(
        error_info=None,
        user_message="",
        level=logging.INFO,
        run_id=run_id,
        timestamp=time.time(),
        job_name=_JOB_NAME,
        dagster_event=DagsterEvent(
            event_type_value=DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value,
            job_name=_JOB_NAME,
            event_specific_data=AssetMaterializationPlannedData(
                dg.AssetKey(asset), partition=str(tmdb_id)
            ),
        ),
    )
