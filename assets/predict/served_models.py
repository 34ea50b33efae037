"""The models that predict: of each task one, with its baselines and its scores on the test set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from assets.evaluation.promotion import reads_same
from assets.evaluation.stored_reports import read_summary
from assets.models.experiments import Experiment, read_experiments, read_facts, read_left_out
from assets.models.model_versions import Version, choose_served, find_version, promoted_version
from assets.predict.served_baselines import ServedBaselines
from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Task
from pipeline.models.systems.registry import SYSTEMS, find_system
from pipeline.models.systems.system import System
from pipeline.models.training.model_registry import Saved, load_trained, predict
from pipeline.predict.movie_row import ROW, MovieRow, RowFeatures
from pipeline.predict.predictions import (
    Answer,
    ModelVersion,
    Prediction,
    describe_test,
    make_answer,
)
from pipeline.splits.features import FeatureTable
from resources.run_context import RunContext

PIXELS = {"pixels of the poster": "poster", "pixels of frames": "frames"}
"""Names of inputs that are pictures, and the modality that a movie with such pictures has."""


@dataclass
class ServedTask:
    """One task of a system, and the model that predicts it.

    Attributes:
        run_context: The store.
        system, task: What is predicted.
        table: The packed features.
        rows: What models look at of a movie, shared by all tasks.
        number: The version that predicts; None for the promoted one.
    """

    run_context: RunContext
    system: System
    task: Task
    table: FeatureTable
    rows: RowFeatures
    number: int | None = None

    def predict(self, movie: MovieRow) -> Prediction:
        """Predict for a movie; where that is impossible the prediction says why."""
        if self.experiment is None:
            return self._explain(self._why_untrained())
        if reason := self._find_lack(movie):
            return self._explain(reason, self._missing(movie))
        return self._describe(movie, self.answer(movie))

    def predict_all(self, movies: Sequence[MovieRow]) -> list[Prediction]:
        """Predict for many movies at once, what `predict` returns of each."""
        if self.experiment is None:
            return [self.predict(movie) for movie in movies]
        return [
            self._describe(movie, answer)
            if answer
            else self._explain(self._find_lack(movie), self._missing(movie))
            for movie, answer in zip(movies, self.answer_all(movies), strict=True)
        ]

    def answer_all(self, movies: Sequence[MovieRow]) -> list[Answer | None]:
        """Predict by the model alone; None where a movie lacks what it requires."""
        able = [k for k, movie in enumerate(movies) if not self._find_lack(movie)]
        answers: list[Answer | None] = [None] * len(movies)
        if able:
            some = [movies[k] for k in able]
            features = self.rows.find(some, self.task.leaking_column_prefixes)
            facts = self._saved.facts["target_facts"]
            for k, preds in zip(
                able, predict(self._saved, features, np.arange(len(some))), strict=True
            ):
                answers[k] = make_answer(self.task, preds, facts)
        return answers

    def _describe(self, movie: MovieRow, answer: Answer) -> Prediction:
        experiment = self._found
        return Prediction(
            self.system.name,
            self.task.name,
            self.task.kind.value,
            self.version,
            answer,
            baselines=self._baselines.predict(movie),
            on_test=describe_test(
                self.task, experiment.split, self._test, experiment.variant, answer
            ),
            missing=self._missing(movie),
        )

    def _missing(self, movie: MovieRow) -> tuple[str, ...]:
        return tuple(name for name in self.version.reads if self._lacks(movie, name))

    def answer(self, movie: MovieRow) -> Answer:
        """Predict by the model alone."""
        features = self.rows.find([movie], self.task.leaking_column_prefixes)
        preds = predict(self._saved, features, ROW)[0]
        return make_answer(self.task, preds, self._saved.facts["target_facts"])

    @cached_property
    def registered(self) -> Version | None:
        """The version that predicts; None in a store whose models are older than the registry."""
        if self.number is not None:
            return find_version(self.run_context, self.system, self.number)
        return promoted_version(self.run_context, self.system)

    @cached_property
    def experiment(self) -> Experiment | None:
        """Which model predicts; None where none was trained."""
        if self.registered is not None:
            return self.registered.experiment(self.system, self.task)
        try:
            trained = read_experiments(self.run_context, self.system)
        except TrainingError:
            return None
        return choose_served(self.system, trained).get(self.task.name)

    @cached_property
    def version(self) -> ModelVersion:
        """Which model predicts, and from what."""
        registered = self.registered
        return ModelVersion(
            variant=self._found.variant,
            split=self._found.split,
            version=registered.number if registered else 0,
            data_hash=self._facts["data_hash"],
            code_version=registered.facts["code_version"] if registered else "",
            reads=tuple(self._facts["inputs"]),
        )

    @property
    def _found(self) -> Experiment:
        if self.experiment is None:
            raise TrainingError(f"No model of {self.system.name} was trained for {self.task.name}.")
        return self.experiment

    @cached_property
    def _folder(self) -> Path:
        if self.registered is not None:
            return self.registered.model_folder(self.task)
        return self._found.folder(self.run_context)

    @cached_property
    def _facts(self) -> Mapping[str, Any]:
        return read_facts(self._folder)

    @cached_property
    def _saved(self) -> Saved:
        return load_trained(self._folder / self.system.model_file)

    @cached_property
    def _test(self) -> Mapping[str, Any]:
        """What the evaluation of this model stored of its split; empty where there was none."""
        if self.registered is not None:
            return self.registered.tests.get(self.task.name, {}).get("content", {})
        summary = read_summary(self.run_context, self.system) or {"tasks": {}}
        splits = summary["tasks"].get(self.task.name, {}).get("splits", {})
        return splits.get(self._found.split, {})

    def _lacks(self, movie: MovieRow, name: str) -> bool:
        stream = PIXELS.get(name, name)
        return stream in (*self.table.streams, *PIXELS.values()) and stream not in movie.has

    def _find_lack(self, movie: MovieRow) -> str:
        """Return why the model cannot predict; "" where it can."""
        registered = self.registered
        if registered is not None and not reads_same(registered, self.table.notes):
            return (
                f"version {registered.number} was trained on other embeddings than the store's; "
                "`uv run marquee build` trains one on these"
            )
        required = self.system.required_modality
        if required and required not in movie.has:
            return f"it reads the {_WORDS.get(required, required)}, which is not given"
        if "edges_budgets" in self._facts_of_target and not movie.record.budget_usd:
            return "its classes are multiples of the budget, which is not given"
        return ""

    @property
    def _facts_of_target(self) -> Mapping[str, Any]:
        is_revenue = self.task.name == "revenue_class"
        return self._saved.facts["target_facts"] if is_revenue else {}

    def _why_untrained(self) -> str:
        left_out = read_left_out(self.run_context, self.system)
        of_task = [one["reason"] for one in left_out if one["task"] == self.task.name]
        return "no model was trained: " + next(iter(of_task), "`uv run marquee build` trains one")

    def _explain(self, reason: str, missing: tuple[str, ...] = ()) -> Prediction:
        model = self.version if self.experiment else None
        return Prediction(
            self.system.name, self.task.name, self.task.kind.value, model, None, reason,
            missing=missing,
        )  # fmt: skip

    @cached_property
    def _baselines(self) -> ServedBaselines:
        return ServedBaselines(self.run_context, self._found, self.table)


_WORDS = {"frames": "trailer"}
"""Where a required modality comes from, for people."""


def served_tasks(
    run_context: RunContext,
    table: FeatureTable,
    systems: Iterable[str] = (),
    versions: Mapping[str, int] = MappingProxyType({}),
) -> list[ServedTask]:
    """List the tasks of some systems; of all where none is named.

    Args:
        run_context: The store.
        table: The packed features.
        systems: Names.
        versions: By system the number of the version that predicts, where not the promoted one.

    Raises:
        ConfigurationError: There is no such system.
    """
    chosen, rows = [find_system(name) for name in systems] or SYSTEMS, RowFeatures(table)
    return [
        ServedTask(run_context, system, task, table, rows, versions.get(system.name))
        for system in chosen
        for task in system.tasks
    ]
