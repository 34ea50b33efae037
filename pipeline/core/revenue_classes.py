"""Revenue classes: edges from the training set, the class of a revenue, and the noise ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from math import erf

from pipeline.core.errors import SplitError
from pipeline.core.numpy_on_demand import np


def fit_edges(revenue_usd_train: Sequence[float] | np.ndarray, n_classes: int = 8) -> np.ndarray:
    """Cut the training set's revenues into classes of equal size.

    An edge lies midway, in log10, between two revenues that differ, so movies of equal revenue
    share a class and no class is empty, however many ties there are.

    Args:
        revenue_usd_train: Revenues of the training set alone, in US dollars, above 0.
        n_classes: How many classes.

    Returns:
        `n_classes - 1` rising edges in US dollars, float64.

    Raises:
        SplitError: A revenue is not above 0, or fewer than `n_classes` different ones came.

    Example:
        >>> fit_edges([1e3, 1e5, 1e5, 1e7], n_classes=3).round().tolist()
        [10000.0, 1000000.0]
    """
    revenues = np.asarray(revenue_usd_train, dtype=np.float64)
    if not (np.isfinite(revenues) & (revenues > 0)).all():
        raise SplitError("class edges require revenues above 0 USD; some are zero, negative or NaN")
    values, counts = np.unique(np.log10(revenues), return_counts=True)
    if len(values) < n_classes:
        raise SplitError(
            f"class edges require at least {n_classes} different revenues in the training set, "
            f"got {len(values)}; add movies with known revenue"
        )
    below = np.cumsum(counts)
    cuts: list[int] = []
    for k in range(1, n_classes):
        first = cuts[-1] + 1 if cuts else 0
        last = len(values) - 1 - (n_classes - k)  # leaves a value for each class to come
        wanted = len(revenues) * k / n_classes
        cuts.append(first + int(np.argmin(np.abs(below[first : last + 1] - wanted))))
    at = np.array(cuts)
    return 10 ** ((values[at] + values[at + 1]) / 2)


def classify(revenue_usd: Sequence[float] | np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the class of each revenue, 0 the lowest; a revenue on an edge belongs above it.

    Args:
        revenue_usd: In US dollars, shape (movies,).
        edges: From `fit_edges`, shape (classes - 1,).

    Returns:
        int64, shape (movies,).

    Example:
        >>> classify([5e3, 1e4, 2e9], np.array([1e4, 1e6])).tolist()
        [0, 1, 2]
    """
    revenues = np.asarray(revenue_usd, dtype=np.float64)
    return np.searchsorted(edges, revenues, side="right").astype(np.int64)


def reachable_probabilities(
    mean_log10: np.ndarray, sd_log10: float, edges: np.ndarray
) -> np.ndarray:
    """Return class probabilities that know everything but the noise.

    Only where revenues are generated with normal noise of known size; no model's expected
    accuracy can be above that of these probabilities.

    Args:
        mean_log10: The noiseless log10 revenue, shape (movies,).
        sd_log10: Standard deviation of the noise in log10, above 0.
        edges: From `fit_edges`, in US dollars, shape (classes - 1,).

    Returns:
        Float64, shape (movies, classes); rows sum to 1.

    Example:
        >>> reachable_probabilities(np.array([6.0]), 0.1, np.array([1e6])).tolist()
        [[0.5, 0.5]]
    """
    steps = (np.log10(edges)[None, :] - np.asarray(mean_log10)[:, None]) / (sd_log10 * 2**0.5)
    below = 0.5 * (1 + np.vectorize(erf, otypes=[np.float64])(steps))
    ends = np.zeros((len(below), 1)), np.ones((len(below), 1))
    return np.diff(np.hstack([ends[0], below, ends[1]]), axis=1)
