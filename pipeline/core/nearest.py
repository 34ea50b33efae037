"""The nearest of many vectors by their cosine."""

from __future__ import annotations

from pipeline.core.numpy_on_demand import np


def unit_vector(array: np.ndarray) -> np.ndarray | None:
    """Return the mean of one or several vectors, scaled to length 1.

    Args:
        array: Shape (width,) or (..., width).

    Returns:
        Float32 (width,); None where the mean has no direction: all zeros, or not finite.

    Example:
        >>> unit_vector(np.array([[0.0, 2.0], [0.0, 4.0]])).tolist()
        [0.0, 1.0]
    """
    vector = array.reshape(-1, array.shape[-1]).mean(axis=0, dtype=np.float32)
    length = float(np.linalg.norm(vector))
    return vector / length if np.isfinite(length) and length > 0 else None


def highest(values: np.ndarray, count: int) -> list[int]:
    """Return the places of the highest values, the highest first; of equal ones the earlier first.

    Args:
        values: Shape (n,); NaN is never among the highest.
        count: How many at most.

    Example:
        >>> highest(np.array([0.5, np.nan, 0.9, 0.5]), 3)
        [2, 0, 3]
    """
    order = np.argsort(-values, kind="stable")[:count]  # NaN comes last
    return [int(place) for place in order if not np.isnan(values[place])]
