"""The proof that no movie and no franchise stands on two sides of a split."""

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.core.split_names import OFFICIAL
from pipeline.splits.by_date import EXCLUDED
from pipeline.splits.official import STRICT, crossing_franchises
from pipeline.splits.random_split import PARTS


def prove_disjoint(split_frame: pd.DataFrame, table: pd.DataFrame) -> dict[str, list[str]]:
    """Check every split of a frame.

    Only an official split may have a franchise in two parts: it is somebody else's, and kept as it
    is for comparison. Its strict twin must not.

    Args:
        split_frame: tmdb_id and one column per split, values "train", "val", "test" or "".
        table: With tmdb_id and franchise of the same movies, in any order.

    Returns:
        By name of each official split, the franchises that it has in two parts.

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
    crossing = {}
    for name in split_frame.columns.drop("tmdb_id"):
        shared = _prove_one(name, split_frame[name].to_numpy(), franchise)
        if is_official(name):
            crossing[name] = shared
        elif shared:
            raise SplitError(
                f"split {name}: franchise {shared[0]!r} stands in two parts "
                f"({len(shared)} such franchises)"
            )
    return crossing


def is_official(name: str) -> bool:
    """Whether a split is somebody else's.

    Example:
        >>> is_official("official-0"), is_official("official-strict-0")
        (True, False)
    """
    return name.startswith(OFFICIAL) and not name.startswith(STRICT)


def _prove_one(name: str, parts: np.ndarray, franchise: np.ndarray) -> list[str]:
    wrong = set(parts) - {*PARTS, EXCLUDED}
    if wrong:
        raise SplitError(f"split {name}: wanted {PARTS} or '', came {sorted(map(str, wrong))}")
    empty = set(PARTS) - set(parts)
    if empty:
        raise SplitError(f"split {name}: no movie in {sorted(empty)}")
    return crossing_franchises(parts, franchise)
