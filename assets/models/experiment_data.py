"""What all trainings of one system share: features, inputs, splits and targets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assets.models.estimators import has_streams, recipes_of
from assets.models.experiments import Trial
from assets.models.model_inputs import inputs_for, open_inputs
from assets.splits.features import load_features
from assets.splits.split_options import load_options
from assets.splits.system_splits import load_splits
from pipeline.core.systems import GENRES, REVENUE, SCORE_TASK, System
from resources.run_context import Workplace


@dataclass(frozen=True)
class Ground:
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

    def has(self, trial: Trial) -> bool:
        """Whether there are films enough for a trial's split, and any stream that it reads."""
        recipe = recipes_of(trial.system)[trial.variant]
        return trial.split in self.frames[trial.task.name] and has_streams(recipe, self.table)

    def parts(self, trial: Trial) -> np.ndarray:
        """Give "train", "val", "test" or "" per film."""
        return self.frames[trial.task.name][trial.split].to_numpy()

    def inputs_of(self, trial: Trial):
        """Give what a trial's network may look at; several heads learn score and genres besides."""
        from pipeline.splits.targets import known_rows, make_target

        inputs = inputs_for(self.inputs, trial.task)
        if trial.system is not REVENUE:
            return inputs
        is_trained_on, extra = self.parts(trial) == "train", []
        for task in (SCORE_TASK, GENRES):
            known, _ = known_rows(task, self.table.table, self.options)
            if (rows := np.flatnonzero(is_trained_on & known)).size:
                extra.append(make_target(task, self.table.table, rows, self.options))
        return replace(inputs, extra_targets=tuple(extra))

    def target(self, trial: Trial):
        """Make a trial's target; what is fitted is fitted on its training part."""
        from pipeline.splits.targets import make_target

        train = np.flatnonzero(self.parts(trial) == "train")
        return make_target(trial.task, self.table.table, train, self.options)


def open_ground(workplace: Workplace, system: System) -> Ground:
    """Open features, inputs and splits of a system."""
    table = load_features(workplace)
    frames = {task.name: load_splits(workplace, system, task, table) for task in system.tasks}
    return Ground(table, open_inputs(workplace, table), frames, load_options(workplace, system))
