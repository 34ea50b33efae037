"""From the sampled frames of a trailer to the informative ones that are kept."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipeline.core.errors import FrameError
from pipeline.core.outcomes import Reason
from pipeline.frames.duplicates import mark_duplicates
from pipeline.frames.sampling import KEPT_FRAMES, choose_kept, time_shown

CUT_PERCENTILE = 20.0
"""Percent of a trailer's frames. Source: reference implementation 004, "whos
mean or std is in 20'th percentile"."""

BLACK_MEAN = 10.0
"""Mean, of 0 to 255, at or below which a frame is black in any trailer. The darkest frame that
reference implementation 004 kept has 17.6."""

FLAT_DEVIATION = 5.0
"""Standard deviation, of 0 to 127.5, at or below which a frame is uniform in any trailer. The
flattest frame that reference implementation 004 kept has 17.4."""


FEWEST_FRAMES = 5
"""A trailer with fewer informative frames is rejected. Source: reference implementation 004 stacks
5 or 15."""


class FrameLabel(StrEnum):
    """Why a frame is dropped, or that it is informative; the first that applies, in this order.

    The values are stored, in the metadata of a partition.
    """

    DAMAGED = "damaged"
    BLACK = "black"
    FLAT = "flat"
    DARKEST = "darkest"
    FLATTEST = "flattest"
    DUPLICATE = "duplicate"
    INFORMATIVE = "informative"


OPTIONAL_LABELS = (FrameLabel.DAMAGED, FrameLabel.DUPLICATE)
"""Labels that are counted only where they could have been assigned."""

SINGLE_FRAME_LABELS = tuple(label for label in FrameLabel if label not in OPTIONAL_LABELS)
"""The labels of `label_frames`, which compares no frame with another."""


@dataclass(frozen=True)
class FrameStatistics:
    """Brightness of each frame over all pixels and all three channels, on the scale 0 to 255.

    Attributes:
        mean: float64, shape (frames,).
        deviation: Standard deviation, float64, shape (frames,).
    """

    mean: np.ndarray
    deviation: np.ndarray


