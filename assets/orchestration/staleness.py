"""Which movies are due for which step: the ledger's rows put before the pure rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from assets.media.own_trailers import leave_to_rest, own_versions
from assets.orchestration.asset_specs import is_asked_for, settings_version
from pipeline.core.staleness import RECORDS, Due, Need, Row, Step, judge, reach
from resources.run_context import RunContext


@dataclass(frozen=True)
class WorkPlan:
    """What one step has to do for the movies asked for.

    Attributes:
        due: What to do for each movie.
        rows: The movies' rows as they are.
        unshown: Movies whose final row Dagster does not show.
    """

    due: dict[int, Due]
    rows: dict[int, Row]
    unshown: list[int]

    def those(self, need: Need) -> list[int]:
        """Return the movies with this need."""
        return [tmdb_id for tmdb_id, due in self.due.items() if due.need is need]


def open_work_plan(
    run_context: RunContext, instance: dg.DagsterInstance, step: Step, tmdb_ids: Sequence[int]
) -> WorkPlan:
    """Judge one step for the movies asked for; one that is not asked for has nothing to do."""
    ledger = run_context.ledger
    rows = ledger.rows(step.name, tmdb_ids)
    if not is_asked_for(step, run_context):
        return WorkPlan({i: Due(Need.NOTHING) for i in tmdb_ids}, rows, [])
    upstream = {name: ledger.rows(name, tmdb_ids) for name in step.depends_on}
    own = own_versions(run_context, step, upstream.get(RECORDS, {}))
    stamps = ledger.movies() if step.name == RECORDS else own
    version = settings_version(step, run_context)
    now_s = run_context.clock()
    due = {
        tmdb_id: judge(
            step,
            tmdb_id,
            rows.get(tmdb_id),
            {name: of_upstream.get(tmdb_id) for name, of_upstream in upstream.items()},
            settings_version=version + stamps.get(tmdb_id, ""),
            now_s=now_s,
        )
        for tmdb_id in tmdb_ids
    }
    due = leave_to_rest(run_context, step, due, own)
    return WorkPlan(due, rows, _unshown(instance, step, due, rows))


def _unshown(
    instance: dg.DagsterInstance, step: Step, due: dict[int, Due], rows: dict[int, Row]
) -> list[int]:
    materialized = instance.get_materialized_partitions(dg.AssetKey(step.name))
    return [
        tmdb_id
        for tmdb_id, row in rows.items()
        if due[tmdb_id].need in (Need.NOTHING, Need.WAIT)
        and row.is_final
        and not (row.is_shown and str(tmdb_id) in materialized)
    ]


def find_due(
    run_context: RunContext,
    instance: dg.DagsterInstance,
    steps: Sequence[Step],
    tmdb_ids: Sequence[int],
) -> dict[str, set[int]]:
    """Find, for every step, the movies that are due now or will be once their upstreams are."""
    own = {}
    for step in steps:
        work_plan = open_work_plan(run_context, instance, step, tmdb_ids)
        own[step.name] = {
            *work_plan.those(Need.WORK),
            *work_plan.those(Need.INHERIT),
            *work_plan.unshown,
        }
    return reach(steps, own)
