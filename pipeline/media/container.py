"""Media files, opened safely, and their packets and frames one after another."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import overload

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.error import MemoryError as FFmpegMemoryError
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from pipeline.core.errors import ItemError, TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.continuous_time import ContinuousTime
from pipeline.media.tracks import video_stream

FORMATS = (
    "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "ogg", "asf", "m4v",
    "mp3", "aac", "flac", "wav",
)  # fmt: skip
"""Demuxers that may open a file. Playlists and scripts, which name further files, are not among
them, so that a downloaded file never makes us read another one."""

Beat = Callable[[], None]
"""Called repeatedly by whatever takes long, as a sign of progress."""


def no_beat() -> None:
    """Do nothing: the `Beat` of a caller that does not track progress."""


@contextmanager
def open_container(path: Path, error: type[ItemError]) -> Generator[InputContainer, None, None]:
    """Open a media file, and close it at the end.

    Args:
        path: A local file.
        error: Class of the error raised for a file that cannot be opened.

    Raises:
        ItemError: Of class `error`: `WRONG_TYPE` for a web page or text, `MALFORMED` otherwise.
        FileNotFoundError: There is no such file: an error of the caller, not of the movie.
    """
    with path.open("rb") as file:
        head = file.read(256)
    if not head:
        raise error(Reason.MALFORMED, "expected a media file, got an empty one")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{"):
        raise error(Reason.WRONG_TYPE, "expected a media file, got a web page or JSON")
    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{path}", container_options=options, metadata_errors="replace")
    except FFmpegError as err:
        raise error(Reason.MALFORMED, f"cannot be opened as media: {err.strerror}") from err
    with container:
        yield container


def time_base_of(stream: VideoStream) -> Fraction:
    """Return the seconds per unit of a stream's timestamps.

    Raises:
        TrailerError: `MALFORMED`: the file does not state it.
    """
    if stream.time_base is None:
        raise TrailerError(Reason.MALFORMED, "the video stream has no time base")
    return stream.time_base


class Damage:
    """Follows which frames are damaged: by themselves, or by one before them in their group.

    A decoder marks only the frame whose data are missing, and conceals the gap; the frames that
    refer to it, up to the next keyframe, look as wrong.

    Attributes:
        is_present: Whether the frame that was decoded last is damaged.
    """

    def __init__(self) -> None:
        self.is_present = False

    def lose_frame(self) -> None:
        """Note a packet that cannot be decoded."""
        self.is_present = True

    def follow(self, frame: av.VideoFrame) -> None:
        """Note the next frame, in the order of display."""
        self.is_present = frame.is_corrupt or (self.is_present and not frame.key_frame)


def read_packets(
    container: InputContainer,
    stream: VideoStream | AudioStream,
    time: ContinuousTime | None = None,
) -> Iterator[av.Packet]:
    """Yield the packets of a stream that hold data, in decoding order, with continuous timestamps.

    Raises:
        FFmpegError: The file is cut off or damaged from here on.
    """
    time = time or ContinuousTime(container, stream)
    try:
        for packet in container.demux(stream):
            if packet.size:
                time.apply(packet)
                yield packet
    except IndexError:
        pass  # a damaged file gained a stream while it was read; PyAV fails on it after the end


@overload
def decode_packet(
    context: VideoCodecContext, packet: av.Packet | None, damage: Damage | None = None
) -> list[av.VideoFrame]: ...
@overload
def decode_packet(
    context: AudioCodecContext, packet: av.Packet | None, damage: Damage | None = None
) -> list[av.AudioFrame]: ...
def decode_packet(
    context: VideoCodecContext | AudioCodecContext,
    packet: av.Packet | None,
    damage: Damage | None = None,
) -> list[av.VideoFrame] | list[av.AudioFrame]:
    """Decode one packet, or drain the decoder with None; a damaged packet yields no frame.

    Raises:
        MemoryError: The frame is too large for this process's memory limit.
    """
    try:
        return context.decode(packet)
    except FFmpegMemoryError:
        raise
    except FFmpegError:
        if damage is not None:
            damage.lose_frame()
        return []


@overload
def decode_stream(
    container: InputContainer, stream: VideoStream, damage: Damage | None = None
) -> Iterator[av.VideoFrame]: ...
@overload
def decode_stream(
    container: InputContainer, stream: AudioStream, damage: Damage | None = None
) -> Iterator[av.AudioFrame]: ...
def decode_stream(
    container: InputContainer, stream: VideoStream | AudioStream, damage: Damage | None = None
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """Decode a stream from the container's position: every frame that can be decoded, in order.

    Damaged packets yield no frame, and a cut-off file ends earlier.
    """
    packets = read_packets(container, stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:
            packet = None  # frames that the decoder still holds are yielded all the same
        yield from decode_packet(stream.codec_context, packet, damage)
        if packet is None:
            return


def decode_video(path: Path, damage: Damage | None = None) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode a trailer's video from the beginning: every frame with its timestamp.

    A frame without a timestamp is yielded with its number instead. `damage` follows the frames.
    """
    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        for number, frame in enumerate(decode_stream(container, stream, damage)):
            if damage is not None:
                damage.follow(frame)
            yield (number if frame.pts is None else frame.pts), frame
