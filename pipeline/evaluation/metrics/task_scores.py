"""All scores of a task by name: how each is called, and whether lower is better."""

import numpy as np

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.class_metrics import (
    CONFUSION_METRICS,
    ORDERED_METRICS,
    count_confusions,
    expect_confusions,
)
from pipeline.evaluation.metrics.label_metrics import score_labels
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS
from pipeline.evaluation.metrics.ranking import count_thresholds, roc_area
from pipeline.evaluation.metrics.regression_metrics import score_numbers

TOP_CLASSES = 3


def score_draws(
    task: Task,
    preds: np.ndarray,
    target: np.ndarray,
    rows: np.ndarray,
    *,
    is_sampled: bool = False,
) -> dict[str, np.ndarray]:
    """Compute every score of a task for many bootstrap draws of movies.

    Args:
        task: What is predicted.
        preds: Probabilities (n, classes) or (n, labels), or numbers (n,) or (n, 3).
        target: Actual classes (n,), numbers (n,), or labels (n, labels).
        rows: Row numbers of each draw, int64 (draws, movies of a draw).
        is_sampled: See `SplitResult`.

    Returns:
        By name, float64 (draws,); NaN where a draw has nothing to score.
    """
    if task.kind == TaskKind.REGRESSION:
        return score_numbers(preds, target, count_draws(rows, len(target)))
    if task.kind == TaskKind.LABELS:
        return score_labels(preds, target, count_draws(rows, len(target)))
    return _score_classes(task, preds, target, rows, is_sampled)


def count_draws(rows: np.ndarray, n_movies: int) -> np.ndarray:
    """Count how often each draw holds each movie, float64 (draws, movies).

    Example:
        >>> count_draws(np.array([[0, 0, 2]]), 3).tolist()
        [[2.0, 0.0, 1.0]]
    """
    places = rows + np.arange(len(rows))[:, None] * n_movies
    counts = np.bincount(places.ravel(), minlength=len(rows) * n_movies)
    return counts.reshape(len(rows), n_movies).astype(np.float64)


def _score_classes(
    task: Task, preds: np.ndarray, target: np.ndarray, rows: np.ndarray, is_sampled: bool
) -> dict[str, np.ndarray]:
    if is_sampled:
        confusion = expect_confusions(preds[rows], target[rows])
    else:
        confusion = count_confusions(preds.argmax(axis=1)[rows], target[rows], preds.shape[1])
    metrics = CONFUSION_METRICS | (ORDERED_METRICS if task.is_ordered else {})
    scores = {name: metric(confusion) for name, metric in metrics.items()}
    if preds.shape[1] > TOP_CLASSES:
        scores["top3_accuracy_score"] = rank_in_top(preds, target)[rows].mean(axis=1)
    scores["auc_score"] = score_auc(preds, target, count_draws(rows, len(target)))
    return {name: scores[name] for name in METRIC_WORDS if name in scores}


def rank_in_top(preds: np.ndarray, target: np.ndarray, top: int = TOP_CLASSES) -> np.ndarray:
    """Compute the probability that each actual class is among the `top` predicted, float64 (n,).

    Classes of equal probability share the remaining ranks at random.

    Example:
        >>> rank_in_top(np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), np.array([0, 1]), top=2)
        array([1. , 0.5])
    """
    own = np.take_along_axis(preds, target[:, None], axis=1)
    above = (preds > own).sum(axis=1)
    tied = (preds == own).sum(axis=1)
    return np.clip((top - above) / tied, 0, 1)


def score_auc(preds: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the area under the ROC curve: of the second of two classes, else one-vs-rest.

    Classes that a draw lacks, or holds alone, are excluded from the mean.

    Returns:
        Float64 (draws,); NaN where a draw holds a single class.
    """
    classes = [1] if preds.shape[1] == 2 else range(preds.shape[1])
    areas = np.stack(
        [roc_area(count_thresholds(preds[:, k], target == k, weights)) for k in classes]
    )
    is_defined = ~np.isnan(areas)
    total = is_defined.sum(axis=0)
    summed = np.where(is_defined, areas, 0).sum(axis=0)
    return np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
