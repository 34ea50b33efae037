"""One partition per movie, exactly: what Dagster shows is what the ledger says.

A returned result would mark every key of a range as materialized, also those that failed. So each
movie's event is logged by itself, and Dagster is asked not to add its own: by the tag that it
reads from the run when it handles a step's output. The tag is undocumented; it is set here alone,
and `tests/graph/test_partitions.py` fails loudly should Dagster change.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import dagster as dg

from pipeline.core.errors import ConfigurationError
from pipeline.core.staleness import Row

# Single-run backfills have been in beta for years; the version of Dagster is pinned.
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)

MOVIES = dg.DynamicPartitionsDefinition(name="movies")
SINGLE_RUN = dg.BackfillPolicy.single_run()
"""On every asset: one run may hold a range of movies and the models behind them."""

DEFER_EVENTS = {"dagster/defer_asset_events": "true"}
"""The tag. On a job it also spares the planned events, so that a range may span idle movies."""

CODE_VERSION = "marquee/code_version"
"""Tag of a movie's event. Dagster's own tag would have it judge each movie by whole upstreams, and
call one "unsynced" whose record changed in a part that the asset does not depend on."""

SOURCE_PARTITIONS = "marquee_source"
_KEYS_AT_ONCE = 900
"""SQLite takes no more in one statement."""


def register(instance: dg.DagsterInstance, tmdb_ids: Iterable[int], source: str) -> int:
    """Add movies as partitions, in the order given; give the number of new ones.

    Raises:
        ConfigurationError: This Dagster home holds the movies of another source.
    """
    claim_home(instance, source)
    known = set(instance.get_dynamic_partitions("movies"))
    new = [str(i) for i in tmdb_ids if str(i) not in known]
    for start in range(0, len(new), _KEYS_AT_ONCE):
        instance.add_dynamic_partitions("movies", new[start : start + _KEYS_AT_ONCE])
    return len(new)


def claim_home(instance: dg.DagsterInstance, source: str) -> None:
    """Mark Dagster's home as filled from `source`; refuse one that another source filled."""
    found = instance.get_dynamic_partitions(SOURCE_PARTITIONS)
    if not found:
        instance.add_dynamic_partitions(SOURCE_PARTITIONS, [source])
    elif list(found) != [source]:
        raise ConfigurationError(
            f"This Dagster home shows movies of {found[0]}, this run reads {source}; the two never "
            "mix. Point DAGSTER_HOME (in .env) and MARQUEE_STORE to new folders."
        )


ONLY = "marquee/only"
"""Run tag: the movies of the range that were asked for, where not all of it was."""


def range_tags(keys: Sequence[str], *, only: bool = False) -> dict[str, str]:
    """Return the tags that make a run from the first to the last of these keys.

    Args:
        keys: In the order of the partitions.
        only: Whether keys between them that are not listed stay out, due or not.
    """
    tags = {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }
    return {**tags, ONLY: ",".join(keys)} if only else tags


def movies_of(context: dg.AssetExecutionContext) -> list[int]:
    """Return the movies that a run was asked for."""
    only = context.run.tags.get(ONLY)
    wanted = set(only.split(",")) if only else None
    return [int(key) for key in context.partition_keys if wanted is None or key in wanted]


def show(
    context: dg.AssetExecutionContext, rows: Mapping[int, Row], metadata: Mapping[str, object]
) -> None:
    """Log one materialization for every final row, one observation for every other.

    Dagster cannot take back that a movie was materialized; the observation says on its page that
    what stands there is the last that could be had.
    """
    for tmdb_id, row in rows.items():
        if not row.is_final:
            context.log_event(
                dg.AssetObservation(
                    asset_key=context.asset_key,
                    partition=str(tmdb_id),
                    metadata={"status": row.status, **_said(row), "attempts": row.attempts},
                )
            )
        else:
            context.log_event(
                dg.AssetMaterialization(
                    asset_key=context.asset_key,
                    partition=str(tmdb_id),
                    metadata={"status": row.status, **_said(row), **row.metadata, **metadata},
                    tags={
                        "dagster/data_version": row.content_hash,
                        CODE_VERSION: row.code_version,
                    },
                )
            )


def _said(row: Row) -> dict[str, str]:
    return {k: v for k, v in (("reason", row.reason), ("detail", row.detail)) if v}


def is_shown(instance: dg.DagsterInstance, asset_key: dg.AssetKey, tmdb_id: int, row: Row) -> bool:
    """Whether the movie's latest materialization in Dagster is this row."""
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset_key, asset_partitions=[str(tmdb_id)]), limit=1
    ).records
    tags = found[0].asset_materialization.tags or {} if found else {}
    return tags.get("dagster/data_version") == row.content_hash and (
        tags.get(CODE_VERSION) == row.code_version
    )


def finish_exactly(
    context: dg.AssetExecutionContext, checks: Sequence[dg.AssetCheckResult] = ()
) -> Iterator[dg.MaterializeResult]:
    """End a step whose movies were shown one by one; followers in the same run go on."""
    with _no_events_of_its_own(context):
        yield dg.MaterializeResult(check_results=checks)


@contextmanager
def _no_events_of_its_own(context: dg.AssetExecutionContext) -> Iterator[None]:
    tags = context.run.tags
    added = {tag: value for tag, value in DEFER_EVENTS.items() if tag not in tags}
    tags.update(added)
    try:
        yield
    finally:
        for tag in added:
            tags.pop(tag, None)
