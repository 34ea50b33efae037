"""Which of several video and sound tracks is read: by marks and size, not by order."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition
from small_clips import RATE_HZ, moving_pictures, mux_sound

from pipeline.media.audio import SAMPLE_RATE_HZ, decode_audio
from pipeline.media.trailer import probe

DEFAULT, COMMENT, DUB, ORIGINAL = (
    Disposition.default, Disposition.comment, Disposition.dub, Disposition.original,
)  # fmt: skip
PLAIN = Disposition(0)
LOW, HIGH = 440, 880


def write_videos(path, *tracks):
    """Write tracks of (width, height, marks, codec), 12 frames each."""
    with av.open(str(path), "w") as container:
        streams = []
        for width, height, marks, codec in tracks:
            stream = container.add_stream(codec, rate=24)
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.time_base = Fraction(1, 24)
            stream.disposition = marks
            streams.append(stream)
        container.start_encoding()
        for stream in streams:
            for i, picture in enumerate(moving_pictures(12, stream.width, stream.height)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = i, Fraction(1, 24)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("tracks", "width"),
    [
        ([(64, 64, PLAIN, "mjpeg"), (320, 180, DEFAULT, "libx264")], 320),
        ([(160, 90, PLAIN, "libx264"), (320, 180, PLAIN, "libx264")], 320),
        ([(320, 180, PLAIN, "libx264"), (240, 136, DEFAULT, "libx264")], 240),
        ([(64, 64, DEFAULT, "libx264"), (320, 180, PLAIN, "libx264")], 320),
        ([(320, 180, Disposition.visual_impaired, "libx264"), (160, 90, PLAIN, "libx264")], 160),
    ],
    ids=["default", "larger", "default before larger", "no preview", "not beside the movie"],
)
@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_of_several_videos_the_movie_is_taken(tmp_path, tracks, width, ending):
    path = write_videos(tmp_path / f"a.{ending}", *tracks)
    if ending == "mp4" and any(marks == Disposition.visual_impaired for _, _, marks, _ in tracks):
        pytest.skip("MP4 keeps no such mark")
    assert probe(path).width_px == width


def write_sounds(path, *tracks, layouts=None):
    """Write one tone per track of (hertz, marks), 2 s each; 0 hertz is silence."""
    times = np.arange(2 * RATE_HZ) / RATE_HZ
    layouts = layouts or ["mono"] * len(tracks)
    with av.open(str(path), "w") as container:
        streams = []
        for (_, marks), layout in zip(tracks, layouts, strict=True):
            stream = container.add_stream("aac", rate=RATE_HZ, layout=layout)
            stream.disposition = marks
            streams.append(stream)
        container.start_encoding()
        for stream, (hertz, _) in zip(streams, tracks, strict=True):
            tone = (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)
            mux_sound(container, stream, np.tile(tone, (stream.codec_context.channels, 1)))
    return path


def hertz_of(audio):
    return np.argmax(np.abs(np.fft.rfft(audio))) * SAMPLE_RATE_HZ / len(audio)


@pytest.mark.parametrize(
    "marks",
    [
        (PLAIN, DEFAULT),
        (COMMENT, PLAIN),
        (COMMENT | DEFAULT, PLAIN),
        (DUB | DEFAULT, PLAIN),
        (DEFAULT, ORIGINAL),
        (Disposition.visual_impaired, PLAIN),
    ],
    ids=str,
)
def test_of_several_sounds_the_movie_s_own_is_taken(tmp_path, marks):
    path = write_sounds(tmp_path / "a.mkv", (LOW, marks[0]), (HIGH, marks[1]))
    assert hertz_of(decode_audio(path)) == pytest.approx(HIGH, abs=2)
    path = write_sounds(tmp_path / "b.mkv", (HIGH, marks[1]), (LOW, marks[0]))
    assert hertz_of(decode_audio(path)) == pytest.approx(HIGH, abs=2)


def test_of_sounds_without_marks_the_one_of_more_channels_is_taken(tmp_path):
    tracks = (LOW, PLAIN), (HIGH, PLAIN)
    path = write_sounds(tmp_path / "a.ts", *tracks, layouts=["mono", "stereo"])
    assert hertz_of(decode_audio(path)) == pytest.approx(HIGH, abs=2)


def test_a_silent_track_is_passed_over(tmp_path):
    path = write_sounds(tmp_path / "a.mkv", (0, DEFAULT), (HIGH, PLAIN))
    assert hertz_of(decode_audio(path)) == pytest.approx(HIGH, abs=2)
