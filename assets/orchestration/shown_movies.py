"""Which movies Dagster shows as materialized, and whether it has forgotten any since it was asked.

The second question is answered by numbers alone: of the events up to the last one that was noted,
each asset must still have as many movies. Events that came later only add movies.
"""

import json
import uuid
from collections.abc import Callable, Container, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.orchestration.asset_specs import MOVIE_ASSETS
from resources.run_context import RunContext

if TYPE_CHECKING:
    from dagster._core.storage.event_log import SqlEventLogStorage

Shown = Callable[[str], Container[int]]
"""Returns the movies that Dagster shows as materialized in an asset."""

_MATERIALIZED = dg.DagsterEventType.ASSET_MATERIALIZATION

_FEW, _AT_ONCE = 5000, 500
"""Movies that are asked for by their keys, instead of reading those of all; in one statement."""


def shown_in(instance: dg.DagsterInstance, tmdb_ids: Iterable[int]) -> Shown:
    """Return what reads the movies that Dagster shows, once for each asset."""
    by_key = {str(tmdb_id): tmdb_id for tmdb_id in tmdb_ids}  # one number for all assets

    def read(asset: str) -> set[int]:
        storage = _sql_storage(instance)
        if storage and len(by_key) <= _FEW:
            keys = _read_few(storage, asset, list(by_key))
        else:
            keys = instance.get_materialized_partitions(dg.AssetKey(asset))
        return {by_key[key] for key in keys if key in by_key}

    return cache(read)


def shown_version(run_context: RunContext, instance: dg.DagsterInstance) -> str:
    """Return a version of Dagster's history that changes when it no longer shows a movie that it
    has shown: after a wiped asset, a deleted run, in another home. "" where that is not known.
    """
    from dagster._core.storage.runs import SqlRunStorage

    storage, runs = _sql_storage(instance), instance.run_storage
    if storage is None or not isinstance(runs, SqlRunStorage):
        return ""
    name = f"dagster_events_{runs.get_run_storage_id()}"
    noted: dict[str, Any] = json.loads(run_context.ledger.note(name) or "{}")
    found = _count(storage, noted)
    if not noted or noted["last"] != found["noted_last"] or noted["movies"] != found["noted"]:
        noted = {"version": uuid.uuid4().hex[:16]}
    now = {"version": noted["version"], "last": found["last"], "movies": found["movies"]}
    if now != noted:
        run_context.ledger.set_note(name, json.dumps(now))
    return now["version"]


def _sql_storage(instance: dg.DagsterInstance) -> "SqlEventLogStorage | None":
    from dagster._core.storage.event_log import SqlEventLogStorage

    storage = instance.event_log_storage
    return storage if isinstance(storage, SqlEventLogStorage) else None


def _read_few(storage: "SqlEventLogStorage", asset: str, keys: list[str]) -> set[str]:
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

    query = movie_events(storage, [asset], _MATERIALIZED, Events.c.partition)
    found = set[str]()
    with storage.index_connection() as connection:
        for start in range(0, len(keys), _AT_ONCE):
            some = Events.c.partition.in_(keys[start : start + _AT_ONCE])
            found.update(connection.execute(query.where(some).distinct()).scalars())
    return found


def _count(storage: "SqlEventLogStorage", noted: dict[str, Any]) -> dict[str, Any]:
    """Count the movies shown in each asset: of all events, and of those up to the noted one."""
    import sqlalchemy as sa
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

    last_id = (noted.get("last") or [0])[0]
    columns = (Events.c.id, Events.c.run_id, sa.cast(Events.c.timestamp, sa.String))
    is_noted = sa.case((Events.c.id <= last_id, Events.c.partition))
    counts = movie_events(
        storage,
        [spec.name for spec in MOVIE_ASSETS],
        _MATERIALIZED,
        Events.c.asset_key,
        sa.func.count(sa.distinct(Events.c.partition)),
        sa.func.count(sa.distinct(is_noted)),
    ).group_by(Events.c.asset_key)
    latest = sa.select(*columns).order_by(Events.c.id.desc()).limit(1)
    with storage.index_connection() as connection:
        last = connection.execute(latest).first()
        noted_last = connection.execute(sa.select(*columns).where(Events.c.id == last_id)).first()
        rows = [tuple(row) for row in connection.execute(counts)]
    return {
        "last": list(last or ()),
        "noted_last": list(noted_last or ()),
        "movies": {asset: movies for asset, movies, _ in rows},
        "noted": {asset: noted for asset, _, noted in rows if noted},
    }


def movie_events(
    storage: "SqlEventLogStorage", assets: list[str], kind: dg.DagsterEventType, *columns: Any
) -> Any:
    """Return the query of movies' events that are not wiped, as Dagster's own queries read them.

    Args:
        storage: Dagster's.
        assets: Whose events.
        kind: Of the events.
        columns: What is read of them.
    """
    import sqlalchemy as sa
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

    keys = [dg.AssetKey(asset) for asset in assets]
    query = sa.select(*columns).where(
        Events.c.asset_key.in_([key.to_string() for key in keys]),
        Events.c.dagster_event_type == kind.value,
        Events.c.partition.is_not(None),
    )
    details = storage._get_assets_details(keys)
    return storage._add_assets_wipe_filter_to_query(query, details, keys)
