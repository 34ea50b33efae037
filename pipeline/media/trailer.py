"""A trailer file becomes facts about it and RGB frames at given timestamps.

What belongs here: probing and sparse decoding. What does not: which frames are wanted
(see `pipeline.frames.sampling`), sound (see `pipeline.media.audio`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from pipeline.errors import TrailerError
from pipeline.media.container import (
    decode_packet,
    decode_video,
    open_container,
    read_packets,
    video_stream,
)
from pipeline.media.timeline import Step, Timeline, plan_packets, read_timeline
from pipeline.outcomes import Reason

FRAME_PX = 224
"""Side of the square that every frame is scaled to, as all backbones of the seeds want it."""

SCALING = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
"""Bilinear over the whole footprint of a target pixel (no aliasing), equal on every processor."""

SKIPPABLE_CODECS = frozenset({"h264", "hevc", "vp9"})
"""Codecs whose decoders leave out frames that no other frame refers to, and lose nothing else."""


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
    timeline = read_timeline(path) if timeline is None else timeline
    wanted = {int(value) for value in pts}
    scale = _Scaler(size_px)
    found: dict[int, np.ndarray] = {}
    if timeline.is_timed:
        for at, frame in _decode_sparsely(path, timeline, wanted):
            found.setdefault(at, scale(frame))
    if len(found) < len(wanted):
        for at, frame in decode_video(path):
            if at in wanted and at not in found:
                found[at] = scale(frame)
            if len(found) == len(wanted):
                break
    if not found:
        raise TrailerError(Reason.MALFORMED, f"none of {len(wanted)} wanted frames can be decoded")
    kept = np.array(sorted(found), dtype=np.int64)
    return DecodedFrames(
        frames=np.stack([found[at] for at in kept.tolist()]),
        pts=kept,
        pts_s=timeline.seconds(kept),
        is_partial=timeline.is_partial or len(found) < len(wanted),
    )


class _Scaler:
    """Turn decoded frames into RGB arrays of one size, upright."""

    def __init__(self, size_px: int | None):
        self._size = None if size_px is None else (size_px, size_px)
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        if self._size is None:  # the first frame's size holds for all
            self._size = (frame.width, frame.height)
        width, height = self._size
        rgb = self._reformatter.reformat(
            frame, width, height, "rgb24", interpolation=SCALING, threads=1
        )
        return np.rot90(rgb.to_ndarray(), k=round(frame.rotation / 90) % 4)


def _decode_sparsely(
    path: Path, timeline: Timeline, wanted: set[int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield wanted frames while walking through the file once."""
    steps = np.trim_zeros(plan_packets(timeline.packet_pts, timeline.is_key, wanted), "b").tolist()
    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        context = stream.codec_context
        skip_frame = "NONREF" if context.name in SKIPPABLE_CODECS else "DEFAULT"
        has_gap = True
        try:
            for packet, step in zip(read_packets(container, stream), steps, strict=False):
                if step == Step.SKIP:
                    if not has_gap:
                        yield from _wanted(decode_packet(context, None), wanted)
                        context.flush_buffers()
                    has_gap = True
                    continue
                has_gap = False
                context.skip_frame = skip_frame if step == Step.REFERENCE else "DEFAULT"
                yield from _wanted(decode_packet(context, packet), wanted)
        except av.FFmpegError:
            pass  # cut off: `timeline.is_partial` says so
        if not has_gap:
            yield from _wanted(decode_packet(context, None), wanted)


def _wanted(frames: list[av.VideoFrame], wanted: set[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    return ((frame.pts, frame) for frame in frames if frame.pts in wanted)
