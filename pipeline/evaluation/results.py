"""What a model or baseline said about the test part of one split, and its scores.

What belongs here: the result, its scores with intervals, comparison of two on the same movies.
What does not: files and pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pipeline.evaluation.intervals import Interval, bootstrap_interval
from pipeline.evaluation.metrics import METRICS, count_confusions, expect_confusions

Kind = Literal["model", "baseline", "limit"]

MAIN_METRIC = "macro_f1_score"
"""The score that verdicts are about."""


@dataclass(frozen=True)
class SplitResult:
    """Answers about one split's test part.

    Attributes:
        split: Name of the split.
        variant: Name of the model variant or baseline ("seed's three streams").
        kind: "model", "baseline", or "limit" for what nobody can beat.
        tmdb_ids: Movies of the test part, int64 (n,).
        y_true: Their classes by the training part's edges, int64 (n,).
        probabilities: Float64 (n, classes).
        history: Per epoch, for models: epoch, learning_rate, train_loss, val_loss and scores.
        best_epoch: The epoch whose weights answered; 0 for none.
        rows: Movies per part: {"train": 67, "val": 19, "test": 10, "excluded": 0}.
        facts: JSON values for the report: streams, parameters, class edges.
        is_drawn: Whether the answers are drawn from the probabilities. Scores are then those of
            the expected counts: one draw of few movies can be luck.
    """

    split: str
    variant: str
    kind: Kind
    tmdb_ids: np.ndarray
    y_true: np.ndarray
    probabilities: np.ndarray
    history: Sequence[Mapping[str, float]] = ()
    best_epoch: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    is_drawn: bool = False

    @property
    def y_said(self) -> np.ndarray:
        """The most probable class of each movie, int64 (n,)."""
        return self.probabilities.argmax(axis=1)

    def count(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Count confusions among some rows, shape (..., n), or all; (..., classes, classes)."""
        if self.is_drawn:
            return expect_confusions(self.y_true[rows], self.probabilities[rows])
        n_classes = self.probabilities.shape[1]
        return count_confusions(self.y_true[rows], self.y_said[rows], n_classes)


def score_result(result: SplitResult, *, seed: int) -> dict[str, Interval]:
    """Compute every score with its interval; all results of a split draw the same movies."""
    return {name: _interval([result], name, seed) for name in METRICS}


def compare(
    model: SplitResult, other: SplitResult, metric: str = MAIN_METRIC, *, seed: int
) -> Interval:
    """Estimate model minus other on the same movies, drawn together.

    Raises:
        ValueError: The two did not answer about the same movies.
    """
    if not np.array_equal(model.tmdb_ids, other.tmdb_ids):
        raise ValueError(
            f"{model.variant!r} and {other.variant!r} answered about different movies in "
            f"{model.split}; compare them on the same test part"
        )
    return _interval([model, other], metric, seed)


def _interval(results: Sequence[SplitResult], metric: str, seed: int) -> Interval:
    def statistic(rows: np.ndarray) -> np.ndarray:
        scores = [METRICS[metric](result.count(rows)) for result in results]
        return scores[0] if len(scores) == 1 else scores[0] - scores[1]

    return bootstrap_interval(statistic, len(results[0].y_true), seed=seed)
