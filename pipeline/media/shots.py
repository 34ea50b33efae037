"""Where a trailer's shots begin and end, found by PySceneDetect on a small grey stream.

What belongs here: feeding its detector with our own decoded frames, so that a video is opened as
safely as everywhere else. What does not: cutting shots into clips (see `pipeline.frames.clips`).
"""

from pathlib import Path

import numpy as np
from av.video.reformatter import VideoReformatter

from pipeline.errors import TrailerError
from pipeline.media.container import decode_video, open_container, video_stream
from pipeline.media.found_frames import SCALING
from pipeline.outcomes import Reason

WIDTH_PX, HEIGHT_PX = 128, 72
"""Size of the stream on which cuts are sought: a mean over pixels needs no more."""

MIN_CHANGE = 15.0
"""Least mean change of brightness that can be a cut, of 0 to 255. Source: the default of
PySceneDetect's AdaptiveDetector."""

TIMES_NEIGHBOURS = 3.0
"""A cut changes this many times as much as the frames around it, which quick motion does not.
Source: the same."""

MIN_SHOT_S = 0.6
"""Shortest shot; quicker cuts are merged. Source: the same, 15 frames."""


def find_shots(
    path: Path, *, min_change: float = MIN_CHANGE, min_shot_s: float = MIN_SHOT_S
) -> np.ndarray:
    """Find the shots of a trailer; every frame is decoded, small and grey.

    Args:
        path: The trailer.
        min_change: Least mean change of brightness that can be a cut, of 0 to 255.
        min_shot_s: Shortest shot, in seconds.

    Returns:
        Timestamp of each shot's first frame and, last, of the video's last frame plus one, int64,
        ascending, shape (shots + 1,), in the trailer's time base.

    Raises:
        TrailerError: `MALFORMED` where not one frame can be decoded; for the rest see
            `pipeline.media.container`.
        ModuleNotFoundError: PySceneDetect (`scenedetect`) is not installed.
    """
    from scenedetect import AdaptiveDetector, FrameTimecode
    from scenedetect.common import Timecode

    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        time_base, rate = stream.time_base, stream.average_rate or stream.guessed_rate or 24
    detector = AdaptiveDetector(
        adaptive_threshold=TIMES_NEIGHBOURS,
        min_scene_len=min_shot_s,
        min_content_val=min_change,
        luma_only=True,
    )
    small = VideoReformatter()
    cuts: list[FrameTimecode] = []
    seen: list[int] = []
    for pts, frame in decode_video(path):
        if seen and pts <= seen[-1]:
            continue  # a damaged file's clock; the detector wants time to pass
        seen.append(pts)
        grey = small.reformat(
            frame, WIDTH_PX, HEIGHT_PX, "gray", interpolation=SCALING, threads=1
        ).to_ndarray()
        # Its clock starts at zero, and it reads the greatest of three channels as brightness.
        now = FrameTimecode(Timecode(pts - seen[0], time_base), fps=rate)
        cuts += detector.process_frame(now, np.repeat(grey[:, :, None], 3, axis=2))
    if not seen:
        raise TrailerError(Reason.MALFORMED, "the video stream holds no frame")
    starts = {seen[0], *(seen[0] + cut.pts for cut in cuts)}
    return np.array([*sorted(starts), seen[-1] + 1], dtype=np.int64)
