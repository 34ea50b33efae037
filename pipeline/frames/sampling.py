"""Which frames are decoded and which are kept: at random, but for one movie always the same.

What belongs here: choices by seed. What does not: judging frames
(see `pipeline.frames.filtering`).
"""

import numpy as np

SAMPLED_FRAMES = 100
"""Frames decoded of each trailer. Source: seed 004, "for each trailer we sample a 100 frames"."""

KEPT_FRAMES = 30
"""Frames kept of each trailer. Source: seed 001, "30 frames extracted from YouTube trailers"."""


def choose_pts(pts: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose timestamps at random, without repetition.

    Args:
        pts: Timestamps of all frames, shape (frames,).
        count: How many; all where there are fewer.
        seed: Of the choice: the movie's id.

    Returns:
        Ascending timestamps of the same type, shape (min(count, unique frames),).

    Raises:
        ValueError: `count` is below 1.

    Example:
        >>> choose_pts(np.array([0, 512, 1024]), 5, seed=597).tolist()
        [0, 512, 1024]
    """
    if count < 1:
        raise ValueError(f"wanted at least 1 frame, got count={count}")
    unique = np.unique(pts)
    if len(unique) <= count:
        return unique
    return np.sort(np.random.default_rng(seed).choice(unique, count, replace=False))


def choose_kept(mask: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose among the frames that passed the filter.

    Args:
        mask: True for the frames that may be kept, shape (frames,).
        count: How many; all where there are fewer.
        seed: Of the choice: the movie's id.

    Returns:
        Ascending indices into `mask`, int64, shape (min(count, mask.sum()),).

    Example:
        >>> choose_kept(np.array([False, True, True]), 30, seed=597).tolist()
        [1, 2]
    """
    passed = np.flatnonzero(mask)
    return choose_pts(passed, count, seed) if len(passed) else passed
