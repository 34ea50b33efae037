"""Decoding all of a trailer once, for everybody who wants something of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import av

from pipeline.media.container import decode_video
from pipeline.media.found_frames import FoundFrames
from pipeline.media.timeline import Timeline
from pipeline.media.trailer import FRAME_PX, DecodedFrames


def decode_whole(
    path: Path,
    timeline: Timeline,
    pts: Sequence[int],
    see: Callable[[int, av.VideoFrame], None],
    *,
    size_px: int | None = FRAME_PX,
) -> DecodedFrames:
    """Decode every frame in order; give those at some timestamps, as `decode_frames` would.

    Args:
        path: The trailer.
        timeline: What `read_timeline` said of it.
        pts: Wanted timestamps, out of `timeline.pts`, in any order.
        see: Is handed every frame with its timestamp; a frame is not to be kept.
        size_px: As for `decode_frames`.

    Raises:
        TrailerError: As `decode_frames`.
    """
    found = FoundFrames({int(value) for value in pts}, size_px)
    for at, frame in decode_video(path):
        found.add(at, frame)
        see(at, frame)
    kept, frames = found.collect()
    is_partial = timeline.is_partial or not found.is_complete
    return DecodedFrames(frames, kept, timeline.seconds(kept), is_partial)
