"""Areas under curves over all cuts of a ranking, for many bootstrap draws at once.

A draw repeats items and never reorders them, so a ranking is sorted once and each draw is a row
of weights. Items of equal score are one cut, as in scikit-learn, which is the second
implementation in the tests.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cuts:
    """What lies above every cut of a ranking, from the highest score down.

    Attributes:
        hits: Weight of the positive items above each cut, float64 (draws, cuts).
        seen: Weight of all items above each cut, the same shape.
    """

    hits: np.ndarray
    seen: np.ndarray


def cut_ranking(
    scores: np.ndarray,
    is_positive: np.ndarray,
    weights: np.ndarray,
    items: np.ndarray | None = None,
) -> Cuts:
    """Rank items by score and count what lies above each cut.

    Args:
        scores: Of each item, shape (n,).
        is_positive: Whether the answer to it is yes, shape (n,).
        weights: How often each draw holds an item, shape (draws, m).
        items: Column of `weights` for each item, int (n,), where several share one; else m = n.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    drawn = weights[:, order if items is None else items[order]]
    seen = np.cumsum(drawn, axis=1)[:, ends]
    drawn *= is_positive[order]
    return Cuts(np.cumsum(drawn, axis=1)[:, ends], seen)


def precision_recall_area(cuts: Cuts) -> np.ndarray:
    """Trapezoidal area under the precision-recall curve, from precision 1 at recall 0.

    Not `average_precision`: straight lines between cuts flatter rankings with ties.

    Returns:
        Float64 (draws,); NaN where a draw holds no positive item.

    Source:
        Montalvo-Lezama et al., "Trailers12k", arXiv 2210.07983, whose scores are
        `sklearn.metrics.auc` of `precision_recall_curve`.

    Example:
        >>> ranking = cut_ranking(np.array([0.9, 0.5, 0.1]), np.array([1, 0, 1]), np.ones((1, 3)))
        >>> precision_recall_area(ranking).round(4).tolist()
        [0.7917]
    """
    precision, recall = _precision(cuts), _share(cuts.hits)
    before = np.concatenate([np.ones((len(precision), 1)), precision[:, :-1]], axis=1)
    steps = np.diff(recall, axis=1, prepend=0)
    return (steps * (precision + before) / 2).sum(axis=1)


def average_precision(cuts: Cuts) -> np.ndarray:
    """Mean precision at the positive items, without interpolation; NaN without a positive item."""
    return (np.diff(_share(cuts.hits), axis=1, prepend=0) * _precision(cuts)).sum(axis=1)


def roc_area(cuts: Cuts) -> np.ndarray:
    """Share of pairs of a positive and a negative item in right order; a tie counts half.

    Returns:
        Float64 (draws,); NaN where a draw holds no positive or no negative item.
    """
    hits, misses = _share(cuts.hits), _share(cuts.seen - cuts.hits)
    steps = np.diff(misses, axis=1, prepend=0)
    before = np.concatenate([np.zeros((len(hits), 1)), hits[:, :-1]], axis=1)
    return (steps * (hits + before) / 2).sum(axis=1)


def _precision(cuts: Cuts) -> np.ndarray:
    """Share of positives above each cut; 1, the curve's start, where nothing was drawn yet."""
    return np.divide(cuts.hits, cuts.seen, out=np.ones_like(cuts.hits), where=cuts.seen > 0)


def _share(counts: np.ndarray) -> np.ndarray:
    total = counts[:, -1:]
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
