"""The split by release date: train on the oldest movies, test on the newest."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.splits.random_split import PARTS

EXCLUDED = ""
"""Written in a split's column where the movie is in none of its parts."""


def split_by_date(table: pd.DataFrame, *, train: float = 0.70, val: float = 0.15) -> np.ndarray:
    """Cut the movies at two release days; later members of a franchise are left out.

    A franchise belongs to the part of its oldest movie. Its movies in later parts are left out:
    moved back they would stand out of time, and left in place they would leak. Movies of one day
    stay together. Movies without a date are left out too.

    Args:
        table: With tmdb_id, release_date and franchise.
        train: Share of the dated movies that is trained on, the oldest.
        val: Share that follows; the rest, the newest, is the test part.

    Returns:
        "train", "val", "test" or "" (left out) per row, shape (movies,).

    Raises:
        SplitError: A part would be empty.
    """
    days = table["release_date"]
    dated = days.notna().to_numpy()
    if not dated.any():
        raise SplitError("split by date: no movie has a release date")
    by_day = np.searchsorted(
        _cut(np.sort(days[dated].to_numpy()), [train, train + val]), days.to_numpy(), side="right"
    )
    place = pd.Series(np.where(dated, by_day, len(PARTS)))
    oldest = place.groupby(table["franchise"].to_numpy()).transform("min")
    kept = dated & (place == oldest).to_numpy()
    sizes = np.bincount(place[kept], minlength=len(PARTS))
    if not sizes.all():
        named = dict(zip(PARTS, sizes.tolist(), strict=True))
        raise SplitError(
            f"split by date: wanted three parts, came {named} from "
            f"{dated.sum()} dated movies; add movies of more release days"
        )
    names = np.array([*PARTS, EXCLUDED], dtype=object)
    return names[np.where(kept, place, len(PARTS))]


def _cut(in_order: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Find the days that begin a new part: each the nearest to its share where a day begins."""
    begins = np.flatnonzero(in_order[1:] != in_order[:-1]) + 1
    cuts = []
    for share in shares:
        begins = begins[begins > cuts[-1]] if cuts else begins
        if not len(begins):
            raise SplitError(
                f"split by date: wanted three parts, came {len(in_order)} dated movies of "
                f"{len(np.unique(in_order))} days; add movies of more release days"
            )
        cuts.append(begins[np.argmin(np.abs(begins - share * len(in_order)))])
    return in_order[cuts]


def count_excluded(table: pd.DataFrame, parts: np.ndarray) -> dict[str, int]:
    """Count the movies that a split by date leaves out, by reason.

    Args:
        table: The table that was split.
        parts: What `split_by_date` gave for it.
    """
    dated = table["release_date"].notna().to_numpy()
    left_out = np.asarray(parts) == EXCLUDED
    return {
        "no_release_date": int((left_out & ~dated).sum()),
        "franchise_in_an_earlier_part": int((left_out & dated).sum()),
    }
