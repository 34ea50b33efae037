"""Which frames make the clips of a trailer: 24 at 24 a second, never across a cut.

What belongs here: planning, from shots to timestamps, and stacking what was decoded. What does not:
finding shots (see `pipeline.media.shots`) and decoding (see `pipeline.media.trailer`).
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

CLIP_FRAMES = 24
"""Frames of a clip. Source: Trailers12k, whose clips have 24 frames."""

CLIP_RATE = 24
"""Frames per second within a clip, whatever the trailer's own rate. Source: the same."""


@dataclass(frozen=True)
class ClipPlan:
    """The clips of one trailer, in the order of time.

    Attributes:
        pts: Timestamp of each frame of each clip, int64, shape (clips, frames). The same frame
            stands twice where the trailer has fewer than 24 a second.
        shot: Number of the shot that each clip lies in, from 0, int64, shape (clips,).
        n_shots_dropped: Shots that are too short for a clip.
    """

    pts: np.ndarray
    shot: np.ndarray
    n_shots_dropped: int

    @property
    def wanted(self) -> np.ndarray:
        """Timestamps to decode: each once, ascending, int64."""
        return np.unique(self.pts)


def plan_clips(
    pts: np.ndarray,
    time_base: Fraction,
    shots: np.ndarray,
    *,
    n_frames: int = CLIP_FRAMES,
    rate: int = CLIP_RATE,
) -> ClipPlan:
    """Plan the clips that lie whole within a shot, one after another from its first frame.

    At each moment the frame that a player would show is taken. What is left at the end of a shot,
    and a shot that is shorter than a clip, make none.

    Args:
        pts: Timestamps of all frames, ascending, int64, shape (frames,).
        time_base: Seconds per unit of them.
        shots: Each shot's first timestamp, and the end of the last, ascending, shape (shots + 1,).
        n_frames: Frames of a clip.
        rate: Frames per second within a clip.

    Raises:
        ValueError: `shots` has no end, or `n_frames` or `rate` is below 1.

    Example:
        >>> plan = plan_clips(np.arange(100), Fraction(1, 24), np.array([0, 30, 80, 100]))
        >>> plan.pts[:, 0].tolist(), plan.shot.tolist(), plan.n_shots_dropped
        ([0, 30, 54], [0, 1, 1], 1)
    """
    if len(shots) < 2 or n_frames < 1 or rate < 1:
        raise ValueError(f"wanted shots with an end and clips, got {len(shots)} ends of shots")
    step = 1 / (rate * Fraction(time_base))  # exact: no rounding adds up
    slack = min(Fraction(1), step / 4)  # timestamps are rounded: 1/24 s is 41 or 42 milliseconds
    clip_pts: list[list[int]] = []
    clip_shot: list[int] = []
    for number, (start, end) in enumerate(
        zip(shots[:-1].tolist(), shots[1:].tolist(), strict=True)
    ):
        within = pts[(pts >= start) & (pts < end)]
        if not len(within):
            continue
        n_moments = _count_moments(within, end, step, is_last=number == len(shots) - 2)
        for clip in range(n_moments // n_frames):
            moments = range(clip * n_frames, (clip + 1) * n_frames)
            clip_pts.append(_shown_at(within, [step * k + slack for k in moments]))
            clip_shot.append(number)
    return ClipPlan(
        pts=np.array(clip_pts, dtype=np.int64).reshape(-1, n_frames),
        shot=np.array(clip_shot, dtype=np.int64),
        n_shots_dropped=len(shots) - 1 - len(set(clip_shot)),
    )


def _shown_at(within: np.ndarray, moments: list[Fraction]) -> list[int]:
    """Give the frame that a player shows at each moment after the shot's first frame."""
    at = np.array([math.floor(int(within[0]) + moment) for moment in moments], dtype=np.int64)
    return within[np.searchsorted(within, at, side="right") - 1].tolist()


def stack_clips(plan: ClipPlan, frames: np.ndarray, pts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Put decoded frames together to clips; a clip that lacks a frame is left out.

    Args:
        plan: The clips, or some of them.
        frames: Decoded frames, shape (frames, height, width, 3).
        pts: Their timestamps, ascending, shape (frames,).

    Returns:
        Clips, shape (clips, frames, height, width, 3), and the indices into the plan of those that
        are whole, int64, shape (clips,).
    """
    whole = np.flatnonzero(np.isin(plan.pts, pts).all(axis=1))
    return frames[np.searchsorted(pts, plan.pts[whole])], whole


def _count_moments(within: np.ndarray, end: int, step: Fraction, *, is_last: bool) -> int:
    """Count the moments of a shot; the last frame of all is shown as long as the one before."""
    if is_last and len(within) > 1:
        end = int(2 * within[-1] - within[-2])
    return round((end - int(within[0])) / step)
