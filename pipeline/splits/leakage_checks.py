"""Checks that no movie is in two sets of a split, and no franchise in two of a random one; that the
sets of a split by date follow each other.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import BY_DATE
from pipeline.splits.random_split import EXCLUDED, SET_NAMES


def prove_disjoint(splits: pd.DataFrame, table: pd.DataFrame) -> None:
    """Check every split of a frame.

    Args:
        splits: tmdb_id and one column per split, values "train", "val", "test" or "".
        table: With tmdb_id, franchise and, where there is a split by date, release_date of the same
            movies, in any order.

    Raises:
        SplitError: A movie is listed twice or is unknown, a value is none of the four, or a set is
            empty; a franchise is in two sets of a random split, or a movie of a split by date came
            out no later than one of an earlier set.
    """
    ids = splits["tmdb_id"]
    if not ids.is_unique:
        raise SplitError(f"movie {ids[ids.duplicated()].iloc[0]} is listed twice in the splits")
    unknown = ~np.isin(ids.to_numpy(), table["tmdb_id"].to_numpy())
    if unknown.any():
        raise SplitError(f"movie {ids[unknown].iloc[0]} is in the splits but not in the features")
    of_movie = table.set_index("tmdb_id").loc[ids]
    for name in splits.columns.drop("tmdb_id"):
        split = splits[name].to_numpy()
        _prove_sets(name, split)
        if name == BY_DATE:
            _prove_order(name, split, of_movie["release_date"].to_numpy())
        else:
            _prove_franchises(name, split, of_movie["franchise"].to_numpy())


def _prove_sets(name: str, split: np.ndarray) -> None:
    wrong = set(split) - {*SET_NAMES, EXCLUDED}
    if wrong:
        raise SplitError(f"split {name}: expected {SET_NAMES} or '', got {sorted(map(str, wrong))}")
    empty = set(SET_NAMES) - set(split)
    if empty:
        raise SplitError(f"split {name}: no movie in {sorted(empty)}")


def _prove_order(name: str, split: np.ndarray, released: np.ndarray) -> None:
    if np.isnat(released[split != EXCLUDED]).any():
        raise SplitError(f"split {name}: a movie has no release date; exclude it")
    for earlier, later in pairwise(SET_NAMES):
        last, first = released[split == earlier].max(), released[split == later].min()
        if first <= last:
            raise SplitError(
                f"split {name}: expected every movie in {later} after those in {earlier}, got "
                f"{first.astype('datetime64[D]')} beside {last.astype('datetime64[D]')}"
            )


def _prove_franchises(name: str, split: np.ndarray, franchise: np.ndarray) -> None:
    inside = split != EXCLUDED
    seen = pd.Series(split[inside]).groupby(franchise[inside]).nunique()
    if shared := [str(name) for name in seen.index[seen.to_numpy() > 1]]:
        raise SplitError(
            f"split {name}: franchise {shared[0]!r} is in two sets ({len(shared)} such franchises)"
        )
