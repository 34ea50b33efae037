from collections import Counter

import numpy as np
import pytest

from pipeline.core.errors import FrameError
from pipeline.core.outcomes import Reason
from pipeline.frames.filtering import FEWEST_FRAMES, pick_frames


def sampled(n_good, n_black):
    rng = np.random.default_rng(0)
    good = rng.integers(0, 256, (n_good, 8, 8, 3), dtype=np.uint8)
    return np.concatenate([good, np.zeros((n_black, 8, 8, 3), dtype=np.uint8)])


def test_thirty_of_a_hundred_frames_are_kept_with_their_times():
    frames, pts_s = sampled(70, 30), np.arange(100) / 2
    picked = pick_frames(frames, pts_s, seed=597)
    assert picked.frames.shape == (30, 8, 8, 3)
    assert (np.diff(picked.pts_s) > 0).all()
    assert np.array_equal(picked.frames, frames[(picked.pts_s * 2).astype(int)])
    assert picked.frames.any(axis=(1, 2, 3)).all()


def test_every_sampled_frame_is_counted():
    counts = pick_frames(sampled(70, 30), np.arange(100.0), seed=597).counts
    assert counts["black"] == 30
    assert counts["kept"] == 30
    assert sum(counts.values()) - counts["kept"] == 100


def test_fewer_informative_frames_than_wanted_are_all_kept():
    picked = pick_frames(sampled(12, 8), np.arange(20.0), seed=597)
    assert FEWEST_FRAMES <= len(picked.frames) == picked.counts["informative"] < 30


def test_black_trailer_has_too_few_frames():
    with pytest.raises(FrameError, match="96 black") as caught:
        pick_frames(sampled(4, 96), np.arange(100.0), seed=597)
    assert caught.value.reason is Reason.TOO_FEW_FRAMES


def test_damaged_frames_are_dropped_and_counted():
    is_damaged = np.arange(100) < 40
    picked = pick_frames(sampled(100, 0), np.arange(100.0), seed=597, is_damaged=is_damaged)
    assert picked.counts["damaged"] == 40
    assert (picked.pts_s >= 40).all()
    assert "damaged" not in pick_frames(sampled(70, 30), np.arange(100.0), seed=597).counts


def test_damaged_frames_are_kept_where_there_are_no_others():
    is_damaged = np.arange(40) >= FEWEST_FRAMES - 1
    picked = pick_frames(sampled(40, 0), np.arange(40.0), seed=597, is_damaged=is_damaged)
    assert len(picked.frames) > FEWEST_FRAMES
    assert picked.counts["damaged"] == 0


def test_every_sampled_frame_is_kept_or_has_a_reason():
    picked = pick_frames(sampled(70, 30), np.arange(100.0), seed=597)
    reasons = Counter(picked.reasons)
    assert reasons[""] == picked.counts["kept"] == 30
    assert reasons["black"] == picked.counts["black"]
    assert reasons["spare"] == picked.counts["informative"] - 30
    kept = [number for number, reason in enumerate(picked.reasons) if not reason]
    assert picked.pts_s.tolist() == kept
