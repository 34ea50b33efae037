"""Frames of a trailer at given timestamps, decoded sparsely or along with all others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Interpolation, VideoReformatter

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.container import decode_packet, decode_video
from pipeline.media.timeline import PacketUse, Timeline, plan_packets

FRAME_PX = 224
"""Side of the square that every frame is scaled to: the input of most image backbones."""

SCALING = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
"""Bilinear over the whole footprint of a target pixel (no aliasing), equal on every processor."""

SKIPPABLE_CODECS = frozenset({"h264", "hevc", "vp9"})
"""Codecs whose decoders leave out frames that no other frame refers to, and lose nothing else."""


@dataclass(frozen=True)
class DecodedFrames:
    """Frames of one trailer, in the order of their timestamps.

    Attributes:
        frames: uint8 RGB, shape (frames, height, width, 3).
        pts: Timestamps in the trailer's time base, int64, shape (frames,).
        pts_s: The same in seconds, float64, shape (frames,).
        is_partial: Whether the file was cut off or damaged, or a selected frame is missing.
    """

    frames: np.ndarray
    pts: np.ndarray
    pts_s: np.ndarray
    is_partial: bool

    def take(self, pts: Sequence[int] | np.ndarray) -> "DecodedFrames":
        """Return the frames of one consumer of a decoding that served several.

        Args:
            pts: Timestamps, in any order; those that were not decoded are omitted.
        """
        is_taken = np.isin(self.pts, np.asarray(pts, dtype=np.int64))
        is_partial = self.is_partial or int(is_taken.sum()) < len(np.unique(pts))
        return DecodedFrames(
            self.frames[is_taken], self.pts[is_taken], self.pts_s[is_taken], is_partial
        )


class FoundFrames:
    """Collects selected frames, each written once into one array.

    Args:
        selected: Timestamps of the frames.
        size_px: See `Scaler`.
    """

    def __init__(self, selected: Iterable[int], size_px: int | None):
        self.selected = {int(value) for value in selected}
        self._pts = np.array(sorted(self.selected), dtype=np.int64)
        self._rows = {at: row for row, at in enumerate(self._pts.tolist())}
        self._is_found = np.zeros(len(self._pts), dtype=bool)
        self._frames: np.ndarray | None = None
        self._scale = Scaler(size_px)

    @property
    def is_complete(self) -> bool:
        """Whether every selected frame was added."""
        return bool(self._is_found.all())

    def add(self, at: int, frame: av.VideoFrame) -> None:
        """Add a frame, unless it is not selected or was added before."""
        row = self._rows.get(at)
        if row is None or self._is_found[row]:
            return
        rgb = self._scale(frame)
        if self._frames is None:  # the first frame's size holds for all
            self._frames = np.empty((len(self._pts), *rgb.shape), dtype=np.uint8)
        self._frames[row] = rgb
        self._is_found[row] = True

    def collect(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the timestamps that were found, ascending, and their frames.

        Raises:
            TrailerError: `MALFORMED` where there is none.
        """
        if self._frames is None:
            detail = f"none of {len(self.selected)} selected frames can be decoded"
            raise TrailerError(Reason.MALFORMED, detail)
        if self.is_complete:
            return self._pts, self._frames
        return self._pts[self._is_found], self._frames[self._is_found]


class Scaler:
    """Converts decoded frames to RGB arrays of one size, upright.

    Args:
        size_px: Side of the square; None keeps the size of the first frame.
    """

    def __init__(self, size_px: int | None):
        self._size = None if size_px is None else (size_px, size_px)
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Return a frame as uint8 RGB, shape (height, width, 3)."""
        if self._size is None:  # the first frame's size holds for all
            self._size = (frame.width, frame.height)
        width, height = self._size
        rgb = self._reformatter.reformat(
            frame, width, height, "rgb24", interpolation=SCALING, threads=1
        )
        return np.rot90(rgb.to_ndarray(), k=round(frame.rotation / 90) % 4)


def decode_sparsely(
    context: VideoCodecContext, packets: Iterable[av.Packet], timeline: Timeline, selected: set[int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield selected frames with their timestamps, decoding only the packets they depend on.

    Reading ends with the last packet that is needed, or where the file cannot be read further.

    Args:
        context: The decoder, new or flushed; it must be flushed afterwards.
        packets: All packets of the video, in decoding order, as the timeline has them.
        timeline: Its packets' timestamps and keyframes.
        selected: Timestamps of the frames.
    """
    uses = plan_packets(timeline.packet_pts, timeline.is_key, selected)
    skip_frame = "NONREF" if context.name in SKIPPABLE_CODECS else "DEFAULT"
    has_gap = True
    try:
        # in this order: no packet behind the last use is read
        for use, packet in zip(np.trim_zeros(uses, "b").tolist(), packets, strict=False):
            if use == PacketUse.SKIP:
                if not has_gap:
                    yield from _select(decode_packet(context, None), selected)
                    context.flush_buffers()
                has_gap = True
                continue
            has_gap = False
            context.skip_frame = skip_frame if use == PacketUse.REFERENCE else "DEFAULT"
            yield from _select(decode_packet(context, packet), selected)
    except FFmpegError:
        pass  # cut off, as `timeline.is_partial` states
    if not has_gap:
        yield from _select(decode_packet(context, None), selected)


def _select(frames: list[av.VideoFrame], selected: set[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    for frame in frames:
        if frame.pts is not None and frame.pts in selected:
            yield frame.pts, frame


def decode_whole(
    path: Path,
    timeline: Timeline,
    pts: Sequence[int] | np.ndarray,
    on_frame: Callable[[int, av.VideoFrame], None],
    *,
    size_px: int | None = FRAME_PX,
) -> DecodedFrames:
    """Decode every frame in order; return those at some timestamps, as `decode_frames` does.

    Args:
        path: The trailer.
        timeline: Its `read_timeline`.
        pts: Selected timestamps, out of `timeline.pts`, in any order.
        on_frame: Called with every timestamp and frame; it must not hold on to the frame.
        size_px: As for `decode_frames`.

    Raises:
        TrailerError: As `decode_frames`.
    """
    found = FoundFrames(pts, size_px)
    for at, frame in decode_video(path):
        found.add(at, frame)
        on_frame(at, frame)
    kept, frames = found.collect()
    is_partial = timeline.is_partial or not found.is_complete
    return DecodedFrames(frames, kept, timeline.seconds(kept), is_partial)
