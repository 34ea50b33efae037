"""When things run: the nightly crawl, the sensor that takes up what is due, and retraining."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from assets.orchestration.asset_specs import STEPS
from assets.orchestration.lineage import is_stale
from assets.orchestration.partitions import DEFER_EVENTS, claim_home, range_tags
from assets.orchestration.staleness import find_due
from resources.run_context import RunContext
from resources.storage.lock import is_held

RANGE_MOVIES = 500
"""Due movies in one run; half of what was measured as the best range, for shorter retries."""

MOVIE_ASSETS = dg.AssetSelection.assets(*(step.name for step in STEPS))

crawl_job = dg.define_asset_job(
    "crawl",
    selection=dg.AssetSelection.assets("movie_catalog"),
    description="Ask TMDB which movies are new or changed.",
)
movies_job = dg.define_asset_job(
    "movies",
    selection=MOVIE_ASSETS,
    tags=DEFER_EVENTS,
    description="Bring a range of movies up to date, from records to embeddings.",
)
retrain_job = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.all() - MOVIE_ASSETS - dg.AssetSelection.assets("movie_catalog"),
    description="Pack features, split, train and evaluate.",
)

JOBS = [crawl_job, movies_job, retrain_job]

nightly_crawl = dg.ScheduleDefinition(
    name="nightly_crawl",
    job=crawl_job,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at 02:00 UTC; `due_movies` takes up what it finds.",
)
SCHEDULES = [nightly_crawl]


def due_ranges(
    run_context: RunContext,
    instance: dg.DagsterInstance,
    *,
    steps: Sequence = STEPS,
    only: Sequence[int] | None = None,
    limit: int | None = None,
    range_movies: int = RANGE_MOVIES,
) -> list[list[str]]:
    """Cut the movies that are due for any step into ranges, in the order of the partitions.

    A range run reaches from a list's first to its last key; keys between them that are not due
    cost nothing, because each step asks the ledger.

    Args:
        run_context: Store and ledger.
        instance: Dagster's.
        steps: Steps that count.
        only: Movies that count; None means all.
        limit: At most so many movies.
        range_movies: Movies in one range.
    """
    claim_home(instance, run_context.source.name)
    keys = instance.get_dynamic_partitions("movies")
    wanted = None if only is None else set(only)
    ids = [int(key) for key in keys if wanted is None or int(key) in wanted]
    due = set().union(*find_due(run_context, instance, steps, ids).values())
    ordered = [str(i) for i in ids if i in due][:limit]
    return [ordered[i : i + range_movies] for i in range(0, len(ordered), range_movies)]


_BEGINNING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
]
_BEGUN = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]

BEGINNING_S = 300.0
"""A run that has neither begun nor taken the store after so long never will."""


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """Mark runs whose process was killed as canceled; give their number.

    Only for who knows that nobody is at work on the store: a run that is alive holds its lock.
    """
    records = instance.get_run_records(dg.RunsFilter(statuses=_BEGUN))
    for record in records:
        instance.report_run_canceled(
            record.dagster_run, "Its process was killed; the next run goes on from there."
        )
    return len(records)


def _is_beginning(instance: dg.DagsterInstance, now_s: float) -> bool:
    since = datetime.fromtimestamp(now_s - BEGINNING_S, UTC)
    beginning = dg.RunsFilter(statuses=_BEGINNING, created_after=since)
    return bool(instance.get_runs(beginning, limit=1))


PAUSE_AFTER_FAILURE_S = 900.0
"""Seconds the sensor waits after a failed run: a full disk or a source that is down stays so."""


def _failed_s_ago(instance: dg.DagsterInstance, now_s: float) -> float | None:
    """Return the age of the last run's failure in seconds, or None where it did not fail."""
    records = instance.get_run_records(dg.RunsFilter(), limit=1)
    if not records or records[0].dagster_run.status is not dg.DagsterRunStatus.FAILURE:
        return None
    return now_s - (records[0].end_time or now_s)


@dg.sensor(
    jobs=[movies_job, retrain_job],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes up whatever the ledger says is due: movies first, then the models.",
)
def due_movies(
    context: dg.SensorEvaluationContext, run_context: dg.ResourceParam[RunContext]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for one range at a time while movies are due, then for the models if they are stale."""
    if is_held(run_context.store) or _is_beginning(context.instance, run_context.clock()):
        yield dg.SkipReason("A run is under way.")
        return
    end_dead_runs(context.instance)
    failed_s = _failed_s_ago(context.instance, run_context.clock())
    if failed_s is not None and failed_s < PAUSE_AFTER_FAILURE_S:
        yield dg.SkipReason(f"The last run failed {failed_s:.0f} s ago; waiting before the next.")
        return
    ranges = due_ranges(run_context, context.instance)
    if ranges:
        yield dg.RunRequest(job_name="movies", tags=range_tags(ranges[0]))
    elif is_stale(run_context):
        yield dg.RunRequest(job_name="retrain")
    else:
        yield dg.SkipReason("Nothing is due.")


SENSORS = [due_movies]
