"""Percentile bootstrap intervals of any score, and of differences on the same movies.

Whole franchises are drawn: films of one franchise earn and look alike, so they are no independent
witnesses, and drawing them one by one would make intervals too narrow.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
"""How many times movies are drawn anew."""

LEVEL = 0.95
"""Share of the resampled scores inside the interval."""

_DRAWS_AT_ONCE = 2_000_000

Statistics = Callable[[np.ndarray], dict[str, np.ndarray]]
"""Takes row numbers, int64 (resamples, movies), and gives scores by name, (resamples,) each."""


@dataclass(frozen=True)
class Interval:
    """A score and where it would fall with other movies of the same kind; NaN: cannot be had."""

    estimate: float
    low: float
    high: float

    @property
    def side(self) -> str:
        """Read it as a difference: "above" zero, "below", or "open" where zero is inside."""
        if self.low > 0:
            return "above"
        return "below" if self.high < 0 else "open"


@dataclass(frozen=True)
class Draws:
    """A score of all movies, and of each draw of them.

    Attributes:
        estimate: Of all movies; NaN where it cannot be had.
        drawn: Float64 (resamples,); NaN where a draw has nothing to score.
    """

    estimate: float
    drawn: np.ndarray

    def minus(self, other: "Draws") -> "Draws":
        """Subtract a score of the same draws: a paired difference."""
        return Draws(self.estimate - other.estimate, self.drawn - other.drawn)

    def over(self, other: "Draws") -> "Draws":
        """Divide by the size of a score of the same draws; NaN where that is zero."""
        drawn = np.full_like(self.drawn, np.nan)
        np.divide(self.drawn, np.abs(other.drawn), out=drawn, where=other.drawn != 0)
        estimate = self.estimate / abs(other.estimate) if other.estimate else float("nan")
        return Draws(estimate, drawn)

    def interval(self, level: float = LEVEL) -> Interval:
        """Return the percentile interval; draws with nothing to score are left out.

        A draw of few movies lacks classes, which can push both ends past the estimate: the
        interval is widened to hold it.
        """
        scored = self.drawn[~np.isnan(self.drawn)]
        if np.isnan(self.estimate) or not len(scored):
            return Interval(float("nan"), float("nan"), float("nan"))
        tail = 50 * (1 - level)
        low, high = np.percentile(scored, [tail, 100 - tail])
        ends = [self.estimate, min(low, self.estimate), max(high, self.estimate)]
        # rounded beyond what anybody reads, so that a zero is no "-0.000"
        return Interval(*(float(x) for x in np.round(ends, 12) + 0.0))


def bootstrap(
    statistics: Statistics,
    n_movies: int,
    *,
    seed: int,
    franchises: np.ndarray | None = None,
    resamples: int = RESAMPLES,
) -> dict[str, Draws]:
    """Score all movies, and many draws of as many movies with replacement.

    Args:
        statistics: Scores many draws at once.
        n_movies: How many movies there are; at least 1.
        seed: The same seed draws the same movies, whatever the statistics.
        franchises: Of each movie, a name or number, (movies,): whole ones are drawn, and the last
            one of a draw is cut. None draws movies one by one.
        resamples: How many draws.

    Source:
        Davison and Hinkley 1997, section 3.8: resampling of whole clusters.

    Raises:
        ValueError: There is no movie.

    Example:
        >>> hits = np.array([1.0, 0.0, 1.0, 1.0])
        >>> draws = bootstrap(lambda rows: {"hits": hits[rows].mean(axis=1)}, 4, seed=0)
        >>> draws["hits"].interval()
        Interval(estimate=0.75, low=0.25, high=1.0)
    """
    if n_movies < 1:
        raise ValueError("a bootstrap interval wants at least one movie, came none")
    rng = np.random.default_rng(seed)
    at_once = max(1, _DRAWS_AT_ONCE // n_movies)
    clusters = _Clusters(np.arange(n_movies) if franchises is None else np.asarray(franchises))
    pieces = [
        statistics(np.stack([clusters.draw(rng) for _ in range(start, stop)]))
        for start, stop in _pieces(resamples, at_once)
    ]
    return {
        name: Draws(float(estimate[0]), np.concatenate([piece[name] for piece in pieces]))
        for name, estimate in statistics(np.arange(n_movies)[None]).items()
    }


def _pieces(total: int, at_once: int) -> list[tuple[int, int]]:
    return [(start, min(start + at_once, total)) for start in range(0, total, at_once)]


class _Clusters:
    """Movies that are drawn together."""

    def __init__(self, names: np.ndarray):
        _, numbers = np.unique(names, return_inverse=True)
        self._rows = np.argsort(numbers, kind="stable")
        self._sizes = np.bincount(numbers)
        self._starts = np.cumsum(self._sizes) - self._sizes

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw clusters until there are as many rows as there are movies: int64 (movies,)."""
        n = len(self._rows)
        drawn = rng.integers(0, len(self._sizes), n)
        ends = np.cumsum(self._sizes[drawn])
        drawn = drawn[: np.searchsorted(ends, n) + 1]
        sizes, ends = self._sizes[drawn], ends[: len(drawn)]
        places = np.repeat(self._starts[drawn] - (ends - sizes), sizes) + np.arange(ends[-1])
        return self._rows[places[:n]]
