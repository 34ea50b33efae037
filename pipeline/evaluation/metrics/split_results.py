"""What a model or baseline said about the test part of one split, and its scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.class_metrics import count_confusions, expect_confusions
from pipeline.evaluation.metrics.intervals import Draws, Interval, bootstrap
from pipeline.evaluation.metrics.task_scores import score_draws

ResultKind = Literal["model", "baseline", "limit"]


@dataclass(frozen=True)
class SplitResult:
    """Answers about one split's test part.

    Attributes:
        task: What was asked.
        split: Name of the split.
        variant: Name of the model variant or baseline ("seed's three streams").
        kind: "model", "baseline", or "limit" for what nobody can beat.
        tmdb_ids: Movies of the test part, int64 (n,).
        y_true: Classes, int64 (n,); numbers, float64 (n,); or 0 and 1 per label, (n, labels).
        answers: Probabilities, float64 (n, classes) or (n, labels); or numbers, (n,) or (n, 3)
            with the lower and upper end of a 90 % predictive interval.
        history: Per epoch, for models: epoch, learning_rate, train_loss, val_loss and scores.
        best_epoch: The epoch whose weights answered; 0 for none.
        rows: Movies per part: {"train": 67, "val": 19, "test": 10, "excluded": 0}.
        facts: JSON values for the report: streams, parameters, train_s, class edges.
        franchises: Of each movie, a name, (n,): whole franchises are drawn for intervals. None for
            movies that have nothing to do with each other.
        is_drawn: Whether classes are drawn from the probabilities. Scores are then those of the
            expected counts: one draw of few movies can be luck.

    Raises:
        ValueError: Shapes do not fit, or a true value or an answer is unknown.
    """

    task: Task
    split: str
    variant: str
    kind: ResultKind
    tmdb_ids: np.ndarray
    y_true: np.ndarray
    answers: np.ndarray
    history: Sequence[Mapping[str, float]] = ()
    best_epoch: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    franchises: np.ndarray | None = None
    is_drawn: bool = False

    def __post_init__(self):
        about = f"{self.variant!r} on {self.split!r} of {self.task.name!r}"
        n, wide = len(self.tmdb_ids), (len(self.task.class_names),)
        true_shape = (n, *wide) if self.task.kind == TaskKind.LABELS else (n,)
        shapes = [(n,), (n, 3)] if self.task.kind == TaskKind.REGRESSION else [(n, *wide)]
        if np.shape(self.y_true) != true_shape or np.shape(self.answers) not in shapes:
            raise ValueError(
                f"{about}: wanted true values {true_shape} and answers {shapes[0]}, came "
                f"{np.shape(self.y_true)} and {np.shape(self.answers)}"
            )
        if not (np.isfinite(self.y_true).all() and np.isfinite(self.answers).all()):
            raise ValueError(f"{about}: a true value or an answer is unknown; leave the movie out")
        if self.task.kind == TaskKind.CLASSES and (np.asarray(self.y_true) < 0).any():
            raise ValueError(f"{about}: a movie's class is unknown; leave the movie out")

    @property
    def y_said(self) -> np.ndarray:
        """The most probable class of each movie, int64 (n,); or the said number, float64 (n,)."""
        if self.task.kind == TaskKind.CLASSES:
            return self.answers.argmax(axis=1)
        return self.answers if self.answers.ndim == 1 else self.answers[:, 0]

    def count(self) -> np.ndarray:
        """Count confusions, float64 (classes, classes); rows are true classes."""
        if self.is_drawn:
            return expect_confusions(self.y_true, self.answers)
        return count_confusions(self.y_true, self.y_said, self.answers.shape[1])

    def draw(self, *, seed: int) -> dict[str, Draws]:
        """Compute every score, also of many draws; results of a split draw the same movies."""

        def statistics(rows: np.ndarray) -> dict[str, np.ndarray]:
            return score_draws(self.task, self.y_true, self.answers, rows, is_drawn=self.is_drawn)

        return bootstrap(statistics, len(self.tmdb_ids), seed=seed, franchises=self.franchises)


def score_result(result: SplitResult, *, seed: int) -> dict[str, Interval]:
    """Compute every score with its interval."""
    return {name: draws.interval() for name, draws in result.draw(seed=seed).items()}


def compare(model: SplitResult, other: SplitResult, metric: str = "", *, seed: int) -> Interval:
    """Estimate model minus other on the same movies, drawn together.

    Args:
        model: What is judged.
        other: Against what.
        metric: Name of the score; empty for the task's main one.
        seed: Of the bootstrap.

    Raises:
        ValueError: The two did not answer about the same movies.
    """
    check_same_movies([model, other])
    name = metric or model.task.main_metric
    return model.draw(seed=seed)[name].minus(other.draw(seed=seed)[name]).interval()


def check_same_movies(results: Sequence[SplitResult]) -> None:
    """Refuse results about different movies, or with different true values.

    Raises:
        ValueError: They differ.
    """
    first = results[0]
    for other in results[1:]:
        if not np.array_equal(first.tmdb_ids, other.tmdb_ids):
            raise ValueError(
                f"{first.variant!r} and {other.variant!r} answered about different movies in "
                f"{first.split}; compare them on the same test part"
            )
        if not np.array_equal(first.y_true, other.y_true):
            raise ValueError(
                f"{first.variant!r} and {other.variant!r} know other true values of the same "
                f"movies in {first.split}; make both targets from the same training part"
            )
