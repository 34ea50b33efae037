"""Assigning movies to sets: whole franchises, every set its share of every class or label.

scikit-learn's `StratifiedGroupKFold` cuts equal folds only, by classes only, and takes minutes for
36,000 movies; published multi-label stratifiers know no groups.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

_TINY = 1e-9


def divide(
    table: pd.DataFrame, strata: np.ndarray, shares: Sequence[float], *, seed: int
) -> np.ndarray:
    """Assign movies to sets; the result does not depend on the order of rows.

    Args:
        table: With tmdb_id and franchise.
        strata: What the sets shall have alike, one per row: classes int64 (movies,) from 0, or
            labels bool (movies, labels).
        shares: Of each set; they sum to 1.
        seed: Of the shuffle.

    Returns:
        Number of each movie's set, int64 (movies,).
    """
    order = np.argsort(table["tmdb_id"].to_numpy(), kind="stable")
    order = order[np.random.default_rng(seed).permutation(len(order))]
    franchises = pd.factorize(table["franchise"].to_numpy()[order])[0]
    by = assign_by_label if strata.ndim == 2 else assign_by_class
    assigned = np.empty(len(table), dtype=np.int64)
    assigned[order] = by(franchises, strata[order], shares)
    return assigned


def assign_by_class(
    franchises: np.ndarray, classes: np.ndarray, shares: Sequence[float]
) -> np.ndarray:
    """Assign movies to sets, by class and by franchise.

    Franchises of several movies go first, largest first, each to the set that lacks its classes
    most; single movies then fill up every set class by class. So ratios and balance are within
    a movie or two of what was requested.

    Args:
        franchises: Number of each movie's franchise, from 0, (movies,).
        classes: Class of each movie, from 0, (movies,).
        shares: Of each set; they sum to 1.

    Returns:
        Number of each movie's set, int64 (movies,). The caller shuffles the movies for chance.
    """
    if not len(classes):
        return np.zeros(0, dtype=np.int64)
    members = np.zeros((franchises.max() + 1, classes.max() + 1))  # (franchises, classes)
    np.add.at(members, (franchises, classes), 1)
    ideal = members.sum(axis=0)[:, None] * np.asarray(shares)  # (classes, sets)
    placed, have = _place_franchises(members, ideal)
    assigned = placed[franchises]
    _fill_up(assigned, classes, ideal, have)
    return assigned


def assign_by_label(
    franchises: np.ndarray, labels: np.ndarray, shares: Sequence[float]
) -> np.ndarray:
    """Assign movies to sets, by every label and by franchise: iterative stratification.

    The label with the fewest movies left is assigned first, its largest franchises first, each to
    the set that lacks the label most (then: that lacks movies most).

    Args:
        franchises: Number of each movie's franchise, from 0, (movies,).
        labels: Bool (movies, labels).
        shares: Of each set; they sum to 1.

    Returns:
        Number of each movie's set, int64 (movies,).

    Source:
        Sechidis, Tsoumakas and Vlahavas 2011, "On the Stratification of Multi-Label Data",
        algorithm 1, with franchises in the place of single examples.
    """
    if not len(labels):
        return np.zeros(0, dtype=np.int64)
    sizes = np.bincount(franchises)
    members = np.zeros((len(sizes), labels.shape[1] + 1))  # the last column: any movie at all
    np.add.at(members, franchises, np.hstack([labels, np.ones((len(labels), 1))]))
    lacks = members.sum(axis=0)[:, None] * np.asarray(shares)  # (labels + 1, sets)
    placed = np.full(len(sizes), -1)
    while (placed < 0).any():
        left = (members[placed < 0] > 0).sum(axis=0)
        label = int(np.argmin(np.where(left > 0, left, np.inf)))
        some = np.flatnonzero((placed < 0) & (members[:, label] > 0))
        for franchise in some[np.argsort(-members[some, label], kind="stable")]:
            best = np.lexsort((-lacks[-1], -lacks[label].round(9)))[0]
            placed[franchise] = best
            lacks[:, best] -= members[franchise]
    return placed[franchises]


def _place_franchises(members: np.ndarray, ideal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place the franchises of several movies; -1 for the others.

    Returns:
        The set of each franchise, and what each set now holds, shape (classes, sets).
    """
    have = np.zeros_like(ideal)
    sizes = members.sum(axis=1)
    placed = np.full(len(members), -1)
    total = ideal.sum(axis=0)
    for franchise in np.argsort(-sizes, kind="stable"):
        if sizes[franchise] < 2:
            break
        more = members[franchise][:, None]  # (classes, 1)
        # squared distance from the ideal count, before and after, in units of the ideal count
        by_class = (more * (2 * (have - ideal) + more) / np.maximum(ideal, _TINY)).sum(axis=0)
        size = sizes[franchise]
        by_size = size * (2 * (have.sum(axis=0) - total) + size) / np.maximum(total, _TINY)
        assigned = int(np.argmin(by_class + by_size))
        placed[franchise] = assigned
        have[:, assigned] += members[franchise]
    return placed, have


def _fill_up(
    assigned: np.ndarray, classes: np.ndarray, ideal: np.ndarray, have: np.ndarray
) -> None:
    """Assign the movies still at -1 to the sets that lack their class; changes `assigned`."""
    n_sets = ideal.shape[1]
    carried = np.zeros(n_sets)  # what rounding took from each set in the classes before
    for k in range(len(ideal)):
        free = np.flatnonzero((assigned < 0) & (classes == k))
        missing = np.maximum(ideal[k] - have[k], 0)
        fair = missing * len(free) / max(missing.sum(), _TINY) + carried
        counts = _round_to_sum(fair, len(free))
        carried = fair - counts
        assigned[free] = np.repeat(np.arange(n_sets), counts)


def _round_to_sum(fair: np.ndarray, total: int) -> np.ndarray:
    counts = np.floor(np.maximum(fair, 0)).astype(int)
    while counts.sum() < total:
        counts[np.argmax(fair - counts)] += 1
    while counts.sum() > total:
        above = np.where(counts > 0, counts - fair, -np.inf)
        counts[np.argmax(above)] -= 1
    return counts
