"""Scores of multi-label predictions: the four areas of reference implementation 002's paper."""

import numpy as np

from pipeline.evaluation.metrics.ranking import (
    average_precision,
    count_thresholds,
    precision_recall_area,
)

LABEL_METRICS = (
    "micro_ap_score", "macro_ap_score", "weighted_ap_score", "sample_ap_score",
    "average_precision_score",
)  # fmt: skip
"""Trapezoidal areas under the precision-recall curve, then scikit-learn's average precision.

Micro ranks all pairs of movie and label together, macro is the mean over labels, weighted weights
labels by their movies, sample is the mean over movies; the average precision is the mean over
labels. A label that no movie of a draw has, and a movie without any label, have no curve and are
excluded from the means.

Source:
    Montalvo-Lezama et al., "Trailers12k", arXiv 2210.07983, section 4.
"""

_CELLS_AT_ONCE = 2_000_000


def score_labels(
    preds: np.ndarray, target: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Compute all scores of many draws.

    Args:
        preds: Probability of each label, shape (movies, labels).
        target: 1 where a movie has a label, else 0, the same shape.
        weights: How often each draw holds a movie, float64 (draws, movies).

    Returns:
        By name (`LABEL_METRICS`), float64 (draws,); NaN where no label of a draw has a movie.
    """
    at_once = max(1, _CELLS_AT_ONCE // max(1, target.size))
    pieces = [
        _score(preds, target, weights[start : start + at_once])
        for start in range(0, len(weights), at_once)
    ]
    per_movie = score_movies(preds, target)
    has_label = ~np.isnan(per_movie)
    scores = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    scores["sample_ap_score"] = _mean(np.nan_to_num(per_movie)[None], weights * has_label)
    return {name: scores[name] for name in LABEL_METRICS}


def score_each_label(
    preds: np.ndarray, target: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute area and average precision of every label, float64 (draws, labels) each."""
    counts = [count_thresholds(preds[:, k], target[:, k], weights) for k in range(target.shape[1])]
    areas = [precision_recall_area(c) for c in counts]
    return np.stack(areas, axis=1), np.stack([average_precision(c) for c in counts], axis=1)


def score_movies(preds: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Compute every movie's area over its labels, float64 (movies,); NaN without a label."""
    return np.array(
        [
            precision_recall_area(count_thresholds(p, t, np.ones((1, len(t)))))[0]
            for p, t in zip(preds, target, strict=True)
        ]
    )


def _score(preds: np.ndarray, target: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    areas, precisions = score_each_label(preds, target, weights)
    counts = weights @ target
    movies = np.repeat(np.arange(len(target)), target.shape[1])
    pairs = count_thresholds(preds.ravel(), target.ravel(), weights, movies)
    return {
        "micro_ap_score": precision_recall_area(pairs),
        "macro_ap_score": _mean(np.nan_to_num(areas), counts > 0),
        "weighted_ap_score": _mean(np.nan_to_num(areas), counts),
        "average_precision_score": _mean(np.nan_to_num(precisions), counts > 0),
    }


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = np.asarray(weights, dtype=np.float64).sum(axis=1)
    summed = (values * weights).sum(axis=1)
    return np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
