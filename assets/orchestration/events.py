"""One event per movie, exactly: what Dagster shows is what the ledger says.

A returned result would mark every key of a range as materialized, also those that failed. So each
movie's event is logged by itself, and Dagster is asked not to add its own: by the tag that it
reads from the run when it handles a step's output. The tag is undocumented; it is set here alone,
and `tests/graph/test_partitions.py` fails loudly should Dagster change.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import cast

import dagster as dg

from assets.orchestration.asset_specs import CATALOG, MovieAssetSpec, movie_spec
from assets.orchestration.event_batches import MovieEvent, log_events
from assets.orchestration.event_files import INDEX, event_file
from assets.orchestration.failed_partitions import show_failed
from assets.orchestration.movie_page import MoviePages
from assets.orchestration.pictures import Draw
from assets.orchestration.staleness import WorkPlan
from pipeline.core.outcomes import Outcome, Reason, Status, lacking
from pipeline.core.staleness import Row, row_of
from resources.run_context import RunContext
from resources.storage.crash_points import CrashPoint, reach
from resources.storage.integrity import is_intact
from resources.storage.lock import holding, owner_of

LOG = logging.getLogger("marquee")

DEFER_EVENTS = {"dagster/defer_asset_events": "true"}
"""The tag. On a job it also spares the planned events, so that a range may span idle movies."""

CODE_VERSION = "dagster/code_version"
_OLD_CODE_VERSION = "marquee/code_version"
"""Tags of a movie's event; events of earlier versions have the second."""

STATUS = "marquee/status"
"""Tag of a movie's event: `ok`, `unavailable` or `rejected`."""

Metadata = Mapping[str, dg.MetadataValue | str | int | float | list | dict | None]
"""What a ledger row's metadata hold: JSON values, which Dagster takes."""

_INHERITED = (Reason.UPSTREAM_UNAVAILABLE, Reason.UPSTREAM_REJECTED)

MOVIES_ON_RUN_PAGES = 2000
"""Known movies up to which SQLite keeps every movie's event a second time, on the page of its run;
that doubles Dagster's home. Beyond, it stands on the movie's page alone."""

_FLUSH_AT = 32
"""Outcomes written together; what a kill leaves unwritten is finished by the next run."""


