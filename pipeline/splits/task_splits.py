"""All splits of a task in one table, checked to be disjoint."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import BY_DATE, RatioSplit, fold_name
from pipeline.core.tasks import TargetOptions, Task
from pipeline.splits.by_date import split_by_date
from pipeline.splits.leakage_checks import prove_disjoint
from pipeline.splits.random_split import EXCLUDED, split_by_ratio, split_into_folds
from pipeline.splits.targets import DEFAULTS, balance_by, known_rows, make_target


def make_splits(
    table: pd.DataFrame,
    task: Task,
    ratios: Sequence[RatioSplit],
    *,
    seed: int,
    folds: int = 0,
    options: TargetOptions = DEFAULTS,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Make a task's splits: the published ones, by release date, and folds.

    Args:
        table: With tmdb_id, franchise, release_date and the columns of the task's target.
        task: What is predicted; the random splits are balanced by it.
        ratios: The random splits.
        seed: Of the random splits and of the folds.
        folds: Folds of the cross-validation; 0 for none.
        options: Of the target.

    Returns:
        tmdb_id and one column per split, one row per movie in the order of the table: "train",
        "val", "test", or "" where the split, or the task, excludes the movie. And how many movies
        the task cannot use, by reason.

    Raises:
        SplitError: There are too few movies for one of the splits.
    """
    splits, excluded, unfit = make_possible_splits(
        table, task, ratios, seed=seed, folds=folds, options=options
    )
    if unfit:
        raise SplitError(next(iter(unfit.values())))
    return splits, excluded


def make_possible_splits(
    table: pd.DataFrame,
    task: Task,
    ratios: Sequence[RatioSplit],
    *,
    seed: int,
    folds: int = 0,
    options: TargetOptions = DEFAULTS,
) -> tuple[pd.DataFrame, dict[str, int], dict[str, str]]:
    """Make those of a task's splits for which there are movies enough; see `make_splits`.

    Returns:
        As `make_splits`, and by name of every other split why there is none.

    Raises:
        SplitError: There is no movie that the task can use.
    """
    known, excluded = known_rows(task, table, options)
    if not known.any():
        raise SplitError(f"expected movies with {task.name}, got {len(table)} without: {excluded}")
    usable = table.iloc[np.flatnonzero(known)].reset_index(drop=True)
    strata = balance_by(task, usable, options)
    makers: list[tuple[list[str], Callable[[], Mapping[str, np.ndarray]]]] = [
        *(([ratio.name], partial(_make_ratio, usable, strata, ratio, seed)) for ratio in ratios),
        ([BY_DATE], lambda: {BY_DATE: split_by_date(usable)}),
    ]
    if folds:
        names = [fold_name(k) for k in range(folds)]
        makers.append((names, lambda: split_into_folds(usable, strata, folds, seed=seed)))
    made, unfit = dict[str, np.ndarray](), dict[str, str]()
    for names, make in makers:
        try:
            made |= make()
        except SplitError as error:
            unfit |= dict.fromkeys(names, str(error))
    splits = pd.DataFrame({"tmdb_id": table["tmdb_id"].to_numpy()})
    for name, split in made.items():
        splits[name] = np.full(len(table), EXCLUDED, dtype=object)
        splits.loc[known, name] = split
    prove_disjoint(splits, table)
    return splits, excluded, unfit


def _make_ratio(
    usable: pd.DataFrame, strata: np.ndarray, ratio: RatioSplit, seed: int
) -> dict[str, np.ndarray]:
    return {ratio.name: split_by_ratio(usable, strata, ratio, seed=seed)}


def find_unfit(
    splits: pd.DataFrame, table: pd.DataFrame, task: Task, options: TargetOptions = DEFAULTS
) -> dict[str, str]:
    """Find the splits whose training set is too small for the task's target, or a set empty.

    Args:
        splits: As `make_splits` returns them.
        table: As for `make_splits`.
        task: What is predicted.
        options: Of the target.

    Returns:
        By name of the split, the reason; the other splits can be trained on.
    """
    found = {name: _why_unfit(splits[name].to_numpy(), table, task, options)
             for name in splits.columns[1:]}  # fmt: skip
    return {name: reason for name, reason in found.items() if reason}


def _why_unfit(split: np.ndarray, table: pd.DataFrame, task: Task, options: TargetOptions) -> str:
    for name in ("train", "val", "test"):
        if not (split == name).any():
            return f"too few films: its {name} set is empty"
    try:
        make_target(task, table, np.flatnonzero(split == "train"), options)
    except SplitError as error:
        return str(error)
    return ""
