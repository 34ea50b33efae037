"""The answers a network must beat: the majority, the prior, and gradient boosting.

What belongs here: models without a training loop. What does not: the comparison (see
`pipeline.evaluation`).
"""

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from pipeline.models.batches import StreamTable

MAJORITY = "majority class"
PRIOR = "prior draw"
BOOSTING = "boosting on metadata"
BOOSTING_WITH_EMBEDDINGS = "boosting on metadata + embeddings"

METADATA = "metadata"

MAX_COMPONENTS = 16
"""Wider streams are reduced to so many principal components, fitted on the training part."""

MIN_MOVIES_PER_COMPONENT = 4

MIN_MOVIES_FOR_THREADS = 5_000
"""Fewer training movies are boosted on one thread: on two busy cores that is twice as fast."""

_READ_ROWS = 512


def answer_baselines(
    table: StreamTable,
    labels: np.ndarray,
    train_rows: np.ndarray,
    rows: np.ndarray,
    n_classes: int,
    *,
    seed: int = 42,
) -> dict[str, np.ndarray]:
    """Fit every baseline on the training part and ask it about other movies.

    Args:
        table: Streams and masks; boosting looks at `metadata`, and at all streams' means.
        labels: Class of every movie, int64 (movies,).
        train_rows: Rows of the training part, shape (n,).
        rows: Rows to answer, shape (m,).
        n_classes: How many classes there are.
        seed: Of PCA and of boosting.

    Returns:
        By the baseline's name, class probabilities, float64 (m, classes). The prior's are the
        training part's shares, to be drawn from; boosting is there where metadata is.
    """
    known = labels[train_rows]
    blank = np.zeros((len(rows), 1))
    answers = {}
    for name, strategy in ((MAJORITY, "most_frequent"), (PRIOR, "prior")):
        dummy = DummyClassifier(strategy=strategy)
        dummy.fit(np.zeros((len(known), 1)), known)
        answers[name] = _spread(dummy.predict_proba(blank), dummy.classes_, n_classes)
    if METADATA not in table.streams:
        return answers
    metadata = [np.asarray(table.streams[METADATA][r], np.float64) for r in (train_rows, rows)]
    others = [name for name in table.streams if name != METADATA]
    with threadpool_limits(1 if len(train_rows) < MIN_MOVIES_FOR_THREADS else None):
        answers[BOOSTING] = _boost(*metadata, known, n_classes, seed)
        if others:
            reduced = reduce_streams(table, others, train_rows, rows, seed=seed)
            wide = [np.hstack(pair) for pair in zip(metadata, reduced, strict=True)]
            answers[BOOSTING_WITH_EMBEDDINGS] = _boost(*wide, known, n_classes, seed)
    return answers


def reduce_streams(
    table: StreamTable,
    names: Sequence[str],
    train_rows: np.ndarray,
    rows: np.ndarray,
    *,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum up streams as a few columns each, fitted on the training part; NaN where missing.

    Returns:
        Float64, (n, columns) for the training rows and (m, columns) for the others.
    """
    columns = [_reduce(table, name, train_rows, rows, seed) for name in names]
    return np.hstack([train for train, _ in columns]), np.hstack([asked for _, asked in columns])


def _reduce(
    table: StreamTable, name: str, train_rows: np.ndarray, rows: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    train, asked = (_summarise(table.streams[name], some) for some in (train_rows, rows))
    has_train, has_asked = (np.asarray(table.masks[name])[some] for some in (train_rows, rows))
    components = min(MAX_COMPONENTS, int(has_train.sum()) // MIN_MOVIES_PER_COMPONENT)
    if not components:
        return np.zeros((len(train), 0)), np.zeros((len(asked), 0))
    if train.shape[1] > components:
        pca = PCA(components, svd_solver="randomized", random_state=seed).fit(train[has_train])
        train, asked = pca.transform(train), pca.transform(asked)
    train[~has_train], asked[~has_asked] = np.nan, np.nan
    return train, asked


def _summarise(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Give vectors as they are, and a log-mel's mean and deviation over time."""
    parts = [np.zeros((0, values.shape[1] * (1 if values.ndim == 2 else 2)))]
    for start in range(0, len(rows), _READ_ROWS):
        part = np.asarray(values[rows[start : start + _READ_ROWS]], dtype=np.float32)
        if part.ndim > 2:
            part = np.hstack([part.mean(axis=2), part.std(axis=2)])
        parts.append(part)
    return np.concatenate(parts)


def _boost(
    train: np.ndarray, asked: np.ndarray, labels: np.ndarray, n_classes: int, seed: int
) -> np.ndarray:
    if len(np.unique(labels)) < 2:
        return np.eye(n_classes)[np.full(len(asked), labels[0])]
    # scikit-learn cannot bin a column without a single known value
    told = ~np.isnan(train).all(axis=0)
    # few movies: smaller leaves, or no tree could split at all
    leaf = int(np.clip(len(train) // 16, 3, 20))
    model = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=80,
        max_leaf_nodes=15,
        min_samples_leaf=leaf,
        l2_regularization=1.0,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    )
    model.fit(train[:, told], labels)
    return _spread(model.predict_proba(asked[:, told]), model.classes_, n_classes)


def _spread(probabilities: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Give a column to each class, also to those that the training part lacks."""
    spread = np.zeros((len(probabilities), n_classes))
    spread[:, classes] = probabilities
    return spread
