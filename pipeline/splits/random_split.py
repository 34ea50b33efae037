"""Random splits by share: balanced by class or label, whole franchises on one side."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import RatioSplit
from pipeline.splits.strata import Strata, divide

PARTS = ("train", "val", "test")
"""The three parts of a split, as they are written in its column."""


def split_by_ratio(
    table: pd.DataFrame, strata: Strata, ratio: RatioSplit, *, seed: int
) -> np.ndarray:
    """Divide movies among train, val and test.

    Args:
        table: With tmdb_id and franchise.
        strata: What the parts shall have alike. It serves to balance them and for nothing else.
        ratio: The shares.
        seed: Of the shuffle.

    Returns:
        "train", "val" or "test" per row, object (movies,).

    Raises:
        SplitError: A part would be empty.
    """
    part = divide(table, strata, [ratio.train, ratio.val, ratio.test], seed=seed)
    sizes = np.bincount(part, minlength=3)
    if not sizes.all():
        named = dict(zip(PARTS, sizes.tolist(), strict=True))
        raise SplitError(
            f"split {ratio.name}: wanted three parts, came {named} "
            f"from {len(table)} movies; add movies"
        )
    return np.array(PARTS, dtype=object)[part]
