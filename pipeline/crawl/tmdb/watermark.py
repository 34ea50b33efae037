"""The watermark up to which TMDB's changes were processed, and the movies that are new after it.

TMDB lists changes by day, not by time. A movie in today's list may change again today without a
change of the list. So a day's list is processed twice: by the crawls of that day, each id once, and
completely by the first crawl of a later day.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.crawl.json_values import read_date, read_id

KEPT_DAYS = 30
"""Number of days of finished crawls that are kept, for a clock that was set back."""

MAX_AWAY_DAYS = 365
"""After a longer time every movie is requested: TMDB lists changes by 14 days, and the lists of a
longer time are longer than the catalogue."""


@dataclass(frozen=True)
class Watermark:
    """The days whose changes were processed.

    Attributes:
        days: Days on which a crawl was finished, the latest last; empty before the first.
        taken: Movies of the last day's list that were processed.
    """

    days: tuple[date, ...] = ()
    taken: frozenset[int] = frozenset()

    def since(self, today: date) -> date | None:
        """Return the day whose list must be read again; None where all movies must be requested.

        A day after today was written by a wrong clock and is ignored.

        Example:
            >>> mark = Watermark((date(2026, 3, 1), date(2026, 3, 5)))
            >>> mark.since(date(2026, 3, 6)), mark.since(date(2026, 3, 4)), mark.since(date.max)
            (datetime.date(2026, 3, 5), datetime.date(2026, 3, 1), None)
        """
        past = [day for day in self.days if day <= today]
        if not past or today - past[-1] > timedelta(days=MAX_AWAY_DAYS):
            return None
        return past[-1]

    def is_ahead_of(self, today: date) -> bool:
        """Return whether the last crawl was finished on a day after today."""
        return bool(self.days) and self.days[-1] > today

    def changed_movies(
        self, today: date, earlier: Collection[int], listed: Collection[int]
    ) -> set[int]:
        """Return the movies that changed since they were last processed.

        Args:
            today: The day.
            earlier: Changed from `since(today)` to yesterday.
            listed: Changed today.
        """
        taken = self.taken if self.days and self.days[-1] == today else frozenset()
        return set(earlier) | (set(listed) - taken)

    def advanced(self, today: date, listed: Collection[int]) -> "Watermark":
        """Return the watermark after a crawl of `today` that processed `listed` of its list."""
        taken = self.taken if self.days and self.days[-1] == today else frozenset()
        past = [day for day in self.days if day < today][-KEPT_DAYS:]
        return Watermark((*past, today), taken | frozenset(listed))


def read_watermark(text: str | None) -> Watermark:
    """Parse what `write_watermark` wrote, or the bare day that earlier versions wrote.

    Example:
        >>> read_watermark("2026-03-01").days, read_watermark(None).days
        ((datetime.date(2026, 3, 1),), ())
    """
    try:
        mark = json.loads(text or "null")
    except (ValueError, RecursionError):
        mark = {"days": [text], "taken": []}
    if not isinstance(mark, dict):
        return Watermark()
    days = [day for one in mark.get("days", ()) if (day := read_date(one))]
    taken = [tmdb_id for one in mark.get("taken", ()) if (tmdb_id := read_id(one))]
    return Watermark(tuple(sorted(days)), frozenset(taken))


def write_watermark(mark: Watermark) -> str:
    """Format the watermark as text.

    Example:
        >>> mark = Watermark((date(2026, 3, 1),), frozenset({7}))
        >>> read_watermark(write_watermark(mark)) == mark
        True
    """
    return json.dumps({"days": [day.isoformat() for day in mark.days], "taken": sorted(mark.taken)})
