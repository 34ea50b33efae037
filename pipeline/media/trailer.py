"""Facts about a trailer file, and its RGB frames at given timestamps."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from pipeline.core.errors import TrailerError
from pipeline.media.container import (
    Beat,
    Damage,
    decode_video,
    no_beat,
    open_container,
    read_packets,
    time_base_of,
)
from pipeline.media.continuous_time import may_leap
from pipeline.media.frame_decoding import FRAME_PX, DecodedFrames, FoundFrames, decode_sparsely
from pipeline.media.timeline import Timeline, scan_timeline
from pipeline.media.tracks import video_stream

KEPT_PACKET_BYTES = 16 * 2**20
"""Packets kept in memory between listing and decoding; a bigger video is read a second time."""


@dataclass(frozen=True)
class TrailerInfo:
    """What a trailer's container states, without decoding.

    Attributes:
        duration_s: Length; 0.0 where it is not stated.
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


def probe(path: Path) -> TrailerInfo:
    """Read what a trailer's container states of its video, without decoding.

    Formats whose timestamps may begin anew state no certain length: their packets are read.

    Raises:
        TrailerError: See `pipeline.media.container`.
    """
    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        if may_leap(container):
            timeline = scan_timeline(path, container, stream)
            duration_s = timeline.duration_s
        elif container.duration:
            duration_s = container.duration / av.time_base
        else:
            duration_s = float((stream.duration or 0) * time_base_of(stream))
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
    pts: Sequence[int] | np.ndarray,
    *,
    size_px: int | None = FRAME_PX,
    timeline: Timeline | None = None,
    beat: Beat = no_beat,
) -> DecodedFrames:
    """Decode the frames at given timestamps, equal to those of decoding everything.

    Only the packets that the selected frames depend on are decoded; frames still missing after that
    are searched once more from the beginning. Frames that cannot be decoded are omitted.

    Frames are upright: quarter turns that the file requests are made, mirroring is not. A
    square holds the whole picture whatever the shape of picture and pixels, so stretched
    (anamorphic) video needs no treatment; the video's own size is that of its stored pixels.

    Args:
        path: The trailer.
        pts: Selected timestamps, out of `read_timeline(path).pts`, in any order.
        size_px: Side of the square that frames are scaled to, without regard to their shape;
            None keeps the video's own size.
        timeline: Its `read_timeline`, where the caller has it already.
        beat: Called during decoding.

    Raises:
        TrailerError: `MALFORMED` where not one selected frame can be decoded; for the rest see
            `pipeline.media.container`.
    """
    with ExitStack() as stack:
        if timeline is None:
            trailer = stack.enter_context(open_trailer(path, beat=beat))
        else:
            trailer = Trailer(path, timeline, None, (), beat)
        return trailer.decode(pts, size_px=size_px)


class Trailer:
    """A trailer whose frames are listed and can be decoded, more than once; see `open_trailer`."""

    def __init__(
        self,
        path: Path,
        timeline: Timeline,
        context: VideoCodecContext | None,
        packets: Sequence[av.Packet],
        beat: Beat = no_beat,
    ):
        """Hold what is known of a trailer; without `context` and all `packets` it is read again."""
        self._beat = beat
        self.timeline = timeline
        self._path = path
        self._context = context
        self._packets = packets

    def decode(
        self, pts: Sequence[int] | np.ndarray, *, size_px: int | None = FRAME_PX
    ) -> DecodedFrames:
        """Decode the frames at given timestamps; see `decode_frames`."""
        found = FoundFrames(pts, size_px)
        if self.timeline.is_timed:
            damage = Damage()
            for at, frame in self._decode_sparsely(found.selected, damage):
                self._beat()
                found.add(at, frame, is_damaged=damage.is_present)
        if found.has_damage:  # a decoder conceals less where it knows what came before
            found = FoundFrames(pts, size_px)
        if not found.is_complete:
            damage = Damage()
            for at, frame in decode_video(self._path, damage):
                self._beat()
                found.add(at, frame, is_damaged=damage.is_present)
                if found.is_complete:
                    break
        return found.collect(self.timeline)

    def _decode_sparsely(
        self, selected: set[int], damage: Damage
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        if self._context is not None:
            yield from decode_sparsely(
                self._context, self._packets, self.timeline, selected, damage
            )
            self._context.flush_buffers()
            return
        with open_container(self._path, TrailerError) as container:
            stream = video_stream(container)
            packets = read_packets(container, stream)
            yield from decode_sparsely(
                stream.codec_context, packets, self.timeline, selected, damage
            )


def decode_whole(
    path: Path,
    timeline: Timeline,
    pts: Sequence[int] | np.ndarray,
    on_frame: Callable[[int, av.VideoFrame], None],
    *,
    size_px: int | None = FRAME_PX,
    beat: Beat = no_beat,
) -> DecodedFrames:
    """Decode every frame in order; return those at some timestamps, as `decode_frames` does.

    Where selected frames are damaged or missing, `decode_frames` decodes them once more, so that
    the result does not depend on who else wants frames.

    Args:
        path: The trailer.
        timeline: Its `read_timeline`.
        pts: Selected timestamps, out of `timeline.pts`, in any order.
        on_frame: Called with every timestamp and frame that is not damaged; it must not hold on to
            the frame.
        size_px: As for `decode_frames`.
        beat: Called during decoding, also of damaged frames.

    Raises:
        TrailerError: As `decode_frames`.
    """
    found, damage = FoundFrames(pts, size_px), Damage()
    for at, frame in decode_video(path, damage):
        beat()
        found.add(at, frame, is_damaged=damage.is_present)
        if not damage.is_present:
            on_frame(at, frame)
    if found.has_damage or not found.is_complete:
        return decode_frames(path, pts, size_px=size_px, timeline=timeline, beat=beat)
    return found.collect(timeline)


@contextmanager
def open_trailer(path: Path, *, beat: Beat = no_beat) -> Generator[Trailer, None, None]:
    """List a trailer's frames and keep it open for decoding, so that it is read only once.

    Up to `KEPT_PACKET_BYTES` of packets are kept in memory; a bigger video is read once more for
    each decoding. One decoding should serve all consumers: see `DecodedFrames.take`.
    `beat` is called during listing and decoding.

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
        timeline = scan_timeline(path, container, stream, on_packet=keep)
        context = stream.codec_context if n_bytes <= KEPT_PACKET_BYTES else None
        yield Trailer(path, timeline, context, packets, beat)
