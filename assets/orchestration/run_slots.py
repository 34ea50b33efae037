"""How many runs the sensor keeps at work, and which movies these are for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil

import dagster as dg

from assets.orchestration.jobs import RANGE_MOVIES, STARTING, movies_job
from assets.orchestration.live_runs import STARTING_S
from assets.orchestration.partitions import ONLY

MIN_RANGE_MOVIES = 16
"""Movies in the smallest range that is cut so that all slots have work: a run begins in seconds."""

_LIVE = [*STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def count_slots(instance: dg.DagsterInstance) -> int:
    """Return `max_concurrent_runs` of dagster.yaml (`concurrency: {runs: …}`, or `run_queue`); 1
    where it is not set: a machine's run uses all its cores.
    """
    runs = instance.get_settings("concurrency").get("runs") or {}
    queue = getattr(instance.run_coordinator, "inst_data", None)  # of Dagster's own coordinators
    given = runs.get("max_concurrent_runs") or (
        queue.config_dict.get("max_concurrent_runs") if queue else None
    )
    return max(int(given or 1), 1)


def count_starting(instance: dg.DagsterInstance, now_s: float) -> int:
    """Return how many runs are on their way to start their work."""
    since = datetime.fromtimestamp(now_s - STARTING_S, UTC)
    return len(instance.get_runs(dg.RunsFilter(statuses=STARTING, created_after=since)))


def requested_movies(instance: dg.DagsterInstance) -> set[int]:
    """Return the movies of runs that are at work or will be, claimed already or not."""
    runs = instance.get_runs(dg.RunsFilter(job_name=movies_job.name, statuses=_LIVE))
    return {int(key) for run in runs for key in run.tags.get(ONLY, "").split(",") if key}


def cut_for(slots: int, ranges: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cut ranges so that every slot has one, where there are enough movies.

    Example:
        >>> [len(keys) for keys in cut_for(2, [[str(i) for i in range(40)]])]
        [20, 20]
    """
    keys = [key for one in ranges for key in one]
    size = min(RANGE_MOVIES, max(MIN_RANGE_MOVIES, ceil(len(keys) / slots)))
    return [keys[i : i + size] for i in range(0, len(keys), size)]
