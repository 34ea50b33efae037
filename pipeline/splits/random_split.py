"""Random splits by ratio: balanced by class or label, whole franchises on one side."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import RatioSplit
from pipeline.splits.strata import Strata, divide

SET_NAMES = ("train", "val", "test")
"""The three sets of a split, as they are written in its column."""


def split_by_ratio(
    table: pd.DataFrame, strata: Strata, ratio: RatioSplit, *, seed: int
) -> np.ndarray:
    """Assign movies to train, val and test.

    Args:
        table: With tmdb_id and franchise.
        strata: What the sets shall have alike. It serves to balance them and for nothing else.
        ratio: Its name and ratios.
        seed: Of the shuffle.

    Returns:
        "train", "val" or "test" per row, object (movies,).

    Raises:
        SplitError: A set would be empty.
    """
    assigned = divide(table, strata, [ratio.train, ratio.val, ratio.test], seed=seed)
    sizes = np.bincount(assigned, minlength=3)
    if not sizes.all():
        named = dict(zip(SET_NAMES, sizes.tolist(), strict=True))
        raise SplitError(
            f"split {ratio.name}: expected three sets, got {named} "
            f"from {len(table)} movies; add movies"
        )
    return np.array(SET_NAMES, dtype=object)[assigned]
