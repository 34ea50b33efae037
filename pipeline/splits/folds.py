"""Cross-validation: every movie is tested once, whole franchises in one fold."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import fold_name
from pipeline.splits.random_split import SET_NAMES
from pipeline.splits.strata import Strata, divide

VAL_SHARE = 0.1
"""Share of the movies outside a fold that training is stopped by."""


def split_into_folds(
    table: pd.DataFrame, strata: Strata, n_folds: int, *, seed: int, val_share: float = VAL_SHARE
) -> dict[str, np.ndarray]:
    """Make one split per fold.

    Args:
        table: With tmdb_id and franchise.
        strata: What all sets shall have alike.
        n_folds: How many folds, at least 2.
        seed: Of the shuffles.
        val_share: Share of the movies outside the fold that are stopped by.

    Returns:
        By `fold_name`, "train", "val" or "test" per row, object (movies,).

    Raises:
        SplitError: A set would be empty.
    """
    fold = divide(table, strata, [1 / n_folds] * n_folds, seed=seed)
    splits = {}
    for k in range(n_folds):
        rest = np.flatnonzero(fold != k)
        val = divide(
            table.iloc[rest], strata.take(rest), [1 - val_share, val_share], seed=seed + 1 + k
        )
        split = np.full(len(table), "test", dtype=object)
        split[rest] = np.array(["train", "val"], dtype=object)[val]
        sizes = {name: int((split == name).sum()) for name in SET_NAMES}
        if not all(sizes.values()):
            raise SplitError(
                f"split {fold_name(k)}: expected three sets, got {sizes} from {len(table)} movies; "
                "add movies or take fewer folds"
            )
        splits[fold_name(k)] = split
    return splits
