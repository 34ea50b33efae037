"""The baselines that a network must beat: naive ones, log budget alone, and gradient boosting."""

from collections.abc import Mapping

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pipeline.core.tasks import Target, TaskKind
from pipeline.models.estimators.boosting import boost, spread
from pipeline.models.training.batches import StreamTable
from pipeline.models.training.estimator import FeatureSet, check_features
from pipeline.models.training.summaries import METADATA, reduce_streams

MAJORITY = "majority class"
PRIOR = "prior draw"
LABEL_PRIOR = "label prior"
MEAN = "mean"
MEDIAN = "median"
LOG_BUDGET = "linear on log budget"
BOOSTING = "boosting on metadata"
BOOSTING_WITH_EMBEDDINGS = "boosting on metadata + embeddings"

MEANS = {"frames": "video"}
"""Sequences and the stream that is their mean."""

BUDGET_COLUMN = "log10_budget"

MIN_MOVIES_FOR_THREADS = 5_000
"""Fewer training movies are boosted on one thread: on two busy cores that is twice as fast."""


def predict_baselines(
    features: FeatureSet,
    target: Target,
    train_rows: np.ndarray,
    rows: np.ndarray,
    *,
    seed: int = 42,
) -> dict[str, np.ndarray]:
    """Fit every baseline of the task on the training set and predict other movies.

    Args:
        features: Boosting looks at the metadata, and at all streams summed up.
        target: Known for every training row.
        train_rows: Rows of the training set, (n,).
        rows: Rows to predict, (m,).
        seed: Of PCA and of boosting.

    Returns:
        By the baseline's name, float64: class probabilities (m, classes), label probabilities
        (m, labels) or numbers (m,). The prior's are the training set's shares, to be drawn from;
        boosting is there where metadata is, log budget where money is predicted as well.

    Raises:
        LeakError: An input is known only after release.
    """
    check_features(features)
    values = target.values[train_rows]
    preds = dict(_naive(target, values, len(rows)))
    table = features.table
    if METADATA not in table.streams:
        return preds
    metadata = [np.asarray(table.streams[METADATA][r], np.float64) for r in (train_rows, rows)]
    others = [name for name in table.streams if name not in (METADATA, *_pooled_twice(table))]
    with threadpool_limits(1 if len(train_rows) < MIN_MOVIES_FOR_THREADS else None):
        budgets = _log_budgets(table, target, *metadata)
        if budgets is not None:
            preds[LOG_BUDGET] = _linear(*budgets, target, values)
        preds[BOOSTING] = boost(*metadata, target, values, seed)
        if others:
            reduced = reduce_streams(table, others, train_rows, rows, seed=seed)
            wide = [np.hstack(pair) for pair in zip(metadata, reduced, strict=True)]
            preds[BOOSTING_WITH_EMBEDDINGS] = boost(*wide, target, values, seed)
    return preds


def _naive(target: Target, values: np.ndarray, n_rows: int) -> Mapping[str, np.ndarray]:
    if target.task.kind is TaskKind.REGRESSION:
        constants = {MEAN: values.mean(), MEDIAN: np.median(values)}
        return {name: np.full(n_rows, float(number)) for name, number in constants.items()}
    if target.task.kind is TaskKind.LABELS:
        return {LABEL_PRIOR: np.tile(values.mean(axis=0, dtype=np.float64), (n_rows, 1))}
    blank, preds = np.zeros((n_rows, 1)), {}
    for name, strategy in ((MAJORITY, "most_frequent"), (PRIOR, "prior")):
        dummy = DummyClassifier(strategy=strategy).fit(np.zeros((len(values), 1)), values)
        probabilities = dummy.predict_proba(blank)
        preds[name] = spread(probabilities, dummy.classes_, len(target.task.class_names))
    return preds


def _pooled_twice(table: StreamTable) -> tuple[str, ...]:
    """Return the sequences whose mean is a modality of its own."""
    return tuple(name for name, mean in MEANS.items() if mean in table.streams)


def _log_budgets(
    table: StreamTable, target: Target, train: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Take the budget's column and whether it is known; an unknown one is the training median."""
    columns = list(getattr(table, "columns", {}).get(METADATA, ()))
    if not target.task.is_monetary or BUDGET_COLUMN not in columns:
        return None
    train, others = (values[:, columns.index(BUDGET_COLUMN)] for values in (train, others))
    if np.isnan(train).all():
        return None
    middle = np.nanmedian(train)
    filled = [
        np.stack([np.where(np.isnan(some), middle, some), np.isnan(some)], axis=1)
        for some in (train, others)
    ]
    return filled[0], filled[1]


def _linear(
    train: np.ndarray, others: np.ndarray, target: Target, values: np.ndarray
) -> np.ndarray:
    if target.task.kind is TaskKind.REGRESSION:
        return LinearRegression().fit(train, values).predict(others)
    n_classes = len(target.task.class_names)
    if len(np.unique(values)) < 2:
        return np.eye(n_classes)[np.full(len(others), values[0])]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(train, values)
    return spread(model.predict_proba(others), model.classes_, n_classes)
