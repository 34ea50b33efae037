"""Which video and which sound track of a file is read: by marks and size, not by order."""

from typing import cast

from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from pipeline.core.errors import AudioError, TrailerError
from pipeline.core.outcomes import Reason

MAX_PIXELS = 8192 * 8192
"""Largest picture decoded; beyond it a header of a few bytes requests gigabytes."""

PREVIEW_SHARE = 4
"""A video with less than this part of the largest one's pixels is a preview, even as default."""

SIDE_TRACK = (
    Disposition.comment | Disposition.lyrics | Disposition.karaoke | Disposition.hearing_impaired
    | Disposition.visual_impaired | Disposition.clean_effects | Disposition.timed_thumbnails
    | Disposition.non_diegetic | Disposition.still_image | Disposition.dependent
)  # fmt: skip
"""Marks of tracks that stand beside the movie's own."""


def video_stream(container: InputContainer) -> VideoStream:
    """Return the video stream that shows the movie, set to one decoder thread.

    Of several the default one, then the one with most pixels, as the ffmpeg program chooses; cover
    pictures are none, and previews, stills and sign language stand back.

    Raises:
        TrailerError: `NO_VIDEO_TRACK` without one, `TOO_LARGE`, or
            `MALFORMED` for an unknown codec or a picture without size.
    """
    cover = Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise TrailerError(Reason.NO_VIDEO_TRACK, "the file holds no video stream")
    usable = [stream for stream in streams if 0 < _n_pixels(stream) <= MAX_PIXELS]
    if not usable and not any(map(_n_pixels, streams)):
        raise TrailerError(Reason.MALFORMED, "the video's codec or picture size is unknown")
    if not usable:
        context = streams[0].codec_context
        raise TrailerError(Reason.TOO_LARGE, f"{context.width}x{context.height} pixels")
    default = Disposition.default
    marked = {stream.index for stream in streams if stream.disposition & default}
    if "mp4" in container.format.name and marked == {streams[0].index}:
        marked.clear()  # writers of MP4 enable the first track where nobody chose one
    most = max(map(_n_pixels, usable))
    stream = max(usable, key=lambda stream: _rank_video(stream, most, stream.index in marked))
    stream.codec_context.thread_count = 1  # a pool over trailers beats frame threads within one
    return stream


def audio_streams(container: InputContainer) -> list[AudioStream]:
    """Return the sound tracks that can be decoded, the best one first.

    Those marked as the original stand before others, dubbed ones and those for a purpose of their
    own (a commentary, a description) behind them; then the default one, then the one with most
    channels, as the ffmpeg program chooses.

    Raises:
        AudioError: `NO_AUDIO_TRACK` without one, `MALFORMED` where none has a known codec and rate.
    """
    if not container.streams.audio:
        raise AudioError(Reason.NO_AUDIO_TRACK, "the file holds no sound track")
    usable = [stream for stream in container.streams.audio if _sample_rate(stream)]
    if not usable:
        raise AudioError(Reason.MALFORMED, "the sound's codec or rate is unknown")
    return sorted(usable, key=_rank_audio, reverse=True)


def _rank_video(
    stream: VideoStream, most_pixels: int, is_default: bool
) -> tuple[bool, bool, bool, int]:
    n_pixels = _n_pixels(stream)
    is_moving = not stream.disposition & SIDE_TRACK and stream.frames != 1
    return is_moving, n_pixels * PREVIEW_SHARE >= most_pixels, is_default, n_pixels


def _rank_audio(stream: AudioStream) -> tuple[bool, bool, bool, bool, int]:
    marks = stream.disposition
    return (
        not marks & SIDE_TRACK,
        not marks & Disposition.dub,
        bool(marks & Disposition.original),
        bool(marks & Disposition.default),
        stream.codec_context.channels,
    )


def _n_pixels(stream: VideoStream) -> int:
    # None for an unknown codec
    context = cast("VideoCodecContext | None", stream.codec_context)
    return context.width * context.height if context else 0


def _sample_rate(stream: AudioStream) -> int:
    context = cast("AudioCodecContext | None", stream.codec_context)  # None for an unknown codec
    return context.sample_rate if context else 0
