from fractions import Fraction

import av
import numpy as np
import pytest

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.shots import MIN_SHOT_S, find_shots
from pipeline.media.timeline import read_timeline

SCENE_FRAMES = 25


def write_scenes(path, pts, rate):
    """Slow pans over blocks, another picture every `SCENE_FRAMES` frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 128, 72, "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        rng, picture = np.random.default_rng(1), np.empty(0)
        for i, at in enumerate(pts):
            if i % SCENE_FRAMES == 0:
                blocks = rng.integers(0, 256, (5, 10, 3), dtype=np.uint8)
                picture = blocks.repeat(16, axis=0).repeat(16, axis=1)
            shown = np.ascontiguousarray(picture[:72, i % SCENE_FRAMES :][:, :128])
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_cuts_between_pictures_are_found(tmp_path):
    path = write_scenes(tmp_path / "a.mp4", range(100), rate=24)
    timeline = read_timeline(path)
    shots = find_shots(path)
    assert shots[:-1].tolist() == timeline.pts[::25].tolist()
    assert shots[-1] == timeline.pts[-1] + 1


def test_one_shot_is_the_whole_trailer(make_clip):
    path = make_clip("a.mp4", n_frames=20)
    pts = read_timeline(path).pts
    assert find_shots(path).tolist() == [pts[0], pts[-1] + 1]


def test_trailer_of_one_frame_is_one_shot(make_clip):
    path = make_clip("a.mp4", n_frames=1)
    assert find_shots(path).tolist() == [0, 1]


def test_a_change_out_of_reach_finds_no_cut(make_clip):
    assert len(find_shots(make_clip("a.mp4", n_frames=60), min_change=256.0)) == 2


def test_variable_frame_rate_cuts_at_the_same_frames(tmp_path):
    pts = np.cumsum(np.random.default_rng(0).integers(3, 9, 75)).tolist()
    path = write_scenes(tmp_path / "a.mp4", pts, rate=90)
    assert find_shots(path)[:-1].tolist() == read_timeline(path).pts[::25].tolist()


def test_what_is_no_video_has_a_reason(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"<html>")
    with pytest.raises(TrailerError) as caught:
        find_shots(path)
    assert caught.value.reason is Reason.WRONG_TYPE


def test_real_trailer_has_the_cuts_that_can_be_seen(real_videos):
    path = next(path for path in real_videos if path.name.startswith("sintel_trailer"))
    timeline = read_timeline(path)
    shots = find_shots(path)
    starts_s = timeline.seconds(shots[:-1]).tolist()
    # Looked at one by one: two dark close-ups, and a cut to black.
    assert {14.0, 17.583} <= {round(at, 3) for at in starts_s}
    # A dragon passes close by the camera: quick motion, no cut.
    assert not [at for at in starts_s if 29.5 < at < 31.5]
    assert timeline.seconds(np.diff(shots)).min() >= MIN_SHOT_S
    assert np.isin(shots[:-1], timeline.pts).all()
