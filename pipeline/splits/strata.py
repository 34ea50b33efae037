"""By what a split is balanced: classes, quantiles of a number, or labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.splits.assignment import assign_by_class, assign_by_label

QUANTILES = 8
"""A number is balanced by so many of its quantiles."""


@dataclass(frozen=True)
class Strata:
    """What the sets of a split shall have alike.

    Attributes:
        values: Classes int64 (movies,) from 0, or labels bool (movies, labels).
    """

    values: np.ndarray

    @classmethod
    def of_numbers(cls, numbers: np.ndarray, n: int = QUANTILES) -> "Strata":
        """Balance a number by its quantiles; equal numbers share one."""
        ranks = pd.Series(numbers).rank(method="average", pct=True).to_numpy()
        return cls(np.clip(np.ceil(ranks * n).astype(np.int64) - 1, 0, n - 1))

    def take(self, rows: np.ndarray) -> "Strata":
        """Keep some movies."""
        return Strata(self.values[rows])


def divide(
    table: pd.DataFrame, strata: Strata, shares: Sequence[float], *, seed: int
) -> np.ndarray:
    """Assign movies to sets; the result does not depend on the order of rows.

    Args:
        table: With tmdb_id and franchise.
        strata: What the sets shall have alike, one per row.
        shares: Of each set; they sum to 1.
        seed: Of the shuffle.

    Returns:
        Number of each movie's set, int64 (movies,).
    """
    order = np.argsort(table["tmdb_id"].to_numpy(), kind="stable")
    order = order[np.random.default_rng(seed).permutation(len(order))]
    franchises = pd.factorize(table["franchise"].to_numpy()[order])[0]
    values = strata.values[order]
    by = assign_by_label if values.ndim == 2 else assign_by_class
    assigned = np.empty(len(table), dtype=np.int64)
    assigned[order] = by(franchises, values, shares)
    return assigned
