"""Walking through a trailer's packets and decoding only what the wanted frames lean on."""

from collections.abc import Iterable, Iterator

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from pipeline.media.container import decode_packet
from pipeline.media.timeline import Step, Timeline, plan_packets

SKIPPABLE_CODECS = frozenset({"h264", "hevc", "vp9"})
"""Codecs whose decoders leave out frames that no other frame refers to, and lose nothing else."""


def decode_sparsely(
    context: VideoCodecContext, packets: Iterable[av.Packet], timeline: Timeline, wanted: set[int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield wanted frames with their timestamps while walking through the packets once.

    The walk ends with the last packet that is needed, or where the file cannot be read on.

    Args:
        context: The decoder, fresh or flushed; it is left in need of a flush.
        packets: All packets of the video, in decoding order, as the timeline has them.
        timeline: Its packets' timestamps and keyframes.
        wanted: Timestamps of the frames that are wanted.
    """
    steps = np.trim_zeros(plan_packets(timeline.packet_pts, timeline.is_key, wanted), "b").tolist()
    skip_frame = "NONREF" if context.name in SKIPPABLE_CODECS else "DEFAULT"
    has_gap = True
    try:
        for step, packet in zip(steps, packets, strict=False):  # in this order: none is read on
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
