"""Errors and scores of a said number, many draws at a time."""

import numpy as np

REGRESSION_METRICS = ("rmse_error", "mae_error", "mse_error", "r2_score")

COVERAGE = "interval_coverage_score"
"""Share of movies inside their predictive interval; there where answers carry one."""

PREDICTIVE_LEVEL = 0.90
"""Share of movies that predictive intervals promise to hold; coverage is measured against it."""


def score_numbers(
    y_true: np.ndarray, answers: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Compute all errors and scores of many draws.

    Args:
        y_true: Shape (movies,).
        answers: Said numbers, shape (movies,), or (movies, 3) with the ends of an interval.
        weights: How often each draw holds a movie, float64 (draws, movies).

    Returns:
        By name, float64 (draws,). R² is NaN where all movies of a draw have one value.

    Example:
        >>> said = np.array([[1.0, 0.0, 2.0], [3.0, 2.5, 2.8]])
        >>> scores = score_numbers(np.array([1.0, 2.0]), said, np.ones((1, 2)))
        >>> {name: score.round(3).tolist() for name, score in scores.items()}
        {'rmse_error': [0.707], 'mae_error': [0.5], 'mse_error': [0.5], 'r2_score': [-1.0], \
'interval_coverage_score': [0.5]}
    """
    said = answers if answers.ndim == 1 else answers[:, 0]
    total = weights.sum(axis=1)
    squared = weights @ (y_true - said) ** 2 / total
    centred = y_true - y_true.mean()
    spread = weights @ centred**2 / total - (weights @ centred / total) ** 2
    varies = spread > 1e-12
    scores = {
        "rmse_error": np.sqrt(squared),
        "mae_error": weights @ np.abs(y_true - said) / total,
        "mse_error": squared,
        "r2_score": 1 - np.divide(squared, spread, out=np.full(len(total), np.nan), where=varies),
    }
    if answers.ndim == 2:
        inside = (answers[:, 1] <= y_true) & (y_true <= answers[:, 2])
        scores[COVERAGE] = weights @ inside.astype(np.float64) / total
    return scores
