"""IMDbPro's pages of one movie, as the box office needs them: figures, or what to do without.

Requests per movie: one for the summary, which alone makes the label. The table of days costs a
second one, so it is asked for only where the summary knows of the domestic run that it lists. The
details page is not asked for: nothing here depends on it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Outcome, Reason, Status, lacking
from pipeline.core.staleness import Row
from pipeline.crawl.imdbpro.box_office_page import BoxOffice
from pipeline.crawl.imdbpro.daily_table import Days
from pipeline.crawl.imdbpro.drift import ENOUGH, STRANGE, weigh
from pipeline.crawl.refresh_schedule import DAY, schedule_refresh, schedule_retry
from resources.storage.batch import MovieBatch

if TYPE_CHECKING:  # it loads requests, which loading definitions does not need
    from resources.sources.imdbpro import ImdbPro

LOG = logging.getLogger("marquee")


@dataclass(frozen=True)
class BoxOfficeReading:
    """What IMDbPro gave for one movie.

    Attributes:
        summary, days: None where not asked for, or where IMDbPro has no such page.
        next_attempt_s: See `Outcome`.
        notes: What the movie's partition shows of the asking.
        failed: The movie's outcome where the summary could not be had.
    """

    summary: BoxOffice | None = None
    days: Days | None = None
    next_attempt_s: float = 0.0
    notes: Mapping[str, Any] = field(default_factory=dict)
    failed: Outcome | None = None


class BoxOfficePages:
    """Reads the pages of the movies of one batch; safe to share between threads.

    Args:
        batch: The batch.
    """

    def __init__(self, batch: MovieBatch):
        self._batch = batch
        self._client = batch.run_context.imdbpro
        self._weights: dict[int, float | None] = {}
        self._strange_tables = 0

    def weight_of(self, tmdb_id: int) -> float | None:
        """Return how much the movie's page speaks for a change of the source (see `drift`)."""
        return self._weights.get(tmdb_id)

    def read(self, tmdb_id: int, imdb_id: str | None, released: date | None) -> BoxOfficeReading:
        """Read what IMDbPro has of a movie; nothing where it is off or the movie has no IMDb id.

        Raises:
            SourceError: IMDbPro as a whole cannot be used.
        """
        client = self._client
        if client is None or not client.is_on or not imdb_id:
            return BoxOfficeReading()
        now_s = self._batch.run_context.clock()
        next_attempt_s = schedule_refresh(released, now_s)
        try:
            summary = client.box_office(imdb_id)
        except ItemError as error:
            self._weights[tmdb_id] = weigh(error.reason)
            if error.reason is Reason.GONE:
                return BoxOfficeReading(
                    next_attempt_s=next_attempt_s, notes={"imdbpro": f"has no page of {imdb_id}"}
                )
            return BoxOfficeReading(failed=self._fail(tmdb_id, error, now_s))
        self._weights[tmdb_id] = weigh(None)
        days, notes = self._read_days(client, imdb_id, summary)
        if notes:
            next_attempt_s = next_attempt_s or schedule_retry(now_s)
        return BoxOfficeReading(summary, days, next_attempt_s, notes)

    def _read_days(
        self, client: "ImdbPro", imdb_id: str, summary: BoxOffice | None
    ) -> tuple[Days | None, Mapping[str, Any]]:
        """Read the table of days. No label depends on it, so its failure is a note, no more."""
        if not summary or not summary.has_domestic_run or self._strange_tables >= ENOUGH:
            return None, {}
        try:
            days = client.days(imdb_id)
        except ItemError as error:
            self._count_strange_table(error)
            return None, {"table_of_days": str(error)}
        self._strange_tables = 0
        return days, {}

    def _count_strange_table(self, error: ItemError) -> None:
        if error.reason not in STRANGE:
            return
        self._strange_tables += 1
        if self._strange_tables == ENOUGH:
            LOG.warning(
                "IMDbPro's table of days could not be read %d times in a row (%s). It is not asked "
                "for any more in this run; the figures of the summary, which labels are made of, "
                "go on.",
                self._strange_tables,
                error.detail,
            )

    def _fail(self, tmdb_id: int, error: ItemError, now_s: float) -> Outcome:
        """Return the outcome of a summary that could not be had; figures had before stay."""
        before = self._batch.rows.get(tmdb_id)
        if before is not None and self._is_asked_again(tmdb_id, before):
            return Outcome(
                tmdb_id,
                Status(before.status),
                Reason(before.reason) if before.reason else None,
                f"as it was; asked again in vain: {error}",
                before.content_hash,
                metadata=before.metadata,
                next_attempt_s=schedule_retry(now_s, wait=DAY),
            )
        failed = lacking(tmdb_id, error.reason, error.detail)
        return failed.with_next_attempt(schedule_retry(now_s)) if failed.status.is_final else failed

    def _is_asked_again(self, tmdb_id: int, before: Row) -> bool:
        """Whether there are figures of the same inputs, which are due because they move."""
        versions = (self._batch.versions[tmdb_id], self._batch.step.code_version)
        is_figure = before.status == Status.OK or before.reason in (
            Reason.FOREIGN_CURRENCY, Reason.DISPUTED, Reason.NO_BOX_OFFICE,
        )  # fmt: skip
        return is_figure and (before.input_version, before.code_version) == versions
