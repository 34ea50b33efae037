"""How the members of a blend are weighed."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

PULL = 0.05
"""How strongly weights are pulled to equal ones, in units of the members' mean squared error."""


def weigh_members(
    preds: Sequence[np.ndarray], target: np.ndarray, pull: float = PULL
) -> np.ndarray:
    """Fit weights of at least 0 that sum to 1 and have the least squared error.

    Args:
        preds: Each member's predictions for movies that it was not trained on, (n,) each.
        target: Actual values, (n,).
        pull: How strongly equal weights are preferred.

    Example:
        >>> target = np.array([1.0, 2.0, 3.0, 4.0])
        >>> weigh_members([target, 0 * target], target, pull=0.0).round(3).tolist()
        [1.0, 0.0]
    """
    columns = np.stack(preds, axis=1)
    n, k = columns.shape
    error = ((columns - target[:, None]) ** 2).mean()
    even = np.sqrt(pull * n * error / k)
    whole = 1e3 * np.sqrt(n) * max(float(np.abs(columns).max()), 1.0)
    terms = np.vstack([columns, even * np.eye(k), np.full((1, k), whole)])
    sides = np.concatenate([target, np.full(k, even / k), [whole]])
    weights, _ = nnls(terms, sides)
    return weights / weights.sum()
