"""From the sampled frames of a trailer to those that are kept.

What belongs here: the one function that an asset calls. What does not: its parts (see
`pipeline.frames.filtering` and `pipeline.frames.sampling`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.errors import FrameError
from pipeline.frames.filtering import Verdict, judge, measure, summarize
from pipeline.frames.sampling import KEPT_FRAMES, choose_kept
from pipeline.outcomes import Reason

FEWEST_FRAMES = 5
"""Fewer informative frames than this say nothing of a trailer. Source: seed 004 stacks 5 or 15."""


@dataclass(frozen=True)
class PickedFrames:
    """The kept frames of one trailer, in the order of time.

    Attributes:
        frames: uint8 RGB, shape (kept, height, width, 3).
        pts_s: Their times in seconds, float64, shape (kept,).
        counts: Number of sampled frames by verdict (see `Verdict`), and `kept`.
    """

    frames: np.ndarray
    pts_s: np.ndarray
    counts: Mapping[str, int]


def pick_frames(
    frames: np.ndarray, pts_s: np.ndarray, seed: int, *, count: int = KEPT_FRAMES
) -> PickedFrames:
    """Drop the frames that say nothing and keep some of the rest at random.

    Args:
        frames: Sampled frames of one trailer, uint8 RGB, shape (frames, height, width, 3).
        pts_s: Their times in seconds, shape (frames,).
        seed: Of the choice: the movie's id.
        count: How many to keep; all informative ones where there are fewer.

    Raises:
        FrameError: `TOO_FEW_FRAMES` where fewer than `FEWEST_FRAMES` are informative; `MALFORMED`
            where `frames` is no such array.
    """
    verdicts = judge(measure(frames))
    counts = summarize(verdicts)
    mask = np.array([verdict is Verdict.INFORMATIVE for verdict in verdicts])
    if mask.sum() < FEWEST_FRAMES:
        found = ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)
        detail = f"wanted {FEWEST_FRAMES} informative frames of {len(frames)}, got {found}"
        raise FrameError(Reason.TOO_FEW_FRAMES, detail)
    kept = choose_kept(mask, count, seed)
    return PickedFrames(frames[kept], np.asarray(pts_s)[kept], {**counts, "kept": len(kept)})
