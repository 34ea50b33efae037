"""The clips of one trailer as one small video, written and read a clip at a time.

Raw, a minute of clips is 217 MB; the file holds them one after another, each a group of pictures of
its own, so that a clip can be omitted without changing another, and is read without the others. A
frame that is repeated in a clip, as of a trailer with 12 frames a second, is one picture shown for
twice as long.
"""

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.container import (
    decode_packet,
    decode_stream,
    open_container,
    read_packets,
    time_base_of,
)
from pipeline.media.frame_decoding import SCALING, Scaler
from pipeline.media.tracks import video_stream

CLIP_FRAMES = 24
"""Frames of a clip. Source: Trailers12k, whose clips have 24 frames."""

CLIP_RATE = 24
"""Frames per second that a player shows the file at. Source: the same."""

CLIP_PX = 224
"""Side of a clip's frames, the largest input of the clip backbones."""

CLIP_FORMAT = "yuv420p"
"""Pixel format of a clip's pictures, in the colours that a video without tags has: BT.601."""

MAX_CLIPS = 180
"""Clips kept of one trailer: three minutes. Source: Trailers12k has 96 of the trailer it shows."""

QUALITY = 13
"""x264's constant rate factor. Of two real videos a minute takes 6 and 10 MB, at 45 and 42 dB."""

PRESET = "ultrafast"
"""x264's preset: at the same PSNR a third of the time of `veryfast`, and a quarter more bytes."""


class ClipScaler:
    """Converts decoded frames to pictures of a clip.

    A frame is scaled in the video's own brightness and colour, and not through RGB, which takes
    twice the time; only a frame that has to be turned is.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._upright = Scaler(CLIP_PX)

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a frame as a picture of 224 x 224 px."""
        if round(frame.rotation / 90) % 4:
            frame = av.VideoFrame.from_ndarray(self._upright(frame), format="rgb24")
        return self._reformatter.reformat(
            frame,
            CLIP_PX,
            CLIP_PX,
            CLIP_FORMAT,
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            interpolation=SCALING,
            threads=1,
        )


