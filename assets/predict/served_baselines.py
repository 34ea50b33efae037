"""What the baselines predict for one movie, fitted as `<system>_baselines` fits them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from assets.models.experiment_data import ExperimentData, open_experiment_data
from assets.models.experiments import Experiment
from pipeline.core.errors import SplitError
from pipeline.core.tasks import Target
from pipeline.models.estimators.baselines import PRIOR, predict_baselines
from pipeline.models.training.estimator import FeatureSet
from pipeline.predict.movie_row import MovieRow, as_table
from pipeline.predict.predictions import Answer, make_answer
from pipeline.splits.features import METADATA, FeatureTable
from resources.run_context import RunContext

KEPT_BUDGETS = 1_000
"""Budgets, of no known film, for which the answers are remembered."""

ByBudget = dict[float | None, dict[str, Answer]]


@dataclass
class ServedBaselines:
    """The baselines of one task that need no trees; the budget is all that they read of a movie.

    Attributes:
        run_context: The store.
        experiment: The model beside which they stand: they are fitted to the movies of its split.
        table: The packed features.
    """

    run_context: RunContext
    experiment: Experiment
    table: FeatureTable
    _others: ByBudget = field(default_factory=dict, repr=False)

    def predict(self, movie: MovieRow) -> dict[str, Answer]:
        """Return answers by the baseline's name.

        None while the splits are of other movies than the features: between two assets of a build.
        """
        budget_usd = movie.record.budget_usd
        try:
            if budget_usd in self._known:
                return self._known[budget_usd]
            if budget_usd not in self._others:
                if len(self._others) >= KEPT_BUDGETS:
                    self._others.clear()
                own = as_table([movie], self.table, self.experiment.task.leaking_column_prefixes)
                metadata = np.asarray(own.streams[METADATA])
                (self._others[budget_usd],) = self._fit_and_predict(metadata)
        except SplitError:
            return {}
        return self._others[budget_usd]

    @cached_property
    def _known(self) -> ByBudget:
        """The answers for the budgets of all known movies, by one fit."""
        rows = dict[float | None, int]()
        for row, record in enumerate(self.table.records):
            rows.setdefault(record.budget_usd, row)
        metadata = np.asarray(self._packed.streams[METADATA])
        answers = self._fit_and_predict(metadata[list(rows.values())])
        return dict(zip(rows, answers, strict=True))

    def _fit_and_predict(self, asked: np.ndarray) -> Sequence[dict[str, Answer]]:
        """Predict by metadata, (movies, columns)."""
        data, rows, task = self._data, self._fitted_rows, self.experiment.task
        target = data.target(self.experiment)
        known = np.asarray(self._packed.streams[METADATA])[rows]
        stacked = replace(self._packed, streams={METADATA: np.vstack([known, asked])}, masks={})
        fit_rows = np.arange(len(rows))
        preds = predict_baselines(
            FeatureSet(stacked),
            Target(task, target.values[rows], target.facts),
            fit_rows, len(rows) + np.arange(len(asked)), boosts=False,
        )  # fmt: skip
        return [
            {
                name: make_answer(task, values[movie], target.facts)
                for name, values in preds.items()
                if name != PRIOR
            }
            for movie in range(len(asked))
        ]

    @cached_property
    def _data(self) -> ExperimentData:
        return open_experiment_data(self.run_context, self.experiment.system, self.experiment.task)

    @cached_property
    def _packed(self) -> FeatureTable:
        prefixes = self.experiment.task.leaking_column_prefixes
        return self._data.table.without_columns(prefixes)

    @cached_property
    def _fitted_rows(self) -> np.ndarray:
        rows = [self._data.rows(self.experiment, "train")]
        if self.experiment.system.is_blend:
            rows.append(self._data.rows(self.experiment, "val"))
        return np.concatenate(rows)
