"""The job that keeps Dagster's history bounded, and when it runs."""

import dagster as dg

from assets.orchestration.event_pruning import kept_days, prune
from resources.run_context import RunContext


@dg.op(description="Delete old events that no longer count, and the logs of old runs.")
def prune_history(
    context: dg.OpExecutionContext, run_context: dg.ResourceParam[RunContext]
) -> None:
    """Delete what is older than `MARQUEE_HISTORY_DAYS`; nothing where that is 0."""
    days = kept_days(run_context)
    if not days:
        context.log.info("MARQUEE_HISTORY_DAYS is 0: all history is kept.")
        return
    pruned = prune(context.instance, days=days, now_s=run_context.clock())
    context.log.info(
        f"Deleted {pruned.events} events of movies and the logs of {pruned.run_logs} runs, all "
        f"older than {days:g} days."
    )


@dg.job(
    name="prune",
    description="Keep Dagster's history bounded: delete events older than MARQUEE_HISTORY_DAYS "
    "that a later materialization has replaced, and the logs of runs that old.",
    executor_def=dg.in_process_executor,
)
def prune_job() -> None:
    """One step."""
    prune_history()


weekly_prune = dg.ScheduleDefinition(
    name="weekly_prune",
    job=prune_job,
    cron_schedule="0 5 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="On Sundays at 05:00 UTC.",
)
