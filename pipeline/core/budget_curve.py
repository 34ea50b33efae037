"""What movies earned above the expectation from their budgets, in dollars of one year."""

from collections.abc import Sequence

import numpy as np

from pipeline.core.prices import to_real_usd
from pipeline.core.records import MovieRecord

REVENUE_DAYS = 90
"""A movie's revenue is known so many days after its release: its run in cinemas is over."""

DAYS_PER_YEAR = 365.25

_MIN_FOR_CURVE = 30
"""Earlier movies without which nothing is expected from a budget."""


def real_log10(record: MovieRecord, usd: float | None) -> float:
    """Return log10 of an amount of the movie's year in dollars of one year; NaN unknown."""
    year = record.release_date.year if record.release_date else None
    real = to_real_usd(usd, year) if usd is not None and usd > 0 else None
    return np.log10(real) if real else np.nan


def over_budget(records: Sequence[MovieRecord], earned: np.ndarray) -> np.ndarray:
    """Subtract from log10 revenues a curve over budget and year, of movies released before.

    Args:
        records: The movies.
        earned: What each earned, log10 of dollars of one year, NaN unknown, (movies,).

    Returns:
        Float64 (movies,): 0 where there is no budget, or too few movies were released before.
    """
    spent = np.array([real_log10(record, record.budget_usd) for record in records])
    days = np.array([r.release_date.toordinal() if r.release_date else 0 for r in records])
    years = (days / DAYS_PER_YEAR - 2000) / 20
    terms = np.stack([np.ones(len(records)), spent - 7, (spent - 7) ** 2, years], axis=1)
    usable = np.flatnonzero(np.isfinite(terms).all(axis=1) & np.isfinite(earned))
    usable = usable[np.argsort(days[usable], kind="stable")]
    x, y = terms[usable], earned[usable]
    # of the first k movies: products to solve for the curve, k = 0, 1, ...
    gram = np.concatenate([np.zeros((1, 4, 4)), np.cumsum(x[:, :, None] * x[:, None, :], axis=0)])
    sides = np.concatenate([np.zeros((1, 4)), np.cumsum(x * y[:, None], axis=0)])
    earlier = np.searchsorted(days[usable], days[usable] - REVENUE_DAYS)
    enough = earlier >= _MIN_FOR_CURVE
    over = np.zeros(len(records))
    if enough.any():
        grams = gram[earlier[enough]] + 0.1 * np.eye(4)
        weights = np.linalg.solve(grams, sides[earlier[enough]][:, :, None])[:, :, 0]
        over[usable[enough]] = y[enough] - (x[enough] * weights).sum(axis=1)
    return over
