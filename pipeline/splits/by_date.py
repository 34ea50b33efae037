"""The split by release date: train on the oldest movies, test on the newest."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.core.errors import SplitError
from pipeline.splits.random_split import EXCLUDED, SET_NAMES, check_sets

SHARES = 0.70, 0.15
"""Shares of the dated movies: the oldest, trained on, and those that follow, stopped by."""


def split_by_date(table: pd.DataFrame) -> np.ndarray:
    """Cut the movies at two release days.

    A franchise may lie on both sides of a cut: who forecasts a sequel has seen the earlier movies,
    and knows what they earned. Movies of one day stay together. Movies without a date are excluded.

    Args:
        table: With release_date.

    Returns:
        "train", "val", "test" or "" (excluded) per row, shape (movies,).

    Raises:
        SplitError: A set would be empty.
    """
    days = table["release_date"]
    dated = days.notna().to_numpy()
    if not dated.any():
        raise SplitError("split by date: no movie has a release date")
    begins = _cut(np.sort(days[dated].to_numpy()), [SHARES[0], sum(SHARES)])
    by_day = np.searchsorted(begins, days.to_numpy(), side="right")
    names = np.array([*SET_NAMES, EXCLUDED], dtype=object)
    split = names[np.where(dated, by_day, len(SET_NAMES))]
    check_sets(split, "by date", "add movies of more release days")
    return split


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