def measure(frames: np.ndarray) -> FrameStatistics:
    """Compute mean and deviation of frames, exactly, so that equal frames tie.

    Args:
        frames: uint8 RGB, shape (frames, height, width, 3).

    Raises:
        FrameError: `MALFORMED` where `frames` is not a non-empty uint8 array of that shape.

    Example:
        >>> measure(np.full((1, 2, 2, 3), 7, dtype=np.uint8)).deviation.tolist()
        [0.0]
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
        detail = f"expected uint8 (frames, height, width, 3), got {frames.dtype} {frames.shape}"
        raise FrameError(Reason.MALFORMED, detail)
    n_values = frames[0].size
    means, deviations = np.empty(len(frames)), np.empty(len(frames))
    for i, frame in enumerate(frames):
        values = frame.ravel().astype(np.float64)  # sums of squares stay exact below 2**53
        total, squares = int(values.sum()), int(values @ values)
        means[i] = total / n_values
        deviations[i] = (n_values * squares - total * total) ** 0.5 / n_values
    return FrameStatistics(means, deviations)


def label_frames(
    statistics: FrameStatistics, *, cut_percentile: float = CUT_PERCENTILE
) -> list[FrameLabel]:
    """Label each frame as informative, or with the reason to drop it.

    Black and flat frames are dropped by their own statistics. The darkest and the flattest are
    dropped by comparison: at or below the percentile of all frames of the trailer, so that of a
    trailer that is 30 % black no black frame is kept.

    Raises:
        ValueError: `cut_percentile` is outside [0, 100).
    """
    if not 0 <= cut_percentile < 100:
        raise ValueError(f"expected a percentile in [0, 100), got {cut_percentile}")
    mean, deviation = statistics.mean, statistics.deviation
    applies = (
        (FrameLabel.BLACK, mean <= BLACK_MEAN),
        (FrameLabel.FLAT, deviation <= FLAT_DEVIATION),
        (FrameLabel.DARKEST, mean <= np.percentile(mean, cut_percentile)),
        (FrameLabel.FLATTEST, deviation <= np.percentile(deviation, cut_percentile)),
    )
    return [
        next((label for label, mask in applies if mask[i]), FrameLabel.INFORMATIVE)
        for i in range(len(mean))
    ]


def keep_informative(frames: np.ndarray, *, cut_percentile: float = CUT_PERCENTILE) -> np.ndarray:
    """Mark the frames that are neither nearly black nor nearly uniform.

    Args:
        frames: Frames of one trailer, uint8 RGB, shape (frames, height, width, 3).
        cut_percentile: Cut, in percent of this trailer's frames, in [0, 100).

    Returns:
        Boolean mask, shape (frames,). True means kept.

    Raises:
        FrameError: `frames` is not a non-empty uint8 array of that shape.
        ValueError: `cut_percentile` is outside [0, 100).

    Source:
        Reference implementation 004, section "scrape_from_internet.ipynb".

    Example:
        >>> black = np.zeros((8, 8, 3), dtype=np.uint8)
        >>> bright = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
        >>> keep_informative(np.stack([black, bright, bright])).tolist()
        [False, True, True]
    """
    labels = label_frames(measure(frames), cut_percentile=cut_percentile)
    return _is_informative(labels)


def count_labels(
    labels: list[FrameLabel], possible: Sequence[FrameLabel] = SINGLE_FRAME_LABELS
) -> dict[str, int]:
    """Count frames by label, zeros included, for a movie's metadata.

    Args:
        labels: One per frame.
        possible: The labels that could have been assigned.

    Example:
        >>> count_labels([FrameLabel.BLACK, FrameLabel.INFORMATIVE])["black"]
        1
    """
    counts = Counter(labels)
    return {label.value: counts[label] for label in possible}


@dataclass(frozen=True)
class PickedFrames:
    """The kept frames of one trailer, in the order of time.

    Attributes:
        frames: uint8 RGB, shape (kept, height, width, 3).
        pts_s: Their times in seconds, float64, shape (kept,).
        counts: Number of sampled frames by `FrameLabel`, and `kept`.
        reasons: Why each sampled frame was not kept, `spare` where enough others were informative;
            "" for those that were.
    """

    frames: np.ndarray
    pts_s: np.ndarray
    counts: Mapping[str, int]
    reasons: tuple[str, ...]


def pick_frames(
    frames: np.ndarray,
    pts_s: np.ndarray,
    seed: int,
    *,
    count: int = KEPT_FRAMES,
    drop_duplicates: bool = False,
    is_damaged: np.ndarray | None = None,
    by_time: bool = False,
) -> PickedFrames:
    """Drop the frames that are not informative and keep some of the rest at random.

    Damaged frames are dropped too, unless too few others are informative: of a trailer that is
    damaged everywhere, what the decoder concealed is all there is.

    Args:
        frames: Sampled frames of one trailer, uint8 RGB, shape (frames, height, width, 3).
        pts_s: Their times in seconds, ascending, shape (frames,).
        seed: Random seed of the choice: the movie's id.
        count: How many to keep; all informative ones where there are fewer.
        drop_duplicates: Whether frames that repeat an earlier one are dropped too, and counted.
        is_damaged: Which frames are damaged, shape (frames,); none without.
        by_time: Whether each counts for the time up to the next one, and not all alike.

    Raises:
        FrameError: `TOO_FEW_FRAMES` where fewer than `FEWEST_FRAMES` are informative; `MALFORMED`
            where `frames` is no such array.
    """
    labels = label_frames(measure(frames))
    possible = set(SINGLE_FRAME_LABELS)
    if is_damaged is not None and is_damaged.any():
        labels = _label_damaged(labels, is_damaged)
        possible.add(FrameLabel.DAMAGED)
    if drop_duplicates:
        labels = _label_duplicates(frames, labels)
        possible.add(FrameLabel.DUPLICATE)
    counts = count_labels(labels, [label for label in FrameLabel if label in possible])
    mask = _is_informative(labels)
    if mask.sum() < FEWEST_FRAMES:
        found = ", ".join(f"{n} {label}" for label, n in counts.items() if n)
        detail = f"expected {FEWEST_FRAMES} informative frames of {len(frames)}, got {found}"
        raise FrameError(Reason.TOO_FEW_FRAMES, detail)
    weights = time_shown(np.asarray(pts_s)) if by_time else None
    kept = choose_kept(mask, count, seed, weights=weights)
    reasons = ["spare" if label is FrameLabel.INFORMATIVE else label.value for label in labels]
    for number in kept:
        reasons[number] = ""
    counts = {**counts, "kept": len(kept)}
    return PickedFrames(frames[kept], np.asarray(pts_s)[kept], counts, tuple(reasons))


def _label_damaged(labels: list[FrameLabel], is_damaged: np.ndarray) -> list[FrameLabel]:
    """Label damaged frames, unless too few informative ones would be left."""
    whole = [
        FrameLabel.DAMAGED if damaged else label
        for label, damaged in zip(labels, is_damaged.tolist(), strict=True)
    ]
    return whole if _is_informative(whole).sum() >= FEWEST_FRAMES else labels


def _label_duplicates(frames: np.ndarray, labels: list[FrameLabel]) -> list[FrameLabel]:
    is_duplicate = mark_duplicates(frames, _is_informative(labels))
    return [
        FrameLabel.DUPLICATE if repeats else label
        for label, repeats in zip(labels, is_duplicate.tolist(), strict=True)
    ]


def _is_informative(labels: list[FrameLabel]) -> np.ndarray:
    return np.array([label is FrameLabel.INFORMATIVE for label in labels])
