"""Percentile bootstrap intervals of any score, and of paired differences.

Whole franchises are drawn (a cluster bootstrap): films of one franchise are not independent, and
drawing them one by one would make intervals too narrow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RESAMPLES = 1000
"""Number of bootstrap draws."""

LEVEL = 0.95
"""Confidence level: the fraction of resampled scores inside the interval."""

_DRAWS_AT_ONCE = 2_000_000
_IN_CACHE = 20_000
"""Rows that are drawn at a time; more leave the processor's cache."""

Statistics = Callable[[np.ndarray], dict[str, np.ndarray]]
"""Takes row numbers, int64 (resamples, movies); returns scores by name, (resamples,) each."""


@dataclass(frozen=True)
class Interval:
    """A score with its confidence interval; NaN where undefined."""

    estimate: float
    low: float
    high: float

    @property
    def side(self) -> str:
        """As a difference: "above" zero, "below", or "open" where zero is inside."""
        if self.low > 0:
            return "above"
        return "below" if self.high < 0 else "open"


@dataclass(frozen=True)
class Draws:
    """A score of all movies, and of each draw of them.

    Attributes:
        estimate: Of all movies; NaN where undefined.
        drawn: Float64 (resamples,); NaN where it is undefined for a draw.
    """

    estimate: float
    drawn: np.ndarray

    def minus(self, other: "Draws") -> "Draws":
        """Subtract a score of the same draws: the paired difference."""
        return Draws(self.estimate - other.estimate, self.drawn - other.drawn)

    def over(self, other: "Draws") -> "Draws":
        """Divide by the magnitude of a score of the same draws; NaN where that is zero."""
        drawn = np.full_like(self.drawn, np.nan)
        np.divide(self.drawn, np.abs(other.drawn), out=drawn, where=other.drawn != 0)
        estimate = self.estimate / abs(other.estimate) if other.estimate else float("nan")
        return Draws(estimate, drawn)

    def interval(self) -> Interval:
        """Return the percentile interval; draws where the score is undefined are excluded.

        A draw of few movies lacks classes, which can move both ends past the estimate: the
        interval is widened to hold it.
        """
        scored = self.drawn[~np.isnan(self.drawn)]
        if np.isnan(self.estimate) or not len(scored):
            return Interval(float("nan"), float("nan"), float("nan"))
        tail = 50 * (1 - LEVEL)
        low, high = np.percentile(scored, [tail, 100 - tail])
        ends = [self.estimate, min(low, self.estimate), max(high, self.estimate)]
        # rounded beyond any shown digit, so that a zero is never shown as "-0.000"
        return Interval(*(float(x) for x in np.round(ends, 12) + 0.0))


def bootstrap(
    statistics: Statistics,
    n_movies: int,
    *,
    seed: int,
    franchises: np.ndarray | None = None,
    resamples: int = RESAMPLES,
) -> dict[str, Draws]:
    """Compute scores of all movies, and of many draws of as many movies with replacement.

    Args:
        statistics: Computes the scores of many draws at once.
        n_movies: Number of movies, at least 1.
        seed: The same seed draws the same movies, whatever the statistics.
        franchises: Name or number for each movie, (movies,): whole ones are drawn, and the last
            one of a draw is cut. None draws movies one by one.
        resamples: Number of draws.

    Source:
        Davison and Hinkley 1997, section 3.8: resampling of whole clusters.

    Raises:
        ValueError: `n_movies` is below 1.

    Example:
        >>> hits = np.array([1.0, 0.0, 1.0, 1.0])
        >>> draws = bootstrap(lambda rows: {"hits": hits[rows].mean(axis=1)}, 4, seed=0)
        >>> draws["hits"].interval()
        Interval(estimate=0.75, low=0.25, high=1.0)
    """
    if n_movies < 1:
        raise ValueError("a bootstrap interval requires at least one movie")
    names = np.arange(n_movies) if franchises is None else np.asarray(franchises)
    _, clusters = np.unique(names, return_inverse=True)
    pieces = [statistics(rows) for rows in _draw(clusters, seed, resamples)]
    return {
        name: Draws(float(estimate[0]), np.concatenate([piece[name] for piece in pieces]))
        for name, estimate in statistics(np.arange(n_movies)[None]).items()
    }


def _draw(clusters: np.ndarray, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """Yield the rows of all draws, int64 (some draws, movies), as many at a time as memory allows.

    All results of a split draw the same movies; what fits into one piece is drawn once.
    """
    if resamples * len(clusters) <= _DRAWS_AT_ONCE:
        yield _draw_once(clusters.astype(np.int64).tobytes(), seed, resamples)
        return
    rng, drawn = np.random.default_rng(seed), _Clusters(clusters)
    at_once = max(1, _DRAWS_AT_ONCE // len(clusters))
    for start in range(0, resamples, at_once):
        yield drawn.draw(rng, min(at_once, resamples - start))


@lru_cache(maxsize=4)
def _draw_once(clusters: bytes, seed: int, resamples: int) -> np.ndarray:
    rng, drawn = np.random.default_rng(seed), _Clusters(np.frombuffer(clusters, dtype=np.int64))
    rows = drawn.draw(rng, resamples)
    rows.flags.writeable = False
    return rows


class _Clusters:
    """Movies that are drawn together."""

    def __init__(self, numbers: np.ndarray):
        self._rows = np.argsort(numbers, kind="stable")
        self._sizes = np.bincount(numbers)
        self._starts = np.cumsum(self._sizes) - self._sizes

    def draw(self, rng: np.random.Generator, n_draws: int) -> np.ndarray:
        """Draw clusters until there are as many rows as there are movies: int64 (draws, movies)."""
        n = len(self._rows)
        at_once = max(1, _IN_CACHE // n)
        pieces = [
            self._draw_some(rng, min(at_once, n_draws - start))
            for start in range(0, n_draws, at_once)
        ]
        return np.concatenate(pieces)

    def _draw_some(self, rng: np.random.Generator, n_draws: int) -> np.ndarray:
        n = len(self._rows)
        drawn = rng.integers(0, len(self._sizes), (n_draws, n))
        sizes = self._sizes[drawn]
        begins = np.cumsum(sizes, axis=1) - sizes
        taken = np.clip(n - begins, 0, sizes)  # the last cluster of a draw is cut
        places = np.repeat((self._starts[drawn] - begins).ravel(), taken.ravel())
        return self._rows[places.reshape(n_draws, n) + np.arange(n)]
