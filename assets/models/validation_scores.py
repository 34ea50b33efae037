"""The validation score of a model that was just trained, beside the naive baseline's on the same
movies; scores on the test set are the evaluation's alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.models.experiment_data import ExperimentData
from assets.models.experiments import Experiment
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.metrics.task_scores import score_draws
from pipeline.evaluation.wording import format_figure, variant_title
from pipeline.models.estimators.baselines import predict_naively
from pipeline.models.training.model_registry import load_trained, predict
from resources.run_context import RunContext


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


def score_validation(
    run_context: RunContext, data: ExperimentData, trained: Sequence[Experiment]
) -> ValidationScore | None:
    """Score the model that stands for a system: of those trained, the main variant's on the
    headline split, else the first.

    Returns:
        None where nothing was trained.
    """
    if not trained:
        return None
    system = trained[0].system
    is_main = {one: (one.split == system.headline, one.variant == system.main_variant)
               for one in trained}  # fmt: skip
    experiment = max(trained, key=is_main.__getitem__)
    target, rows = data.target(experiment), data.rows(experiment, "val")
    model = load_trained(experiment.folder(run_context) / system.model_file)
    preds = predict(model, data.features_of(experiment), rows)
    naive = {
        name: _score(experiment, some, target.values[rows])
        for name, some in predict_naively(
            target, target.values[data.rows(experiment, "train")], len(rows)
        ).items()
    }
    choose = min if is_error(experiment.task.main_metric) else max
    best = choose(naive, key=naive.__getitem__)
    score = _score(experiment, preds, target.values[rows])
    return ValidationScore(experiment, score, best, naive[best], len(rows))


def _score(experiment: Experiment, preds: np.ndarray, target: np.ndarray) -> float:
    whole = np.arange(len(target))[None]
    return float(score_draws(experiment.task, preds, target, whole)[experiment.task.main_metric][0])


def _figure(score: float) -> str:
    return format_figure(None if np.isnan(score) else score)
