"""Percentile bootstrap intervals of any score, and of differences on the same movies.

What belongs here: resampling. What does not: the scores themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
"""How many times movies are drawn anew."""

LEVEL = 0.95
"""Share of the resampled scores inside the interval."""

_DRAWS_AT_ONCE = 2_000_000

Statistic = Callable[[np.ndarray], np.ndarray]
"""Takes row numbers, int64 (resamples, movies), and gives a score each, (resamples,)."""


@dataclass(frozen=True)
class Interval:
    """A score and where it would fall with other movies of the same kind."""

    estimate: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Read it as a difference: "above" zero, "below", or "open" where zero is inside."""
        if self.low > 0:
            return "above"
        return "below" if self.high < 0 else "open"


def bootstrap_interval(
    statistic: Statistic,
    n_movies: int,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Estimate a score and its percentile bootstrap interval.

    A paired difference is the statistic that subtracts two scores of the same drawn rows.

    Args:
        statistic: Scores many draws at once.
        n_movies: How many movies there are; at least 1.
        seed: The same seed draws the same movies, whatever the statistic.
        resamples: How many draws.
        level: Share of the draws' scores inside the interval.

    Raises:
        ValueError: There is no movie.

    Example:
        >>> hits = np.array([1.0, 0.0, 1.0, 1.0])
        >>> bootstrap_interval(lambda rows: hits[rows].mean(axis=1), 4, seed=0)
        Interval(estimate=0.75, low=0.25, high=1.0)
    """
    if n_movies < 1:
        raise ValueError("a bootstrap interval wants at least one movie, came none")
    rng = np.random.default_rng(seed)
    at_once = max(1, _DRAWS_AT_ONCE // n_movies)
    drawn = [
        statistic(rng.integers(0, n_movies, (min(at_once, resamples - start), n_movies)))
        for start in range(0, resamples, at_once)
    ]
    tail = 50 * (1 - level)
    ends = np.percentile(np.concatenate(drawn), [tail, 100 - tail])
    estimate = statistic(np.arange(n_movies)[None])
    # a resample of few movies lacks classes, which can push both ends past the estimate
    ends = [min(ends[0], estimate[0]), max(ends[1], estimate[0])]
    # rounded beyond what anybody reads, so that a zero is no "-0.000"
    return Interval(*(float(x) for x in np.round([*estimate, *ends], 12) + 0.0))
