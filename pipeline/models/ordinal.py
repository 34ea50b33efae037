"""Ordered revenue classes from a said revenue: where between the edges it falls.

What belongs here: the rule and the probabilities. What does not: edges (see
`pipeline.splits.labels`) and regression.
"""

import numpy as np

STRETCH = 1.1
"""Said revenues lie closer together than true ones, so that a plain cut names the outer classes too
seldom. Chosen on the five folds of one seed of real movies, where 1.0 to 1.4 were tried."""


def cut_into_classes(
    said_log10: np.ndarray, edges_usd: np.ndarray, centre_log10: float, stretch: float = STRETCH
) -> np.ndarray:
    """Say a class from a said revenue.

    Args:
        said_log10: Said log10 revenue, (n,).
        edges_usd: Edges between the classes, rising, (classes - 1,).
        centre_log10: Mean log10 revenue of the training part, from which answers are stretched.
        stretch: How much.

    Returns:
        int64 (n,), 0 the lowest.

    Example:
        >>> cut_into_classes(np.array([6.9, 7.95]), np.array([1e7, 1e8]), 7.0).tolist()
        [0, 2]
    """
    stretched = centre_log10 + stretch * (np.asarray(said_log10) - centre_log10)
    return np.searchsorted(np.log10(edges_usd), stretched, side="right").astype(np.int64)


def spread_over_classes(
    said_log10: np.ndarray, off_log10: np.ndarray, edges_usd: np.ndarray
) -> np.ndarray:
    """Give class probabilities from a said revenue and errors seen on other movies.

    Args:
        said_log10: Said log10 revenue, (n,).
        off_log10: True minus said of movies that were not trained on, (m,).
        edges_usd: Edges between the classes, rising, (classes - 1,).

    Returns:
        Float64 (n, classes); rows sum to 1.

    Example:
        >>> spread_over_classes(np.array([7.0]), np.array([-1.0, 0.5, 1.0, 2.0]), np.array([1e7]))
        array([[0.25, 0.75]])
    """
    off = np.sort(off_log10)
    steps = np.log10(edges_usd)[None, :] - np.asarray(said_log10)[:, None]
    below = np.searchsorted(off, steps.ravel()).reshape(steps.shape) / len(off)
    ends = np.zeros((len(below), 1)), np.ones((len(below), 1))
    return np.diff(np.hstack([ends[0], below, ends[1]]), axis=1)
