"""Checks that no movie and no franchise is in two sets of a split."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import OFFICIAL
from pipeline.splits.by_date import EXCLUDED
from pipeline.splits.official import STRICT, crossing_franchises
from pipeline.splits.random_split import SET_NAMES


def prove_disjoint(splits: pd.DataFrame, table: pd.DataFrame) -> dict[str, list[str]]:
    """Check every split of a frame.

    Only an official split may have a franchise in two sets: it is published, and kept as it is for
    comparison. Its strict twin must not.

    Args:
        splits: tmdb_id and one column per split, values "train", "val", "test" or "".
        table: With tmdb_id and franchise of the same movies, in any order.

    Returns:
        By name of each official split, the franchises that it has in two sets.

    Raises:
        SplitError: A movie is listed twice or is unknown, a value is none of the four, a set is
            empty, or a franchise is in two sets.
    """
    ids = splits["tmdb_id"]
    if not ids.is_unique:
        raise SplitError(f"movie {ids[ids.duplicated()].iloc[0]} is listed twice in the splits")
    franchises = table.set_index("tmdb_id")["franchise"]
    unknown = ~ids.isin(franchises.index).to_numpy()
    if unknown.any():
        raise SplitError(f"movie {ids[unknown].iloc[0]} is in the splits but not in the features")
    franchise = franchises.loc[ids].to_numpy()
    crossing = {}
    for name in splits.columns.drop("tmdb_id"):
        shared = _prove_one(name, splits[name].to_numpy(), franchise)
        if is_official(name):
            crossing[name] = shared
        elif shared:
            raise SplitError(
                f"split {name}: franchise {shared[0]!r} is in two sets "
                f"({len(shared)} such franchises)"
            )
    return crossing


def is_official(name: str) -> bool:
    """Whether a split is a published one.

    Example:
        >>> is_official("official-0"), is_official("official-strict-0")
        (True, False)
    """
    return name.startswith(OFFICIAL) and not name.startswith(STRICT)


def _prove_one(name: str, split: np.ndarray, franchise: np.ndarray) -> list[str]:
    wrong = set(split) - {*SET_NAMES, EXCLUDED}
    if wrong:
        raise SplitError(f"split {name}: expected {SET_NAMES} or '', got {sorted(map(str, wrong))}")
    empty = set(SET_NAMES) - set(split)
    if empty:
        raise SplitError(f"split {name}: no movie in {sorted(empty)}")
    return crossing_franchises(split, franchise)
