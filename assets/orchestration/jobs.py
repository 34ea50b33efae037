"""The jobs, and which movies a run of them is for."""

import logging
from collections.abc import Sequence

import dagster as dg

from assets.orchestration.asset_specs import CATALOG, MOVIE_ASSETS, MovieAssetSpec
from assets.orchestration.events import DEFER_EVENTS
from assets.orchestration.partitions import claim_home
from assets.orchestration.prediction_job import PREDICTIONS
from assets.orchestration.staleness import find_stale_movies
from resources.run_context import RunContext

LOG = logging.getLogger("marquee")

RANGE_MOVIES = 500
"""Stale movies in one run; half of what was measured as the best range, for shorter retries."""

_MOVIE_ASSETS = dg.AssetSelection.assets(*(spec.name for spec in MOVIE_ASSETS))
_CATALOG = dg.AssetSelection.assets(CATALOG.name)
_PREDICTIONS = dg.AssetSelection.assets(PREDICTIONS)

crawl_job = dg.define_asset_job(
    "crawl", selection=_CATALOG, description="Ask TMDB which movies are new or changed."
)
movies_job = dg.define_asset_job(
    "movies",
    selection=_MOVIE_ASSETS,
    tags=DEFER_EVENTS,
    description="Bring a range of movies up to date, from records to embeddings.",
)
retrain_job = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.all() - _MOVIE_ASSETS - _CATALOG - _PREDICTIONS,
    description="Pack features, split, train and evaluate.",
)

predictions_job = dg.define_asset_job(
    "predictions",
    selection=_PREDICTIONS,
    tags=DEFER_EVENTS,
    description="Predict, by the promoted models, for films that are not out or came out lately.",
)

JOBS = [crawl_job, movies_job, retrain_job, predictions_job]


def stale_ranges(
    run_context: RunContext,
    instance: dg.DagsterInstance,
    *,
    specs: Sequence[MovieAssetSpec] = MOVIE_ASSETS,
    only: Sequence[int] | None = None,
    limit: int | None = None,
    range_movies: int = RANGE_MOVIES,
) -> list[list[str]]:
    """Cut the movies that are stale in any asset into ranges, in the order of the partitions.

    A range run reaches from a list's first to its last key, and is for the listed keys alone
    (`range_tags`): reading the rows of those between them would cost more than the work. Keys that
    the ledger has never known are no work: the next crawl adds those that the source still lists.

    Args:
        run_context: Store and ledger.
        instance: Dagster's.
        specs: Assets that count.
        only: Movies that count; None means all.
        limit: Maximum number of movies.
        range_movies: Movies in one range.
    """
    claim_home(instance, run_context.source.name)
    known = run_context.ledger.movies().keys()
    keys = [int(key) for key in instance.get_dynamic_partitions("movies")]
    unknown = len(keys) - len(known & set(keys))
    if unknown:
        LOG.warning(
            "%d partitions of Dagster's home are no movies of the ledger and are left alone. If "
            "the ledger was replaced, the next crawl adds those that the source lists.", unknown,
        )  # fmt: skip
    wanted = known if only is None else known & set(only)
    ids = [tmdb_id for tmdb_id in keys if tmdb_id in wanted]
    stale = set().union(*find_stale_movies(run_context, instance, specs, ids).values())
    ordered = [str(i) for i in ids if i in stale][:limit]
    return [ordered[i : i + range_movies] for i in range(0, len(ordered), range_movies)]


STARTING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
]
"""Of a run that is on its way to start its work."""


def last_failure_age_s(instance: dg.DagsterInstance, job_name: str, now_s: float) -> float | None:
    """Return how many seconds ago the last run of a job failed, or None where it did not."""
    records = instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=1)
    if not records or records[0].dagster_run.status is not dg.DagsterRunStatus.FAILURE:
        return None
    return now_s - (records[0].end_time or now_s)
