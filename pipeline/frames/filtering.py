"""Which frames of a trailer say something: neither nearly black nor nearly uniform."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipeline.core.errors import FrameError
from pipeline.core.outcomes import Reason

CUT_PERCENTILE = 20.0
"""Percent of a trailer's frames. Source: seed 004, "whos mean or std is in 20'th percentile"."""

BLACK_MEAN = 10.0
"""Mean, of 0 to 255, at or below which a frame is black in any trailer. The darkest frame that
seed 004 itself kept has 17.6."""

FLAT_DEVIATION = 5.0
"""Standard deviation, of 0 to 127.5, at or below which a frame is uniform in any trailer. The
flattest frame that seed 004 itself kept has 17.4."""


class Verdict(StrEnum):
    """What became of a frame; the first that applies, in this order."""

    BLACK = "black"
    FLAT = "flat"
    DARKEST = "darkest"
    FLATTEST = "flattest"
    DUPLICATE = "duplicate"
    INFORMATIVE = "informative"


JUDGED = tuple(verdict for verdict in Verdict if verdict is not Verdict.DUPLICATE)
"""The verdicts of `judge`, which looks at each frame by itself."""


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
    """Measure mean and deviation of frames, exactly, so that equal frames tie.

    Args:
        frames: uint8 RGB, shape (frames, height, width, 3).

    Raises:
        FrameError: `MALFORMED` where `frames` is not a non-empty uint8 array of that shape.

    Example:
        >>> measure(np.full((1, 2, 2, 3), 7, dtype=np.uint8)).deviation.tolist()
        [0.0]
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
        detail = f"wanted uint8 (frames, height, width, 3), got {frames.dtype} {frames.shape}"
        raise FrameError(Reason.MALFORMED, detail)
    n_values = frames[0].size
    means, deviations = np.empty(len(frames)), np.empty(len(frames))
    for i, frame in enumerate(frames):
        values = frame.ravel().astype(np.float64)  # sums of squares stay exact below 2**53
        total, squares = int(values.sum()), int(values @ values)
        means[i] = total / n_values
        deviations[i] = (n_values * squares - total * total) ** 0.5 / n_values
    return FrameStatistics(means, deviations)


def judge(statistics: FrameStatistics, *, cut_percentile: float = CUT_PERCENTILE) -> list[Verdict]:
    """Say of each frame whether it stays, and if not, why.

    Black and flat frames go by their own measure. The darkest and the flattest go by comparison:
    at or below the percentile of all frames of the trailer, so that of a trailer that is 30 %
    black no black frame stays.

    Raises:
        ValueError: `cut_percentile` is outside [0, 100).
    """
    if not 0 <= cut_percentile < 100:
        raise ValueError(f"wanted a percentile in [0, 100), got {cut_percentile}")
    mean, deviation = statistics.mean, statistics.deviation
    applies = (
        (Verdict.BLACK, mean <= BLACK_MEAN),
        (Verdict.FLAT, deviation <= FLAT_DEVIATION),
        (Verdict.DARKEST, mean <= np.percentile(mean, cut_percentile)),
        (Verdict.FLATTEST, deviation <= np.percentile(deviation, cut_percentile)),
    )
    return [
        next((verdict for verdict, mask in applies if mask[i]), Verdict.INFORMATIVE)
        for i in range(len(mean))
    ]


def keep_informative(frames: np.ndarray, *, cut_percentile: float = CUT_PERCENTILE) -> np.ndarray:
    """Mark the frames that are neither nearly black nor nearly uniform.

    Args:
        frames: Frames of one trailer, uint8 RGB, shape (frames, height, width, 3).
        cut_percentile: Cut, in percent of this trailer's frames, in [0, 100).

    Returns:
        Boolean mask, shape (frames,). True means kept; order is unchanged.

    Raises:
        FrameError: `frames` is not a non-empty uint8 array of that shape.
        ValueError: `cut_percentile` is outside [0, 100).

    Source:
        Seed 004, section "scrape_from_internet.ipynb".

    Example:
        >>> black = np.zeros((8, 8, 3), dtype=np.uint8)
        >>> bright = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
        >>> keep_informative(np.stack([black, bright, bright])).tolist()
        [False, True, True]
    """
    verdicts = judge(measure(frames), cut_percentile=cut_percentile)
    return np.array([verdict is Verdict.INFORMATIVE for verdict in verdicts])


def summarize(verdicts: list[Verdict], kinds: Sequence[Verdict] = JUDGED) -> dict[str, int]:
    """Count frames by verdict, zeros included, for a movie's metadata.

    Args:
        verdicts: One per frame.
        kinds: The verdicts that could have been given.

    Example:
        >>> summarize([Verdict.BLACK, Verdict.INFORMATIVE])["black"]
        1
    """
    counts = Counter(verdicts)
    return {verdict.value: counts[verdict] for verdict in kinds}
