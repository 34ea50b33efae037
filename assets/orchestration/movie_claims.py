"""The movies that a step works on: those that no other run is working on at that moment.

A run of a job leaves them to the other and says so; one that was launched by hand for them waits.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg

from assets.orchestration.asset_specs import MovieAssetSpec
from assets.orchestration.events import DEFER_EVENTS
from assets.orchestration.partitions import movies_of
from assets.orchestration.staleness import WorkPlan, open_work_plan
from assets.orchestration.store_wait import Waiting
from pipeline.core.staleness import Action
from resources.run_context import RunContext
from resources.storage.lock import owning

if TYPE_CHECKING:  # it loads SQLAlchemy, which loading definitions does without
    from resources.storage.claims import Claims

LEFT = "marquee/left_to_others"
"""Run tag: the movies that a run did not work on because another one did."""

POLL_S = 1.0
"""Time between two looks at whether others have finished."""


def is_of_a_job(context: dg.AssetExecutionContext) -> bool:
    """Whether one of marquee's jobs runs, and not a choice of assets and movies by hand."""
    return DEFER_EVENTS.items() <= context.run.tags.items()


@contextmanager
def claimed_plan(
    context: dg.AssetExecutionContext, run_context: RunContext, spec: MovieAssetSpec, *, force: bool
) -> Iterator[WorkPlan]:
    """Open the work plan of a step, of the movies that it has claimed; free them at the end.

    Args:
        context: Of the step.
        run_context: Store and ledger.
        spec: The asset.
        force: Whether movies that are up to date are recomputed as well.
    """
    ids = movies_of(context)

    def look(tmdb_ids: Collection[int]) -> WorkPlan:
        return open_work_plan(run_context, context.instance, spec, list(tmdb_ids), force=force)

    with owning(run_context.ledger) as owner:
        plan, claims = look(ids), owner.claims
        try:
            if is_of_a_job(context):
                mine = claims.take(spec.name, todo(plan), owner.id)
            else:
                plan, mine = _wait_for_all(context, claims, spec.name, owner.id, lambda: look(ids))
            left = todo(plan) - mine
            if left:
                _tag(context, left)
            plan = _restrict(plan, mine)
            if changed := _changed(run_context, spec.name, plan.rows, mine):
                plan = _renew(plan, look(changed), changed)
            yield plan
        finally:
            claims.free(spec.name, owner.id)


def todo(plan: WorkPlan) -> set[int]:
    """Return the movies of which a step writes or publishes anything."""
    return {*plan.movies_to(Action.WORK), *plan.movies_to(Action.INHERIT), *plan.unpublished}


def left_to_others(instance: dg.DagsterInstance, run_id: str) -> set[int]:
    """Return the movies that a run has left to others."""
    run = instance.get_run_by_id(run_id)
    return {int(i) for i in run.tags.get(LEFT, "").split(",") if i} if run else set()


def _tag(context: dg.AssetExecutionContext, left: Collection[int]) -> None:
    context.log.info(f"{len(left)} movies are left to another run, which is working on them.")
    known = left_to_others(context.instance, context.run.run_id) | set(left)
    context.instance.add_run_tags(context.run.run_id, {LEFT: ",".join(map(str, sorted(known)))})


def _wait_for_all(context, claims: "Claims", asset: str, owner: str, look) -> tuple[WorkPlan, set]:
    """Claim all movies of a run by hand at once, so that two of them never wait for each other."""
    began_s, noted = time.monotonic(), ""
    with Waiting(context.instance, context.run, context.log) as waiting:
        while True:
            plan = look()
            mine = claims.take(asset, wanted := todo(plan), owner, all_or_none=True)
            if mine == wanted:
                waiting.add(time.monotonic() - began_s)
                return plan, mine
            holders = sorted(set(claims.of_others(owner, [asset]).values()))
            if holders and holders[0] != noted:
                noted = holders[0]
                context.log.warning(f"{asset}: waiting for movies that {noted} is working on.")
                waiting.note(noted)
            time.sleep(POLL_S)


def _restrict(plan: WorkPlan, mine: set[int]) -> WorkPlan:
    """Return the plan without what has to be done for movies that are another run's."""
    others = todo(plan) - mine
    if not others:
        return plan
    decisions = {i: decision for i, decision in plan.decisions.items() if i not in others}
    return replace(
        plan, decisions=decisions, unpublished=[i for i in plan.unpublished if i in mine]
    )


def _changed(
    run_context: RunContext, asset: str, rows: Mapping[int, object], mine: set[int]
) -> set[int]:
    """Return the claimed movies whose row another run has written since the plan was made."""
    if not mine:
        return set()
    marks = run_context.ledger.marks(asset, mine)
    return {i for i in mine if marks.get(i) != _mark(rows.get(i))}


def _mark(row) -> tuple[float, bool, bool] | None:
    return row and (row.written_s, row.is_published, row.pending is not None)


def _renew(plan: WorkPlan, now: WorkPlan, changed: set[int]) -> WorkPlan:
    """Return the plan with some movies as they are now."""
    return replace(
        plan,
        decisions={**plan.decisions, **now.decisions},
        rows={**plan.rows, **now.rows},
        unpublished=[*(i for i in plan.unpublished if i not in changed), *now.unpublished],
    )
