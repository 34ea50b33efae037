"""What unknown numbers are expected to be, from real budget and price level.

So that no model can read from a gap how completely the crowd has filled in a record.
"""

import numpy as np

from pipeline.core.release_columns import RELEASE_COLUMNS
from pipeline.core.track_records import TALENT_COLUMNS

BASES = 3
"""What an unknown number is expected from: a constant, real budget and price level."""

MIN_TO_EXPECT = 20
"""Movies that know a number, below which it is expected to be their mean."""


def bases_of(numbers: np.ndarray) -> np.ndarray:
    """Return what unknown numbers are expected from, NaN unknown: float64 (rows, `BASES`).

    Args:
        numbers: Of a movie reader, NaN unknown, (rows, columns); the last ones are those of the
            release and of track records.
    """
    start = numbers.shape[1] - len(TALENT_COLUMNS) - len(RELEASE_COLUMNS)
    return np.hstack([np.ones((len(numbers), 1)), numbers[:, start : start + 2]])


def expect_unknown(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit what is expected of each number where it is unknown.

    Returns:
        Means of `bases_of`, float64 (bases,), and weights of `bases_of` for each number, float64
        (bases, columns): the mean alone where few know it, zeros where none does.
    """
    base = bases_of(numbers)
    means = np.array([_mean(column) for column in base.T])
    base = np.where(np.isnan(base), means, base)
    weights = np.zeros((BASES, numbers.shape[1]))
    weights[0] = [_mean(column) for column in numbers.T]
    for place, column in enumerate(numbers.T):
        known = ~np.isnan(column)
        if known.sum() >= MIN_TO_EXPECT:
            gram = base[known].T @ base[known] + 1e-3 * np.eye(BASES)
            weights[:, place] = np.linalg.solve(gram, base[known].T @ column[known])
    return means, weights


def _mean(column: np.ndarray) -> float:
    known = column[~np.isnan(column)]
    return float(known.mean()) if len(known) else 0.0
