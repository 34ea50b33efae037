"""Errors and scores of predicted numbers, for many bootstrap draws at once."""

import numpy as np

COVERAGE = "interval_coverage_score"
"""Fraction of movies inside their predictive interval; only where predictions have one."""

INTERVAL_SCORE = "interval_score_error"
"""Mean width of the predictive intervals plus 2/(1 - level) times what is missed outside of them:
wide intervals cost, and so do those that miss. Source: Gneiting and Raftery 2007, equation 43."""

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
'interval_coverage_score': [0.5], 'interval_score_error': [6.15]}
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
        scores[INTERVAL_SCORE] = weights @ score_intervals(preds, target) / total
    return scores


def score_intervals(preds: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Compute each movie's interval score, float64 (movies,); see `INTERVAL_SCORE`.

    Args:
        preds: Number, lower and upper end, shape (movies, 3).
        target: Actual numbers, shape (movies,).

    Example:
        >>> score_intervals(np.array([[1.0, 0.0, 2.0]]), np.array([2.5])).round(3).tolist()
        [12.0]
    """
    low, high = preds[:, 1], preds[:, 2]
    missed = np.maximum(low - target, 0) + np.maximum(target - high, 0)
    return high - low + 2 / (1 - PREDICTIVE_LEVEL) * missed
