"""The proof that no movie and no franchise stands on two sides of a split.

What belongs here: checks that fail. What does not: making splits.
"""

import numpy as np
import pandas as pd

from pipeline.errors import SplitError
from pipeline.splits.by_date import EXCLUDED
from pipeline.splits.ratio import PARTS


def prove_disjoint(split_frame: pd.DataFrame, table: pd.DataFrame) -> None:
    """Check every split of a frame.

    Args:
        split_frame: tmdb_id and one column per split, values "train", "val", "test" or "".
        table: With tmdb_id and franchise of the same movies, in any order.

    Raises:
        SplitError: A movie stands twice or is unknown, a value is none of the four, a part is
            empty, or a franchise stands in two parts.
    """
    ids = split_frame["tmdb_id"]
    if not ids.is_unique:
        raise SplitError(f"movie {ids[ids.duplicated()].iloc[0]} stands twice in the splits")
    franchises = table.set_index("tmdb_id")["franchise"]
    unknown = ~ids.isin(franchises.index).to_numpy()
    if unknown.any():
        raise SplitError(f"movie {ids[unknown].iloc[0]} is in the splits but not in the features")
    franchise = franchises.loc[ids].to_numpy()
    for name in split_frame.columns.drop("tmdb_id"):
        _prove_one(name, split_frame[name].to_numpy(), franchise)


def _prove_one(name: str, parts: np.ndarray, franchise: np.ndarray) -> None:
    wrong = set(parts) - {*PARTS, EXCLUDED}
    if wrong:
        raise SplitError(f"split {name}: wanted {PARTS} or '', came {sorted(map(str, wrong))}")
    empty = set(PARTS) - set(parts)
    if empty:
        raise SplitError(f"split {name}: no movie in {sorted(empty)}")
    inside = parts != EXCLUDED
    seen = pd.Series(parts[inside]).groupby(franchise[inside]).nunique()
    shared = seen.index[seen > 1]
    if len(shared):
        raise SplitError(
            f"split {name}: franchise {shared[0]!r} stands in two parts "
            f"({len(shared)} such franchises)"
        )
