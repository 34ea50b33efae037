"""The factory of per-movie assets: due movies in, outcomes out, ledger and Dagster kept alike."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import dagster as dg

from assets.orchestration.asset_specs import STEPS
from assets.orchestration.event_log import open_event_log
from assets.orchestration.interruption import stopping
from assets.orchestration.partitions import (
    MOVIES,
    SINGLE_RUN,
    finish_exactly,
    is_shown,
    movies_of,
    show,
)
from assets.orchestration.progress import progress
from assets.orchestration.staleness import WorkPlan, open_work_plan
from pipeline.core.outcomes import Outcome, Reason, Status, lacking
from pipeline.core.staleness import Need, Row, Step, row_of
from resources.run_context import RunContext
from resources.storage.batch import Batch
from resources.storage.integrity import is_intact

Work = Callable[[Batch], Iterable[Outcome]]

_INHERITED = (Reason.UPSTREAM_ABSENT, Reason.UPSTREAM_REFUSED)

_FLUSH_AT = 32
"""Outcomes written together; what a kill leaves unwritten is finished by the next run."""


def movie_asset(
    work: Work, *, group: str, kinds: set[str], metadata: Mapping[str, object]
) -> dg.AssetsDefinition:
    """Make the asset of the step that bears the function's name.

    Args:
        work: Takes the due movies as a `Batch`, gives an outcome for each; its docstring is the
            asset's description.
        group: The stage word.
        kinds: Shown in the UI.
        metadata: Shape or column schema of what one movie's file holds.
    """
    step = next(step for step in STEPS if step.name == work.__name__)

    @dg.asset(
        name=step.name,
        partitions_def=MOVIES,
        backfill_policy=SINGLE_RUN,
        deps=_deps(step),
        group_name=group,
        kinds=kinds,
        code_version=step.code_version,
        description=work.__doc__,
        metadata=metadata,
        tags={"marquee/stage": group},
    )
    def asset(
        context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult]:
        with stopping(), open_event_log(context.instance, context.run.run_id):
            run_step(context, run_context, step, work)
        yield from finish_exactly(context)

    return asset


def _deps(step: Step) -> Sequence[str]:
    return step.depends_on or ("movie_catalog",)


def run_step(
    context: dg.AssetExecutionContext, run_context: RunContext, step: Step, work: Work
) -> None:
    """Do what is due for the run's movies, and have ledger and Dagster say so."""
    work_plan = open_work_plan(run_context, context.instance, step, movies_of(context))
    publisher = EventPublisher(context, run_context, step, work_plan)
    publisher.catch_up()
    versions = {i: work_plan.due[i].input_version for i in work_plan.those(Need.WORK)}
    batch = Batch(run_context, step, versions, work_plan.rows)
    recovered = batch.recover()
    batch.sweep()
    rest = batch.without({outcome.tmdb_id for outcome in recovered})
    inherited = [work_plan.due[i].inherited for i in work_plan.those(Need.INHERIT)]
    total = len(versions) + len(inherited)
    with progress(step.name, total, context.log.info) as told:
        try:
            made = work(rest) if rest.versions else ()
            for outcome in chain(inherited, recovered, made):
                publisher.take(outcome)
                told.step(outcome.status.value)
        finally:
            publisher.flush()
    _say(context, work_plan, told.counts, len(recovered))


def _say(
    context: dg.AssetExecutionContext,
    work_plan: WorkPlan,
    counts: Mapping[str, int],
    recovered: int,
) -> None:
    said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none due"
    context.log.info(
        f"{said}; {len(work_plan.those(Need.NOTHING))} up to date, "
        f"{len(work_plan.those(Need.WAIT))} waiting for an upstream"
        + (f"; {recovered} finished from a run that was ended" if recovered else "")
    )


class EventPublisher:
    """Writes outcomes to the ledger, then shows them in Dagster, in that order."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        run_context: RunContext,
        step: Step,
        work_plan: WorkPlan,
    ):
        self._context, self._run_context, self._step = context, run_context, step
        self._work_plan = work_plan
        self._buffer: dict[int, Row] = {}
        self._metadata = {"source": run_context.source.label}

    def catch_up(self) -> None:
        """Show rows that a killed run wrote and did not show."""
        rows = {i: self._work_plan.rows[i] for i in self._work_plan.unshown}
        key = dg.AssetKey(self._step.name)
        instance = self._context.instance
        show(
            self._context,
            {i: row for i, row in rows.items() if not is_shown(instance, key, i, row)},
            self._metadata,
        )
        self._run_context.ledger.mark_shown(self._step.name, list(rows))

    def take(self, outcome: Outcome) -> None:
        """Take one outcome; write and show when enough have come."""
        tmdb_id = outcome.tmdb_id
        outcome = self._blame(outcome)
        self._buffer[tmdb_id] = row_of(
            outcome,
            self._work_plan.rows.get(tmdb_id),
            self._step,
            self._work_plan.due[tmdb_id].input_version,
            now_s=self._run_context.clock(),
        )
        if len(self._buffer) >= _FLUSH_AT:
            self.flush()

    def _is_old(self, tmdb_id: int, row: Row) -> bool:
        """Whether the same was asked for again and is what it was: nothing new to show."""
        before = self._work_plan.rows.get(tmdb_id)
        return (
            before is not None
            and before.is_shown
            and (not self._step.depends_on or before.input_version == row.input_version)
            and (before.status, before.content_hash, before.code_version)
            == (row.status, row.content_hash, row.code_version)
        )

    def _blame(self, outcome: Outcome) -> Outcome:
        """Where an upstream's file is not what was kept, make that due again and wait for it."""
        is_whole = outcome.status is Status.OK and not outcome.metadata.get("is_partial")
        if is_whole or outcome.reason in _INHERITED:
            return outcome
        damaged = [
            name
            for name in self._step.depends_on
            if not is_intact(self._run_context, name, outcome.tmdb_id)
        ]
        if not damaged:
            return outcome
        self._run_context.ledger.forget(damaged, [outcome.tmdb_id], [Status.OK.value])
        detail = f"the file of {', '.join(damaged)} is missing or damaged; it is made anew"
        return lacking(outcome.tmdb_id, Reason.DAMAGED_UPSTREAM, detail)

    def flush(self) -> None:
        """Write and show what has been taken."""
        rows, self._buffer = self._buffer, {}
        if not rows:
            return
        ledger, name = self._run_context.ledger, self._step.name
        ledger.write(name, rows, now_s=self._run_context.clock())
        news = {i: row for i, row in rows.items() if not self._is_old(i, row)}
        show(self._context, news, self._metadata)
        ledger.mark_shown(name, [i for i, row in rows.items() if row.is_final])
