"""The split by release date: train on the oldest movies, test on the newest."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.splits.random_split import SET_NAMES

EXCLUDED = ""
"""Written in a split's column where the movie is in none of its sets."""


def split_by_date(table: pd.DataFrame, *, train: float = 0.70, val: float = 0.15) -> np.ndarray:
    """Cut the movies at two release days; later members of a franchise are excluded.

    A franchise belongs to the set of its oldest movie. Its movies in later sets are excluded:
    moved back they would stand out of time, and left in place they would leak. Movies of one day
    stay together. Movies without a date are excluded too.

    Args:
        table: With tmdb_id, release_date and franchise.
        train: Share of the dated movies that is trained on, the oldest.
        val: Share that follows; the rest, the newest, is the test set.

    Returns:
        "train", "val", "test" or "" (excluded) per row, shape (movies,).

    Raises:
        SplitError: A set would be empty.
    """
    days = table["release_date"]
    dated = days.notna().to_numpy()
    if not dated.any():
        raise SplitError("split by date: no movie has a release date")
    by_day = np.searchsorted(
        _cut(np.sort(days[dated].to_numpy()), [train, train + val]), days.to_numpy(), side="right"
    )
    place = pd.Series(np.where(dated, by_day, len(SET_NAMES)))
    oldest = place.groupby(table["franchise"].to_numpy()).transform("min")
    kept = dated & (place == oldest).to_numpy()
    sizes = np.bincount(place[kept], minlength=len(SET_NAMES))
    if not sizes.all():
        named = dict(zip(SET_NAMES, sizes.tolist(), strict=True))
        raise SplitError(
            f"split by date: expected three sets, got {named} from "
            f"{dated.sum()} dated movies; add movies of more release days"
        )
    names = np.array([*SET_NAMES, EXCLUDED], dtype=object)
    return names[np.where(kept, place, len(SET_NAMES))]


def _cut(in_order: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Find the days that begin a new set: each the nearest to its share where a day begins."""
    begins = np.flatnonzero(in_order[1:] != in_order[:-1]) + 1
    cuts = []
    for share in shares:
        begins = begins[begins > cuts[-1]] if cuts else begins
        if not len(begins):
            raise SplitError(
                f"split by date: expected three sets, got {len(in_order)} dated movies of "
                f"{len(np.unique(in_order))} days; add movies of more release days"
            )
        cuts.append(begins[np.argmin(np.abs(begins - share * len(in_order)))])
    return in_order[cuts]


def count_excluded(table: pd.DataFrame, split: np.ndarray) -> dict[str, int]:
    """Count the movies that a split by date excludes, by reason.

    Args:
        table: The table that was split.
        split: From `split_by_date`.
    """
    dated = table["release_date"].notna().to_numpy()
    excluded = np.asarray(split) == EXCLUDED
    return {
        "no_release_date": int((excluded & ~dated).sum()),
        "franchise_in_an_earlier_part": int((excluded & dated).sum()),
    }
