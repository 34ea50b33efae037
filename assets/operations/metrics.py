"""What a store's ledger says of its state, as metrics for Prometheus.

Moments are given as such (`…_timestamp_seconds`), as Prometheus advises: their age is
`time() - metric`, and it grows also where nothing writes the metrics any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest, write_to_textfile
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from assets.crawl.catalog_crawl import CRAWLED_UNTIL
from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.outcomes import PENDING, Status
from pipeline.crawl.tmdb.watermark import read_watermark
from resources.storage.lease_names import STORE
from resources.storage.leases import HEARTBEAT_S, LEASE_S
from resources.storage.ledger_tables import LEASES, ROWS
from resources.trailers.trailer_sources import open_cooldown

if TYPE_CHECKING:
    from resources.run_context import RunContext


class LedgerCollector(Collector):
    """Reads the ledger at every scrape, in a few queries that count.

    Args:
        run_context: Store and ledger.
    """

    def __init__(self, run_context: RunContext):
        self._run_context = run_context

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its samples."""
        yield from self._about()
        yield from self._movies()
        yield from self._moments()
        yield from self._heartbeats()

    def _about(self) -> Iterator[Metric]:
        build = GaugeMetricFamily(
            "marquee_build_info", "Version and source, as labels; always 1.",
            labels=["version", "source"],
        )  # fmt: skip
        build.add_metric([version("marquee"), self._run_context.source.name], 1)
        yield build
        leases = self._run_context.ledger.leases
        at_work = len(leases.workers()) + (leases.holder(STORE) is not None)
        yield GaugeMetricFamily(
            "marquee_at_work", "Builds and runs that work on the store.", value=at_work
        )

    def _movies(self) -> Iterator[Metric]:
        ledger = self._run_context.ledger
        known, counts = ledger.tally.known(), ledger.counts()
        yield GaugeMetricFamily("marquee_movies_known", "Movies of the catalog.", value=known)
        by_status = GaugeMetricFamily(
            "marquee_movies", "Movies by asset and status.", labels=["asset", "status"]
        )
        by_reason = GaugeMetricFamily(
            "marquee_movies_without_result", "Movies without a result, by asset and reason.",
            labels=["asset", "status", "reason"],
        )  # fmt: skip
        queued = GaugeMetricFamily(
            "marquee_movies_queued", "Movies that were not tried, or whose next attempt is due.",
            labels=["asset"],
        )  # fmt: skip
        due = self._count_due()
        for spec in MOVIE_ASSETS:
            of_asset = counts.get(spec.name, {})
            if not (of_asset or spec.is_enabled(self._run_context)):
                continue
            pending = max(0, known - sum(of_asset.values()))
            for status in Status:
                count = sum(n for (value, _), n in of_asset.items() if value == status.value)
                by_status.add_metric([spec.name, status.label], count)
            by_status.add_metric([spec.name, PENDING], pending)
            queued.add_metric([spec.name], pending + due.get(spec.name, 0))
            for (value, reason), count in sorted(of_asset.items()):
                if reason:
                    by_reason.add_metric([spec.name, Status(value).label, reason], count)
        yield from (by_status, by_reason, queued)

    def _count_due(self) -> dict[str, int]:
        now_s = self._run_context.clock()
        query = (
            sa.select(ROWS.c.asset, sa.func.count())
            .where(ROWS.c.status == Status.WILL_RETRY.value, ROWS.c.next_attempt_s <= now_s)
            .group_by(ROWS.c.asset)
        )
        with self._run_context.ledger.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _moments(self) -> Iterator[Metric]:
        ledger = self._run_context.ledger
        last = GaugeMetricFamily(
            "marquee_last_written_timestamp_seconds", "When a row of the asset was last written.",
            labels=["asset"],
        )  # fmt: skip
        query = sa.select(ROWS.c.asset, sa.func.max(ROWS.c.updated_s)).group_by(ROWS.c.asset)
        with ledger.engine.connect() as connection:
            for asset, moment_s in sorted((row[0], row[1]) for row in connection.execute(query)):
                if moment_s:
                    last.add_metric([asset], moment_s)
        yield last
        if days := read_watermark(ledger.note(CRAWLED_UNTIL)).days:
            until = datetime.combine(days[-1], time(), UTC)
            yield GaugeMetricFamily(
                "marquee_crawled_until_timestamp_seconds",
                "Beginning of the last day whose changes at the source were asked for.",
                value=until.timestamp(),
            )
        clock = self._run_context.clock
        pause = open_cooldown(self._run_context.settings, ledger, clock).current()
        yield GaugeMetricFamily(
            "marquee_trailers_paused_until_timestamp_seconds",
            "When the trailer host may be asked again; 0 where it is not paused.",
            value=pause.until_s if pause else 0.0,
        )

    def _heartbeats(self) -> Iterator[Metric]:
        heartbeats = GaugeMetricFamily(
            "marquee_heartbeat_timestamp_seconds",
            f"Last heartbeat of a process at work, sent every {HEARTBEAT_S:.0f} s and good for "
            f"{LEASE_S:.0f} s.",
            labels=["owner"],
        )
        query = sa.select(LEASES).where(LEASES.c.name == LEASES.c.owner).order_by(LEASES.c.name)
        with self._run_context.ledger.engine.connect() as connection:
            for owner in connection.execute(query):
                heartbeats.add_metric([owner.name], owner.expires_s - LEASE_S)
        yield heartbeats


def describe_state(run_context: RunContext, output: Path | None = None) -> str:
    """Return the metrics of a store in Prometheus' text format; write them to a file if one is
    named.

    Args:
        run_context: Store and ledger.
        output: For node_exporter's textfile collector: it replaces the file in one step.
    """
    registry = CollectorRegistry()
    registry.register(LedgerCollector(run_context))
    if output is not None:
        write_to_textfile(str(output), registry)
    return generate_latest(registry).decode()
