"""All scores by name: which a task has, what people call them, and which way is better."""

import numpy as np

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.class_metrics import (
    CONFUSION_METRICS,
    ORDERED_METRICS,
    count_confusions,
    expect_confusions,
)
from pipeline.evaluation.metrics.label_metrics import score_labels
from pipeline.evaluation.metrics.ranking import cut_ranking, roc_area
from pipeline.evaluation.metrics.regression_metrics import score_numbers

METRIC_WORDS = {
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced accuracy",
    "macro_f1_score": "macro-F1",
    "weighted_f1_score": "weighted F1",
    "macro_precision_score": "macro precision",
    "weighted_precision_score": "weighted precision",
    "macro_recall_score": "macro recall",
    "weighted_recall_score": "weighted recall",
    "within_one_accuracy_score": "±1 accuracy",
    "quadratic_kappa_score": "quadratic kappa",
    "top3_accuracy_score": "top-3 accuracy",
    "auc_score": "ROC AUC",
    "rmse_error": "RMSE",
    "mae_error": "MAE",
    "mse_error": "MSE",
    "r2_score": "R²",
    "interval_coverage_score": "interval coverage",
    "micro_ap_score": "μAP",
    "macro_ap_score": "mAP",
    "weighted_ap_score": "wAP",
    "sample_ap_score": "sAP",
    "average_precision_score": "average precision",
}
"""How a score is called in front of people, in the order to be shown."""

TOP_CLASSES = 3


def is_error(metric: str) -> bool:
    """Tell whether lower is better."""
    return metric.endswith("_error")


def score_draws(
    task: Task,
    y_true: np.ndarray,
    answers: np.ndarray,
    rows: np.ndarray,
    *,
    is_drawn: bool = False,
) -> dict[str, np.ndarray]:
    """Compute every score of a task for many draws of movies.

    Args:
        task: What was asked.
        y_true: Classes (n,), numbers (n,), or labels (n, labels).
        answers: Probabilities (n, classes) or (n, labels), or numbers (n,) or (n, 3).
        rows: Row numbers of each draw, int64 (draws, movies of a draw).
        is_drawn: Whether said classes are drawn from the probabilities; their scores are then
            those of the expected counts.

    Returns:
        By name, float64 (draws,); NaN where a draw has nothing to score.
    """
    if task.kind == TaskKind.REGRESSION:
        return score_numbers(y_true, answers, count_draws(rows, len(y_true)))
    if task.kind == TaskKind.LABELS:
        return score_labels(y_true, answers, count_draws(rows, len(y_true)))
    return _score_classes(task, y_true, answers, rows, is_drawn)


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
    task: Task, y_true: np.ndarray, probabilities: np.ndarray, rows: np.ndarray, is_drawn: bool
) -> dict[str, np.ndarray]:
    if is_drawn:
        confusion = expect_confusions(y_true[rows], probabilities[rows])
    else:
        said = probabilities.argmax(axis=1)
        confusion = count_confusions(y_true[rows], said[rows], probabilities.shape[1])
    metrics = CONFUSION_METRICS | (ORDERED_METRICS if task.is_ordered else {})
    scores = {name: metric(confusion) for name, metric in metrics.items()}
    if probabilities.shape[1] > TOP_CLASSES:
        scores["top3_accuracy_score"] = find_in_top(y_true, probabilities)[rows].mean(axis=1)
    weights = count_draws(rows, len(y_true))
    scores["auc_score"] = score_auc(y_true, probabilities, weights)
    return {name: scores[name] for name in METRIC_WORDS if name in scores}


def find_in_top(
    y_true: np.ndarray, probabilities: np.ndarray, top: int = TOP_CLASSES
) -> np.ndarray:
    """Tell how surely each movie's class is among the `top` most probable ones, float64 (n,).

    Classes of equal probability take the places that are left in a random order.

    Example:
        >>> find_in_top(np.array([0, 1]), np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), top=2)
        array([1. , 0.5])
    """
    own = np.take_along_axis(probabilities, y_true[:, None], axis=1)
    above = (probabilities > own).sum(axis=1)
    level = (probabilities == own).sum(axis=1)
    return np.clip((top - above) / level, 0, 1)


def score_auc(y_true: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the area under the ROC curve, of two classes or as mean of one against the rest.

    Classes of which a draw holds none, or nothing else, are left out of the mean.

    Returns:
        Float64 (draws,); NaN where a draw holds a single class.
    """
    n_classes = probabilities.shape[1]
    asked = [1] if n_classes == 2 else range(n_classes)
    areas = np.stack(
        [roc_area(cut_ranking(probabilities[:, k], y_true == k, weights)) for k in asked]
    )
    there = ~np.isnan(areas)
    total = there.sum(axis=0)
    summed = np.where(there, areas, 0).sum(axis=0)
    return np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
