"""What is stale: the ledger's rows put before the pure rule, per movie and for whole assets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import dagster as dg

from assets.orchestration.asset_specs import (
    FEATURES,
    UNPARTITIONED_ASSETS,
    WHOLE,
    MovieAssetSpec,
    movie_spec,
)
from assets.orchestration.idle_movies import (
    ALWAYS,
    IdleLookup,
    Moments,
    overlap,
    rules_version,
    waiting_moments,
)
from assets.orchestration.shown_movies import Shown, shown_in
from pipeline.core.outcomes import Status
from pipeline.core.presets import Preset
from pipeline.core.staleness import (
    RECORDS,
    Action,
    Decision,
    Row,
    decide,
    propagate_downstream,
)
from pipeline.core.versions import combine
from resources.run_context import RunContext

_ASSETS_IN_MEMORY = 3
"""Assets whose rows are kept while all are looked through: an asset's upstreams come before it."""

_MOVIES_IN_MEMORY = 4000
"""Movies that are looked through together: memory does not grow with their number."""


@dataclass(frozen=True)
class WorkPlan:
    """What one asset has to do for the movies asked for.

    Attributes:
        decisions: What to do for each movie.
        rows: The movies' rows as they are.
        unpublished: Movies whose row Dagster does not show yet: as materialized, or as failed.
        is_forced: Whether movies that are up to date are recomputed as well.
        aged: The rows of an asset that is enabled, with the next attempts that their age asks for.
    """

    decisions: dict[int, Decision]
    rows: dict[int, Row]
    unpublished: list[int]
    is_forced: bool = False
    aged: Mapping[int, Row] = field(default_factory=dict)

    def movies_to(self, action: Action) -> list[int]:
        """Return the movies with this action."""
        return [i for i, decision in self.decisions.items() if decision.action is action]


def open_work_plan(
    run_context: RunContext,
    instance: dg.DagsterInstance,
    spec: MovieAssetSpec,
    tmdb_ids: Sequence[int],
    *,
    force: bool = False,
) -> WorkPlan:
    """Decide what one asset has to do; one that is disabled has nothing to do."""

    def read(name: str) -> dict[int, Row]:
        return run_context.ledger.rows(name, tmdb_ids)

    shown = shown_in(instance, tmdb_ids)
    return _plan(run_context, spec, tmdb_ids, read, shown, force=force)


def _plan(
    run_context: RunContext,
    spec: MovieAssetSpec,
    tmdb_ids: Sequence[int],
    read: Callable[[str], dict[int, Row]],
    shown: Shown,
    *,
    force: bool = False,
) -> WorkPlan:
    rows = read(spec.name)
    if not spec.is_enabled(run_context):
        return WorkPlan({i: Decision(Action.NOTHING) for i in tmdb_ids}, rows, [])
    upstream = {name: read(name) for name in spec.depends_on}
    versions = spec.movie_versions(run_context, upstream.get(RECORDS, {}))
    settings_version = spec.settings_version(run_context)
    now_s = run_context.clock()
    next_s = spec.next_attempts(run_context, rows)
    aged = {**rows, **{i: rows[i].due_by(next_s[i]) for i in next_s.keys() & rows.keys()}}
    decisions = {
        tmdb_id: decide(
            spec,
            tmdb_id,
            aged.get(tmdb_id),
            {name: of_upstream.get(tmdb_id) for name, of_upstream in upstream.items()},
            settings_version=settings_version + versions.get(tmdb_id, ""),
            now_s=now_s,
            force=force,
        )
        for tmdb_id in tmdb_ids
    }
    if spec.find_pause(run_context):
        decisions = _hold_back(decisions, versions)
    unpublished = _find_unpublished(spec, decisions, rows, shown)
    return WorkPlan(decisions, rows, unpublished, force, aged)


def _hold_back(decisions: Mapping[int, Decision], own: Mapping[int, str]) -> dict[int, Decision]:
    """Let movies wait whose host is paused; the user's own files need no host."""
    return {
        tmdb_id: replace(decision, action=Action.WAIT)
        if decision.action is Action.WORK and tmdb_id not in own
        else decision
        for tmdb_id, decision in decisions.items()
    }


def _find_unpublished(
    spec: MovieAssetSpec,
    decisions: Mapping[int, Decision],
    rows: Mapping[int, Row],
    shown: Shown,
) -> list[int]:
    materialized = shown(spec.name)
    return [
        tmdb_id
        for tmdb_id, row in rows.items()
        if decisions[tmdb_id].action in (Action.NOTHING, Action.WAIT)
        and row.status
        and not (row.is_published and (not row.is_final or tmdb_id in materialized))
    ]