class EventPublisher:
    """Writes outcomes to the ledger, then publishes their events in Dagster, in that order."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        run_context: RunContext,
        spec: MovieAssetSpec,
        plan: WorkPlan,
        draw: Draw | None = None,
    ):
        self._context, self._run_context, self._spec, self._plan = context, run_context, spec, plan
        self._pages = MoviePages(run_context, spec, draw)
        self._buffer: dict[int, Row] = {}
        self._metadata = {"source": run_context.source.label}
        self._tags = provenance_tags(spec, run_context)
        self._is_on_run_page = len(run_context.ledger.movies()) <= MOVIES_ON_RUN_PAGES

    def publish_missing(self) -> None:
        """Publish rows that a killed run wrote and did not publish."""
        rows = {i: row for i in self._plan.unpublished if (row := self._plan.rows[i]).is_final}
        key = dg.AssetKey(self._spec.name)
        instance = self._context.instance
        self._publish(
            {i: row for i, row in rows.items() if not is_published(instance, key, i, row)}
        )
        self._run_context.ledger.mark_published(self._spec.name, list(rows))

    def add(self, outcome: Outcome) -> None:
        """Add one outcome; write and publish when there are enough."""
        tmdb_id = outcome.tmdb_id
        self._pages.add_picture(outcome)
        self._buffer[tmdb_id] = row_of(
            self._check_upstreams(outcome),
            self._plan.rows.get(tmdb_id),
            self._spec,
            self._plan.decisions[tmdb_id].input_version,
            now_s=self._run_context.clock(),
        )
        if len(self._buffer) >= _FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Write and publish what has been added."""
        rows, self._buffer = self._buffer, {}
        if not rows:
            return
        ledger, name = self._run_context.ledger, self._spec.name
        owner = owner_of(ledger)
        kept = ledger.write(
            name, rows, now_s=self._run_context.clock(), owner=owner.id if owner else ""
        )
        if len(kept) < len(rows):
            message = "%s: %d movies were taken over by another run while this one did not run."
            LOG.warning(message, name, len(rows) - len(kept))
            rows = {i: row for i, row in rows.items() if i in kept}
        reach(CrashPoint.WRITTEN, name)
        changed = {i: row for i, row in rows.items() if not self._is_unchanged(i, row)}
        self._publish(changed)
        ledger.mark_published(name, [i for i, row in rows.items() if row.is_final])
        reach(CrashPoint.MARKED, name)

    def show_failed(self) -> None:
        """Make Dagster's failed partitions the movies that will be retried; one run at a time."""
        store, ledger, name = self._run_context.store, self._run_context.ledger, self._spec.name
        instance, run_id = self._context.instance, self._context.run.run_id
        with holding(f"the failed partitions of {name}", store, ledger):
            failures = ledger.will_retry(name)
            show_failed(instance, name, failures, run_id)
            ledger.mark_published(name, list(failures))

    def _publish(self, rows: Mapping[int, Row]) -> None:
        self._pages.read(rows)
        publish_events(
            self._context, rows, self._metadata, self._tags, self._pages.describe,
            is_on_run_page=self._is_on_run_page,
        )  # fmt: skip

    def _is_unchanged(self, tmdb_id: int, row: Row) -> bool:
        """Whether a result was computed again and is what it was: there is no news to publish."""
        before = self._plan.rows.get(tmdb_id)
        return (
            before is not None
            and not self._plan.is_forced
            and before.is_published
            and (not self._spec.depends_on or before.input_version == row.input_version)
            and (before.status, before.content_hash, before.code_version)
            == (row.status, row.content_hash, row.code_version)
        )

    def _check_upstreams(self, outcome: Outcome) -> Outcome:
        """Queue an upstream again whose file is not what was kept, and wait for it."""
        is_whole = outcome.status is Status.OK and not outcome.metadata.get("is_partial")
        if is_whole or outcome.reason in _INHERITED:
            return outcome
        tmdb_id = outcome.tmdb_id
        damaged = [
            name
            for name in self._spec.depends_on
            if not is_intact(self._run_context, name, movie_spec(name).files, tmdb_id)
        ]
        if not damaged:
            return outcome
        self._run_context.ledger.forget(damaged, [tmdb_id], [Status.OK.value])
        detail = f"the file of {', '.join(damaged)} is missing or damaged; it is recomputed"
        return lacking(tmdb_id, Reason.DAMAGED_UPSTREAM, detail)


def provenance_tags(spec: MovieAssetSpec, run_context: RunContext) -> dict[str, str]:
    """Return the tags that keep Dagster from calling a movie unsynced that is not stale.

    Without them it compares times, and a movie with a new plot would make its poster unsynced
    permanently; with the upstreams' real versions it compares whole upstreams, with the same
    effect. So each upstream is noted without the event that was read, which Dagster takes for
    unchanged; the catalog's version is its source's. A new code version is shown as one.
    """
    tags = {}
    for name in spec.depends_on:
        tags[f"dagster/input_data_version/{name}"] = spec.facet or "content"
        tags[f"dagster/input_event_pointer/{name}"] = "NULL"
    if not spec.depends_on:
        tags[f"dagster/input_data_version/{CATALOG.name}"] = catalog_version(run_context)
        tags[f"dagster/input_event_pointer/{CATALOG.name}"] = "NULL"
    return tags


def catalog_version(run_context: RunContext) -> str:
    """Return the data version of the catalog, which every movie's record depends on.

    A list that a movie was added to is no news for the others: each movie is a partition, and its
    own version is the stamp of its last change.
    """
    return run_context.source.name


