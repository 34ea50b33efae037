"""Random splits by share: balanced by class, whole franchises on one side.

What belongs here: who goes where. What does not: class edges for training (they are fitted
afterwards, on the training part alone).
"""

import numpy as np
import pandas as pd

from pipeline.errors import SplitError
from pipeline.splits.labels import classify, fit_edges
from pipeline.systems import RatioSplit

PARTS = ("train", "val", "test")
"""The three parts of a split, as they are written in its column."""


def split_by_ratio(
    table: pd.DataFrame, ratio: RatioSplit, *, seed: int, n_classes: int = 8
) -> np.ndarray:
    """Divide movies among train, val and test, by class and by franchise.

    Franchises of several movies go first, largest first, each to the part that misses its classes
    most; single movies then fill up every part class by class. So shares and balance are
    within a movie or two of what was asked, and the answer does not depend on the order of rows.
    (scikit-learn's `StratifiedGroupKFold` cuts equal folds only.)

    Args:
        table: With tmdb_id, franchise and revenue_usd. Revenue serves to balance the parts only.
        ratio: The shares.
        seed: Of the shuffle.
        n_classes: Into how many revenue classes to balance.

    Returns:
        "train", "val" or "test" per row, shape (movies,).

    Raises:
        SplitError: A part would be empty.
    """
    order = np.argsort(table["tmdb_id"].to_numpy(), kind="stable")
    order = order[np.random.default_rng(seed).permutation(len(order))]
    revenues = table["revenue_usd"].to_numpy()[order]
    classes = classify(revenues, fit_edges(revenues, n_classes))
    franchises = pd.factorize(table["franchise"].to_numpy()[order])[0]
    shares = np.array([ratio.train, ratio.val, ratio.test])

    members = np.zeros((franchises.max() + 1, n_classes))  # (franchises, classes)
    np.add.at(members, (franchises, classes), 1)
    placed, have = _place_franchises(members, shares)
    part = placed[franchises]
    _fill_up(part, classes, members.sum(axis=0)[:, None] * shares, have)

    sizes = np.bincount(part, minlength=3)
    if not sizes.all():
        named = dict(zip(PARTS, sizes.tolist(), strict=True))
        raise SplitError(
            f"split {ratio.name}: wanted three parts, came {named} "
            f"from {len(table)} movies; add movies"
        )
    parts = np.empty(len(table), dtype=object)
    parts[order] = np.array(PARTS, dtype=object)[part]
    return parts


def _place_franchises(members: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place the franchises of several movies; -1 for the others.

    Returns:
        The part of each franchise, and what each part now holds, shape (classes, 3).
    """
    target = members.sum(axis=0)[:, None] * shares  # (classes, 3)
    have = np.zeros_like(target)
    sizes = members.sum(axis=1)
    placed = np.full(len(members), -1)
    total = target.sum(axis=0)
    for franchise in np.argsort(-sizes, kind="stable"):
        if sizes[franchise] < 2:
            break
        more = members[franchise][:, None]  # (classes, 1)
        # squared distance from the target, before and after, in units of the target
        by_class = (more * (2 * (have - target) + more) / np.maximum(target, 1e-9)).sum(axis=0)
        size = sizes[franchise]
        by_size = size * (2 * (have.sum(axis=0) - total) + size) / np.maximum(total, 1e-9)
        part = int(np.argmin(by_class + by_size))
        placed[franchise] = part
        have[:, part] += members[franchise]
    return placed, have


def _fill_up(part: np.ndarray, classes: np.ndarray, target: np.ndarray, have: np.ndarray) -> None:
    """Give the movies still at -1 to the parts that miss their class; changes `part`."""
    carried = np.zeros(3)  # what rounding took from each part in the classes before
    for k in range(len(target)):
        free = np.flatnonzero((part < 0) & (classes == k))
        missing = np.maximum(target[k] - have[k], 0)
        wanted = missing * len(free) / max(missing.sum(), 1e-9) + carried
        counts = _round_to_sum(wanted, len(free))
        carried = wanted - counts
        part[free] = np.repeat(np.arange(3), counts)


def _round_to_sum(wanted: np.ndarray, total: int) -> np.ndarray:
    counts = np.floor(np.maximum(wanted, 0)).astype(int)
    while counts.sum() < total:
        counts[np.argmax(wanted - counts)] += 1
    while counts.sum() > total:
        above = np.where(counts > 0, counts - wanted, -np.inf)
        counts[np.argmax(above)] -= 1
    return counts
