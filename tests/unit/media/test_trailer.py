import json
from fractions import Fraction

import av
import numpy as np
import pytest

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.frame_decoding import FRAME_PX, SCALING
from pipeline.media.timeline import plan_packets, read_timeline
from pipeline.media.trailer import decode_frames, probe

CLIPS = {
    "h264 with B-pyramid": ("a.mp4", "libx264", {"bf": "3", "x264-params": "b-pyramid=normal"}),
    "h264 without B-frames": ("a.mp4", "libx264", {"bf": "0"}),
    "h264 with open groups": ("a.mp4", "libx264", {"bf": "3", "x264-params": "open-gop=1"}),
    "h264 in a transport stream": ("a.ts", "libx264", {"bf": "2"}),
    "h264 with intra refresh": ("a.mp4", "libx264", {"x264-params": "intra-refresh=1"}),
    "hevc with open groups": ("a.mp4", "libx265", {"x265-params": "log-level=none:bframes=3"}),
    "vp9": ("a.webm", "libvpx-vp9", {"cpu-used": "8", "deadline": "realtime"}),
    "vp9 with hidden frames": ("a.webm", "libvpx-vp9", {"cpu-used": "8", "lag-in-frames": "16"}),
    "vp8 with hidden frames": ("a.webm", "libvpx", {"auto-alt-ref": "1", "lag-in-frames": "16"}),
    "mpeg4 with B-frames": ("a.mp4", "mpeg4", {"bf": "2"}),
    "mpeg4 without timestamps": ("a.avi", "mpeg4", {"bf": "2"}),
}


def decode_plainly(path, size_px):
    """Decode every frame in order with nothing of ours, and scale it alike."""
    frames = {}
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(video=0)):
            pts = number if frame.pts is None else frame.pts
            width, height = (size_px, size_px) if size_px else (frame.width, frame.height)
            rgb = frame.reformat(width, height, "rgb24", interpolation=SCALING)
            frames.setdefault(pts, rgb.to_ndarray())
    return frames


def assert_equals_plain_decoding(path, counts, size_px=None):
    plain = decode_plainly(path, size_px)
    timeline = read_timeline(path)
    assert timeline.pts.tolist() == sorted(plain)
    for count in counts:
        rng = np.random.default_rng(count)
        wanted = np.sort(rng.choice(timeline.pts, min(count, len(timeline.pts)), replace=False))
        decoded = decode_frames(path, wanted.tolist(), size_px=size_px, timeline=timeline)
        assert decoded.pts.tolist() == wanted.tolist()
        assert all(
            np.array_equal(frame, plain[pts])
            for frame, pts in zip(decoded.frames, wanted.tolist(), strict=True)
        )
        assert not decoded.is_partial


@pytest.mark.parametrize("kind", CLIPS)
def test_sparse_decoding_equals_plain_decoding(make_clip, kind):
    name, codec, options = CLIPS[kind]
    path = make_clip(name, codec, n_frames=75, options=options)
    assert_equals_plain_decoding(path, counts=(1, 2, 7, 30, 75))


def test_sparse_decoding_equals_plain_decoding_at_a_variable_frame_rate(make_clip):
    pts = np.cumsum(np.random.default_rng(0).integers(1, 9, 60)).tolist()
    path = make_clip("a.mp4", rate=90, options={"bf": "2"}, pts=pts)
    assert_equals_plain_decoding(path, counts=(1, 9, 30))


@pytest.mark.parametrize("n", [1, pytest.param(None, marks=pytest.mark.slow)])
def test_sparse_decoding_equals_plain_decoding_of_real_videos(real_videos, n):
    """The shortest one, and nightly all of them."""
    for path in sorted(real_videos, key=lambda path: path.stat().st_size)[:n]:
        assert_equals_plain_decoding(path, counts=(30,), size_px=FRAME_PX)


def test_nothing_is_decoded_where_nothing_is_wanted():
    pts, is_key = np.arange(9), np.arange(9) % 3 == 0
    assert plan_packets(pts, is_key, []).tolist() == [0] * 9


def test_a_frame_before_its_keyframe_needs_the_group_before():
    pts = np.array([0, 1, 2, 5, 3, 4])  # 3 and 4 are shown before keyframe 5
    is_key = np.array([True, False, False, True, False, False])
    assert plan_packets(pts, is_key, [3]).tolist() == [1, 1, 1, 1, 2, 0]


