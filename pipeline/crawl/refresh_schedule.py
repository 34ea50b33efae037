"""Schedule when box-office figures that still change are read again."""

from datetime import UTC, date, datetime, timedelta

WEEKLY_DAYS = 180
"""Figures of a movie released at most this many days ago are refreshed every week."""

MONTHLY_DAYS = 365
"""Up to this age they are refreshed every month; after it they are final."""

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
DAY = timedelta(days=1)


def schedule_refresh(released: date | None, now_s: float) -> float:
    """Return when a movie's figures become stale.

    The time is midnight UTC, so that all movies of a day become stale together and one nightly run
    refreshes them.

    Args:
        released: Its first release; None where unknown.
        now_s: Time in seconds since the epoch.

    Returns:
        Seconds since the epoch; 0 where the figures are final.

    Example:
        >>> now_s = datetime(2026, 3, 10, 2, tzinfo=UTC).timestamp()
        >>> datetime.fromtimestamp(schedule_refresh(date(2026, 2, 1), now_s), UTC).date()
        datetime.date(2026, 3, 17)
        >>> schedule_refresh(date(1997, 11, 18), now_s)
        0.0
    """
    today = datetime.fromtimestamp(now_s, UTC).date()
    if released is None:
        return _midnight_s(today + MONTH)
    age_days = (today - released).days
    if age_days < 0:
        # release days move, so a distant one is checked before it arrives
        return _midnight_s(min(released, today + MONTH - WEEK) + WEEK)
    if age_days <= WEEKLY_DAYS:
        return _midnight_s(today + WEEK)
    return _midnight_s(today + MONTH) if age_days <= MONTHLY_DAYS else 0.0


def schedule_retry(now_s: float, *, wait: timedelta = WEEK) -> float:
    """Return when an unreadable page is requested again: after `wait`, at midnight UTC."""
    return _midnight_s(datetime.fromtimestamp(now_s, UTC).date() + wait)


def _midnight_s(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
