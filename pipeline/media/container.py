"""Opening a media file safely and walking through its packets and frames."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.frame import Frame
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from pipeline.core.errors import ItemError, TrailerError
from pipeline.core.outcomes import Reason

FORMATS = (
    "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "ogg", "asf", "m4v",
    "mp3", "aac", "flac", "wav",
)  # fmt: skip
"""Demuxers that may open a file. Playlists and scripts, which name further files, are not among
them, so that a downloaded file never makes us read another one."""

Beat = Callable[[], None]
"""Called again and again by whatever takes long, as a sign that it gets on."""

MAX_PIXELS = 8192 * 8192
"""Largest picture decoded; beyond it a header of a few bytes asks for gigabytes."""


def keep_still() -> None:
    """The `Beat` of a caller who does not listen."""


@contextmanager
def open_container(path: Path, error: type[ItemError]) -> Iterator[InputContainer]:
    """Open a media file, and close it whatever happens.

    Args:
        path: A local file.
        error: Class of what is raised for a file that cannot be opened.

    Raises:
        ItemError: Of class `error`: `WRONG_TYPE` for a web page or text, `MALFORMED` otherwise.
        FileNotFoundError: There is no such file: the caller's mistake, not the movie's.
    """
    with path.open("rb") as file:
        head = file.read(256)
    if not head:
        raise error(Reason.MALFORMED, "wanted a media file, got an empty one")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{"):
        raise error(Reason.WRONG_TYPE, "wanted a media file, got a web page or JSON")
    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{path}", container_options=options, metadata_errors="replace")
    except av.FFmpegError as err:
        raise error(Reason.MALFORMED, f"cannot be opened as media: {err.strerror}") from err
    with container:
        yield container


def video_stream(container: InputContainer) -> VideoStream:
    """Pick the first true video stream, set to one decoder thread.

    Raises:
        TrailerError: `NO_VIDEO_TRACK` without one (a cover picture is none), `TOO_LARGE`, or
            `MALFORMED` for an unknown codec or a picture without size.
    """
    cover = Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise TrailerError(Reason.NO_VIDEO_TRACK, "the file holds no video stream")
    context = streams[0].codec_context
    if context is None or context.width * context.height == 0:
        raise TrailerError(Reason.MALFORMED, "the video's codec or picture size is unknown")
    if context.width * context.height > MAX_PIXELS:
        raise TrailerError(Reason.TOO_LARGE, f"{context.width}x{context.height} pixels")
    context.thread_count = 1  # a pool over trailers beats frame threads within one
    return streams[0]


def read_packets(container: InputContainer, stream: Stream) -> Iterator[av.Packet]:
    """Yield the packets of a stream that hold data, in decoding order.

    Raises:
        av.FFmpegError: The file is cut off or damaged from here on.
    """
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except IndexError:
        pass  # a damaged file grew a stream while it was read; PyAV trips over it after the end


def decode_packet(context: CodecContext, packet: av.Packet | None) -> list[Frame]:
    """Decode one packet, or drain the decoder with None; a damaged packet gives no frame.

    Raises:
        MemoryError: The frame is too large for what this process may have.
    """
    try:
        return context.decode(packet)
    except av.error.MemoryError:
        raise
    except av.FFmpegError:
        return []


def decode_stream(container: InputContainer, stream: Stream) -> Iterator[Frame]:
    """Decode a stream from where the container stands: every frame that can be had, in order.

    Damaged packets give no frame, and a cut-off file ends earlier.
    """
    packets = read_packets(container, stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            packet = None  # what the decoder still holds is given out all the same
        yield from decode_packet(stream.codec_context, packet)
        if packet is None:
            return


def decode_video(path: Path) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode a trailer's video from the beginning: every frame with its timestamp.

    A frame without a timestamp gets its number instead.
    """
    with open_container(path, TrailerError) as container:
        stream = video_stream(container)
        for number, frame in enumerate(decode_stream(container, stream)):
            yield (number if frame.pts is None else frame.pts), frame
