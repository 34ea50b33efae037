"""Trailers that are turned, stretched, of one frame or of no stated length; and decoding twice."""

from fractions import Fraction

import av
import numpy as np
import pytest

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.container import decode_video
from pipeline.media.frame_decoding import SCALING
from pipeline.media.timeline import read_timeline
from pipeline.media.trailer import decode_frames, open_trailer, probe

CORNERS = {"top left": (255, 0, 0), "top right": (0, 255, 0), "bottom left": (0, 0, 255)}


def four_corners(width=96, height=64):
    """Red, green, blue and white quarters, in reading order."""
    picture = np.full((height, width, 3), 255, dtype=np.uint8)
    picture[: height // 2, : width // 2] = CORNERS["top left"]
    picture[: height // 2, width // 2 :] = CORNERS["top right"]
    picture[height // 2 :, : width // 2] = CORNERS["bottom left"]
    return picture


def write_corners(path, *, turn=0, aspect=None, n_frames=4):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv444p"
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if turn:
            stream.set_display_rotation(turn)
        for i in range(n_frames):
            frame = av.VideoFrame.from_ndarray(four_corners(), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def first_frame(path, size_px=64):
    return decode_frames(path, read_timeline(path).pts[:1].tolist(), size_px=size_px).frames[0]


@pytest.mark.parametrize("turn", [90, 180, 270, -90])
def test_turned_video_comes_out_upright(tmp_path, turn):
    frame = first_frame(write_corners(tmp_path / "a.mp4", turn=turn))
    level = first_frame(write_corners(tmp_path / "b.mp4"))
    assert np.array_equal(frame, np.rot90(level, k=turn // 90))


def test_turned_video_keeps_its_own_size_upright(tmp_path):
    path = write_corners(tmp_path / "a.mp4", turn=90)
    assert first_frame(path, size_px=None).shape == (96, 64, 3)
    assert (probe(path).width_px, probe(path).height_px) == (96, 64)  # as coded


def test_stretched_pixels_make_no_difference_to_a_square(tmp_path):
    wide = write_corners(tmp_path / "a.mp4", aspect=Fraction(4, 3))
    with av.open(str(wide)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
    assert np.array_equal(first_frame(wide), first_frame(write_corners(tmp_path / "b.mp4")))


def test_stretched_video_of_its_own_size_is_as_coded(tmp_path):
    wide = write_corners(tmp_path / "a.mp4", aspect=Fraction(4, 3))
    assert first_frame(wide, size_px=None).shape == (64, 96, 3)


def test_video_of_one_frame_without_length_is_decoded(tmp_path):
    path = write_corners(tmp_path / "a.ts", n_frames=1)
    timeline = read_timeline(path)
    assert len(timeline.pts) == 1
    assert not timeline.is_partial
    assert len(decode_frames(path, timeline.pts.tolist()).frames) == 1


def test_video_of_one_frame_has_one_keyframe(tmp_path):
    path = write_corners(tmp_path / "a.mp4", n_frames=1)
    timeline = read_timeline(path)
    assert timeline.pts.tolist() == timeline.key_pts.tolist()
    assert not timeline.is_partial
    assert len(decode_frames(path, timeline.pts.tolist()).frames) == 1


def test_video_of_no_stated_length_is_not_partial(tmp_path):
    path = tmp_path / "a.mkv"
    write_corners(path, n_frames=8)
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88")  # Matroska's Duration, eight bytes of float
    path.write_bytes(data[: at + 3] + bytes(8) + data[at + 11 :])
    assert read_timeline(path).is_partial is False
    assert probe(path).n_frames >= 0
    assert len(decode_frames(path, read_timeline(path).pts.tolist()).frames) == 8


def test_video_without_a_frame_is_malformed(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj420p"
        container.start_encoding()
    with pytest.raises(TrailerError) as caught:
        read_timeline(path)
    assert caught.value.reason is Reason.MALFORMED


def test_sound_alone_has_no_frames_to_list(make_sound):
    with pytest.raises(TrailerError) as caught:
        read_timeline(make_sound("a.wav", np.zeros((1, 4410))))
    assert caught.value.reason is Reason.NO_VIDEO_TRACK


def test_one_decoding_serves_several_who_want_frames(make_clip):
    path = make_clip("a.mp4", n_frames=60)
    with open_trailer(path) as trailer:
        pts = trailer.timeline.pts
        decoded = trailer.decode(pts[10:40].tolist())
    few = decoded.take(pts[[12, 30, 20]].tolist())
    assert few.pts.tolist() == pts[[12, 20, 30]].tolist()
    assert np.array_equal(few.frames, decode_frames(path, pts[[12, 20, 30]].tolist()).frames)
    assert few.pts_s.tolist() == trailer.timeline.seconds(few.pts).tolist()
    assert not few.is_partial
    assert decoded.take(pts[:11].tolist()).is_partial


def test_video_too_big_for_memory_is_read_again(make_clip, monkeypatch):
    path = make_clip("a.mp4", n_frames=60)
    with open_trailer(path) as trailer:
        wanted = trailer.timeline.pts[[3, 50]].tolist()
        kept = trailer.decode(wanted)
    monkeypatch.setattr("pipeline.media.trailer.KEPT_PACKET_BYTES", 1000)
    with open_trailer(path) as trailer:
        assert np.array_equal(trailer.decode(wanted).frames, kept.frames)


def test_a_trailer_can_be_asked_for_more_after_a_vain_wish(make_clip):
    with open_trailer(make_clip("a.mp4", n_frames=24)) as trailer:
        for wish in ([], [999_999]):
            with pytest.raises(TrailerError):
                trailer.decode(wish)
        assert len(trailer.decode([0]).frames) == 1


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_off_trailer_gives_the_frames_of_decoding_it_plainly(make_clip, share):
    path = make_clip("a.ts", n_frames=96, options={"bf": "2"})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with open_trailer(path) as trailer:
        decoded = trailer.decode(trailer.timeline.pts.tolist(), size_px=32)
        few = trailer.decode(decoded.pts[::7].tolist(), size_px=32)
    plain = {}
    for at, frame in decode_video(path):
        plain.setdefault(at, frame.reformat(32, 32, "rgb24", interpolation=SCALING).to_ndarray())
    assert decoded.pts.tolist() == sorted(plain)
    assert np.array_equal(decoded.frames, np.stack([plain[at] for at in decoded.pts.tolist()]))
    assert np.array_equal(few.frames, decoded.frames[::7])
