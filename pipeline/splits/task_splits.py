"""All splits of a task in one table, checked to be disjoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import BY_DATE, RatioSplit
from pipeline.core.tasks import TargetOptions, Task
from pipeline.splits.by_date import EXCLUDED, count_excluded, split_by_date
from pipeline.splits.folds import split_into_folds
from pipeline.splits.leakage_checks import prove_disjoint
from pipeline.splits.official import split_officially
from pipeline.splits.random_split import split_by_ratio
from pipeline.splits.targets import DEFAULTS, balance_by, known_rows


class SplitPlan(Protocol):
    """Which splits a task is to have; a system is one."""

    @property
    def splits(self) -> tuple[RatioSplit, ...]:
        """The random splits."""
        ...

    @property
    def split_seed(self) -> int:
        """Random seed of the random splits and of the folds."""
        ...

    @property
    def folds(self) -> int:
        """Folds of the cross-validation; 0 for none."""
        ...


@dataclass(frozen=True)
class TaskSplits:
    """Which set each movie is in, for each split of a task.

    Attributes:
        table: tmdb_id and one column per split, one row per movie in the order of the table;
            values "train", "val", "test", or "" where the split, or the task, excludes the movie.
        dropped: How many movies the task cannot use, by reason.
        notes: By split, how many movies it excludes and why, or how many franchises an official one
            has in two sets.
    """

    table: pd.DataFrame
    dropped: Mapping[str, int]
    notes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def make_splits(
    table: pd.DataFrame,
    system: SplitPlan,
    task: Task,
    *,
    official: pd.DataFrame | None = None,
    options: TargetOptions = DEFAULTS,
) -> TaskSplits:
    """Make a task's splits: the published ones, by release date, folds, and official ones.

    Args:
        table: With tmdb_id, franchise, release_date and the columns of the task's target; with
            imdb_id where official splits are requested.
        system: Its splits, split seed and folds.
        task: One of its tasks; the random splits are balanced by it.
        official: Trailers12k's table; see `split_officially`.
        options: Of the target.

    Raises:
        SplitError: There are too few movies for one of the splits.
    """
    known, dropped = known_rows(task, table, options)
    if not known.any():
        raise SplitError(f"expected movies with {task.name}, got {len(table)} without: {dropped}")
    usable = table[known].reset_index(drop=True)
    strata = balance_by(task, usable, options)
    seed = system.split_seed
    made = {ratio.name: split_by_ratio(usable, strata, ratio, seed=seed) for ratio in system.splits}
    made[BY_DATE] = split_by_date(usable)
    notes: dict[str, Mapping[str, int]] = {BY_DATE: count_excluded(usable, made[BY_DATE])}
    if system.folds:
        made |= split_into_folds(usable, strata, system.folds, seed=seed)
    if official is not None:
        theirs, shared = split_officially(usable, official)
        made, notes = made | theirs, notes | shared
    splits = pd.DataFrame({"tmdb_id": table["tmdb_id"].to_numpy()})
    for name, split in made.items():
        splits[name] = np.full(len(table), EXCLUDED, dtype=object)
        splits.loc[known, name] = split
    prove_disjoint(splits, table)
    return TaskSplits(splits, dropped, notes)
