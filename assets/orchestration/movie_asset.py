"""The factory of per-movie assets: stale movies in, outcomes out, ledger and Dagster in step."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

import dagster as dg

from assets.orchestration.asset_specs import CATALOG, MovieAssetSpec, movie_spec
from assets.orchestration.events import EventPublisher, finish_exactly, open_event_log
from assets.orchestration.partitions import MOVIES, SINGLE_RUN, movies_of
from assets.orchestration.progress import progress
from assets.orchestration.staleness import WorkPlan, open_work_plan
from assets.orchestration.step_errors import concise_errors
from pipeline.core.outcomes import Outcome
from pipeline.core.staleness import Action
from resources.run_context import RunContext
from resources.storage.batch import MovieBatch

Work = Callable[[MovieBatch], Iterable[Outcome]]


def movie_asset(
    work: Work, *, kinds: set[str], metadata: Mapping[str, object]
) -> dg.AssetsDefinition:
    """Build the asset of `MOVIE_ASSETS` that bears the function's name.

    Args:
        work: Takes the stale movies as a `MovieBatch`, returns an outcome for each; its docstring
            is the asset's description.
        kinds: Shown in the UI.
        metadata: Shape or column schema of what one movie's file holds.
    """
    spec = movie_spec(work.__name__)

    @dg.asset(
        name=spec.name,
        partitions_def=MOVIES,
        backfill_policy=SINGLE_RUN,
        deps=spec.depends_on or (CATALOG.name,),
        group_name=spec.stage,
        kinds=kinds,
        code_version=spec.code_version,
        description=work.__doc__,
        metadata={"file": spec.patterns, **metadata},
        tags={"marquee/stage": spec.stage},
    )
    def asset(
        context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult]:
        with concise_errors(), open_event_log(context.instance, context.run.run_id):
            run_step(context, run_context, spec, work)
        yield from finish_exactly(context)

    return asset


def run_step(
    context: dg.AssetExecutionContext, run_context: RunContext, spec: MovieAssetSpec, work: Work
) -> None:
    """Do what is stale of the run's movies; write it to the ledger and publish it in Dagster."""
    plan = open_work_plan(run_context, context.instance, spec, movies_of(context))
    publisher = EventPublisher(context, run_context, spec, plan)
    publisher.publish_missing()
    versions = {i: plan.decisions[i].input_version for i in plan.movies_to(Action.WORK)}
    batch = MovieBatch(run_context, spec, versions, plan.rows)
    recovered = batch.recover()
    batch.sweep()
    rest = batch.without({outcome.tmdb_id for outcome in recovered})
    decided = (plan.decisions[i].inherited for i in plan.movies_to(Action.INHERIT))
    inherited = [outcome for outcome in decided if outcome]
    with progress(spec.name, len(versions) + len(inherited), context.log.info) as done:
        try:
            results = work(rest) if rest.versions else ()
            for outcome in chain(inherited, recovered, results):
                publisher.add(outcome)
                done.step(outcome.status.label)
        finally:
            publisher.flush()
    context.log.info(_summarize(plan, done.counts, len(recovered)))


def _summarize(plan: WorkPlan, counts: Mapping[str, int], recovered: int) -> str:
    done = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return (
        f"{done or 'none stale'}; {len(plan.movies_to(Action.NOTHING))} up to date, "
        f"{len(plan.movies_to(Action.WAIT))} waiting for an upstream"
        + (f"; {recovered} finished from a run that was ended" if recovered else "")
    )