class ClipWriter:
    """Encodes clips one by one; only their packets are held in memory.

    Where there are more than `at_most` they are thinned evenly, so that the whole trailer is
    represented: every second clip is dropped, then every second of the rest.

    Args:
        at_most: Clips in the file.
    """

    def __init__(self, at_most: int = MAX_CLIPS):
        self._at_most = at_most
        self._stride = 1
        self._n_seen = 0
        self._encoded: list[int] = []
        self._packets: dict[int, list[av.Packet]] = {}
        self._file = io.BytesIO()
        self._container = av.open(self._file, "w", format="mp4")
        self._stream = _add_stream(self._container)

    def add(self, clip: Sequence[av.VideoFrame]) -> None:
        """Add the next clip.

        Args:
            clip: 24 pictures from a `ClipScaler`. One that is repeated in a row is written once.
        """
        _check(clip)
        number, self._n_seen = self._n_seen, self._n_seen + 1
        if number % self._stride:
            return
        if number // self._stride >= self._at_most:
            self._stride *= 2
            self._packets = {n: p for n, p in self._packets.items() if n % self._stride == 0}
            if number % self._stride:
                return
        self._encoded.append(number)
        first = at = (len(self._encoded) - 1) * CLIP_FRAMES
        for _, same in groupby(clip, key=id):
            picture, *others = same
            picture.pts, picture.time_base = at, Fraction(1, CLIP_RATE)
            picture.pict_type = PictureType.I if at == first else PictureType.NONE
            self._take(self._stream.encode(picture))
            at += 1 + len(others)

    def finish(self) -> tuple[bytes, list[int]]:
        """Return the file, and the numbers of its clips, counted from 0 as they were added.

        Without a clip the file is empty.
        """
        if not self._encoded:
            return b"", []
        self._take(self._stream.encode(None))
        with self._container as container:
            for row, packets in enumerate(self._packets.values()):
                starts = [_pts_of(packet) % CLIP_FRAMES for packet in packets]
                for packet, start, end in zip(
                    packets, starts, [*starts[1:], CLIP_FRAMES], strict=True
                ):
                    packet.pts = packet.dts = row * CLIP_FRAMES + start
                    packet.duration = end - start
                    packet.time_base = Fraction(1, CLIP_RATE)
                    container.mux(packet)
        return self._file.getvalue(), list(self._packets)

    def _take(self, packets: list[av.Packet]) -> None:
        """Group packets by their clip; the encoder returns them some frames later."""
        for packet in packets:
            number = self._encoded[_pts_of(packet) // CLIP_FRAMES]
            if number % self._stride == 0:
                self._packets.setdefault(number, []).append(packet)


def read_clips(path: Path, at_most: int = 0) -> Iterator[np.ndarray]:
    """Read the clips of a file, one at a time: a whole file would be up to 650 MB.

    Args:
        path: A file of `ClipWriter`.
        at_most: So many, spread evenly; the others are not decoded. 0 for all.

    Yields:
        uint8 RGB, shape (24, 224, 224, 3), in the order of time. An empty file has none.

    Raises:
        TrailerError: `MALFORMED` where the file ends within a clip or holds other pictures; for
            the rest see `pipeline.media.container`.
    """
    if not path.stat().st_size:
        return
    to_rgb = VideoReformatter()
    clip: list[np.ndarray] = []
    for frame in _decode(path, at_most):
        if (frame.width, frame.height) != (CLIP_PX, CLIP_PX):
            detail = f"expected clips of {CLIP_PX} px, got {frame.width}x{frame.height}"
            raise TrailerError(Reason.MALFORMED, detail)
        rgb = to_rgb.reformat(frame, format="rgb24", interpolation=SCALING, threads=1).to_ndarray()
        end = len(clip) + _in_frames(frame.duration, frame.time_base or Fraction(0))
        if not len(clip) < end <= CLIP_FRAMES:
            raise TrailerError(Reason.MALFORMED, f"a clip has {end} frames, not {CLIP_FRAMES}")
        clip += [rgb] * (end - len(clip))
        if len(clip) == CLIP_FRAMES:
            yield np.stack(clip)
            clip = []
    if clip:
        raise TrailerError(Reason.MALFORMED, f"the last clip has {len(clip)} of {CLIP_FRAMES}")


def _decode(path: Path, at_most: int) -> Iterator[av.VideoFrame]:
    """Decode all clips, or some: each is a group of pictures that depends on no other."""
    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        n_clips = _in_frames(stream.duration or 0, time_base_of(stream)) // CLIP_FRAMES
        if not 0 < at_most < n_clips:
            yield from decode_stream(container, stream)
            return
        chosen = set(np.linspace(0, n_clips - 1, at_most).round().astype(int).tolist())
        for packet in read_packets(container, stream):
            if _in_frames(_pts_of(packet), packet.time_base) // CLIP_FRAMES in chosen:
                yield from decode_packet(stream.codec_context, packet)
        yield from decode_packet(stream.codec_context, None)


def _in_frames(units: int, time_base: Fraction) -> int:
    """Convert a time to frames of a clip."""
    return round(units * time_base * CLIP_RATE)


def _pts_of(packet: av.Packet) -> int:
    if packet.pts is None:
        raise TrailerError(Reason.MALFORMED, "a packet of the clips has no timestamp")
    return packet.pts


def _check(clip: Sequence[av.VideoFrame]) -> None:
    expected = (CLIP_FORMAT, CLIP_PX, CLIP_PX)
    for one in clip:
        if (one.format.name, one.width, one.height) != expected:
            got = f"{one.format.name} {one.width}x{one.height}"
            raise ValueError(f"expected pictures of {CLIP_FORMAT} {CLIP_PX}x{CLIP_PX}, got {got}")
    if len(clip) != CLIP_FRAMES:
        raise ValueError(f"expected {CLIP_FRAMES} pictures, got {len(clip)}")


def _add_stream(container: OutputContainer) -> VideoStream:
    """Add a stream in which every clip is a group of pictures, in the order they are shown."""
    groups = "keyint=infinite:scenecut=0:bframes=0"  # the writer sets where a group begins
    options = {
        "preset": PRESET,
        "crf": str(QUALITY),
        "forced-idr": "1",
        "x264-params": groups,
    }
    stream = container.add_stream("libx264", rate=CLIP_RATE, options=options)
    stream.width = stream.height = CLIP_PX
    stream.pix_fmt = CLIP_FORMAT
    stream.codec_context.time_base = Fraction(1, CLIP_RATE)
    stream.codec_context.thread_count = 1  # the same bytes whatever the machine
    return stream
