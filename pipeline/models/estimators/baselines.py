"""The answers a network must beat: the trivial ones, log budget alone, and gradient boosting."""

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
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.fitting import check_features
from pipeline.models.training.summaries import METADATA, reduce_streams

MAJORITY = "majority class"
PRIOR = "prior draw"
LABEL_PRIOR = "label prior"
MEAN = "mean"
MEDIAN = "median"
LOG_BUDGET = "linear on log budget"
BOOSTING = "boosting on metadata"
BOOSTING_WITH_EMBEDDINGS = "boosting on metadata + embeddings"

MONEY_TASKS = ("log10_revenue", "revenue_class", "profit")
"""Tasks about money: of these the budget alone says much."""

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
    """Fit every baseline of the task on the training set and ask it about other movies.

    Args:
        features: Boosting looks at the metadata, and at all streams summed up.
        target: Known for every training row.
        train_rows: Rows of the training set, (n,).
        rows: Rows to answer, (m,).
        seed: Of PCA and of boosting.

    Returns:
        By the baseline's name, float64: class probabilities (m, classes), label probabilities
        (m, labels) or numbers (m,). The prior's are the training set's shares, to be drawn from;
        boosting is there where metadata is, log budget where money is predicted as well.

    Raises:
        LeakError: An input is known only after release.
    """
    check_features(features)
    wanted = target.values[train_rows]
    answers = dict(_trivial(target, wanted, len(rows)))
    table = features.table
    if METADATA not in table.streams:
        return answers
    metadata = [np.asarray(table.streams[METADATA][r], np.float64) for r in (train_rows, rows)]
    others = [name for name in table.streams if name not in (METADATA, *_said_twice(table))]
    with threadpool_limits(1 if len(train_rows) < MIN_MOVIES_FOR_THREADS else None):
        budgets = _log_budgets(table, target, *metadata)
        if budgets is not None:
            answers[LOG_BUDGET] = _linear(*budgets, target, wanted)
        answers[BOOSTING] = boost(*metadata, target, wanted, seed)
        if others:
            reduced = reduce_streams(table, others, train_rows, rows, seed=seed)
            wide = [np.hstack(pair) for pair in zip(metadata, reduced, strict=True)]
            answers[BOOSTING_WITH_EMBEDDINGS] = boost(*wide, target, wanted, seed)
    return answers


def _trivial(target: Target, wanted: np.ndarray, n_rows: int) -> Mapping[str, np.ndarray]:
    if target.task.kind is TaskKind.REGRESSION:
        said = {MEAN: wanted.mean(), MEDIAN: np.median(wanted)}
        return {name: np.full(n_rows, float(number)) for name, number in said.items()}
    if target.task.kind is TaskKind.LABELS:
        return {LABEL_PRIOR: np.tile(wanted.mean(axis=0, dtype=np.float64), (n_rows, 1))}
    blank, answers = np.zeros((n_rows, 1)), {}
    for name, strategy in ((MAJORITY, "most_frequent"), (PRIOR, "prior")):
        dummy = DummyClassifier(strategy=strategy).fit(np.zeros((len(wanted), 1)), wanted)
        said = dummy.predict_proba(blank)
        answers[name] = spread(said, dummy.classes_, len(target.task.class_names))
    return answers


def _said_twice(table: StreamTable) -> tuple[str, ...]:
    """Name the sequences whose mean is a stream of its own."""
    return tuple(name for name, mean in MEANS.items() if mean in table.streams)


def _log_budgets(
    table: StreamTable, target: Target, train: np.ndarray, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Take the budget's column and whether it is known; an unknown one is the training median."""
    columns = list(getattr(table, "columns", {}).get(METADATA, ()))
    if target.task.name not in MONEY_TASKS or BUDGET_COLUMN not in columns:
        return None
    train, asked = (values[:, columns.index(BUDGET_COLUMN)] for values in (train, asked))
    if np.isnan(train).all():
        return None
    middle = np.nanmedian(train)
    told = [
        np.stack([np.where(np.isnan(some), middle, some), np.isnan(some)], axis=1)
        for some in (train, asked)
    ]
    return told[0], told[1]


def _linear(train: np.ndarray, asked: np.ndarray, target: Target, wanted: np.ndarray) -> np.ndarray:
    if target.task.kind is TaskKind.REGRESSION:
        return LinearRegression().fit(train, wanted).predict(asked)
    n_classes = len(target.task.class_names)
    if len(np.unique(wanted)) < 2:
        return np.eye(n_classes)[np.full(len(asked), wanted[0])]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(train, wanted)
    return spread(model.predict_proba(asked), model.classes_, n_classes)
