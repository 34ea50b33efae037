"""What all trainings of one system share: features, inputs, splits and targets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assets.models.estimators import estimators_of, has_streams
from assets.models.experiments import Experiment
from assets.models.model_inputs import inputs_for, open_inputs
from assets.splits.features import load_features
from assets.splits.split_options import load_options
from assets.splits.system_splits import load_splits
from pipeline.core.systems import GENRES, REVENUE, SCORE_TASK, System
from resources.run_context import RunContext


@dataclass(frozen=True)
class ExperimentData:
    """What all trainings of one system share.

    Attributes:
        table: The packed features.
        inputs: What models may look at.
        frames: By task, who is in which part of which split.
        options: What was chosen about targets.
    """

    table: Any
    inputs: Any
    frames: Mapping[str, Any]
    options: Any

    def has(self, experiment: Experiment) -> bool:
        """Whether there are movies enough for the split, and any stream that it reads."""
        estimator = estimators_of(experiment.system)[experiment.variant]
        return experiment.split in self.frames[experiment.task.name] and has_streams(
            estimator, self.table
        )

    def parts(self, experiment: Experiment) -> np.ndarray:
        """Return "train", "val", "test" or "" per film."""
        return self.frames[experiment.task.name][experiment.split].to_numpy()

    def inputs_of(self, experiment: Experiment):
        """Return what an experiment's network may look at; several heads learn score and genres
        besides.
        """
        from pipeline.splits.targets import known_rows, make_target

        inputs = inputs_for(self.inputs, experiment.task)
        if experiment.system is not REVENUE:
            return inputs
        is_trained_on, extra = self.parts(experiment) == "train", []
        for task in (SCORE_TASK, GENRES):
            known, _ = known_rows(task, self.table.table, self.options)
            if (rows := np.flatnonzero(is_trained_on & known)).size:
                extra.append(make_target(task, self.table.table, rows, self.options))
        return replace(inputs, extra_targets=tuple(extra))

    def target(self, experiment: Experiment):
        """Make an experiment's target; what is fitted is fitted on its training part."""
        from pipeline.splits.targets import make_target

        train = np.flatnonzero(self.parts(experiment) == "train")
        return make_target(experiment.task, self.table.table, train, self.options)


def open_experiment_data(run_context: RunContext, system: System) -> ExperimentData:
    """Open features, inputs and splits of a system."""
    table = load_features(run_context)
    frames = {task.name: load_splits(run_context, system, task, table) for task in system.tasks}
    return ExperimentData(
        table, open_inputs(run_context, table), frames, load_options(run_context, system)
    )