def find_stale_movies(
    run_context: RunContext,
    instance: dg.DagsterInstance,
    specs: Sequence[MovieAssetSpec],
    tmdb_ids: Sequence[int],
) -> dict[str, set[int]]:
    """Find, for every asset, the movies that are stale now or will be after their upstreams.

    Movies that were found idle before are looked through again when something of them has changed.
    """
    stale: dict[str, set[int]] = {spec.name: set() for spec in specs}
    if not tmdb_ids:
        return stale
    idle = IdleLookup(run_context, instance, specs)
    ordered = idle.others(tmdb_ids)
    shown = shown_in(instance, ordered)
    for start in range(0, len(ordered), _MOVIES_IN_MEMORY):
        some = ordered[start : start + _MOVIES_IN_MEMORY]
        changes = idle.changes(some)
        read = lru_cache(_ASSETS_IN_MEMORY)(partial(_read, run_context, some))
        waiting, at_work = dict[int, Moments](), set[int]()
        for spec in specs:
            plan = _plan(run_context, spec, some, read, shown)
            found = {
                *plan.movies_to(Action.WORK), *plan.movies_to(Action.INHERIT), *plan.unpublished
            }  # fmt: skip
            stale[spec.name] |= found
            at_work |= found
            _add_waiting(waiting, plan)
        idle.note(changes, at_work, waiting)
    return propagate_downstream(specs, stale)


def _add_waiting(waiting: dict[int, Moments], plan: WorkPlan) -> None:
    """Add the moments between which the rows of a plan that are up to date stay so."""
    for tmdb_id, row in plan.aged.items():
        if row.next_attempt_s and plan.decisions[tmdb_id].action is Action.NOTHING:
            moments = waiting.get(tmdb_id, ALWAYS)
            waiting[tmdb_id] = overlap(moments, waiting_moments(row))


def _read(run_context: RunContext, tmdb_ids: Sequence[int], asset: str) -> dict[int, Row]:
    return run_context.ledger.rows(asset, tmdb_ids)


def read_whole(run_context: RunContext, name: str) -> Row:
    """Return the row of an unpartitioned asset; an empty one where there is none yet."""
    return run_context.ledger.rows(name, [WHOLE]).get(WHOLE, Row())


def write_whole(run_context: RunContext, name: str, version: str, content_hash: str) -> None:
    """Write the row of an unpartitioned asset that was made of inputs of this version.

    Its files are sent to a distant store before.
    """
    run_context.store.push()
    row = Row(
        status=Status.OK.value,
        input_version=version,
        code_version=UNPARTITIONED_ASSETS[name].code_version,
        content_hash=content_hash,
    )
    run_context.ledger.write(name, {WHOLE: row.published()}, now_s=run_context.clock())


def input_version(run_context: RunContext, name: str) -> str:
    """Return the current version of what an unpartitioned asset depends on."""
    if name == FEATURES.name:
        return features_version(run_context)
    upstreams = UNPARTITIONED_ASSETS[name].upstreams
    return combine(read_whole(run_context, upstream).lineage for upstream in upstreams)


def features_version(run_context: RunContext) -> str:
    """Return the version of all that features are packed from.

    It is read again from the rows when one of any movie has changed.
    """
    idle, preset = run_context.ledger.idle, run_context.preset
    specs = [spec for name in FEATURES.upstreams if (spec := movie_spec(name))]
    enabled = [spec for spec in specs if spec.is_enabled(run_context)]
    names = [spec.name for spec in enabled]
    of = combine([idle.digest(), rules_version(), repr(preset), *names])
    if not (version := idle.summary(FEATURES.name, of)):
        version = _read_features_version(run_context, enabled)
        idle.set_summary(FEATURES.name, of, version)
    return version


def _read_features_version(run_context: RunContext, specs: Sequence[MovieAssetSpec]) -> str:
    versions = [run_context.preset.name]
    for spec in specs:
        for tmdb_id, row in run_context.ledger.each_row(spec.name):
            content = _feature_content(row, spec, run_context.preset)
            if row.is_final and content:
                versions.append(f"{spec.name}:{tmdb_id}:{row.status}:{content}:{row.code_version}")
    return combine(versions)


def _feature_content(row: Row, spec: MovieAssetSpec, preset: Preset) -> str:
    """Return the version of what features take of a movie's row: of the preset's backbones alone.

    "" where the preset has no backbone for an asset, whatever the settings have beside it.
    """
    if not spec.embeddings:
        return row.facets.get("metadata", row.content_hash)
    notes = row.metadata.get("backbones")
    notes = notes if isinstance(notes, dict) else {}
    names = [name for _, feature in spec.embeddings if (name := feature.backbone(preset))]
    kept = [str(notes[name]["hash"]) if name in notes else row.content_hash for name in names]
    return combine(kept) if kept else ""


def stale_assets(run_context: RunContext) -> list[str]:
    """List the unpartitioned assets that are stale by themselves or by an upstream.

    None is before the first movie has come as far as box office: nothing could be trained.
    """
    if not any(group.asset == "box_office" for group in run_context.ledger.tally.groups()):
        return []
    found: list[str] = []
    for name, spec in UNPARTITIONED_ASSETS.items():
        row = read_whole(run_context, name)
        versions = (input_version(run_context, name), spec.code_version)
        is_current = (row.input_version, row.code_version) == versions
        if not is_current or set(spec.upstreams) & set(found):
            found.append(name)
    return found