def publish_events(
    context: dg.AssetExecutionContext,
    rows: Mapping[int, Row],
    metadata: Mapping[str, object],
    tags: Mapping[str, str],
    describe: Callable[[int, Row], Mapping[str, object]] = lambda *_: {},
    *,
    is_on_run_page: bool = True,
) -> None:
    """Log one materialization for every final row, one observation for every other.

    Dagster cannot take back that a movie was materialized; the observation says on its page that
    what stands there is the last that could be had.

    Args:
        context: Of the step.
        rows: By movie.
        metadata: What all events show.
        tags: Of all events.
        describe: Returns what one movie's event shows beside its row.
        is_on_run_page: See `log_events`.
    """
    log_events(
        context,
        [
            _event(context.asset_key, tmdb_id, row, metadata, tags, describe(tmdb_id, row))
            for tmdb_id, row in rows.items()
        ],
        is_on_run_page=is_on_run_page,
    )
    if rows:
        reach(CrashPoint.PUBLISHED, context.asset_key.to_user_string())


def _event(
    asset_key: dg.AssetKey,
    tmdb_id: int,
    row: Row,
    metadata: Mapping[str, object],
    tags: Mapping[str, str],
    described: Mapping[str, object],
) -> MovieEvent:
    status = {"status": Status(row.status).label, **_explanation(row)}
    figures = cast("dict[str, dg.MetadataValue]", {**status, **described})
    if not row.is_final:
        return dg.AssetObservation(
            asset_key=asset_key,
            partition=str(tmdb_id),
            metadata={**figures, "attempts": row.attempts},
        )
    return dg.AssetMaterialization(
        asset_key=asset_key,
        partition=str(tmdb_id),
        metadata=cast("Metadata", {**figures, **row.metadata, **metadata}),
        tags={
            "dagster/data_version": row.content_hash,
            CODE_VERSION: row.code_version,
            STATUS: Status(row.status).label,
            **tags,
        },
    )


def _explanation(row: Row) -> dict[str, str]:
    return {k: v for k, v in (("reason", row.reason), ("detail", row.detail)) if v}


def is_published(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, tmdb_id: int, row: Row
) -> bool:
    """Whether the movie's latest materialization in Dagster is this row."""
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset_key, asset_partitions=[str(tmdb_id)]), limit=1
    ).records
    event = found[0].asset_materialization if found else None
    tags = (event.tags if event else None) or {}
    return tags.get("dagster/data_version") == row.content_hash and (
        tags.get(CODE_VERSION, tags.get(_OLD_CODE_VERSION)) == row.code_version
    )


def finish_exactly(
    context: dg.AssetExecutionContext, checks: Sequence[dg.AssetCheckResult] = ()
) -> Iterator[dg.MaterializeResult]:
    """End a step whose events were published one by one; downstream steps of the run go on."""
    with _no_events_of_its_own(context):
        yield dg.MaterializeResult(check_results=checks)


@contextmanager
def _no_events_of_its_own(context: dg.AssetExecutionContext) -> Iterator[None]:
    tags = cast("dict[str, str]", context.run.tags)  # of the run in memory, not of the stored one
    added = {tag: value for tag, value in DEFER_EVENTS.items() if tag not in tags}
    tags.update(added)
    try:
        yield
    finally:
        for tag in added:
            tags.pop(tag, None)


@contextmanager
def open_event_log(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep Dagster's SQLite files open while a step logs one event per movie.

    Dagster opens and closes two files at each event. Whoever closes a file last has SQLite write
    its journal back and remove it; while the file is open here that is put off, which spares a
    tenth of all bookkeeping. Without SQLite, as with Postgres, there is nothing to do.
    """
    with ExitStack() as stack:
        for shard in (run_id, INDEX):
            path = event_file(instance, shard)
            if path is not None and path.is_file():
                connection = stack.enter_context(closing(sqlite3.connect(path)))
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield
