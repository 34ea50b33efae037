"""A sixth system: whether a movie gets many votes, from its metadata. All of it is in this file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pipeline.core.split_names import EIGHTY_TEN_TEN
from pipeline.core.tasks import Target, TargetContext, Task, TaskKind
from pipeline.models.systems.system import Hyperparameter, System

if TYPE_CHECKING:
    from pipeline.models.training.estimator import Estimator


class ManyVotes:
    """Whether a movie has more votes than the median of the training set."""

    columns = ("vote_count",)

    def exclude(self, context: TargetContext) -> np.ndarray:
        votes = context.table["vote_count"].to_numpy(np.float64)
        return np.where(votes > 0, "", "no_votes").astype(object)

    def compute(self, context: TargetContext, known: np.ndarray, train_rows: np.ndarray) -> Target:
        votes = context.table["vote_count"].to_numpy(np.float64)
        median = float(np.median(votes[train_rows]))
        values = np.where(known, votes > median, -1).astype(np.int64)
        return Target(context.task, values, {"median_votes": median})


MANY_VOTES = Task(
    "many_votes", TaskKind.CLASSES, "balanced_accuracy_score", ("few", "many"), rule=ManyVotes()
)


def _estimators(_=None) -> "Mapping[str, Estimator]":
    from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator

    config = FusionConfig(streams=("metadata",))
    return {"metadata": FusionEstimator("metadata", config, {"max_epochs": 2})}


VOTES = System(
    name="votes",
    reference="005",
    tasks=(MANY_VOTES,),
    main_variant="metadata",
    splits=(EIGHTY_TEN_TEN,),
    estimators=_estimators,
    hyperparameters=(Hyperparameter("dropout", float, "After each hidden layer."),),
    model_file="votes.pth",
)
