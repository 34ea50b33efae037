"""The names of splits, as they stand in columns, folders and reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RatioSplit:
    """Shares of the movies in the training, validation and test set; they sum to 1."""

    name: str
    train: float
    val: float
    test: float


EIGHTY_TEN_TEN = RatioSplit("80-10-10", 0.80, 0.10, 0.10)

BY_DATE = "by-date"
"""Name of the split by release date: train on the oldest, test on the newest."""

FOLD = "fold-"
"""Prefix of a cross-validation's splits, numbered from 1."""


def fold_name(k: int) -> str:
    """Name a fold, counted from 0.

    Example:
        >>> fold_name(0)
        'fold-1'
    """
    return f"{FOLD}{k + 1}"
