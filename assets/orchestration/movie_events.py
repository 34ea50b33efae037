"""What one movie's event in Dagster says: its row of the ledger."""

from collections.abc import Callable, Mapping
from typing import cast

import dagster as dg

from assets.orchestration.asset_specs import CATALOG, MovieAssetSpec
from assets.orchestration.event_batches import MovieEvent, log_events
from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row
from resources.run_context import RunContext
from resources.storage.crash_points import CrashPoint, reach

CODE_VERSION = "dagster/code_version"
_OLD_CODE_VERSION = "marquee/code_version"
"""Tags of a movie's event; events of earlier versions have the second."""

STATUS = "marquee/status"
"""Tag of a movie's event: `ok`, `unavailable` or `rejected`."""

Metadata = Mapping[str, dg.MetadataValue | str | int | float | list | dict | None]
"""What a ledger row's metadata hold: JSON values, which Dagster takes."""


def provenance_tags(spec: MovieAssetSpec, run_context: RunContext) -> dict[str, str]:
    """Return the tags that keep Dagster from calling a movie unsynced that is not stale.

    Without them it compares times, and a movie with a new plot would make its poster unsynced
    permanently; with the upstreams' real versions it compares whole upstreams, with the same
    effect. So each upstream is noted without the event that was read, which Dagster takes for
    unchanged; the catalog's version is its source's. A new code version is shown as one.
    """
    tags = {}
    for name in spec.depends_on:
        tags[f"dagster/input_data_version/{name}"] = spec.facet or "content"
        tags[f"dagster/input_event_pointer/{name}"] = "NULL"
    if not spec.depends_on:
        tags[f"dagster/input_data_version/{CATALOG.name}"] = catalog_version(run_context)
        tags[f"dagster/input_event_pointer/{CATALOG.name}"] = "NULL"
    return tags


def catalog_version(run_context: RunContext) -> str:
    """Return the data version of the catalog, which every movie's record depends on.

    A list that a movie was added to is no news for the others: each movie is a partition, and its
    own version is the stamp of its last change.
    """
    return run_context.source.name


def publish_events(
    context: dg.AssetExecutionContext,
    rows: Mapping[int, Row],
    metadata: Mapping[str, object],
    tags: Mapping[str, str],
    describe: Callable[[int, Row], Mapping[str, object]] = lambda *_: {},
    *,
    is_on_run_page: bool = True,
) -> None:
    """Log one materialization for every final row, one observation for every other.

    Dagster cannot take back that a movie was materialized; the observation says on its page that
    what stands there is the last that could be had.

    Args:
        context: Of the step.
        rows: By movie.
        metadata: What all events show.
        tags: Of all events.
        describe: Returns what one movie's event shows beside its row.
        is_on_run_page: See `log_events`.
    """
    log_events(
        context,
        [
            _event(context.asset_key, tmdb_id, row, metadata, tags, describe(tmdb_id, row))
            for tmdb_id, row in rows.items()
        ],
        is_on_run_page=is_on_run_page,
    )
    if rows:
        reach(CrashPoint.PUBLISHED, context.asset_key.to_user_string())


def _event(
    asset_key: dg.AssetKey,
    tmdb_id: int,
    row: Row,
    metadata: Mapping[str, object],
    tags: Mapping[str, str],
    described: Mapping[str, object],
) -> MovieEvent:
    status = {"status": Status(row.status).label, **_explanation(row)}
    figures = cast("dict[str, dg.MetadataValue]", {**status, **described})
    if not row.is_final:
        return dg.AssetObservation(
            asset_key=asset_key,
            partition=str(tmdb_id),
            metadata={**figures, "attempts": row.attempts},
        )
    return dg.AssetMaterialization(
        asset_key=asset_key,
        partition=str(tmdb_id),
        metadata=cast("Metadata", {**figures, **row.metadata, **metadata}),
        tags={
            "dagster/data_version": row.content_hash,
            CODE_VERSION: row.code_version,
            STATUS: Status(row.status).label,
            **tags,
        },
    )


def _explanation(row: Row) -> dict[str, str]:
    return {k: v for k, v in (("reason", row.reason), ("detail", row.detail)) if v}


def is_published(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, tmdb_id: int, row: Row
) -> bool:
    """Whether the movie's latest materialization in Dagster is this row."""
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset_key, asset_partitions=[str(tmdb_id)]), limit=1
    ).records
    event = found[0].asset_materialization if found else None
    tags = (event.tags if event else None) or {}
    return tags.get("dagster/data_version") == row.content_hash and (
        tags.get(CODE_VERSION, tags.get(_OLD_CODE_VERSION)) == row.code_version
    )
