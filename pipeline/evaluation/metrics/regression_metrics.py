"""Errors and scores of predicted numbers, for many bootstrap draws at once."""

import numpy as np

COVERAGE = "interval_coverage_score"
"""Fraction of movies inside their predictive interval; only where predictions have one."""

PREDICTIVE_LEVEL = 0.90
"""Nominal level of predictive intervals; the coverage is compared with it."""


def score_numbers(
    preds: np.ndarray, target: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Compute all errors and scores of many draws.

    Args:
        preds: Predicted numbers, shape (movies,), or (movies, 3) with the ends of an interval.
        target: Actual numbers, shape (movies,).
        weights: How often each draw holds a movie, float64 (draws, movies).

    Returns:
        By name, float64 (draws,). R² is NaN where all movies of a draw have one value.

    Example:
        >>> preds = np.array([[1.0, 0.0, 2.0], [3.0, 2.5, 2.8]])
        >>> scores = score_numbers(preds, np.array([1.0, 2.0]), np.ones((1, 2)))
        >>> {name: score.round(3).tolist() for name, score in scores.items()}
        {'rmse_error': [0.707], 'mae_error': [0.5], 'mse_error': [0.5], 'r2_score': [-1.0], \
'interval_coverage_score': [0.5]}
    """
    points = preds if preds.ndim == 1 else preds[:, 0]
    total = weights.sum(axis=1)
    squared = weights @ (target - points) ** 2 / total
    centred = target - target.mean()
    spread = weights @ centred**2 / total - (weights @ centred / total) ** 2
    varies = spread > 1e-12
    scores = {
        "rmse_error": np.sqrt(squared),
        "mae_error": weights @ np.abs(target - points) / total,
        "mse_error": squared,
        "r2_score": 1 - np.divide(squared, spread, out=np.full(len(total), np.nan), where=varies),
    }
    if preds.ndim == 2:
        inside = (preds[:, 1] <= target) & (target <= preds[:, 2])
        scores[COVERAGE] = weights @ inside.astype(np.float64) / total
    return scores
