"""A trailer file becomes facts about it and RGB frames at given timestamps."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from pipeline.core.errors import TrailerError
from pipeline.media.container import (
    Beat,
    decode_video,
    keep_still,
    open_container,
    read_packets,
    video_stream,
)
from pipeline.media.found_frames import FoundFrames
from pipeline.media.sparse import decode_sparsely
from pipeline.media.timeline import Timeline, scan_timeline

FRAME_PX = 224
"""Side of the square that every frame is scaled to, as all backbones of the seeds want it."""

KEPT_PACKET_BYTES = 16 * 2**20
"""Packets kept in memory between listing and decoding; a bigger video is read a second time."""


@dataclass(frozen=True)
class TrailerInfo:
    """What a trailer's container says of it, without decoding.

    Attributes:
        duration_s: Length; 0.0 where the container does not say.
        width_px, height_px: Coded size, before any rotation.
        frame_rate: Mean frames per second; 0.0 where unknown.
        codec: FFmpeg's name of the video codec.
        has_audio: Whether there is a sound track; it may still be silent.
        n_frames: Number of frames; estimated from length and rate where not stated.
    """

    duration_s: float
    width_px: int
    height_px: int
    frame_rate: float
    codec: str
    has_audio: bool
    n_frames: int


@dataclass(frozen=True)
class DecodedFrames:
    """Frames of one trailer, in the order of their timestamps.

    Attributes:
        frames: uint8 RGB, shape (frames, height, width, 3).
        pts: Timestamps in the trailer's time base, int64, shape (frames,).
        pts_s: The same in seconds, float64, shape (frames,).
        is_partial: Whether the file was cut off or damaged, or a wanted frame is missing.
    """

    frames: np.ndarray
    pts: np.ndarray
    pts_s: np.ndarray
    is_partial: bool

    def take(self, pts: Sequence[int]) -> "DecodedFrames":
        """Take the frames of one consumer out of a decoding that served several.

        Args:
            pts: Wanted timestamps, in any order; those that were not decoded are left out.
        """
        is_taken = np.isin(self.pts, np.asarray(pts, dtype=np.int64))
        is_partial = self.is_partial or int(is_taken.sum()) < len(np.unique(pts))
        return DecodedFrames(
            self.frames[is_taken], self.pts[is_taken], self.pts_s[is_taken], is_partial
        )


def probe(path: Path) -> TrailerInfo:
    """Read what the container says of its video, without decoding.

    Raises:
        TrailerError: See `pipeline.media.container`.
    """
    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        if container.duration:
            duration_s = container.duration / av.time_base
        else:
            duration_s = float((stream.duration or 0) * stream.time_base)
        frame_rate = float(stream.average_rate or stream.guessed_rate or 0)
        return TrailerInfo(
            duration_s=duration_s,
            width_px=stream.codec_context.width,
            height_px=stream.codec_context.height,
            frame_rate=frame_rate,
            codec=stream.codec_context.name,
            has_audio=bool(container.streams.audio),
            n_frames=stream.frames or round(duration_s * frame_rate),
        )


def decode_frames(
    path: Path,
    pts: Sequence[int],
    *,
    size_px: int | None = FRAME_PX,
    timeline: Timeline | None = None,
) -> DecodedFrames:
    """Decode the frames at given timestamps, equal to those of decoding everything.

    Only the packets that the wanted frames lean on are decoded; what is still missing after that
    is looked for once more from the beginning. Frames that cannot be had are left out.

    Frames are upright: quarter turns that the file asks of a player are made, mirroring is not. A
    square holds the whole picture whatever the shape of picture and pixels, so stretched
    (anamorphic) video needs nothing of its own; the video's own size is that of its stored pixels.

    Args:
        path: The trailer.
        pts: Wanted timestamps, out of `read_timeline(path).pts`, in any order.
        size_px: Side of the square that frames are scaled to, without regard to their shape;
            None keeps the video's own size.
        timeline: What `read_timeline` said, where the caller has it already.

    Raises:
        TrailerError: `MALFORMED` where not one wanted frame can be decoded; for the rest see
            `pipeline.media.container`.
    """
    with ExitStack() as stack:
        if timeline is None:
            trailer = stack.enter_context(open_trailer(path))
        else:
            trailer = Trailer(path, timeline, None, ())
        return trailer.decode(pts, size_px=size_px)


class Trailer:
    """A trailer whose frames are listed and can be decoded, more than once; see `open_trailer`."""

    def __init__(
        self,
        path: Path,
        timeline: Timeline,
        context: VideoCodecContext | None,
        packets: Sequence[av.Packet],
        beat: Beat = keep_still,
    ):
        """Take what is known of a trailer; without `context` and all `packets` it is read again."""
        self._beat = beat
        self.timeline = timeline
        self._path = path
        self._context = context
        self._packets = packets

    def decode(self, pts: Sequence[int], *, size_px: int | None = FRAME_PX) -> DecodedFrames:
        """Decode the frames at given timestamps; see `decode_frames`."""
        found = FoundFrames({int(value) for value in pts}, size_px)
        if self.timeline.is_timed:
            for at, frame in self._decode_sparsely(found.wanted):
                self._beat()
                found.add(at, frame)
        if not found.is_complete:
            for at, frame in decode_video(self._path):
                self._beat()
                found.add(at, frame)
                if found.is_complete:
                    break
        kept, frames = found.collect()
        return DecodedFrames(
            frames=frames,
            pts=kept,
            pts_s=self.timeline.seconds(kept),
            is_partial=self.timeline.is_partial or not found.is_complete,
        )

    def _decode_sparsely(self, wanted: set[int]) -> Iterator[tuple[int, av.VideoFrame]]:
        if self._context is not None:
            yield from decode_sparsely(self._context, self._packets, self.timeline, wanted)
            self._context.flush_buffers()
            return
        with open_container(self._path, TrailerError) as container:
            stream = video_stream(container)
            packets = read_packets(container, stream)
            yield from decode_sparsely(stream.codec_context, packets, self.timeline, wanted)


@contextmanager
def open_trailer(path: Path, *, beat: Beat = keep_still) -> Iterator[Trailer]:
    """List a trailer's frames and keep it open for decoding, so that it is read only once.

    Up to `KEPT_PACKET_BYTES` of packets are kept in memory; a bigger video is read once more for
    each decoding. One decoding should serve all who want frames: see `DecodedFrames.take`.
    `beat` is called as listing and decoding get on.

    Raises:
        TrailerError: As `read_timeline`.
    """
    packets: list[av.Packet] = []
    n_bytes = 0

    def keep(packet: av.Packet) -> None:
        nonlocal n_bytes
        beat()
        n_bytes += packet.size
        if n_bytes <= KEPT_PACKET_BYTES:
            packets.append(packet)
        else:
            packets.clear()

    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        timeline = scan_timeline(path, container, stream, see=keep)
        context = stream.codec_context if n_bytes <= KEPT_PACKET_BYTES else None
        yield Trailer(path, timeline, context, packets, beat)
