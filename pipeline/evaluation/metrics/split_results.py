"""Predictions of a model or baseline on the test set of one split, and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.class_metrics import count_confusions, expect_confusions
from pipeline.evaluation.metrics.intervals import Draws, Interval, bootstrap
from pipeline.evaluation.metrics.task_scores import score_draws

ResultKind = Literal["model", "baseline", "limit"]


@dataclass(frozen=True)
class SplitResult:
    """Predictions on one split's test set.

    Attributes:
        task: What is predicted.
        split: Name of the split.
        variant: Name of the model variant or baseline ("late fusion").
        kind: "model", "baseline", or "limit" for the noise ceiling, which no model can beat.
        tmdb_ids: Movies of the test set, int64 (n,).
        preds: Probabilities, float64 (n, classes) or (n, labels); or numbers, (n,) or (n, 3)
            with the lower and upper end of a 90 % predictive interval.
        target: Actual classes, int64 (n,); numbers, float64 (n,); or 0 and 1 per label,
            (n, labels).
        history: Per epoch, for models: epoch, learning_rate, train_loss, val_loss and scores.
        best_epoch: The epoch whose weights were kept; 0 for none.
        set_sizes: Movies per set: {"train": 67, "val": 19, "test": 10, "excluded": 0}.
        facts: JSON values for the report: modalities, parameters, train_s, class edges.
        franchises: Franchise of each movie, (n,): whole ones are drawn for intervals. None for
            independent movies.
        is_sampled: Whether classes are sampled from the probabilities. Scores are then those of
            the expected confusion matrix: a single sample of few movies is noisy.
        cut_preds: Predictions for the same movies with their records cut as before release, of the
            shape of `preds`; None where they were not asked for.
        earlier_preds: The same as of so many days before release, by days.

    Raises:
        ValueError: Shapes do not fit, or an actual or predicted value is missing.
    """

    task: Task
    split: str
    variant: str
    kind: ResultKind
    tmdb_ids: np.ndarray
    preds: np.ndarray
    target: np.ndarray
    history: Sequence[Mapping[str, float]] = ()
    best_epoch: int = 0
    set_sizes: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    franchises: np.ndarray | None = None
    is_sampled: bool = False
    cut_preds: np.ndarray | None = None
    earlier_preds: Mapping[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self):
        about = f"{self.variant!r} on {self.split!r} of {self.task.name!r}"
        n, wide = len(self.tmdb_ids), (len(self.task.class_names),)
        target_shape = (n, *wide) if self.task.kind == TaskKind.LABELS else (n,)
        shapes = [(n,), (n, 3)] if self.task.kind == TaskKind.REGRESSION else [(n, *wide)]
        if np.shape(self.target) != target_shape or np.shape(self.preds) not in shapes:
            raise ValueError(
                f"{about}: expected target of shape {target_shape} and preds of shape {shapes[0]}, "
                f"got {np.shape(self.target)} and {np.shape(self.preds)}"
            )
        if self.cut_preds is not None and np.shape(self.cut_preds) != np.shape(self.preds):
            raise ValueError(
                f"{about}: expected cut_preds of shape {np.shape(self.preds)}, got "
                f"{np.shape(self.cut_preds)}"
            )
        if not (np.isfinite(self.target).all() and np.isfinite(self.preds).all()):
            raise ValueError(f"{about}: an actual or predicted value is missing; exclude the movie")
        if self.task.kind == TaskKind.CLASSES and (np.asarray(self.target) < 0).any():
            raise ValueError(f"{about}: a movie's class is unknown; exclude the movie")

    @property
    def predicted(self) -> np.ndarray:
        """The most probable class of each movie, int64 (n,); or its number, float64 (n,)."""
        if self.task.kind == TaskKind.CLASSES:
            return self.preds.argmax(axis=1)
        return self.preds if self.preds.ndim == 1 else self.preds[:, 0]

    @property
    def n_independent(self) -> int:
        """How many movies, or franchises where whole ones are drawn, are independent."""
        drawn = self.tmdb_ids if self.franchises is None else self.franchises
        return len(set(drawn.tolist()))

    @property
    def before_release(self) -> "SplitResult | None":
        """The same movies as before release; None where they were not predicted so."""
        if self.cut_preds is None:
            return None
        return replace(self, preds=self.cut_preds, cut_preds=None, earlier_preds={})

    def list_earlier(self) -> "dict[int, SplitResult]":
        """List the same movies as of so many days before release."""
        return {
            days: replace(self, preds=preds, cut_preds=None, earlier_preds={})
            for days, preds in self.earlier_preds.items()
        }

    def count_confusions(self) -> np.ndarray:
        """Count the confusion matrix, float64 (classes, classes); rows are actual classes."""
        if self.is_sampled:
            return expect_confusions(self.preds, self.target)
        return count_confusions(self.predicted, self.target, self.preds.shape[1])

    def bootstrap(self, *, seed: int) -> dict[str, Draws]:
        """Compute every score, also of many draws; results of a split draw the same movies."""

        def statistics(rows: np.ndarray) -> dict[str, np.ndarray]:
            return score_draws(self.task, self.preds, self.target, rows, is_sampled=self.is_sampled)

        return bootstrap(statistics, len(self.tmdb_ids), seed=seed, franchises=self.franchises)


def score_result(result: SplitResult, *, seed: int) -> dict[str, Interval]:
    """Compute every score with its interval."""
    return {name: draws.interval() for name, draws in result.bootstrap(seed=seed).items()}


def check_same_movies(results: Sequence[SplitResult]) -> None:
    """Check that results are about the same movies with the same actual values.

    Raises:
        ValueError: They differ.
    """
    first = results[0]
    for other in results[1:]:
        if not np.array_equal(first.tmdb_ids, other.tmdb_ids):
            raise ValueError(
                f"{first.variant!r} and {other.variant!r} predicted different movies of "
                f"{first.split}; compare them on the same test set"
            )
        if not np.array_equal(first.target, other.target):
            raise ValueError(
                f"{first.variant!r} and {other.variant!r} have different actual values of the "
                f"same movies of {first.split}; derive both targets from the same training set"
            )
