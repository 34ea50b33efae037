"""Predictive intervals that hold in every group of movies: conformal prediction by groups.

The ends lie at quantiles of held-out errors that are regressed on groups (budget, decade,
language) and on the prediction itself. Of the movies it is fitted to, such a regression leaves the
same share outside in every group. Source: Gibbs, Cherian and Candès 2023, "Conformal Prediction
With Conditional Guarantees", section 2.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import linprog
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.records import MovieRecord

TAIL = 0.05
"""Share of movies beyond each end of a 90 % interval."""

BUDGET_EDGES_USD = (1e6, 1e7, 3e7, 1e8)
LAST_DECADES = (1980, 1990, 2000, 2010)
"""Decades with a group of their own; earlier ones count as one, later ones as the last."""

MIN_MOVIES = 40
"""A group of fewer held-out movies has no end of its own: it is read as the reference group."""

MAX_ROWS = 6_000
"""Time grows faster than the rows of a quantile regression; of more, so many are drawn."""

PENALTY = 1e-4
"""Of the quantile regression, on absolute coefficients: pulls small groups to the others."""


def describe_groups(records: Sequence[MovieRecord]) -> np.ndarray:
    """Mark the groups of movies, float64 (movies, groups): budget bands from below, with unknown
    ones last, decades, and whether the language is another one than English.
    """
    rows = []
    for record in records:
        budget = record.budget_usd or 0.0
        band = np.searchsorted(BUDGET_EDGES_USD, budget, side="right") if budget else -1
        bands = [float(band == k) for k in (0, 1, 2, 4, -1)]  # 10 to 30 M$ is the reference
        year = record.release_date.year if record.release_date else LAST_DECADES[-1]
        decade = min(year // 10 * 10, LAST_DECADES[-1])
        decades = [float(decade < LAST_DECADES[0])]
        decades += [float(decade == known) for known in LAST_DECADES[:-1]]
        rows.append([*bands, *decades, float(record.original_language not in ("en", ""))])
    return np.array(rows, dtype=np.float64).reshape(len(records), N_GROUPS)


N_GROUPS = 5 + len(LAST_DECADES) + 1
"""Columns of `describe_groups`."""


class GroupedIntervals(nn.Module):
    """Where the ends of a 90 % interval lie, below and above a prediction; buffers only."""

    ends: Tensor
    centre: Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("ends", torch.zeros(2, N_GROUPS + 2, dtype=torch.float64))
        self.register_buffer("centre", torch.zeros(2, dtype=torch.float64))

    def fit(self, records: Sequence[MovieRecord], preds: np.ndarray, actual: np.ndarray) -> None:
        """Fit to predictions for movies that the model was not fitted to.

        Args:
            records: Of the movies; one that is predicted twice is listed twice.
            preds: Predicted numbers, (n,).
            actual: Actual numbers, (n,).
        """
        self.centre.copy_(torch.tensor([preds.mean(), preds.std() or 1.0], dtype=torch.float64))
        columns = self._columns(records, preds)
        columns[:, columns.sum(axis=0) < MIN_MOVIES] = 0.0
        off = actual - preds
        # each column may be fitted to one movie's error; copies of a movie are no new ones
        movies = len({record.tmdb_id for record in records})
        tail = max(TAIL - columns.shape[1] / (2 * movies), TAIL / 2)
        some = np.random.default_rng(0).permutation(len(off))[:MAX_ROWS]
        for place, share in enumerate((tail, 1 - tail)):
            line = regress_quantile(columns[some], off[some], share, PENALTY)
            self.ends[place] = torch.from_numpy(line)

    def _columns(self, records: Sequence[MovieRecord], preds: np.ndarray) -> np.ndarray:
        centre, scale = self.centre.tolist()
        standard = np.clip((preds - centre) / scale, -3, 3)
        return np.hstack([describe_groups(records), standard[:, None]])

    def predict(self, records: Sequence[MovieRecord], preds: np.ndarray) -> np.ndarray:
        """Return predictions with the ends of their intervals, float64 (n, 3)."""
        lines = self.ends.numpy()
        reach = lines[:, :1] + lines[:, 1:] @ self._columns(records, preds).T
        low, high = np.minimum(reach[0], 0.0), np.maximum(reach[1], 0.0)
        return np.stack([preds, preds + low, preds + high], axis=1)


def regress_quantile(
    columns: np.ndarray, values: np.ndarray, share: float, penalty: float
) -> np.ndarray:
    """Fit a line below which a share of the values lies, as scikit-learn's `QuantileRegressor`.

    The linear program is solved by its dual, which has as many constraints as columns and not as
    movies, in a twentieth of the time. Source: Koenker 2005, "Quantile Regression", section 6.2.

    Args:
        columns: Float64 (n, columns).
        values: Float64 (n,).
        share: Between 0 and 1.
        penalty: On absolute coefficients, for each value.

    Returns:
        The intercept, then the coefficients, float64 (1 + columns,).

    Raises:
        TrainingError: The solver finds no line.

    Example:
        >>> regress_quantile(np.zeros((4, 1)), np.array([0.0, 1.0, 2.0, 9.0]), 0.7, 1e-4).tolist()
        [2.0, 0.0]
    """
    n, width = columns.shape
    found = linprog(
        -values,
        A_ub=np.vstack([columns.T, -columns.T]),
        b_ub=np.full(2 * width, penalty * n),
        A_eq=np.ones((1, n)),
        b_eq=np.zeros(1),
        bounds=(share - 1, share),
    )
    if not found.success:
        raise TrainingError(f"expected a line through a share of the errors, got: {found.message}")
    above, below = np.split(-found.ineqlin.marginals, 2)
    return np.concatenate([-found.eqlin.marginals, above - below]) + 0.0
