"""Dividing movies among parts: whole franchises, every part its share of every class or label.

scikit-learn's `StratifiedGroupKFold` cuts equal folds only, by classes only, and takes minutes for
36,000 movies; published multi-label stratifiers know no groups.
"""

from collections.abc import Sequence

import numpy as np

_TINY = 1e-9


def divide_by_class(
    franchises: np.ndarray, classes: np.ndarray, shares: Sequence[float]
) -> np.ndarray:
    """Divide movies among parts, by class and by franchise.

    Franchises of several movies go first, largest first, each to the part that misses its classes
    most; single movies then fill up every part class by class. So shares and balance are within
    a movie or two of what was asked.

    Args:
        franchises: Number of each movie's franchise, from 0, (movies,).
        classes: Class of each movie, from 0, (movies,).
        shares: Of each part; they sum to 1.

    Returns:
        Number of each movie's part, int64 (movies,). Who wants chance shuffles the movies.
    """
    if not len(classes):
        return np.zeros(0, dtype=np.int64)
    members = np.zeros((franchises.max() + 1, classes.max() + 1))  # (franchises, classes)
    np.add.at(members, (franchises, classes), 1)
    wanted = members.sum(axis=0)[:, None] * np.asarray(shares)  # (classes, parts)
    placed, have = _place_franchises(members, wanted)
    part = placed[franchises]
    _fill_up(part, classes, wanted, have)
    return part


def divide_by_label(
    franchises: np.ndarray, labels: np.ndarray, shares: Sequence[float]
) -> np.ndarray:
    """Divide movies among parts, by every label and by franchise: iterative stratification.

    The label with the fewest movies left is dealt out first, its largest franchises first, each to
    the part that misses the label most (then: that misses movies most).

    Args:
        franchises: Number of each movie's franchise, from 0, (movies,).
        labels: Bool (movies, labels).
        shares: Of each part; they sum to 1.

    Returns:
        Number of each movie's part, int64 (movies,).

    Source:
        Sechidis, Tsoumakas and Vlahavas 2011, "On the Stratification of Multi-Label Data",
        algorithm 1, with franchises in the place of single examples.
    """
    if not len(labels):
        return np.zeros(0, dtype=np.int64)
    sizes = np.bincount(franchises)
    members = np.zeros((len(sizes), labels.shape[1] + 1))  # the last column: any movie at all
    np.add.at(members, franchises, np.hstack([labels, np.ones((len(labels), 1))]))
    misses = members.sum(axis=0)[:, None] * np.asarray(shares)  # (labels + 1, parts)
    placed = np.full(len(sizes), -1)
    while (placed < 0).any():
        left = (members[placed < 0] > 0).sum(axis=0)
        label = int(np.argmin(np.where(left > 0, left, np.inf)))
        some = np.flatnonzero((placed < 0) & (members[:, label] > 0))
        for franchise in some[np.argsort(-members[some, label], kind="stable")]:
            best = np.lexsort((-misses[-1], -misses[label].round(9)))[0]
            placed[franchise] = best
            misses[:, best] -= members[franchise]
    return placed[franchises]


def _place_franchises(members: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Place the franchises of several movies; -1 for the others.

    Returns:
        The part of each franchise, and what each part now holds, shape (classes, parts).
    """
    have = np.zeros_like(wanted)
    sizes = members.sum(axis=1)
    placed = np.full(len(members), -1)
    total = wanted.sum(axis=0)
    for franchise in np.argsort(-sizes, kind="stable"):
        if sizes[franchise] < 2:
            break
        more = members[franchise][:, None]  # (classes, 1)
        # squared distance from what is wanted, before and after, in units of what is wanted
        by_class = (more * (2 * (have - wanted) + more) / np.maximum(wanted, _TINY)).sum(axis=0)
        size = sizes[franchise]
        by_size = size * (2 * (have.sum(axis=0) - total) + size) / np.maximum(total, _TINY)
        part = int(np.argmin(by_class + by_size))
        placed[franchise] = part
        have[:, part] += members[franchise]
    return placed, have


def _fill_up(part: np.ndarray, classes: np.ndarray, wanted: np.ndarray, have: np.ndarray) -> None:
    """Return the movies still at -1 to the parts that miss their class; changes `part`."""
    n_parts = wanted.shape[1]
    carried = np.zeros(n_parts)  # what rounding took from each part in the classes before
    for k in range(len(wanted)):
        free = np.flatnonzero((part < 0) & (classes == k))
        missing = np.maximum(wanted[k] - have[k], 0)
        fair = missing * len(free) / max(missing.sum(), _TINY) + carried
        counts = _round_to_sum(fair, len(free))
        carried = fair - counts
        part[free] = np.repeat(np.arange(n_parts), counts)


def _round_to_sum(fair: np.ndarray, total: int) -> np.ndarray:
    counts = np.floor(np.maximum(fair, 0)).astype(int)
    while counts.sum() < total:
        counts[np.argmax(fair - counts)] += 1
    while counts.sum() > total:
        above = np.where(counts > 0, counts - fair, -np.inf)
        counts[np.argmax(above)] -= 1
    return counts
