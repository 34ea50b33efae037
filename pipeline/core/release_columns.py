"""Columns of the release date and the budget, beside the metadata modality."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from pipeline.core.identity_cache import remember_by_identity
from pipeline.core.prices import CPI_U, REAL_USD_YEAR, index_year
from pipeline.core.records import MovieRecord

RELEASE_COLUMNS = (
    "log10_budget_real", "log10_price_level", "weekday", "day_of_year_sin", "day_of_year_cos",
    "days_to_christmas", "days_to_independence_day",
)  # fmt: skip

_KEPT = 20_000
"""Descriptions that are remembered: those of 5,000 movies, whole and cut three ways."""

FAR_DAYS = 60.0
"""Further away a holiday is no nearer than this."""


def describe_release(
    records: Sequence[MovieRecord], days: Sequence[date | None] | None = None
) -> np.ndarray:
    """Describe the budget in dollars of one year, and the day of release in the calendar.

    Args:
        records: Movies to describe.
        days: As of which day each is described; None for the days of release. Prices are those of
            the year before, the latest of which the average is published.

    Returns:
        Float64, shape (records, columns), as in `RELEASE_COLUMNS`; NaN where unknown.
    """
    before = [record.release_date for record in records] if days is None else days
    rows = [_describe(record, day) for record, day in zip(records, before, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(len(records), len(RELEASE_COLUMNS))


@remember_by_identity(_KEPT)
def _describe(record: MovieRecord, as_of: date | None) -> list[float]:
    day = record.release_date
    year = index_year(as_of.year - 1) if as_of else None
    if day is None or year is None:
        return [np.nan] * len(RELEASE_COLUMNS)
    level = float(np.log10(CPI_U[REAL_USD_YEAR] / CPI_U[year]))
    angle = 2 * np.pi * day.timetuple().tm_yday / 365.25
    spent = float(np.log10(record.budget_usd)) + level if record.budget_usd else np.nan
    christmas = min(abs((day - date(day.year + k, 12, 25)).days) for k in (-1, 0))
    independence = abs((day - date(day.year, 7, 4)).days)
    near = [min(float(days), FAR_DAYS) for days in (christmas, independence)]
    return [spent, level, float(day.weekday()), np.sin(angle), np.cos(angle), *near]
