"""The baselines that a network must beat: naive ones, log budget alone, and gradient boosting."""

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import ThreadpoolController

from pipeline.core.tasks import Target, TaskKind
from pipeline.models.training.batches import StreamTable
from pipeline.models.training.cut_features import features_cut_at_random
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

BINS = 64
"""Values of a column that trees tell apart: a quarter of scikit-learn's default takes half of the
time. On the validation sets of five folds of real movies (1,025) it is no worse: RMSE .575 where
255 bins have .579, macro-F1 of eight classes .300 and .296."""

TREES = 80
TREES_OF_A_NUMBER = 150
"""A number has one tree per round where eight classes have eight."""


@lru_cache(maxsize=1)
def _find_thread_pools(_: int) -> ThreadpoolController:
    """Find the libraries that have threads of their own: again once more modules are loaded. It
    takes longer than a line through log budget.
    """
    return ThreadpoolController()


def predict_baselines(
    features: FeatureSet,
    target: Target,
    train_rows: np.ndarray,
    rows: np.ndarray,
    *,
    seed: int = 42,
    boosts: bool = True,
) -> dict[str, np.ndarray]:
    """Fit every baseline of the task on the training set and predict other movies.

    Args:
        features: Boosting looks at the metadata, and at all streams summed up.
        target: Known for every training row.
        train_rows: Rows that are fitted to, (n,).
        rows: Rows to predict, (m,).
        seed: Of PCA and of boosting.
        boosts: Whether boosting is among them.

    Returns:
        By the baseline's name, float64: class probabilities (m, classes), label probabilities
        (m, labels) or numbers (m,). The prior's are the training set's shares, to be drawn from;
        boosting is there where metadata is, log budget where money is predicted as well.

    Raises:
        LeakError: An input is known only after release.
    """
    check_features(features)
    values = target.values[train_rows]
    preds = dict(predict_naively(target, values, len(rows)))
    table = features.table
    if METADATA not in table.streams:
        return preds
    metadata = np.asarray(table.streams[METADATA])
    known, asked = (metadata[some].astype(np.float64) for some in (train_rows, rows))
    others = [name for name in table.streams if name not in (METADATA, *_pooled_twice(table))]
    limit = 1 if len(train_rows) < MIN_MOVIES_FOR_THREADS else None
    with _find_thread_pools(len(sys.modules)).limit(limits=limit):
        budgets = _log_budgets(table, target, known, asked)
        if budgets is not None:
            preds[LOG_BUDGET] = _linear(*budgets, target, values)
        if not boosts:
            return preds
        copies = _cut_copies(features, train_rows, seed)
        values = np.concatenate([values] * (1 + len(copies)))
        preds[BOOSTING] = boost(np.vstack([known, *copies]), asked, target, values, seed)
        if others:
            reduced = reduce_streams(table, others, train_rows, rows, seed=seed)
            wide = [np.hstack([some, reduced[0]]) for some in (known, *copies)]
            asked = np.hstack([asked, reduced[1]])
            preds[BOOSTING_WITH_EMBEDDINGS] = boost(np.vstack(wide), asked, target, values, seed)
    return preds


def _cut_copies(features: FeatureSet, rows: np.ndarray, seed: int) -> list[np.ndarray]:
    """Return the metadata of the same movies with records cut at random; none without records."""
    if not features.records:
        return []
    cut = features_cut_at_random(features, seed).table.streams[METADATA]
    return [np.asarray(cut)[rows].astype(np.float64)]


def predict_naively(target: Target, values: np.ndarray, n_rows: int) -> Mapping[str, np.ndarray]:
    """Return the naive baselines' predictions, which look at no movie.

    Args:
        target: Of the kind of task.
        values: Its values for the training set, all known.
        n_rows: Movies to predict.

    Returns:
        As `predict_baselines`.
    """
    if target.task.kind is TaskKind.REGRESSION:
        constants = {MEAN: values.mean(), MEDIAN: np.median(values)}
        return {name: np.full(n_rows, float(number)) for name, number in constants.items()}
    if target.task.kind is TaskKind.LABELS:
        return {LABEL_PRIOR: np.tile(values.mean(axis=0, dtype=np.float64), (n_rows, 1))}
    n_classes = len(target.task.class_names)
    shares = np.bincount(values, minlength=n_classes) / len(values)
    alone = np.eye(n_classes)[shares.argmax()]
    return {MAJORITY: np.tile(alone, (n_rows, 1)), PRIOR: np.tile(shares, (n_rows, 1))}


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


def boost(
    train: np.ndarray, others: np.ndarray, target: Target, values: np.ndarray, seed: int
) -> np.ndarray:
    """Fit on the training set and predict other movies.

    Args:
        train: Float64 (n, columns), NaN for unknown.
        others: The same columns of other movies, (m, columns).
        target: Of the kind of task.
        values: Its values for the training set.
        seed: Of the columns that a tree may look at.

    Returns:
        As `predict_baselines`.
    """
    # scikit-learn cannot bin a column without a single known value
    is_known = ~np.isnan(train).all(axis=0)
    train, others = train[:, is_known], others[:, is_known]
    if target.task.kind is TaskKind.REGRESSION:
        model = HistGradientBoostingRegressor(
            **_hyperparameters(len(train), seed, TREES_OF_A_NUMBER)
        )
        return model.fit(train, values).predict(others)
    if target.task.kind is TaskKind.CLASSES:
        return _classify(train, others, values.astype(int), len(target.task.class_names), seed)
    columns = [
        _classify(train, others, values[:, k].astype(int), 2, seed)[:, 1]
        for k in range(values.shape[1])
    ]
    return np.stack(columns, axis=1)


def spread(probabilities: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return a column to each class, also to those that the training set lacks.

    Example:
        >>> spread(np.array([[0.25, 0.75]]), np.array([0, 2]), 3).tolist()
        [[0.25, 0.0, 0.75]]
    """
    wide = np.zeros((len(probabilities), n_classes))
    wide[:, classes] = probabilities
    return wide


def _classify(
    train: np.ndarray, others: np.ndarray, values: np.ndarray, n_classes: int, seed: int
) -> np.ndarray:
    if len(np.unique(values)) < 2:
        return np.eye(n_classes)[np.full(len(others), values[0])]
    model = HistGradientBoostingClassifier(**_hyperparameters(len(train), seed, TREES)).fit(
        train, values
    )
    return spread(model.predict_proba(others), model.classes_, n_classes)


def _hyperparameters(n_movies: int, seed: int, trees: int) -> dict[str, Any]:
    return {
        "learning_rate": 0.06,
        "max_iter": trees,
        "max_leaf_nodes": 15,
        # few movies: smaller leaves, or no tree could split at all
        "min_samples_leaf": int(np.clip(n_movies // 16, 3, 20)),
        "l2_regularization": 1.0,
        "max_features": 0.5,
        "max_bins": BINS,
        "early_stopping": False,
        "random_state": seed,
    }
