"""The sensor that requests runs for whatever is stale."""

from collections.abc import Iterator, Sequence

import dagster as dg

from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.jobs import (
    last_failure_age_s,
    movies_job,
    predictions_job,
    retrain_job,
    stale_ranges,
)
from assets.orchestration.live_runs import end_dead_runs
from assets.orchestration.partitions import MOVIES_NAME, range_tags
from assets.orchestration.prediction_job import are_predictions_stale
from assets.orchestration.run_slots import (
    count_slots,
    count_starting,
    cut_for,
    requested_movies,
)
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
    """Request ranges while movies are stale, then the models, then predictions: one run at a time,
    or as many ranges as `max_concurrent_runs` of dagster.yaml.
    """
    now_s, instance = run_context.clock(), context.instance
    slots = count_slots(instance)
    busy = end_dead_runs(instance, run_context) + count_starting(instance, now_s)
    if busy >= slots:
        yield dg.SkipReason("A run is in progress, or about to start or to end.")
        return
    if holder := run_context.ledger.leases.holder(STORE):
        yield dg.SkipReason(f"{holder} has the store alone.")
        return
    reconcile(run_context)
    ranges, others = _free_ranges(run_context, instance)
    if ranges:
        requests = [
            dg.RunRequest(job_name=movies_job.name, tags=range_tags(keys, only=True))
            for keys in cut_for(slots - busy, ranges)[: slots - busy]
        ]
        yield from _unless_failed(instance, movies_job.name, now_s, requests)
    elif others or busy:
        yield dg.SkipReason(f"What is stale, {others or 'a run'} is working on.")
    else:
        yield from _request_models(instance, run_context, now_s)


def _free_ranges(
    run_context: RunContext, instance: dg.DagsterInstance
) -> tuple[list[list[str]], str]:
    """Return ranges of the stale movies that no other run is working on, and who works on others
    or on the models: the models wait for that.
    """
    ledger = run_context.ledger
    claimed = ledger.claims.of_others("", [spec.name for spec in MOVIE_ASSETS])
    taken = claimed.keys() | requested_movies(instance)
    only = [i for i in ledger.movies() if i not in taken] if taken else None
    ranges = stale_ranges(run_context, instance, only=only)
    return ranges, next(iter(claimed.values()), "") or ledger.leases.holder(MODELS) or ""


def _request_models(
    instance: dg.DagsterInstance, run_context: RunContext, now_s: float
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Request models that are stale, else predictions."""
    if stale_assets(run_context):
        name, tags = retrain_job.name, {}
    elif are_predictions_stale(run_context):
        name = predictions_job.name
        tags = range_tags(instance.get_dynamic_partitions(MOVIES_NAME))
    else:
        yield dg.SkipReason("All assets are up to date.")
        return
    request = dg.RunRequest(job_name=name, tags=tags)
    yield from _unless_failed(instance, name, now_s, [request])


def _unless_failed(
    instance: dg.DagsterInstance, job_name: str, now_s: float, requests: Sequence[dg.RunRequest]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    pause = _pause_after_failure(instance, job_name, now_s)
    yield from [pause] if pause else requests


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
