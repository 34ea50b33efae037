"""Damaged groups of pictures: their frames are marked, and the same whoever else wants frames."""

import av
import numpy as np
import pytest

from assets.frames.trailer_reading import read_frames
from pipeline.core.errors import ItemError
from pipeline.media.container import Damage, decode_video
from pipeline.media.timeline import read_timeline
from pipeline.media.trailer import decode_frames
from resources.trailers.options import TrailerOptions

N_FRAMES, GOP = 144, 24


@pytest.fixture
def video(make_clip):
    options = {"x264-params": "scenecut=0"}  # groups of one length
    return make_clip("a.mp4", n_frames=N_FRAMES, gop=GOP, width=192, height=128, options=options)


def spoil(path, which, seed=0):
    """Overwrite the middle of the packets of some numbers."""
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for number in which:
        start, size = packets[number]
        begin, end = start + size // 4, start + size - 2
        data[begin:end] = rng.bytes(end - begin)
    path.write_bytes(bytes(data))
    return path


def read(path, **options):
    return read_frames(path, 597, TrailerOptions(**options), lambda: None)


def test_whole_video_has_no_damaged_frame(video):
    pts = read_timeline(video).pts
    assert not decode_frames(video, pts, size_px=32).is_damaged.any()


@pytest.mark.parametrize("seed", range(3))
def test_damaged_keyframe_damages_its_group_and_no_other(video, seed):
    whole = decode_frames(video, read_timeline(video).pts, size_px=64)
    decoded = decode_frames(spoil(video, [2 * GOP], seed), whole.pts, size_px=64)
    before = whole.frames[np.isin(whole.pts, decoded.pts)].astype(int)
    differs = np.abs(decoded.frames - before).mean(axis=(1, 2, 3)) > 1
    assert not (differs & ~decoded.is_damaged).any()
    marked = decoded.pts[decoded.is_damaged]
    assert len(marked) >= GOP // 2
    assert np.isin(marked, whole.pts[2 * GOP - 4 : 3 * GOP]).all()  # some wait to be shown
    assert decoded.is_partial


@pytest.mark.parametrize("seed", range(3))
def test_kept_frames_are_the_same_with_and_without_clips(video, seed):
    which = np.random.default_rng(seed).choice(N_FRAMES, 1 + 3 * seed, replace=False)
    spoil(video, which.tolist(), seed)
    alone, beside = read(video), read(video, cuts_clips=True)
    assert np.array_equal(alone.picked.frames, beside.picked.frames)
    assert alone.picked.pts_s.tolist() == beside.picked.pts_s.tolist()


def test_damaged_frames_are_not_kept_and_counted(video):
    kept = read(spoil(video, [0, 2 * GOP]))
    assert kept.figures["frames_damaged"] > GOP // 2
    bad = [(0, 1), (2, 3)]
    assert not any(start <= at < end for at in kept.picked.pts_s for start, end in bad)


def test_video_that_is_damaged_everywhere_is_read_all_the_same(video):
    spoil(video, range(0, N_FRAMES, GOP))
    try:
        kept = read(video)
    except ItemError:
        return  # nothing of it is informative
    assert kept.figures["is_partial"]


def test_damage_ends_with_the_next_keyframe(video):
    spoil(video, [GOP])
    damage, states = Damage(), []
    for _, frame in decode_video(video, damage):
        states.append((frame.key_frame, damage.is_present))
    assert not states[0][1]
    assert any(is_present for _, is_present in states)
    assert not states[-1][1]
