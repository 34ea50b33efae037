"""Areas under precision-recall and ROC curves, for many bootstrap draws at once.

A draw repeats items and never reorders them, so a ranking is sorted once and each draw is a row
of weights. Items of equal score share one threshold, as in scikit-learn, which is the second
implementation in the tests.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ThresholdCounts:
    """Counts at every threshold of a ranking, from the highest score down.

    Attributes:
        true_positives: Weight of positive items at or above each, float64 (draws, thresholds).
        predicted: Weight of all items at or above each, the same shape.
    """

    true_positives: np.ndarray
    predicted: np.ndarray


def count_thresholds(
    preds: np.ndarray,
    target: np.ndarray,
    weights: np.ndarray,
    items: np.ndarray | None = None,
) -> ThresholdCounts:
    """Rank items by score and count true positives at every threshold.

    Args:
        preds: Score of each item, shape (n,).
        target: Whether it is positive, bool or 0 and 1, shape (n,).
        weights: How often each draw holds an item, shape (draws, m).
        items: Column of `weights` for each item, int (n,), where several share one; else m = n.
    """
    order = np.argsort(-preds, kind="stable")
    ranked = preds[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    drawn = weights[:, order if items is None else items[order]]
    predicted = np.cumsum(drawn, axis=1)[:, ends]
    drawn *= target[order]
    return ThresholdCounts(np.cumsum(drawn, axis=1)[:, ends], predicted)


def precision_recall_area(counts: ThresholdCounts) -> np.ndarray:
    """Compute the trapezoidal area under the precision-recall curve from (recall 0, precision 1).

    Not `average_precision`: linear interpolation overestimates rankings with ties.

    Returns:
        Float64 (draws,); NaN where a draw holds no positive item.

    Source:
        Montalvo-Lezama et al., "Trailers12k", arXiv 2210.07983, whose scores are
        `sklearn.metrics.auc` of `precision_recall_curve`.

    Example:
        >>> preds, target = np.array([0.9, 0.5, 0.1]), np.array([1, 0, 1])
        >>> counts = count_thresholds(preds, target, np.ones((1, 3)))
        >>> precision_recall_area(counts).round(4).tolist()
        [0.7917]
    """
    precision, recall = _precision(counts), _recall(counts.true_positives)
    before = np.concatenate([np.ones((len(precision), 1)), precision[:, :-1]], axis=1)
    steps = np.diff(recall, axis=1, prepend=0)
    return (steps * (precision + before) / 2).sum(axis=1)


def average_precision(counts: ThresholdCounts) -> np.ndarray:
    """Compute the average precision, without interpolation; NaN without a positive item."""
    steps = np.diff(_recall(counts.true_positives), axis=1, prepend=0)
    return (steps * _precision(counts)).sum(axis=1)


def roc_area(counts: ThresholdCounts) -> np.ndarray:
    """Compute the area under the ROC curve.

    Returns:
        Float64 (draws,); NaN where a draw holds no positive or no negative item.
    """
    tpr = _recall(counts.true_positives)
    fpr = _recall(counts.predicted - counts.true_positives)
    before = np.concatenate([np.zeros((len(tpr), 1)), tpr[:, :-1]], axis=1)
    return (np.diff(fpr, axis=1, prepend=0) * (tpr + before) / 2).sum(axis=1)


def _precision(counts: ThresholdCounts) -> np.ndarray:
    """Return the precision at each threshold; 1, the curve's start, where nothing was drawn yet."""
    true, predicted = counts.true_positives, counts.predicted
    return np.divide(true, predicted, out=np.ones_like(true), where=predicted > 0)


def _recall(counts: np.ndarray) -> np.ndarray:
    """Return cumulative counts as fractions of the last; NaN where that is 0."""
    total = counts[:, -1:]
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
