"""Scores of said classes, computed from confusion counts, many at a time.

scikit-learn computes one score at a time from labels; the bootstrap wants a thousand at once, so
these work on stacked confusion counts. scikit-learn is the second implementation in their tests.
"""

from collections.abc import Callable, Sequence

import numpy as np


def count_confusions(y_true: np.ndarray, y_said: np.ndarray, n_classes: int) -> np.ndarray:
    """Count pairs of true and said class.

    Args:
        y_true: Classes from 0, shape (..., movies).
        y_said: The same shape.
        n_classes: How many classes there are.

    Returns:
        Float64, shape (..., classes, classes); rows are true classes.

    Example:
        >>> count_confusions(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    pairs = np.asarray(y_true) * n_classes + np.asarray(y_said)
    lead = pairs.shape[:-1]
    flat = pairs.reshape(-1, pairs.shape[-1])
    cells = n_classes * n_classes
    flat = flat + np.arange(len(flat))[:, None] * cells
    counts = np.bincount(flat.ravel(), minlength=len(flat) * cells)
    return counts.reshape(*lead, n_classes, n_classes).astype(np.float64)


def expect_confusions(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Count pairs as they are expected where the said class is drawn from probabilities.

    Args:
        y_true: Classes from 0, shape (..., movies).
        probabilities: Of each class, shape (..., movies, classes).

    Returns:
        Float64, shape (..., classes, classes); rows are true classes.

    Example:
        >>> expect_confusions(np.array([0, 1]), np.array([[0.75, 0.25], [0.75, 0.25]])).tolist()
        [[0.75, 0.25], [0.75, 0.25]]
    """
    n_classes = probabilities.shape[-1]
    lead = np.shape(y_true)[:-1]
    flat = np.reshape(y_true, (-1, np.shape(y_true)[-1]))
    places = (flat + np.arange(len(flat))[:, None] * n_classes).ravel()
    columns = [
        np.bincount(places, probabilities[..., k].ravel(), minlength=len(flat) * n_classes)
        for k in range(n_classes)
    ]
    return np.stack(columns, axis=-1).reshape(*lead, n_classes, n_classes)


def accuracy_score(confusion: np.ndarray) -> np.ndarray:
    """Share of movies whose class was said."""
    return _ratio(_diagonal(confusion).sum(-1), confusion.sum((-2, -1)))


def within_one_accuracy_score(confusion: np.ndarray) -> np.ndarray:
    """Share of movies whose class, or a neighbour of it, was said."""
    return _ratio((confusion * (_distances(confusion) <= 1)).sum((-2, -1)), confusion.sum((-2, -1)))


def balanced_accuracy_score(confusion: np.ndarray) -> np.ndarray:
    """Mean recall of the classes that are there."""
    return _mean(_recall(confusion), confusion.sum(-1) > 0)


def quadratic_kappa_score(confusion: np.ndarray) -> np.ndarray:
    """Agreement beyond chance, where a miss counts by the square of its distance.

    0 where all movies are of one class and that one was said: there is nothing to tell apart.
    """
    weights = _distances(confusion) ** 2
    total = confusion.sum((-2, -1))
    by_chance = confusion.sum(-1)[..., :, None] * confusion.sum(-2)[..., None, :]
    expected = _ratio((weights * by_chance).sum((-2, -1)), total)
    return np.where(expected > 0, 1 - _ratio((weights * confusion).sum((-2, -1)), expected), 0.0)


def macro_f1_score(confusion: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that are there or were said."""
    return _mean(_f1(confusion), _seen(confusion))


def macro_precision_score(confusion: np.ndarray) -> np.ndarray:
    """Mean precision of the classes that are there or were said; 0 for one never said."""
    return _mean(_precision(confusion), _seen(confusion))


def macro_recall_score(confusion: np.ndarray) -> np.ndarray:
    """Mean recall of the classes that are there or were said; 0 for one that is not there."""
    return _mean(_recall(confusion), _seen(confusion))


def weighted_f1_score(confusion: np.ndarray) -> np.ndarray:
    """F1 of the classes, weighed by how many movies they have."""
    return _mean(_f1(confusion), confusion.sum(-1))


def weighted_precision_score(confusion: np.ndarray) -> np.ndarray:
    """Precision of the classes, weighed by how many movies they have."""
    return _mean(_precision(confusion), confusion.sum(-1))


def weighted_recall_score(confusion: np.ndarray) -> np.ndarray:
    """Recall of the classes, weighed by how many movies they have: the accuracy again."""
    return _mean(_recall(confusion), confusion.sum(-1))


CONFUSION_METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    metric.__name__: metric
    for metric in (
        accuracy_score, balanced_accuracy_score, macro_f1_score, weighted_f1_score,
        macro_precision_score, weighted_precision_score, macro_recall_score,
        weighted_recall_score,
    )
}  # fmt: skip
"""Scores by name; each takes confusion counts (..., classes, classes) and gives (...)."""

ORDERED_METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    metric.__name__: metric for metric in (within_one_accuracy_score, quadratic_kappa_score)
}
"""The same, of classes whose neighbours are nearer than others."""


def report_classes(
    confusion: np.ndarray, class_names: Sequence[str]
) -> list[dict[str, float | str]]:
    """Score each class by itself.

    Args:
        confusion: Counts, shape (classes, classes).
        class_names: Lowest first.

    Returns:
        Per class: name, precision, recall, f1, movies (of that class), said (so many times).
    """
    precision, recall, f1 = _precision(confusion), _recall(confusion), _f1(confusion)
    return [
        {
            "name": name,
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
            "movies": round(float(confusion[k].sum()), 3),
            "said": round(float(confusion[:, k].sum()), 3),
        }
        for k, name in enumerate(class_names)
    ]


def _diagonal(confusion: np.ndarray) -> np.ndarray:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _distances(confusion: np.ndarray) -> np.ndarray:
    classes = np.arange(confusion.shape[-1])
    return np.abs(classes[:, None] - classes[None, :])


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _ratio((values * weights).sum(-1), np.asarray(weights, dtype=np.float64).sum(-1))


def _seen(confusion: np.ndarray) -> np.ndarray:
    return (confusion.sum(-1) + confusion.sum(-2)) > 0


def _precision(confusion: np.ndarray) -> np.ndarray:
    return _ratio(_diagonal(confusion), confusion.sum(-2))


def _recall(confusion: np.ndarray) -> np.ndarray:
    return _ratio(_diagonal(confusion), confusion.sum(-1))


def _f1(confusion: np.ndarray) -> np.ndarray:
    return _ratio(2 * _diagonal(confusion), confusion.sum(-1) + confusion.sum(-2))
