"""From the sampled frames of a trailer to those that are kept."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.core.errors import FrameError
from pipeline.core.outcomes import Reason
from pipeline.frames.duplicates import mark_duplicates
from pipeline.frames.filtering import JUDGED, Verdict, judge, measure, summarize
from pipeline.frames.sampling import KEPT_FRAMES, choose_kept

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
    frames: np.ndarray,
    pts_s: np.ndarray,
    seed: int,
    *,
    count: int = KEPT_FRAMES,
    drop_duplicates: bool = False,
) -> PickedFrames:
    """Drop the frames that say nothing and keep some of the rest at random.

    Args:
        frames: Sampled frames of one trailer, uint8 RGB, shape (frames, height, width, 3).
        pts_s: Their times in seconds, shape (frames,).
        seed: Of the choice: the movie's id.
        count: How many to keep; all informative ones where there are fewer.
        drop_duplicates: Whether frames that repeat an earlier one go too; `counts` has them then.

    Raises:
        FrameError: `TOO_FEW_FRAMES` where fewer than `FEWEST_FRAMES` are informative; `MALFORMED`
            where `frames` is no such array.
    """
    verdicts = judge(measure(frames))
    if drop_duplicates:
        verdicts = _with_duplicates(frames, verdicts)
    counts = summarize(verdicts, tuple(Verdict) if drop_duplicates else JUDGED)
    mask = np.array([verdict is Verdict.INFORMATIVE for verdict in verdicts])
    if mask.sum() < FEWEST_FRAMES:
        found = ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)
        detail = f"wanted {FEWEST_FRAMES} informative frames of {len(frames)}, got {found}"
        raise FrameError(Reason.TOO_FEW_FRAMES, detail)
    kept = choose_kept(mask, count, seed)
    return PickedFrames(frames[kept], np.asarray(pts_s)[kept], {**counts, "kept": len(kept)})


def _with_duplicates(frames: np.ndarray, verdicts: list[Verdict]) -> list[Verdict]:
    mask = np.array([verdict is Verdict.INFORMATIVE for verdict in verdicts])
    is_duplicate = mark_duplicates(frames, mask)
    return [
        Verdict.DUPLICATE if repeats else verdict
        for verdict, repeats in zip(verdicts, is_duplicate.tolist(), strict=True)
    ]
