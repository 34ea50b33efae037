"""The factory of per-movie assets: stale movies in, outcomes out, ledger and Dagster in step."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain

import dagster as dg
from pydantic import Field

from assets.orchestration.asset_specs import CATALOG, MOVIE_ASSETS, MovieAssetSpec, movie_spec
from assets.orchestration.code_references import code_reference
from assets.orchestration.events import EventPublisher, finish_exactly, open_event_log
from assets.orchestration.failed_partitions import release
from assets.orchestration.movie_claims import claimed_plan, is_of_a_job
from assets.orchestration.partitions import MOVIES, SINGLE_RUN, has_partitions
from assets.orchestration.pictures import Draw
from assets.orchestration.progress import progress
from assets.orchestration.staleness import WorkPlan
from assets.orchestration.step_errors import concise_errors
from pipeline.core.outcomes import Outcome
from pipeline.core.staleness import Action
from resources.http.redaction import redact
from resources.run_context import RunContext
from resources.storage.batch import MovieBatch

Work = Callable[[MovieBatch], Iterable[Outcome]]


class MovieAssetConfig(dg.Config):
    """What the launch form of a per-movie asset asks."""

    force: bool | None = Field(
        default=None,
        description="Recompute the movies of this run that are up to date. By default those that "
        "are chosen by hand are recomputed; the jobs, and so schedule, sensor and `marquee build`, "
        "compute what is stale.",
    )

    def is_forced(self, context: dg.AssetExecutionContext) -> bool:
        """Whether the run recomputes movies that are up to date."""
        return not is_of_a_job(context) if self.force is None else self.force


def movie_asset(
    work: Work, *, kinds: set[str], metadata: Mapping[str, object], draw: Draw | None = None
) -> dg.AssetsDefinition:
    """Build the asset of `MOVIE_ASSETS` that bears the function's name.

    Args:
        work: Takes the stale movies as a `MovieBatch`, returns an outcome for each; its docstring
            is the asset's description.
        kinds: Shown in the UI.
        metadata: Shape or column schema of what one movie's file holds.
        draw: Draws the picture that a movie's event shows, from its files; None for none.
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
        metadata={"file": spec.patterns, **code_reference(work), **metadata},
        tags={"marquee/stage": spec.stage},
    )
    def asset(
        context: dg.AssetExecutionContext,
        config: MovieAssetConfig,
        run_context: dg.ResourceParam[RunContext],
    ) -> Iterator[dg.MaterializeResult]:
        with (
            concise_errors(),
            _release_planned(context, run_context),
            open_event_log(context.instance, context.run.run_id),
        ):
            run_step(context, run_context, spec, work, force=config.is_forced(context), draw=draw)
        yield from finish_exactly(context)

    return asset


@contextmanager
def _release_planned(context: dg.AssetExecutionContext, run_context: RunContext) -> Iterator[None]:
    """Where a run by hand fails, take back what Dagster has planned of it.

    Else each of its movies would be shown as failed, in this asset and in those after it, also
    where nothing was wrong with the movie.
    """
    try:
        yield
    except Exception:
        if has_partitions(context) and not is_of_a_job(context):
            try:
                _release_movies(context, run_context)
            except Exception as error:  # noqa: BLE001 — the first error is the one to show
                context.log.debug(f"What was planned could not be taken back: {redact(str(error))}")
        raise


def _release_movies(context: dg.AssetExecutionContext, run_context: RunContext) -> None:
    chosen = context.run.asset_selection or ()
    for spec in MOVIE_ASSETS:
        if dg.AssetKey(spec.name) in chosen:
            failed = run_context.ledger.will_retry(spec.name)
            others = {int(key) for key in context.partition_keys} - failed.keys()
            release(context.instance, spec.name, others, context.run.run_id)


def run_step(
    context: dg.AssetExecutionContext,
    run_context: RunContext,
    spec: MovieAssetSpec,
    work: Work,
    *,
    force: bool,
    draw: Draw | None = None,
) -> None:
    """Do what is stale of the run's movies, or all, but for those that another run is working on;
    write it to the ledger and publish it in Dagster.
    """
    with claimed_plan(context, run_context, spec, force=force) as plan:
        publisher = EventPublisher(context, run_context, spec, plan, draw)
        counts = _work_through(context, run_context, spec, work, plan, publisher)
        publisher.show_failed()
    if not counts and not is_of_a_job(context):
        context.log_event(_nothing_done(context, plan, spec.is_enabled(run_context)))


def _work_through(
    context: dg.AssetExecutionContext,
    run_context: RunContext,
    spec: MovieAssetSpec,
    work: Work,
    plan: WorkPlan,
    publisher: EventPublisher,
) -> Mapping[str, int]:
    """Do what a plan says; return the number of outcomes by status."""
    publisher.publish_missing()
    versions = {i: plan.decisions[i].input_version for i in plan.movies_to(Action.WORK)}
    batch = MovieBatch(run_context, spec, versions, plan.rows, plan.is_forced)
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
    return done.counts


def _nothing_done(
    context: dg.AssetExecutionContext, plan: WorkPlan, is_enabled: bool
) -> dg.AssetObservation:
    """Describe for the asset's page why a run that was launched by hand computed nothing."""
    why = (
        "an upstream has no result yet, or its source is paused"
        if plan.movies_to(Action.WAIT)
        else "nothing is stale, and `force` is false in the launch form"
    )
    if not is_enabled:
        why = "the preset and the settings disable this asset"
    return dg.AssetObservation(
        asset_key=context.asset_key,
        metadata={
            "computed": 0,
            "up to date": len(plan.movies_to(Action.NOTHING)),
            "waiting for an upstream": len(plan.movies_to(Action.WAIT)),
            "why": why,
        },
    )


def _summarize(plan: WorkPlan, counts: Mapping[str, int], recovered: int) -> str:
    done = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return (
        f"{done or 'none stale'}; {len(plan.movies_to(Action.NOTHING))} up to date, "
        f"{len(plan.movies_to(Action.WAIT))} waiting for an upstream"
        + (f"; {recovered} finished from a run that was ended" if recovered else "")
    )
