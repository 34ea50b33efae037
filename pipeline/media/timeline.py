"""The frames that a trailer contains, listed from its packets without decoding one."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.container import (
    Beat,
    decode_video,
    no_beat,
    open_container,
    read_packets,
    time_base_of,
)
from pipeline.media.continuous_time import ContinuousTime
from pipeline.media.tracks import video_stream

MISSING_TAIL_S = 1.5
"""A video whose last frame comes this long before its stated end was cut off."""


@dataclass(frozen=True)
class Timeline:
    """The frames of one trailer, in units of `time_base`.

    Attributes:
        pts: Timestamps of the frames that are shown, ascending, unique, int64, shape (frames,).
        time_base: Seconds per unit.
        is_partial: Whether the file ends before its stated end or is damaged.
        packet_pts: Timestamp of each packet, in decoding order, int64, shape (packets,).
        is_key: Whether each packet starts a group of pictures, shape (packets,).
        is_timed: Whether packets carry timestamps; where not, frames are found only by decoding
            from the beginning.
    """

    pts: np.ndarray
    time_base: Fraction
    is_partial: bool
    packet_pts: np.ndarray
    is_key: np.ndarray
    is_timed: bool

    @property
    def key_pts(self) -> np.ndarray:
        """Timestamps of the shown frames that need no other frame, ascending, int64."""
        return np.intersect1d(self.packet_pts[self.is_key], self.pts)

    @property
    def duration_s(self) -> float:
        """Length in seconds; the last frame counts as much as the others on average."""
        n_steps = max(1, len(self.pts) - 1)
        return int(self.pts[-1] - self.pts[0]) * float(self.time_base) * (1 + 1 / n_steps)

    def seconds(self, pts: np.ndarray) -> np.ndarray:
        """Turn timestamps into seconds, float64, same shape."""
        return np.asarray(pts, dtype=np.float64) * float(self.time_base)


class PacketUse(IntEnum):
    """How a packet is decoded: not at all, as a reference of others, or for its own frame."""

    SKIP = 0
    REFERENCE = 1
    SELECTED = 2


def read_timeline(path: Path, beat: Beat = no_beat) -> Timeline:
    """List the frames of a trailer without decoding it.

    Args:
        path: The trailer.
        beat: Called for every packet.

    Raises:
        TrailerError: `MALFORMED` where no packet can be read; for the rest see
            `pipeline.media.container`.
    """
    with open_container(path, TrailerError) as container:
        return scan_timeline(path, container, video_stream(container), lambda _: beat())


def scan_timeline(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    on_packet: Callable[[av.Packet], None] | None = None,
) -> Timeline:
    """List the frames of a trailer that is open and of which nothing was read yet.

    Args:
        path: The trailer, decoded from the beginning where its packets carry no timestamps.
        container: The same, open.
        stream: Its video.
        on_packet: Called with every packet, so that the file is read once for two purposes.

    Raises:
        TrailerError: As `read_timeline`.
    """
    rows: list[tuple[int | None, bool, bool]] = []
    is_cut, n_corrupt = False, 0
    hides_frames = stream.codec_context.name == "vp8"
    time = ContinuousTime(container, stream)
    try:
        for packet in read_packets(container, stream, time):
            n_corrupt += packet.is_corrupt
            rows.append((packet.pts, packet.is_keyframe, _is_shown(packet, hides_frames)))
            if on_packet is not None:
                on_packet(packet)
    except FFmpegError:
        is_cut = True
    is_timed = all(pts is not None for pts, _, _ in rows)
    if is_timed:
        shown = {pts for pts, _, is_shown in rows if is_shown and pts is not None}
    else:
        shown = {pts for pts, _ in decode_video(path)}
    if not shown:
        raise TrailerError(Reason.MALFORMED, "the video stream holds no frame")
    start, time_base = stream.start_time or 0, time_base_of(stream)
    tail_s = _stated_s(container, stream) - float((max(shown) - start) * time_base)
    is_short = time.n_parts == 1 and tail_s > MISSING_TAIL_S  # a length is stated of one part
    return Timeline(
        pts=np.array(sorted(shown), dtype=np.int64),
        time_base=time_base,
        is_partial=is_cut or n_corrupt >= time.n_parts or is_short,
        packet_pts=np.array([row[0] or 0 for row in rows], dtype=np.int64),
        is_key=np.array([row[1] for row in rows], dtype=bool),
        is_timed=is_timed,
    )


def plan_packets(
    packet_pts: np.ndarray, is_key: np.ndarray, selected: Collection[int]
) -> np.ndarray:
    """Plan which packets to decode so that every selected frame is decoded correctly.

    A group of pictures without a selected frame is skipped, and a group is decoded up to its last
    selected packet. A selected frame that is shown before its group's keyframe (an open group)
    depends on the group before, which is then decoded too.

    Args:
        packet_pts: Timestamps in decoding order, int64, shape (packets,).
        is_key: Whether each packet starts a group, shape (packets,).
        selected: Timestamps of the selected frames.

    Returns:
        One `PacketUse` per packet, int64, shape (packets,).

    Example:
        >>> pts, is_key = np.array([0, 1, 2, 3, 4, 5]), np.array([1, 0, 0, 1, 0, 0], dtype=bool)
        >>> plan_packets(pts, is_key, [4]).tolist()
        [0, 0, 0, 1, 2, 0]
    """
    is_selected = np.isin(packet_pts, np.fromiter(selected, dtype=np.int64, count=len(selected)))
    uses = np.where(is_selected, int(PacketUse.SELECTED), int(PacketUse.SKIP))
    starts = np.union1d([0], np.flatnonzero(is_key))
    ends = np.append(starts[1:], len(packet_pts))
    is_required = False  # by the group after it
    for start, end in zip(starts[::-1], ends[::-1], strict=True):
        selected_at = start + np.flatnonzero(is_selected[start:end])
        last = end if is_required else (selected_at[-1] + 1 if len(selected_at) else start)
        group = uses[start:last]
        group[group == PacketUse.SKIP] = PacketUse.REFERENCE
        is_required = bool((packet_pts[selected_at] < packet_pts[start]).any())
    return uses


def _is_shown(packet: av.Packet, hides_frames: bool) -> bool:
    """Whether a packet shows a frame; VP8 has packets that do not (RFC 6386, section 9.1)."""
    if packet.is_discard:
        return False
    return not hides_frames or bool(bytes(packet)[0] & 0x10)


def _stated_s(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration:
        return float(stream.duration * time_base_of(stream))
    return (container.duration or 0) / av.time_base
