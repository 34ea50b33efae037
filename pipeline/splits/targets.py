"""What each task wants of every movie, and which movies it cannot use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.systems import Task, TaskKind
from pipeline.core.target import Target
from pipeline.splits.exclusions import MIN_REVENUE_USD, MIN_VOTES, label_name, reasons_against
from pipeline.splits.labels import classify, fit_edges
from pipeline.splits.strata import Strata

BUDGET_MULTIPLES = (0.25, 0.5, 1.0, 1.5, 2.5, 4.0, 8.0)
"""Edges of the eight revenue classes in budgets, where that is asked for; they are ours, seed 001
publishes none."""


@dataclass(frozen=True)
class TargetOptions:
    """What may be chosen about targets.

    Attributes:
        revenue_edges: "quantile": classes of equal size in the training part; "budget": edges at
            multiples of the movie's own budget.
        budget_multiples: Those multiples, rising.
        min_votes: Scores of fewer votes are not believed.
    """

    revenue_edges: Literal["quantile", "budget"] = "quantile"
    budget_multiples: tuple[float, ...] = BUDGET_MULTIPLES
    min_votes: int = MIN_VOTES


DEFAULTS = TargetOptions()


def known_rows(
    task: Task, table: pd.DataFrame, options: TargetOptions = DEFAULTS
) -> tuple[np.ndarray, dict[str, int]]:
    """Find the movies whose target is known and can be believed.

    Args:
        task: What is predicted.
        table: With the columns that the task looks at: revenue_usd, budget_usd, genres,
            vote_average, vote_count.
        options: What may be chosen.

    Returns:
        Bool (movies,), and how many movies are left out, by reason.

    Raises:
        SplitError: Nobody knows how to make the task's target.
    """
    _known_task(task)
    reasons = reasons_against(
        task, table, is_by_budget=options.revenue_edges == "budget", min_votes=options.min_votes
    )
    counts = pd.Series(reasons[reasons != ""]).value_counts()
    return reasons == "", {str(reason): int(count) for reason, count in counts.items()}


def make_target(
    task: Task, table: pd.DataFrame, train_rows: np.ndarray, options: TargetOptions = DEFAULTS
) -> Target:
    """Make a task's target; edges, means and deviations are of the training part alone.

    Args:
        task: What is predicted.
        table: As for `known_rows`.
        train_rows: Rows of the training part.
        options: What may be chosen.

    Raises:
        SplitError: Nobody knows how to make it, or a training movie's target is unknown.
    """
    make = _known_task(task)
    known, _ = known_rows(task, table, options)
    unknown = int((~known[train_rows]).sum())
    if unknown or not len(train_rows):
        raise SplitError(
            f"wanted training movies with {task.name}, came {len(train_rows)}, of which "
            f"{unknown} without; leave them out of the split"
        )
    return make(task, table, known, np.asarray(train_rows), options)


def balance_by(task: Task, table: pd.DataFrame, options: TargetOptions = DEFAULTS) -> Strata:
    """Say by what a split of these movies, all of them known, is balanced.

    Only for dividing: classes of a number are its quantiles over all movies here.
    """
    if task.name == "revenue_class" and options.revenue_edges == "quantile":
        revenues = table["revenue_usd"].to_numpy()
        return Strata(classify(revenues, fit_edges(revenues, len(task.class_names))))
    target = make_target(task, table, np.arange(len(table)), options)
    if task.kind is TaskKind.LABELS:
        return Strata(target.values.astype(bool))
    return (
        Strata(target.values) if task.kind is TaskKind.CLASSES else Strata.of_numbers(target.values)
    )


def _known_task(task: Task) -> "Make":
    if task.name not in _MAKERS:
        raise SplitError(f"wanted a task of {sorted(_MAKERS)}, came {task.name!r}")
    return _MAKERS[task.name]


Make = Callable[[Task, pd.DataFrame, np.ndarray, np.ndarray, TargetOptions], Target]


def _log10_revenue(
    task: Task, table: pd.DataFrame, known: np.ndarray, train: np.ndarray, _: TargetOptions
) -> Target:
    values = np.full(len(table), np.nan)
    values[known] = np.log10(table["revenue_usd"].to_numpy(np.float64)[known])
    return Target(task, values, {"min_revenue_usd": MIN_REVENUE_USD, **_spread(values[train])})


def _revenue_class(
    task: Task, table: pd.DataFrame, known: np.ndarray, train: np.ndarray, options: TargetOptions
) -> Target:
    revenues = table["revenue_usd"].to_numpy(np.float64)
    values = np.full(len(table), -1, dtype=np.int64)
    if options.revenue_edges == "budget":
        multiples = revenues[known] / table["budget_usd"].to_numpy(np.float64)[known]
        values[known] = classify(multiples, np.array(options.budget_multiples))
        return Target(task, values, {"edges_budgets": list(options.budget_multiples)})
    edges = fit_edges(revenues[train], len(task.class_names))
    values[known] = classify(revenues[known], edges)
    return Target(task, values, {"edges_usd": [float(edge) for edge in edges]})


def _profit(
    task: Task, table: pd.DataFrame, known: np.ndarray, train: np.ndarray, _: TargetOptions
) -> Target:
    values = np.full(len(table), -1, dtype=np.int64)
    multiples = table["revenue_usd"].to_numpy(np.float64) / table["budget_usd"].to_numpy(np.float64)
    values[known] = multiples[known] >= 1
    return Target(task, values, {"edges_budgets": [1.0], **_shares(task, values[train])})


def _first_genre(
    task: Task, table: pd.DataFrame, known: np.ndarray, train: np.ndarray, _: TargetOptions
) -> Target:
    place = {label_name(name): k for k, name in enumerate(task.class_names)}
    values = np.full(len(table), -1, dtype=np.int64)
    for row in np.flatnonzero(known):
        values[row] = place[label_name(table["genres"].iloc[row][0])]
    return Target(task, values, _shares(task, values[train]))


def _genre_labels(
    task: Task, table: pd.DataFrame, known: np.ndarray, train: np.ndarray, _: TargetOptions
) -> Target:
    names = [label_name(name) for name in task.class_names]
    values = np.full((len(table), len(names)), np.nan, dtype=np.float32)
    for row in np.flatnonzero(known):
        listed = {label_name(name) for name in table["genres"].iloc[row]}
        values[row] = [name in listed for name in names]
    shares = dict(zip(task.class_names, values[train].mean(axis=0).tolist(), strict=True))
    return Target(task, values, {"shares": shares})


def _score(
    task: Task, table: pd.DataFrame, known: np.ndarray, train: np.ndarray, options: TargetOptions
) -> Target:
    scores = np.full(len(table), np.nan)
    scores[known] = table["vote_average"].to_numpy(np.float64)[known]
    spread = _spread(scores[train])
    values = (scores - spread["mean"]) / spread["sd"]
    return Target(task, values, {"min_votes": options.min_votes, **spread})


def _spread(values: np.ndarray) -> dict[str, float]:
    sd = float(values.std())
    return {"mean": float(values.mean()), "sd": sd if sd > 0 else 1.0}


def _shares(task: Task, values: np.ndarray) -> dict[str, Mapping[str, float]]:
    counts: Sequence[int] = np.bincount(values, minlength=len(task.class_names)).tolist()
    return {
        "shares": {name: n / len(values) for name, n in zip(task.class_names, counts, strict=True)}
    }


_MAKERS: Mapping[str, Make] = {
    "log10_revenue": _log10_revenue,
    "revenue_class": _revenue_class,
    "profit": _profit,
    "comedy_horror": _first_genre,
    "first_genre": _first_genre,
    "genre_labels": _genre_labels,
    "genres": _genre_labels,
    "score": _score,
}
