"""Beginnings and ends of a trailer's shots, detected by PySceneDetect on a small grey video."""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Generic, TypeVar

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.container import decode_video, open_container, time_base_of
from pipeline.media.frame_decoding import SCALING
from pipeline.media.tracks import video_stream

WIDTH_PX, HEIGHT_PX = 128, 72
"""Size of the video on which cuts are detected: a mean over pixels needs no more."""

MIN_CHANGE = 15.0
"""Smallest mean change of brightness that can be a cut, of 0 to 255. Source: the default of
PySceneDetect's AdaptiveDetector."""

TIMES_NEIGHBOURS = 3.0
"""A cut changes this many times as much as the frames around it, which quick motion does not.
Source: the same."""

MIN_SHOT_S = 0.6
"""Shortest shot; quicker cuts are merged. Source: the same, 15 frames."""


NOMINAL_RATE = 24.0
"""PySceneDetect requires a rate with every timestamp; nothing here depends on it."""

Held = TypeVar("Held")


@dataclass(frozen=True)
class SettledFrame(Generic[Held]):
    """A frame of which it is decided whether it starts a shot.

    Attributes:
        pts: Its timestamp.
        starts_shot: Whether it is the first of a shot.
        held: What was added with it.
    """

    pts: int
    starts_shot: bool
    held: Held


class ShotFinder(Generic[Held]):
    """Detects the first frames of shots while a video is decoded, a few frames later.

    Args:
        time_base: Seconds per unit of timestamps.
        min_change: Smallest mean change of brightness that can be a cut, of 0 to 255.
        min_shot_s: Shortest shot, in seconds.
    """

    def __init__(
        self,
        time_base: Fraction,
        *,
        min_change: float = MIN_CHANGE,
        min_shot_s: float = MIN_SHOT_S,
    ):
        from scenedetect import AdaptiveDetector

        self._time_base = time_base
        self._detector = AdaptiveDetector(
            adaptive_threshold=TIMES_NEIGHBOURS,
            min_scene_len=min_shot_s,
            min_content_val=min_change,
            luma_only=True,
        )
        self._small = VideoReformatter()
        self._waiting: deque[tuple[int, Held]] = deque()
        self._starts: set[int] = set()
        self._first_pts: int | None = None
        self._last_pts = 0

    def add(self, pts: int, frame: av.VideoFrame, held: Held) -> list[SettledFrame[Held]]:
        """Add the next frame; return the frames that are settled by it, in order.

        A frame whose timestamp is not above the one before, as in a damaged file, is dropped: the
        detector requires that time passes.

        Args:
            pts: Its timestamp.
            frame: The frame.
            held: Returned with the frame when it is settled.
        """
        import cv2
        from scenedetect import FrameTimecode
        from scenedetect.common import Timecode

        if self._first_pts is None:
            self._first_pts = pts
            self._starts.add(pts)
        elif pts <= self._last_pts:
            return []
        self._last_pts = pts
        grey = self._small.reformat(
            frame, WIDTH_PX, HEIGHT_PX, "gray", interpolation=SCALING, threads=1
        ).to_ndarray()
        # Its clock starts at zero, and it reads the greatest of three channels as brightness.
        now = FrameTimecode(Timecode(pts - self._first_pts, self._time_base), fps=NOMINAL_RATE)
        cuts = self._detector.process_frame(now, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
        self._starts |= {self._first_pts + cut.pts for cut in cuts}
        self._waiting.append((pts, held))
        return self._settle(self._detector.event_buffer_length)

    def finish(self) -> list[SettledFrame[Held]]:
        """Return the frames that were still waiting."""
        return self._settle(0)

    def _settle(self, n_waiting: int) -> list[SettledFrame[Held]]:
        settled: list[SettledFrame[Held]] = []
        while len(self._waiting) > n_waiting:
            pts, held = self._waiting.popleft()
            settled.append(SettledFrame(pts, pts in self._starts, held))
        return settled


def find_shots(
    path: Path, *, min_change: float = MIN_CHANGE, min_shot_s: float = MIN_SHOT_S
) -> np.ndarray:
    """Detect the shots of a trailer; every frame is decoded, small and grey.

    Args:
        path: The trailer.
        min_change: See `ShotFinder`.
        min_shot_s: The same.

    Returns:
        Timestamp of each shot's first frame and, last, of the video's last frame plus one, int64,
        ascending, shape (shots + 1,), in the trailer's time base.

    Raises:
        TrailerError: `MALFORMED` where not one frame can be decoded; for the rest see
            `pipeline.media.container`.
    """
    with open_container(path, TrailerError) as container:
        time_base = time_base_of(video_stream(container))
    finder: ShotFinder[None] = ShotFinder(time_base, min_change=min_change, min_shot_s=min_shot_s)
    settled = [one for pts, frame in decode_video(path) for one in finder.add(pts, frame, None)]
    settled += finder.finish()
    if not settled:
        raise TrailerError(Reason.MALFORMED, "the video stream holds no frame")
    starts = [one.pts for one in settled if one.starts_shot]
    return np.array([*starts, settled[-1].pts + 1], dtype=np.int64)
