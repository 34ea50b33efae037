"""Scores of predicted classes, from stacked confusion matrices of many bootstrap draws.

scikit-learn computes one score at a time from labels; a bootstrap needs a thousand. scikit-learn is
the second implementation in the tests.

A matrix has a row and a column for every class of the task, also for those without a test movie:
they keep their place in the order and their name in reports, with 0 movies and undefined scores.
Macro scores are means over the classes that test movies have, as scikit-learn's with `labels` set
to these: the recall of a class without movies is undefined, and one prediction of such a class
would otherwise add a zero to the mean. It still counts as wrong for the movie's own class.
"""

from collections.abc import Callable, Sequence

import numpy as np


def count_confusions(preds: np.ndarray, target: np.ndarray, n_classes: int) -> np.ndarray:
    """Count pairs of actual and predicted class: confusion matrices.

    Args:
        preds: Predicted classes from 0, shape (..., movies).
        target: Actual classes, the same shape.
        n_classes: How many classes there are.

    Returns:
        Float64, shape (..., classes, classes); rows are actual classes.

    Example:
        >>> count_confusions(np.array([0, 1, 0]), np.array([0, 1, 1]), 2).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    pairs = np.asarray(target) * n_classes + np.asarray(preds)
    lead = pairs.shape[:-1]
    flat = pairs.reshape(-1, pairs.shape[-1])
    cells = n_classes * n_classes
    flat = flat + np.arange(len(flat))[:, None] * cells
    counts = np.bincount(flat.ravel(), minlength=len(flat) * cells)
    return counts.reshape(*lead, n_classes, n_classes).astype(np.float64)


def expect_confusions(preds: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Compute expected confusion matrices where classes are sampled from the probabilities.

    Args:
        preds: Probability of each class, shape (..., movies, classes).
        target: Actual classes from 0, shape (..., movies).

    Returns:
        Float64, shape (..., classes, classes); rows are actual classes.

    Example:
        >>> expect_confusions(np.array([[0.75, 0.25], [0.75, 0.25]]), np.array([0, 1])).tolist()
        [[0.75, 0.25], [0.75, 0.25]]
    """
    n_classes = preds.shape[-1]
    lead = np.shape(target)[:-1]
    flat = np.reshape(target, (-1, np.shape(target)[-1]))
    places = (flat + np.arange(len(flat))[:, None] * n_classes).ravel()
    columns = [
        np.bincount(places, preds[..., k].ravel(), minlength=len(flat) * n_classes)
        for k in range(n_classes)
    ]
    return np.stack(columns, axis=-1).reshape(*lead, n_classes, n_classes)


def accuracy_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the fraction of movies whose predicted class is the actual one."""
    return _ratio(_diagonal(confusion).sum(-1), confusion.sum((-2, -1)))


def within_one_accuracy_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the fraction of movies predicted in their class or a neighbouring one."""
    return _ratio((confusion * (_distances(confusion) <= 1)).sum((-2, -1)), confusion.sum((-2, -1)))


def balanced_accuracy_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the mean recall of the classes that occur."""
    return _mean(_recall(confusion), _occurs(confusion))


def quadratic_kappa_score(confusion: np.ndarray) -> np.ndarray:
    """Compute Cohen's kappa with quadratic weights: agreement beyond chance.

    Classes that do not occur keep their place: their neighbours stay two classes apart. 0 where
    all movies are of one class and are predicted so: chance alone explains that.
    """
    weights = _distances(confusion) ** 2
    total = confusion.sum((-2, -1))
    by_chance = confusion.sum(-1)[..., :, None] * confusion.sum(-2)[..., None, :]
    expected = _ratio((weights * by_chance).sum((-2, -1)), total)
    return np.where(expected > 0, 1 - _ratio((weights * confusion).sum((-2, -1)), expected), 0.0)


def macro_f1_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the mean F1 of the classes that occur."""
    return _mean(_f1(confusion), _occurs(confusion))


def macro_precision_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the mean precision of the classes that occur; one never predicted counts 0."""
    return _mean(_precision(confusion), _occurs(confusion))


def macro_recall_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the mean recall of the classes that occur: the balanced accuracy again."""
    return _mean(_recall(confusion), _occurs(confusion))


def weighted_f1_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the mean F1, weighted by the movies of each class."""
    return _mean(_f1(confusion), confusion.sum(-1))


def weighted_precision_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the mean precision, weighted by the movies of each class."""
    return _mean(_precision(confusion), confusion.sum(-1))


def weighted_recall_score(confusion: np.ndarray) -> np.ndarray:
    """Compute the mean recall, weighted by the movies of each class: the accuracy again."""
    return _mean(_recall(confusion), confusion.sum(-1))


CONFUSION_METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    metric.__name__: metric
    for metric in (
        accuracy_score, balanced_accuracy_score, macro_f1_score, weighted_f1_score,
        macro_precision_score, weighted_precision_score, macro_recall_score,
        weighted_recall_score,
    )
}  # fmt: skip
"""Scores by name; each takes confusion matrices (..., classes, classes) and returns (...)."""

ORDERED_METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    metric.__name__: metric for metric in (within_one_accuracy_score, quadratic_kappa_score)
}
"""The same, for ordered classes."""


def report_classes(
    confusion: np.ndarray, class_names: Sequence[str]
) -> list[dict[str, float | str]]:
    """Compute the scores of each class: a classification report.

    Args:
        confusion: Counts, shape (classes, classes).
        class_names: Lowest first.

    Returns:
        Per class, also for those that do not occur: name, precision (NaN where it was never
        predicted), recall and f1 (NaN where no movie is of it), movies (of that class) and, under
        the key of stored reports, how often it was predicted.
    """
    actual, predicted = confusion.sum(1), confusion.sum(0)
    precision = np.where(predicted > 0, _precision(confusion), np.nan)
    recall = np.where(actual > 0, _recall(confusion), np.nan)
    f1 = np.where(actual > 0, _f1(confusion), np.nan)
    return [
        {
            "name": name,
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
            "movies": round(float(actual[k]), 3),
            "said": round(float(predicted[k]), 3),
        }
        for k, name in enumerate(class_names)
    ]


def _diagonal(confusion: np.ndarray) -> np.ndarray:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _distances(confusion: np.ndarray) -> np.ndarray:
    classes = np.arange(confusion.shape[-1])
    return np.abs(classes[:, None] - classes[None, :])


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the ratio, 0 where the denominator is."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _ratio((values * weights).sum(-1), np.asarray(weights, dtype=np.float64).sum(-1))


def _occurs(confusion: np.ndarray) -> np.ndarray:
    return confusion.sum(-1) > 0


def _precision(confusion: np.ndarray) -> np.ndarray:
    return _ratio(_diagonal(confusion), confusion.sum(-2))


def _recall(confusion: np.ndarray) -> np.ndarray:
    return _ratio(_diagonal(confusion), confusion.sum(-1))


def _f1(confusion: np.ndarray) -> np.ndarray:
    return _ratio(2 * _diagonal(confusion), confusion.sum(-1) + confusion.sum(-2))
