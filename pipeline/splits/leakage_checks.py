"""Checks that no movie and no franchise is in two sets of a split."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.splits.random_split import EXCLUDED, SET_NAMES


def prove_disjoint(splits: pd.DataFrame, table: pd.DataFrame) -> None:
    """Check every split of a frame.

    Args:
        splits: tmdb_id and one column per split, values "train", "val", "test" or "".
        table: With tmdb_id and franchise of the same movies, in any order.

    Raises:
        SplitError: A movie is listed twice or is unknown, a value is none of the four, a set is
            empty, or a franchise is in two sets.
    """
    ids = splits["tmdb_id"]
    if not ids.is_unique:
        raise SplitError(f"movie {ids[ids.duplicated()].iloc[0]} is listed twice in the splits")
    unknown = ~np.isin(ids.to_numpy(), table["tmdb_id"].to_numpy())
    if unknown.any():
        raise SplitError(f"movie {ids[unknown].iloc[0]} is in the splits but not in the features")
    franchise = table.set_index("tmdb_id")["franchise"].loc[ids].to_numpy()
    for name in splits.columns.drop("tmdb_id"):
        _prove_one(name, splits[name].to_numpy(), franchise)


def _prove_one(name: str, split: np.ndarray, franchise: np.ndarray) -> None:
    wrong = set(split) - {*SET_NAMES, EXCLUDED}
    if wrong:
        raise SplitError(f"split {name}: expected {SET_NAMES} or '', got {sorted(map(str, wrong))}")
    empty = set(SET_NAMES) - set(split)
    if empty:
        raise SplitError(f"split {name}: no movie in {sorted(empty)}")
    inside = split != EXCLUDED
    seen = pd.Series(split[inside]).groupby(franchise[inside]).nunique()
    if shared := [str(name) for name in seen.index[seen.to_numpy() > 1]]:
        raise SplitError(
            f"split {name}: franchise {shared[0]!r} is in two sets ({len(shared)} such franchises)"
        )
