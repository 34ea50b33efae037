"""What is predicted: tasks, and the target that a rule computes of every movie."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pipeline.core.numpy_on_demand import np

if TYPE_CHECKING:
    import pandas as pd

BUDGET_MULTIPLES = (0.25, 0.5, 1.0, 1.5, 2.5, 4.0, 8.0)
"""Edges of the eight revenue classes in budgets, where that is requested; they are ours, reference
implementation 001 publishes none."""

MIN_VOTES = 10
"""Scores of fewer votes are excluded: one voter makes a 10."""


class TaskKind(StrEnum):
    """What is predicted: one class of several, one number, or any of some labels."""

    CLASSES = "classes"
    REGRESSION = "regression"
    LABELS = "labels"


@dataclass(frozen=True)
class TargetOptions:
    """The options of targets.

    Attributes:
        revenue_edges: "quantile": classes of equal size in the training set; "budget": edges at
            multiples of the movie's own budget.
        budget_multiples: Those multiples, rising.
        min_votes: Scores of fewer votes are excluded.
    """

    revenue_edges: Literal["quantile", "budget"] = "quantile"
    budget_multiples: tuple[float, ...] = BUDGET_MULTIPLES
    min_votes: int = MIN_VOTES


@dataclass(frozen=True)
class Target:
    """The target of every movie, by one training set's edges, mean and vocabulary.

    Attributes:
        task: What is predicted.
        values: Classes int64 (movies,), -1 unknown. A number float64 (movies,), NaN unknown.
            Labels float32 (movies, labels), NaN where unknown.
        facts: JSON values, all fitted on the training set: `edges_usd`, `mean`, `sd`, ...
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
        return known if known.ndim == 1 else np.all(known, axis=1)


@dataclass(frozen=True)
class TargetContext:
    """What a rule computes a target from.

    Attributes:
        task: What is predicted.
        table: The table of features, a row per movie.
        options: Of targets.
    """

    task: Task
    table: pd.DataFrame
    options: TargetOptions


class TargetRule(Protocol):
    """How the target of a task is computed from the table of features."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        ...

    def exclude(self, context: TargetContext) -> np.ndarray:
        """Return why the task cannot use each movie, object (movies,); "" where it can."""
        ...

    def compute(self, context: TargetContext, known: np.ndarray, train_rows: np.ndarray) -> Target:
        """Compute the target.

        Args:
            context: Task, table and options.
            known: Bool (movies,): the movies that `exclude` does not exclude.
            train_rows: Rows of the training set; edges, means and deviations are theirs alone.
        """
        ...


class GeneratedTruth(Protocol):
    """How generated movies came by their figures; media are those that a model may look at."""

    @property
    def revenue_noise_sd(self) -> float:
        """Standard deviation of log10 revenue around its expectation."""
        ...

    def expected_log10_revenue(self, ids: Sequence[int]) -> np.ndarray:
        """Return float64 (movies,), without noise."""
        ...

    def budgets_usd(self, ids: Sequence[int]) -> np.ndarray:
        """Return float64 (movies,)."""
        ...

    def expected_scores(self, ids: Sequence[int], media: Collection[str]) -> np.ndarray:
        """Return float64 (movies,)."""
        ...

    def label_probabilities(
        self, ids: Sequence[int], genres: Sequence[str], media: Collection[str]
    ) -> np.ndarray:
        """Return the probability of each genre, float64 (movies, genres)."""
        ...

    def first_genre_probabilities(
        self, ids: Sequence[int], genres: Sequence[str], media: Collection[str]
    ) -> np.ndarray:
        """Return the probability that each genre is the first, float64 (movies, genres)."""
        ...

    def profit_probabilities(self, ids: Sequence[int], media: Collection[str]) -> np.ndarray:
        """Return the probability that revenue is at least the budget, float64 (movies,)."""
        ...


NoiseCeiling = Callable[[GeneratedTruth, Sequence[int], Target], "np.ndarray"]
"""Predictions that know all but the noise of these generated movies, as a model makes them."""


@dataclass(frozen=True)
class Task:
    """One thing to predict.

    The last three fields say how a target comes about; they are not part of a saved model, and
    tasks that differ in them alone are equal.

    Attributes:
        name: In folders and reports.
        kind: See `TaskKind`.
        main_metric: The score that verdicts are about, a name in `pipeline.evaluation`.
        class_names: Of classes (lowest first where they are ordered) or labels; none of a number.
        is_ordered: Whether neighbouring classes are nearer than others.
        unit: Of a number.
        leaking_column_prefixes: Beginnings of the metadata columns that contain the target: they
            are no inputs of this task, though known before release.
        rule: How the target is computed.
        noise_ceiling: The best possible predictions for generated movies; None where unknown.
        is_monetary: Whether the budget alone predicts much of it.
    """

    name: str
    kind: TaskKind
    main_metric: str
    class_names: tuple[str, ...] = ()
    is_ordered: bool = False
    unit: str = ""
    leaking_column_prefixes: tuple[str, ...] = ()
    rule: TargetRule | None = field(default=None, compare=False, repr=False)
    noise_ceiling: NoiseCeiling | None = field(default=None, compare=False, repr=False)
    is_monetary: bool = field(default=False, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the fields that saved models and reports store, as JSON values."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "main_metric": self.main_metric,
            "class_names": list(self.class_names),
            "is_ordered": self.is_ordered,
            "unit": self.unit,
            "told_by": list(self.leaking_column_prefixes),  # the stored name
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Task:
        """Return the task that `as_json` described; it has no rule."""
        return cls(
            name=value["name"],
            kind=TaskKind(value["kind"]),
            main_metric=value["main_metric"],
            class_names=tuple(value["class_names"]),
            is_ordered=value["is_ordered"],
            unit=value["unit"],
            leaking_column_prefixes=tuple(value["told_by"]),
        )
