import numpy as np
import pytest

from pipeline.core.errors import FrameError
from pipeline.frames.duplicates import BLOCKS, mark_duplicates, measure_blocks
from pipeline.frames.filtering import pick_frames


def scene(seed, side=64):
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return blocks.repeat(side // 8, axis=0).repeat(side // 8, axis=1)


def everything(frames):
    return np.ones(len(frames), dtype=bool)


def grain(frame, seed):
    noise = np.random.default_rng(seed).integers(-4, 5, frame.shape)
    return np.clip(frame.astype(int) + noise, 0, 255).astype(np.uint8)


def test_same_frame_again_is_a_duplicate_however_much_later():
    frames = np.stack([scene(0), scene(1), scene(0)])
    assert mark_duplicates(frames, everything(frames)).tolist() == [False, False, True]


def test_grain_makes_no_other_frame():
    frames = np.stack([grain(scene(0), seed) for seed in range(4)])
    assert mark_duplicates(frames, everything(frames)).tolist() == [False, True, True, True]


def test_slow_fade_keeps_a_frame_for_every_step_that_shows():
    frames = np.stack([np.full((32, 32, 3), i, dtype=np.uint8) for i in range(10)])
    kept = ~mark_duplicates(frames, everything(frames))
    assert kept.tolist() == [i % 3 == 0 for i in range(10)]  # against what stays, not the last


def test_dropped_frames_hide_no_other():
    frames = np.stack([scene(0), scene(0), scene(0)])
    mask = np.array([False, True, True])
    assert mark_duplicates(frames, mask).tolist() == [False, False, True]


def test_nothing_is_compared_where_nothing_is_left():
    frames = np.stack([scene(0), scene(0)])
    assert not mark_duplicates(frames, np.zeros(2, dtype=bool)).any()


def test_blocks_are_means_whatever_the_size():
    frames = np.random.default_rng(0).integers(0, 256, (2, 50, 37, 3), dtype=np.uint8)
    blocks = measure_blocks(frames)
    assert blocks.shape == (2, BLOCKS * BLOCKS)
    assert blocks[1, 0] == pytest.approx(frames[1, :3, :2].mean())
    assert measure_blocks(frames[:, :5, :4]).shape == (2, 20)


def test_difference_below_zero_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        mark_duplicates(np.stack([scene(0)]), everything([0]), max_difference=-1)


def test_duplicates_are_dropped_and_counted_where_asked():
    frames = np.stack([scene(i // 2) for i in range(60)])
    picked = pick_frames(frames, np.arange(60.0), seed=597, drop_duplicates=True)
    assert picked.counts["duplicate"] == picked.counts["informative"] >= 10
    assert len({frame.tobytes() for frame in picked.frames}) == len(picked.frames)
    assert sum(picked.counts.values()) - picked.counts["kept"] == 60


def test_duplicates_stay_where_nobody_asks():
    frames = np.stack([scene(i // 2) for i in range(60)])
    picked = pick_frames(frames, np.arange(60.0), seed=597)
    assert "duplicate" not in picked.counts


def test_trailer_of_one_picture_has_too_few_frames():
    frames = np.stack([grain(scene(0), seed) for seed in range(40)])
    with pytest.raises(FrameError, match="duplicate"):
        pick_frames(frames, np.arange(40.0), seed=597, drop_duplicates=True)
