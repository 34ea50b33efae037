"""Which frames are decoded and which are kept: at random, but for one movie always the same."""

import numpy as np

SAMPLED_FRAMES = 100
"""Frames decoded of each trailer. Source: reference implementation 004, "for each trailer we sample
a 100 frames"."""

KEPT_FRAMES = 30
"""Frames kept of each trailer. Source: reference implementation 001, "30 frames extracted from
YouTube trailers"."""

FEWEST_KEYFRAMES = 15
"""Where frames are drawn among keyframes and there are fewer than this, others are added. Source:
reference implementation 004 stacks 5 or 15."""


STEADY = 1.1
"""Times shown that differ by no more than this factor are equal but for rounding."""


def choose_pts(pts: np.ndarray, count: int, seed: int, *, longest: float = np.inf) -> np.ndarray:
    """Choose timestamps at random in time, without repetition.

    At a constant frame rate frames are drawn. At a variable one moments are, one in each of `count`
    equal spans of time, and of each the frame that is shown: frames that follow quickly would
    otherwise crowd out the rest. Two moments within one frame choose it once.

    Args:
        pts: Timestamps of all frames, shape (frames,).
        count: How many; all where there are fewer.
        seed: Random seed of the choice: the movie's id.
        longest: A frame that is shown for longer, as a still or by a damaged clock, counts for so
            long, in units of the timestamps.

    Returns:
        Ascending timestamps of the same type, shape (chosen,): at most min(count, unique frames),
        and as many at a constant rate.

    Raises:
        ValueError: `count` is below 1.

    Example:
        >>> choose_pts(np.array([0, 512, 1024]), 5, seed=597).tolist()
        [0, 512, 1024]
    """
    unique = np.unique(pts)
    return _draw(unique, np.minimum(time_shown(unique), longest), count, seed)


def time_shown(pts: np.ndarray) -> np.ndarray:
    """Return how long each frame is shown; the last one as long as most.

    Args:
        pts: Ascending, unique, shape (frames,).

    Example:
        >>> time_shown(np.array([0, 2, 4, 9])).tolist()
        [2.0, 2.0, 5.0, 2.0]
    """
    steps = np.diff(pts).astype(np.float64)
    return np.append(steps, np.median(steps) if len(steps) else 1.0)


def is_steady(pts: np.ndarray) -> bool:
    """Whether all frames are shown for as long as each other, but for rounding."""
    return _is_alike(time_shown(np.unique(pts)))


def _is_alike(shown: np.ndarray) -> bool:
    return bool(shown.max() <= max(STEADY * shown.min(), shown.min() + 1))


def _draw(pts: np.ndarray, shown: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose among ascending timestamps, each shown for so long."""
    if count < 1:
        raise ValueError(f"expected at least 1 frame, got count={count}")
    if len(pts) <= count:
        return pts
    rng = np.random.default_rng(seed)
    if _is_alike(shown):
        return np.sort(rng.choice(pts, count, replace=False))
    ends = np.cumsum(shown)
    moments = (np.arange(count) + rng.random(count)) * (ends[-1] / count)
    rows = np.searchsorted(ends, moments, side="right")
    return pts[np.unique(np.minimum(rows, len(pts) - 1))]


def choose_keyframes(
    pts: np.ndarray,
    key_pts: np.ndarray,
    count: int,
    seed: int,
    *,
    fewest: int = 1,
    longest: float = np.inf,
) -> np.ndarray:
    """Choose timestamps at random among keyframes first, which need no other frame decoded.

    Encoders put a keyframe at a scene cut, and one every few seconds, so these frames show more
    scenes than others do, and more often a scene's beginning. Where there are more than `count`
    they are drawn in time, as by `choose_pts`, each standing for the time up to the next.

    Args:
        pts: Timestamps of all frames, shape (frames,).
        key_pts: Timestamps of the keyframes among them, shape (keyframes,).
        count: How many; fewer where there are fewer keyframes.
        seed: Random seed of the choice: the movie's id.
        fewest: Where there are fewer keyframes than this, other frames are added at random up to
            it, at the cost of decoding the frames that they depend on.
        longest: As for `choose_pts`, of the frames that are added.

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
    unique = np.unique(pts)
    keys = np.intersect1d(unique, key_pts)
    chosen = choose_pts(keys, count, seed) if len(keys) or count < 1 else keys
    shown = np.minimum(time_shown(unique), longest)
    for others in (keys, unique):
        is_left = np.isin(unique, others) & ~np.isin(unique, chosen)
        if len(chosen) < fewest and is_left.any():
            added = _draw(unique[is_left], shown[is_left], fewest - len(chosen), seed)
            chosen = np.union1d(chosen, added)
    return chosen


def choose_kept(
    mask: np.ndarray, count: int, seed: int, *, weights: np.ndarray | None = None
) -> np.ndarray:
    """Choose among the frames that passed the filter.

    Args:
        mask: True for the frames that may be kept, shape (frames,).
        count: How many; all where there are fewer.
        seed: Random seed of the choice: the movie's id.
        weights: For how long each frame stands, positive, shape (frames,); all alike without.

    Returns:
        Ascending indices into `mask`, int64, shape (min(count, mask.sum()),).

    Example:
        >>> choose_kept(np.array([False, True, True]), 30, seed=597).tolist()
        [1, 2]
    """
    passed = np.flatnonzero(mask)
    if len(passed) <= count:
        return passed
    shares = None if weights is None else weights[passed] / weights[passed].sum()
    return np.sort(np.random.default_rng(seed).choice(passed, count, replace=False, p=shares))
