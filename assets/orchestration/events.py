"""One event per movie, exactly: what Dagster shows is what the ledger says.

A returned result would mark every key of a range as materialized, also those that failed. So each
movie's event is logged by itself, and Dagster is asked not to add its own: by the tag that it
reads from the run when it handles a step's output. The tag is undocumented; it is set here alone,
and `tests/graph/test_partitions.py` fails loudly should Dagster change.
"""

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import cast

import dagster as dg

from assets.orchestration.asset_specs import MovieAssetSpec, movie_spec
from assets.orchestration.event_files import INDEX, event_file
from assets.orchestration.failed_partitions import show_failed
from assets.orchestration.movie_events import is_published, provenance_tags, publish_events
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
        self._is_on_run_page = run_context.ledger.tally.known() <= MOVIES_ON_RUN_PAGES

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
