from fractions import Fraction

import numpy as np
import pytest

from pipeline.frames.clips import plan_clips, stack_clips

FILM = Fraction(1, 24)
MS = Fraction(1, 1000)


def test_shots_are_cut_into_clips_from_their_first_frame():
    plan = plan_clips(np.arange(100), FILM, np.array([0, 50, 100]))
    assert plan.pts[:, 0].tolist() == [0, 24, 50, 74]
    assert plan.pts[1].tolist() == list(range(24, 48))
    assert plan.shot.tolist() == [0, 0, 1, 1]
    assert plan.n_shots_dropped == 0


def test_no_clip_crosses_a_cut():
    shots = np.array([0, 40, 90, 95, 200])
    plan = plan_clips(np.arange(200), FILM, shots)
    first, last = shots[plan.shot], shots[plan.shot + 1]
    assert (plan.pts >= first[:, None]).all()
    assert (plan.pts < last[:, None]).all()


def test_shot_shorter_than_a_clip_makes_none_and_is_counted():
    plan = plan_clips(np.arange(60), FILM, np.array([0, 23, 60]))
    assert plan.pts[:, 0].tolist() == [23]
    assert plan.n_shots_dropped == 1


def test_trailer_of_exactly_one_clip_makes_one():
    assert plan_clips(np.arange(24), FILM, np.array([0, 24])).pts.shape == (1, 24)


def test_trailer_too_short_for_a_clip_makes_none():
    plan = plan_clips(np.arange(5), FILM, np.array([0, 5]))
    assert plan.pts.shape == (0, 24)
    assert plan.wanted.tolist() == []
    assert plan_clips(np.array([7]), FILM, np.array([7, 8])).pts.shape == (0, 24)


def test_timestamps_in_milliseconds_lose_no_frame():
    pts = np.array([round(i * 1000 / 24) for i in range(96)])
    for start in range(0, 24):
        plan = plan_clips(pts, MS, np.array([pts[start], pts[start + 48], pts[-1] + 1]))
        assert plan.pts[0].tolist() == pts[start : start + 24].tolist()
        assert plan.pts[1].tolist() == pts[start + 24 : start + 48].tolist()


def test_shot_one_frame_short_of_a_clip_makes_none_in_milliseconds():
    pts = np.array([round(i * 1000 / 24) for i in range(96)])
    for start in range(0, 24):
        plan = plan_clips(pts, MS, np.array([pts[start], pts[start + 23], pts[-1] + 1]))
        assert plan.n_shots_dropped == 1


def test_faster_video_gives_24_of_its_frames_a_second():
    plan = plan_clips(np.arange(120), Fraction(1, 48), np.array([0, 120]))
    assert plan.pts[:, :3].tolist() == [[0, 2, 4], [48, 50, 52]]


def test_slower_video_repeats_frames():
    plan = plan_clips(np.arange(30), Fraction(1, 12), np.array([0, 30]))
    assert plan.pts.shape == (2, 24)
    assert len(np.unique(plan.pts[0])) in (12, 13)
    assert (np.diff(plan.pts[0]) >= 0).all()


def test_variable_frame_rate_shows_what_a_player_would():
    pts = np.array([0, 10, 500, 510, 990])
    plan = plan_clips(pts, MS, np.array([0, 1000, 1500]))
    expected = [int(pts[pts <= k * 1000 / 24 + 1][-1]) for k in range(24)]
    assert plan.pts[0].tolist() == expected


@pytest.mark.parametrize("shots", [np.array([], dtype=np.int64), np.array([0])])
def test_shots_without_an_end_are_a_mistake(shots):
    with pytest.raises(ValueError, match="end"):
        plan_clips(np.arange(50), FILM, shots)


def test_decoded_frames_are_stacked_and_a_clip_that_lacks_one_is_left_out():
    plan = plan_clips(np.arange(96), FILM, np.array([0, 48, 96]))
    assert plan.wanted.tolist() == list(range(96))
    pts = np.delete(np.arange(96), 30)
    frames = np.zeros((95, 2, 2, 3), dtype=np.uint8) + pts[:, None, None, None].astype(np.uint8)
    clips, whole = stack_clips(plan, frames, pts)
    assert clips.shape == (3, 24, 2, 2, 3)
    assert whole.tolist() == [0, 2, 3]
    assert clips[1, :, 0, 0, 0].tolist() == list(range(48, 72))
