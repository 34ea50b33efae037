"""Scores of movies with any of several labels: the four areas of seed 002's paper."""

import numpy as np

from pipeline.evaluation.metrics.ranking import (
    average_precision,
    cut_ranking,
    precision_recall_area,
)

LABEL_METRICS = (
    "micro_ap_score", "macro_ap_score", "weighted_ap_score", "sample_ap_score",
    "average_precision_score",
)  # fmt: skip
"""Trapezoidal areas under the precision-recall curve, then scikit-learn's average precision.

Micro takes all pairs of movie and label as one ranking, macro is the mean over labels, weighted
weighs labels by how many movies have them, sample is the mean over movies; the average precision
is the mean over labels. A label that no movie of a draw has, and a movie without any label, have
no curve and are left out of the means.

Source:
    Montalvo-Lezama et al., "Trailers12k", arXiv 2210.07983, section 4.
"""

_CELLS_AT_ONCE = 2_000_000


def score_labels(
    y_true: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Compute all scores of many draws.

    Args:
        y_true: 1 where a movie has a label, else 0, shape (movies, labels).
        probabilities: Of each label, the same shape.
        weights: How often each draw holds a movie, float64 (draws, movies).

    Returns:
        By name (`LABEL_METRICS`), float64 (draws,); NaN where no label of a draw has a movie.
    """
    at_once = max(1, _CELLS_AT_ONCE // max(1, y_true.size))
    pieces = [
        _score(y_true, probabilities, weights[start : start + at_once])
        for start in range(0, len(weights), at_once)
    ]
    per_movie = score_movies(y_true, probabilities)
    has_label = ~np.isnan(per_movie)
    scores = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    scores["sample_ap_score"] = _mean(np.nan_to_num(per_movie)[None], weights * has_label)
    return {name: scores[name] for name in LABEL_METRICS}


def score_each_label(
    y_true: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute area and average precision of every label, float64 (draws, labels) each."""
    cuts = [cut_ranking(probabilities[:, k], y_true[:, k], weights) for k in range(y_true.shape[1])]
    areas = [precision_recall_area(c) for c in cuts]
    return np.stack(areas, axis=1), np.stack([average_precision(c) for c in cuts], axis=1)


def score_movies(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Compute every movie's area over its labels, float64 (movies,); NaN without a label."""
    return np.array(
        [
            precision_recall_area(cut_ranking(said, true, np.ones((1, len(true)))))[0]
            for true, said in zip(y_true, probabilities, strict=True)
        ]
    )


def _score(
    y_true: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    areas, precisions = score_each_label(y_true, probabilities, weights)
    counts = weights @ y_true
    pairs = cut_ranking(
        probabilities.ravel(),
        y_true.ravel(),
        weights,
        np.repeat(np.arange(len(y_true)), y_true.shape[1]),
    )
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
