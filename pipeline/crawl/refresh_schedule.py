"""When figures that still move are looked at again."""

from datetime import UTC, date, datetime, timedelta

WEEKLY_DAYS = 180
"""A movie released at most so many days ago is still earning: its figures are due every week."""

MONTHLY_DAYS = 365
"""Up to this age they are due every month; after it they are settled."""

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
DAY = timedelta(days=1)


def recheck_at_s(released: date | None, now_s: float) -> float:
    """Say when a movie's figures are due again.

    The time lies at midnight UTC, so that the movies of a day are due together and the night's run
    takes them up in one go.

    Args:
        released: Its first release; None where nobody knows it yet.
        now_s: Time in seconds since the epoch.

    Returns:
        Seconds since the epoch; 0 where the figures are settled.

    Example:
        >>> now_s = datetime(2026, 3, 10, 2, tzinfo=UTC).timestamp()
        >>> datetime.fromtimestamp(recheck_at_s(date(2026, 2, 1), now_s), UTC).date()
        datetime.date(2026, 3, 17)
        >>> recheck_at_s(date(1997, 11, 18), now_s)
        0.0
    """
    today = datetime.fromtimestamp(now_s, UTC).date()
    if released is None:
        return _midnight_s(today + MONTH)
    age_days = (today - released).days
    if age_days < 0:
        # release days move, so one that is far off is looked at before it comes
        return _midnight_s(min(released, today + MONTH - WEEK) + WEEK)
    if age_days <= WEEKLY_DAYS:
        return _midnight_s(today + WEEK)
    return _midnight_s(today + MONTH) if age_days <= MONTHLY_DAYS else 0.0


def next_retry_s(now_s: float, *, wait: timedelta = WEEK) -> float:
    """Say when a page that could not be read is asked for again: a while later, at midnight UTC."""
    return _midnight_s(datetime.fromtimestamp(now_s, UTC).date() + wait)


def _midnight_s(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
