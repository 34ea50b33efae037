"""Which frames are decoded and which are kept: at random, but for one movie always the same."""

import numpy as np

SAMPLED_FRAMES = 100
"""Frames decoded of each trailer. Source: reference implementation 004, "for each trailer we sample
a 100 frames"."""

KEPT_FRAMES = 30
"""Frames kept of each trailer. Source: reference implementation 001, "30 frames extracted from
YouTube trailers"."""


def choose_pts(pts: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose timestamps at random, without repetition.

    Args:
        pts: Timestamps of all frames, shape (frames,).
        count: How many; all where there are fewer.
        seed: Random seed of the choice: the movie's id.

    Returns:
        Ascending timestamps of the same type, shape (min(count, unique frames),).

    Raises:
        ValueError: `count` is below 1.

    Example:
        >>> choose_pts(np.array([0, 512, 1024]), 5, seed=597).tolist()
        [0, 512, 1024]
    """
    if count < 1:
        raise ValueError(f"expected at least 1 frame, got count={count}")
    unique = np.unique(pts)
    if len(unique) <= count:
        return unique
    return np.sort(np.random.default_rng(seed).choice(unique, count, replace=False))


def choose_keyframes(
    pts: np.ndarray, key_pts: np.ndarray, count: int, seed: int, *, fewest: int = 1
) -> np.ndarray:
    """Choose timestamps at random among keyframes first, which need no other frame decoded.

    Encoders put a keyframe at a scene cut, and one every few seconds, so these frames show more
    scenes than others do, and more often a scene's beginning.

    Args:
        pts: Timestamps of all frames, shape (frames,).
        key_pts: Timestamps of the keyframes among them, shape (keyframes,).
        count: How many; fewer where there are fewer keyframes.
        seed: Random seed of the choice: the movie's id.
        fewest: Where there are fewer keyframes than this, other frames are added at random up to
            it, at the cost of decoding the frames that they depend on.

    Returns:
        Ascending timestamps of the type of `pts`.

    Raises:
        ValueError: `count` is below 1, or `fewest` is not in 0 to `count`.

    Example:
        >>> choose_keyframes(np.arange(100), np.array([0, 50]), 30, seed=597).tolist()
        [0, 50]
        >>> len(choose_keyframes(np.arange(100), np.array([0, 50]), 30, seed=597, fewest=5))
        5
    """
    if not 0 <= fewest <= count:
        raise ValueError(f"expected fewest from 0 to count={count}, got {fewest}")
    keys = np.intersect1d(pts, key_pts)
    chosen = choose_pts(keys, count, seed) if len(keys) or count < 1 else keys
    n_missing = fewest - len(chosen)
    others = np.setdiff1d(pts, keys)
    if n_missing <= 0 or not len(others):
        return chosen
    return np.union1d(chosen, choose_pts(others, n_missing, seed))


def choose_kept(mask: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose among the frames that passed the filter.

    Args:
        mask: True for the frames that may be kept, shape (frames,).
        count: How many; all where there are fewer.
        seed: Random seed of the choice: the movie's id.

    Returns:
        Ascending indices into `mask`, int64, shape (min(count, mask.sum()),).

    Example:
        >>> choose_kept(np.array([False, True, True]), 30, seed=597).tolist()
        [1, 2]
    """
    passed = np.flatnonzero(mask)
    return choose_pts(passed, count, seed) if len(passed) else passed
