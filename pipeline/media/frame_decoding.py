"""Frames of a trailer at given timestamps, decoded with no more than they depend on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Interpolation, VideoReformatter

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.container import Damage, decode_packet
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
        is_damaged: Whether what a frame shows is partly made up, for want of data, bool, shape
            (frames,).
    """

    frames: np.ndarray
    pts: np.ndarray
    pts_s: np.ndarray
    is_partial: bool
    is_damaged: np.ndarray

    def take(self, pts: Sequence[int] | np.ndarray) -> "DecodedFrames":
        """Return the frames of one consumer of a decoding that served several.

        Args:
            pts: Timestamps, in any order; those that were not decoded are omitted.
        """
        is_taken = np.isin(self.pts, np.asarray(pts, dtype=np.int64))
        is_partial = self.is_partial or int(is_taken.sum()) < len(np.unique(pts))
        arrays = (self.frames[is_taken], self.pts[is_taken], self.pts_s[is_taken])
        return DecodedFrames(*arrays, is_partial, self.is_damaged[is_taken])


class FoundFrames:
    """Collects selected frames, each written once into one array.

    Args:
        selected: Timestamps of the frames.
        size_px: See `Scaler`.

    Attributes:
        selected: The same, as a set.
    """

    def __init__(self, selected: Iterable[int], size_px: int | None):
        self.selected = {int(value) for value in selected}
        self._pts = np.array(sorted(self.selected), dtype=np.int64)
        self._rows = {at: row for row, at in enumerate(self._pts.tolist())}
        self._is_found = np.zeros(len(self._pts), dtype=bool)
        self._is_damaged = np.zeros(len(self._pts), dtype=bool)
        self._frames: np.ndarray | None = None
        self._scale = Scaler(size_px)

    @property
    def is_complete(self) -> bool:
        """Whether every selected frame was added."""
        return bool(self._is_found.all())

    @property
    def has_damage(self) -> bool:
        """Whether one of those added is damaged."""
        return bool(self._is_damaged.any())

    def add(self, at: int, frame: av.VideoFrame, *, is_damaged: bool) -> None:
        """Add a frame, unless it is not selected or was added before."""
        row = self._rows.get(at)
        if row is None or self._is_found[row]:
            return
        rgb = self._scale(frame)
        if self._frames is None:  # the first frame's size holds for all
            self._frames = np.empty((len(self._pts), *rgb.shape), dtype=np.uint8)
        self._frames[row] = rgb
        self._is_found[row], self._is_damaged[row] = True, is_damaged

    def collect(self, timeline: Timeline) -> DecodedFrames:
        """Return the frames that were found, in the order of their timestamps.

        Raises:
            TrailerError: `MALFORMED` where there is none.
        """
        if self._frames is None:
            detail = f"none of {len(self.selected)} selected frames can be decoded"
            raise TrailerError(Reason.MALFORMED, detail)
        frames, pts, is_damaged = self._frames, self._pts, self._is_damaged
        if not self.is_complete:
            found = self._is_found
            frames, pts, is_damaged = frames[found], pts[found], is_damaged[found]
        is_partial = timeline.is_partial or self.has_damage or not self.is_complete
        return DecodedFrames(frames, pts, timeline.seconds(pts), is_partial, is_damaged)


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
    context: VideoCodecContext,
    packets: Iterable[av.Packet],
    timeline: Timeline,
    selected: set[int],
    damage: Damage,
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield selected frames with their timestamps, decoding only the packets they depend on.

    Reading ends with the last packet that is needed, or where the file cannot be read further.

    Args:
        context: The decoder, new or flushed; it must be flushed afterwards.
        packets: All packets of the video, in decoding order, as the timeline has them.
        timeline: Its packets' timestamps and keyframes.
        selected: Timestamps of the frames.
        damage: Follows the frames.
    """
    uses = plan_packets(timeline.packet_pts, timeline.is_key, selected)
    skip_frame = "NONREF" if context.name in SKIPPABLE_CODECS else "DEFAULT"
    has_gap = True
    try:
        # in this order: no packet behind the last use is read
        for use, packet in zip(np.trim_zeros(uses, "b").tolist(), packets, strict=False):
            if use == PacketUse.SKIP:
                if not has_gap:
                    yield from _select(decode_packet(context, None, damage), selected, damage)
                    context.flush_buffers()
                has_gap = True
                continue
            has_gap = False
            context.skip_frame = skip_frame if use == PacketUse.REFERENCE else "DEFAULT"
            yield from _select(decode_packet(context, packet, damage), selected, damage)
    except FFmpegError:
        pass  # cut off, as `timeline.is_partial` states
    if not has_gap:
        yield from _select(decode_packet(context, None, damage), selected, damage)


def _select(
    frames: list[av.VideoFrame], selected: set[int], damage: Damage
) -> Iterator[tuple[int, av.VideoFrame]]:
    for frame in frames:
        damage.follow(frame)
        if frame.pts is not None and frame.pts in selected:
            yield frame.pts, frame
