"""Gradient boosting for classes, numbers and labels, with one set of hyperparameters."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from pipeline.core.tasks import Target, TaskKind

TREES = 80
TREES_OF_A_NUMBER = 150
"""A number has one tree per round where eight classes have eight."""


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
        "early_stopping": False,
        "random_state": seed,
    }
