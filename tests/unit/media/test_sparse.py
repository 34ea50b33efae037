"""Sparse decoding against decoding everything with nothing of ours, over a generated matrix.

Of a codec and its groups of pictures, every second combination of B-frames, frame rate and size is
enough here, small ones; the nightly tier has them all.
"""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.media.frame_decoding import SCALING
from pipeline.media.timeline import plan_packets, read_timeline
from pipeline.media.trailer import decode_frames, open_trailer

N_FRAMES = 42
RATE = 24
UNITS = 4  # timestamps per frame at the constant rate
SIDE_PX = 64
SMALL = (160, 90)
LARGE = (320, 180)
GROUPS = {"short": 8, "open": 14, "long": 250, "intra only": 1}
ENCODERS = {
    "h264": ("libx264", "mp4", (98, 66)),  # odd sizes, where the encoder takes them
    "hevc": ("libx265", "mp4", (98, 66)),
    "vp9": ("libvpx-vp9", "webm", (97, 65)),
    "av1": ("libsvtav1", "mp4", (98, 66)),
    "vp8": ("libvpx", "webm", (97, 65)),
    "mpeg4": ("mpeg4", "mp4", (97, 65)),
}
HAVE_OPEN_GROUPS = ("h264", "hevc", "mpeg4", "av1")
CASES = [
    (codec, group)
    for codec, group in itertools.product(ENCODERS, GROUPS)
    if group != "open" or codec in HAVE_OPEN_GROUPS
]


def options(codec, group, b_frames):
    is_open = int(group == "open")
    if codec == "h264":
        pyramid = ":b-adapt=0:b-pyramid=normal" if b_frames and group != "intra only" else ""
        params = {"x264-params": f"open-gop={is_open}{pyramid}"}
        return {"preset": "veryfast", "bf": str(b_frames), **params}
    if codec == "hevc":
        params = f"log-level=none:bframes={b_frames}:b-adapt=0:pools=1:open-gop={is_open}"
        keyint = ":keyint=1" if group == "intra only" else ""
        return {"preset": "ultrafast", "x265-params": params + keyint}
    if codec == "av1":
        kind = f"pred-struct={2 if b_frames else 1}:irefresh-type={2 - is_open}:lp=1"
        return {"preset": "12", "svtav1-params": kind}
    if codec == "mpeg4":
        return {"bf": str(b_frames)}
    hidden = {"auto-alt-ref": "1", "lag-in-frames": "16"} if b_frames else {"lag-in-frames": "0"}
    return {"cpu-used": "8", "deadline": "good" if b_frames else "realtime", **hidden}


def write_clip(path, codec, group, b_frames, is_variable, size):
    width, height = size
    with av.open(str(path), "w") as container:
        choice = options(codec, group, b_frames)
        stream = container.add_stream(ENCODERS[codec][0], rate=RATE, options=choice)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = GROUPS[group]
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, RATE * UNITS)
        steps = np.random.default_rng(3).integers(1, 2 * UNITS + 1, N_FRAMES)
        pts = np.cumsum(steps) if is_variable else np.arange(N_FRAMES) * UNITS
        for at, picture in zip(pts.tolist(), drifting_pictures(width, height), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, RATE * UNITS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def drifting_pictures(width, height):
    rng, texture = np.random.default_rng(7), np.empty(0)
    for i in range(N_FRAMES):
        if i % 25 == 0:  # a cut
            blocks = rng.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3), dtype=np.uint8)
            texture = blocks.repeat(16, axis=0).repeat(16, axis=1)[:height, :width]
        yield np.ascontiguousarray(np.roll(texture, (i, 2 * i), axis=(0, 1)))


def decode_everything(path: Path):
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        return {
            frame.pts: frame.reformat(SIDE_PX, SIDE_PX, "rgb24", interpolation=SCALING).to_ndarray()
            for frame in container.decode(video=0)
        }


def every_second(odd_size):
    """Return each pair of B-frames, a variable rate and size at least once."""
    return [(0, False, odd_size), (0, True, SMALL), (3, False, SMALL), (3, True, odd_size)]


def every(odd_size):
    return list(itertools.product((0, 3), (False, True), (odd_size, LARGE)))


@pytest.mark.parametrize("choose", [every_second, pytest.param(every, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("codec", "group"), CASES)
def test_sparse_equals_sequential_byte_for_byte(tmp_path, codec, group, choose):
    _, ending, odd_size = ENCODERS[codec]
    for b_frames, is_variable, size in choose(odd_size):
        path = tmp_path / f"{b_frames}-{is_variable}-{size[0]}.{ending}"
        write_clip(path, codec, group, b_frames, is_variable, size)
        plain = decode_everything(path)
        with open_trailer(path) as trailer:
            assert trailer.timeline.pts.tolist() == sorted(plain), path.name
            assert len(plain) == N_FRAMES, path.name
            for count in (1, 3, 12):  # one trailer, decoded again and again
                rng = np.random.default_rng(count)
                wanted = np.sort(rng.choice(trailer.timeline.pts, count, replace=False)).tolist()
                decoded = trailer.decode(wanted, size_px=SIDE_PX)
                assert decoded.pts.tolist() == wanted, path.name
                expected = np.stack([plain[at] for at in wanted])
                assert np.array_equal(decoded.frames, expected), path.name
                assert not decoded.is_partial, path.name


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpeg4"])
def test_the_matrix_holds_open_groups(tmp_path, codec):
    path = tmp_path / "a.mp4"
    write_clip(path, codec, "open", 3, False, (98, 66))
    timeline = read_timeline(path)
    keys = np.flatnonzero(timeline.is_key)[1:]
    assert len(keys)
    assert any(timeline.packet_pts[at + 1] < timeline.packet_pts[at] for at in keys.tolist()[:-1])


@pytest.mark.parametrize("codec", ENCODERS)
def test_keyframes_are_decoded_without_any_other_packet(tmp_path, codec):
    path = tmp_path / f"a.{ENCODERS[codec][1]}"
    write_clip(path, codec, "short", 3, False, SMALL)
    plain = decode_everything(path)
    timeline = read_timeline(path)
    assert 3 <= len(timeline.key_pts) < N_FRAMES
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        keys = (packet for packet in container.demux(stream) if packet.size)
        fed = np.array([packet.is_keyframe for packet in keys])
    plan = plan_packets(timeline.packet_pts, timeline.is_key, timeline.key_pts.tolist())
    assert np.array_equal(plan > 0, fed)
    decoded = decode_frames(path, timeline.key_pts.tolist(), size_px=SIDE_PX)
    assert np.array_equal(decoded.frames, np.stack([plain[at] for at in decoded.pts.tolist()]))
    assert decoded.pts.tolist() == timeline.key_pts.tolist()
