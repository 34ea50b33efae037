"""The sensor that requests runs for whatever is stale."""

from collections.abc import Iterator

import dagster as dg

from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.jobs import (
    is_run_starting,
    last_failure_age_s,
    movies_job,
    predictions_job,
    retrain_job,
    stale_ranges,
)
from assets.orchestration.live_runs import end_dead_runs
from assets.orchestration.partitions import MOVIES_NAME, range_tags
from assets.orchestration.prediction_job import are_predictions_stale
from assets.orchestration.staleness import stale_assets
from assets.orchestration.store_check import reconcile
from resources.run_context import RunContext
from resources.storage.lease_names import MODELS, STORE

PAUSE_AFTER_FAILURE_S = 900.0
"""Seconds that a job's next run waits after one of its own failed: a full disk or a source that is
down stays so. Runs by hand count for themselves."""


@dg.sensor(
    name="due_movies",  # Dagster keeps by this name whether the user has stopped it
    jobs=[movies_job, retrain_job, predictions_job],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,  # nobody wants downloads for having looked
    description="Requests runs for what is stale in the ledger: movies first, then the models, "
    "then predictions.",
)
def stale_movies(
    context: dg.SensorEvaluationContext, run_context: dg.ResourceParam[RunContext]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Request one range at a time while movies are stale, then the models, then predictions."""
    now_s = run_context.clock()
    if end_dead_runs(context.instance, run_context) or is_run_starting(context.instance, now_s):
        yield dg.SkipReason("A run is in progress, or about to start or to end.")
        return
    if holder := run_context.ledger.leases.holder(STORE):
        yield dg.SkipReason(f"{holder} has the store alone.")
        return
    reconcile(run_context)
    ranges, others = _free_ranges(run_context, context.instance)
    if ranges:
        request = dg.RunRequest(job_name=movies_job.name, tags=range_tags(ranges[0]))
    elif others:
        yield dg.SkipReason(f"What is stale, {others} is working on.")
        return
    elif stale_assets(run_context):
        request = dg.RunRequest(job_name=retrain_job.name)
    elif are_predictions_stale(run_context):
        keys = context.instance.get_dynamic_partitions(MOVIES_NAME)
        request = dg.RunRequest(job_name=predictions_job.name, tags=range_tags(keys))
    else:
        yield dg.SkipReason("All assets are up to date.")
        return
    yield _pause_after_failure(context.instance, str(request.job_name), now_s) or request


def _free_ranges(
    run_context: RunContext, instance: dg.DagsterInstance
) -> tuple[list[list[str]], str]:
    """Return ranges of the stale movies that no other run is working on, and who works on others
    or on the models: their runs and the models wait for that.
    """
    ledger = run_context.ledger
    claimed = ledger.claims.of_others("", [spec.name for spec in MOVIE_ASSETS])
    only = [i for i in ledger.movies() if i not in claimed] if claimed else None
    ranges = stale_ranges(run_context, instance, only=only)
    return ranges, next(iter(claimed.values()), "") or ledger.leases.holder(MODELS) or ""


def _pause_after_failure(
    instance: dg.DagsterInstance, job_name: str, now_s: float
) -> dg.SkipReason | None:
    """Return why a job has to wait after its last run; None where it need not."""
    failed_s = last_failure_age_s(instance, job_name, now_s)
    if failed_s is None or failed_s >= PAUSE_AFTER_FAILURE_S:
        return None
    return dg.SkipReason(
        f"The last run of {job_name} failed {failed_s:.0f} s ago; the next one is requested "
        f"{PAUSE_AFTER_FAILURE_S - failed_s:.0f} s from now."
    )


SENSORS = [stale_movies]
