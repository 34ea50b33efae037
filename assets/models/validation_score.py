"""The score of a model on its validation set, by which the best variant is chosen."""

import math
from typing import Any

import numpy as np

from pipeline.core.tasks import Target
from pipeline.evaluation.metrics.task_scores import score_draws
from pipeline.models.training.estimator import FeatureSet, Trained
from pipeline.models.training.model_registry import predict


def score_validation(
    trained: Trained[Any], features: FeatureSet, target: Target, rows: np.ndarray
) -> float | None:
    """Compute the main score of the validation set; None where it is undefined.

    Of a network that was fitted to that set in the end, what it predicted before counts.
    """
    preds = trained.val_preds if trained.val_preds is not None else predict(trained, features, rows)
    everyone = np.arange(len(rows))[None]
    scores = score_draws(target.task, preds, target.values[rows], everyone)
    score = float(scores[target.task.main_metric][0])
    return score if math.isfinite(score) else None
