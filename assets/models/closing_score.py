"""The validation score of a model that was just trained, beside the naive baseline's on the same
movies; scores on the test set are the evaluation's alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assets.models.experiment_data import ExperimentData
from assets.models.experiments import Experiment
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.metrics.task_scores import score_draws
from pipeline.evaluation.report.best_variant import VAL_SCORE
from pipeline.evaluation.wording import format_figure, variant_title
from pipeline.models.estimators.baselines import predict_naively


@dataclass(frozen=True)
class ValidationScore:
    """A model's score on its validation set.

    Attributes:
        experiment: Which model.
        score: Of the task's main metric; NaN where it is undefined.
        naive: Name of the best naive baseline.
        naive_score: Its score on the same movies.
        movies: In the validation set.
    """

    experiment: Experiment
    score: float
    naive: str
    naive_score: float
    movies: int

    @property
    def line(self) -> str:
        """The score in a sentence, for a terminal."""
        one = self.experiment
        metric = one.task.main_metric
        better = "lower" if is_error(metric) else "higher"
        return (
            f"{one.system.name}_model: validation {METRIC_WORDS[metric]} "
            f"{_figure(self.score)}; naive baseline ({variant_title(self.naive)}) "
            f"{_figure(self.naive_score)}; {better} is better. {variant_title(one.variant)}, "
            f"{one.split}, {self.movies} movies. {one.system.name}_evaluation scores the test set."
        )


def compare_with_naive(
    data: ExperimentData, trained: Sequence[Experiment], facts: Sequence[Mapping[str, Any]]
) -> ValidationScore | None:
    """Compare the model that stands for a system with the naive baseline on its validation set.

    Of those trained it is the main variant's on the headline split, else the first.

    Args:
        data: Splits and targets.
        trained: What was trained.
        facts: Of each, with `VAL_SCORE`: of what was fitted to that set in the end, what it scored
            before.

    Returns:
        None where nothing was trained.
    """
    if not trained:
        return None
    system = trained[0].system
    is_main = [(one.split == system.headline, one.variant == system.main_variant)
               for one in trained]  # fmt: skip
    place = is_main.index(max(is_main))
    experiment, score = trained[place], facts[place].get(VAL_SCORE)
    target, rows = data.target(experiment), data.rows(experiment, "val")
    naive = {
        name: _score(experiment, some, target.values[rows])
        for name, some in predict_naively(
            target, target.values[data.rows(experiment, "train")], len(rows)
        ).items()
    }
    choose = min if is_error(experiment.task.main_metric) else max
    best = choose(naive, key=naive.__getitem__)
    known = math.nan if score is None else float(score)
    return ValidationScore(experiment, known, best, naive[best], len(rows))


def _score(experiment: Experiment, preds: np.ndarray, target: np.ndarray) -> float:
    whole = np.arange(len(target))[None]
    return float(score_draws(experiment.task, preds, target, whole)[experiment.task.main_metric][0])


def _figure(score: float) -> str:
    return format_figure(None if np.isnan(score) else score)
