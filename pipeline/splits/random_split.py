"""Random splits, by ratio or in folds: balanced by class or label, whole franchises in one set."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import RatioSplit, fold_name
from pipeline.splits.assignment import divide

SET_NAMES = ("train", "val", "test")
"""The three sets of a split, as they are written in its column."""

EXCLUDED = ""
"""Written in a split's column where the movie is in none of its sets."""

VAL_SHARE = 0.1
"""Share of the movies outside a fold that training is stopped by."""


def split_by_ratio(
    table: pd.DataFrame, strata: np.ndarray, ratio: RatioSplit, *, seed: int
) -> np.ndarray:
    """Assign movies to train, val and test.

    Args:
        table: With tmdb_id and franchise.
        strata: As for `divide`; it serves to balance the sets and for nothing else.
        ratio: Its name and ratios.
        seed: Of the shuffle.

    Returns:
        "train", "val" or "test" per row, object (movies,).

    Raises:
        SplitError: A set would be empty.
    """
    assigned = divide(table, strata, [ratio.train, ratio.val, ratio.test], seed=seed)
    split = np.array(SET_NAMES, dtype=object)[assigned]
    check_sets(split, ratio.name, "add movies")
    return split


def split_into_folds(
    table: pd.DataFrame, strata: np.ndarray, n_folds: int, *, seed: int
) -> dict[str, np.ndarray]:
    """Make one split per fold, at least two: every movie is tested once.

    Returns:
        By `fold_name`, as `split_by_ratio`.

    Raises:
        SplitError: A set would be empty.
    """
    fold = divide(table, strata, [1 / n_folds] * n_folds, seed=seed)
    splits = {}
    for k in range(n_folds):
        rest = np.flatnonzero(fold != k)
        shares = [1 - VAL_SHARE, VAL_SHARE]
        val = divide(table.iloc[rest], strata[rest], shares, seed=seed + 1 + k)
        split = np.full(len(table), "test", dtype=object)
        split[rest] = np.array(["train", "val"], dtype=object)[val]
        check_sets(split, fold_name(k), "add movies or take fewer folds")
        splits[fold_name(k)] = split
    return splits


def check_sets(split: np.ndarray, name: str, remedy: str) -> None:
    """Check that a split has movies in each of its three sets.

    Raises:
        SplitError: It has not.
    """
    sizes = {one: int((split == one).sum()) for one in SET_NAMES}
    if not all(sizes.values()):
        raise SplitError(
            f"split {name}: expected three sets, got {sizes} from {len(split)} movies; {remedy}"
        )