def test_frames_are_scaled_to_the_square(make_clip):
    path = make_clip("a.mp4", n_frames=12)
    decoded = decode_frames(path, read_timeline(path).pts[:3].tolist())
    assert decoded.frames.shape == (3, FRAME_PX, FRAME_PX, 3)
    assert decoded.frames.dtype == np.uint8
    assert decoded.pts_s.tolist() == pytest.approx([0, 1 / 24, 2 / 24])


def test_probe_reads_what_the_container_says(make_clip):
    path = make_clip("a.mp4", n_frames=48, sound=np.full((1, 44_100), 0.1, dtype=np.float32))
    info = probe(path)
    assert (info.width_px, info.height_px, info.codec) == (96, 64, "h264")
    assert (info.n_frames, info.frame_rate, info.has_audio) == (48, 24.0, True)
    assert info.duration_s == pytest.approx(2, abs=0.1)


def test_clip_of_one_frame_is_decoded(make_clip):
    path = make_clip("a.mp4", n_frames=1)
    assert len(decode_frames(path, read_timeline(path).pts.tolist()).frames) == 1


def test_cut_off_trailer_keeps_what_can_be_decoded_and_is_partial(make_clip):
    whole = make_clip("a.mp4", n_frames=96, options={"movflags": "faststart"}, gop=12)
    fast = whole.with_name("fast.mp4")
    remux_with_index_first(whole, fast)
    data = fast.read_bytes()
    fast.write_bytes(data[: len(data) * 6 // 10])
    timeline = read_timeline(fast)
    assert timeline.is_partial
    assert 20 < len(timeline.pts) < 96
    decoded = decode_frames(fast, timeline.pts.tolist(), timeline=timeline, size_px=None)
    assert decoded.is_partial
    plain = decode_plainly(whole, None)
    assert np.array_equal(decoded.frames[:20], np.stack([plain[p] for p in sorted(plain)[:20]]))


def test_cut_off_webm_is_partial(make_clip):
    path = make_clip("a.webm", "libvpx-vp9", n_frames=120, options={"cpu-used": "8"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    timeline = read_timeline(path)
    assert timeline.is_partial
    assert decode_frames(path, timeline.pts[:5].tolist(), timeline=timeline).is_partial


def test_a_wanted_frame_that_does_not_exist_makes_the_result_partial(make_clip):
    path = make_clip("a.mp4", n_frames=12)
    decoded = decode_frames(path, [0, 999_999])
    assert decoded.pts.tolist() == [0]
    assert decoded.is_partial


def test_damaged_packets_do_not_stop_the_rest(make_clip):
    path = make_clip("a.mp4", n_frames=96, gop=8)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(bytes(data))
    timeline = read_timeline(path)
    assert len(decode_frames(path, timeline.pts.tolist(), timeline=timeline).frames) > 48


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"<!doctype html><title>Sign in</title>", Reason.WRONG_TYPE),
        (json.dumps({"error": "gone"}).encode(), Reason.WRONG_TYPE),
        (b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n", Reason.MALFORMED),
        (bytes(range(256)) * 40, Reason.MALFORMED),
    ],
)
def test_what_is_no_video_has_a_reason(tmp_path, content, reason):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    for look in (probe, read_timeline, lambda path: decode_frames(path, [0])):
        with pytest.raises(TrailerError) as caught:
            look(path)
        assert caught.value.reason is reason


def test_trailer_without_its_index_is_malformed(make_clip):
    path = make_clip("a.mp4")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(TrailerError) as caught:
        probe(path)
    assert caught.value.reason is Reason.MALFORMED


def test_sound_alone_is_no_video(make_sound):
    path = make_sound("a.wav", np.zeros((1, 4410)))
    with pytest.raises(TrailerError) as caught:
        probe(path)
    assert caught.value.reason is Reason.NO_VIDEO_TRACK


def test_missing_file_is_the_callers_mistake(tmp_path):
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "none.mp4")


def remux_with_index_first(source, target):
    """Copy packets into a file whose index stands before its data, as on the web."""
    with (
        av.open(str(source)) as old,
        av.open(str(target), "w", options={"movflags": "faststart"}) as new,
    ):
        stream = new.add_stream_from_template(old.streams.video[0])
        assert stream.time_base != Fraction(0)
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
