"""Targets by a task's rule, and which movies the task cannot use."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.tasks import Target, TargetContext, TargetOptions, TargetRule, Task, TaskKind

DEFAULTS = TargetOptions()

QUANTILES = 8
"""A number is balanced by so many of its quantiles."""


def known_rows(
    task: Task, table: pd.DataFrame, options: TargetOptions = DEFAULTS
) -> tuple[np.ndarray, dict[str, int]]:
    """Find the movies whose target is known and plausible.

    Args:
        task: What is predicted.
        table: With the columns that the task's rule reads: revenue_usd, budget_usd, genres,
            vote_average, vote_count.
        options: Of targets.

    Returns:
        Bool (movies,), and how many movies are excluded, by reason.

    Raises:
        SplitError: The task has no rule.
    """
    reasons = _rule_of(task).exclude(TargetContext(task, table, options))
    counts = pd.Series(reasons[reasons != ""]).value_counts()
    return reasons == "", {str(reason): int(count) for reason, count in counts.items()}


def make_target(
    task: Task, table: pd.DataFrame, train_rows: np.ndarray, options: TargetOptions = DEFAULTS
) -> Target:
    """Compute a task's target; edges, means and deviations are of the training set alone.

    Raises:
        SplitError: The task has no rule, or a training movie's target is unknown.
    """
    known, _ = known_rows(task, table, options)
    unknown = int((~known[train_rows]).sum())
    if unknown or not len(train_rows):
        raise SplitError(
            f"expected training movies with {task.name}, got {len(train_rows)}, of which "
            f"{unknown} without; exclude them from the split"
        )
    context = TargetContext(task, table, options)
    return _rule_of(task).compute(context, known, np.asarray(train_rows))


def balance_by(task: Task, table: pd.DataFrame, options: TargetOptions = DEFAULTS) -> np.ndarray:
    """Return by what a split of these movies, all of them known, is balanced; see `divide`.

    Only for splitting: what is fitted is fitted on all movies here.
    """
    target = make_target(task, table, np.arange(len(table)), options)
    if task.kind is TaskKind.LABELS:
        return target.values.astype(bool)
    return target.values if task.kind is TaskKind.CLASSES else quantiles(target.values)


def quantiles(numbers: np.ndarray, n: int = QUANTILES) -> np.ndarray:
    """Return each number's quantile, int64 (movies,) from 0; equal numbers share one."""
    ranks = pd.Series(numbers).rank(method="average", pct=True).to_numpy()
    return np.clip(np.ceil(ranks * n).astype(np.int64) - 1, 0, n - 1)


def _rule_of(task: Task) -> TargetRule:
    if task.rule is None:
        raise SplitError(f"expected a task with a target rule, got {task.name!r} without")
    return task.rule
