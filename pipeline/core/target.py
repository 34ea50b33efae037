"""What is wanted of every movie: made by the splits, learned by the models, judged at the end."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.core.systems import Task, TaskKind


@dataclass(frozen=True)
class Target:
    """What is wanted of every movie, by one training part's edges, mean and vocabulary.

    Attributes:
        task: What is predicted.
        values: Classes int64 (movies,), -1 unknown. A number float64 (movies,), NaN unknown.
            Labels float32 (movies, labels), NaN where unknown.
        facts: JSON values, all fitted on the training part: `edges_usd`, `mean`, `sd`, ...
    """

    task: Task
    values: np.ndarray
    facts: Mapping[str, object]

    @property
    def is_known(self) -> np.ndarray:
        """Bool (movies,)."""
        if self.task.kind is TaskKind.CLASSES:
            return self.values >= 0
        known = ~np.isnan(self.values)
        return known if known.ndim == 1 else known.all(axis=1)
