from fractions import Fraction

import numpy as np
import pytest

from pipeline.frames.clips import LONGEST_STILL_S, ClipCutter

FILM = Fraction(1, 24)
MS = Fraction(1, 1000)


def cut(pts, time_base, starts=()):
    """Cut frames that are their own timestamps; shots begin at the first frame and at `starts`."""
    cutter = ClipCutter(time_base)
    clips = []
    for at in np.asarray(pts).tolist():
        clips += cutter.add(at, at, starts_shot=at in starts)
    clips += cutter.finish()
    assert all(clip.pts == clip.frames for clip in clips)
    return clips, cutter


def first_pts(clips):
    return [clip.pts[0] for clip in clips]


def test_shots_are_cut_into_clips_from_their_first_frame():
    clips, cutter = cut(np.arange(100), FILM, {50})
    assert first_pts(clips) == [0, 24, 50, 74]
    assert clips[1].pts == tuple(range(24, 48))
    assert [clip.shot for clip in clips] == [0, 0, 1, 1]
    assert (cutter.n_shots, cutter.n_shots_without) == (2, 0)


def test_no_clip_crosses_a_cut():
    shots = [0, 40, 90, 95, 200]
    clips, _ = cut(np.arange(200), FILM, set(shots))
    assert clips
    for clip in clips:
        assert clip.pts[0] >= shots[clip.shot]
        assert clip.pts[-1] < shots[clip.shot + 1]


def test_shot_shorter_than_a_clip_makes_none_and_is_counted():
    clips, cutter = cut(np.arange(60), FILM, {23})
    assert first_pts(clips) == [23]
    assert (cutter.n_shots, cutter.n_shots_without) == (2, 1)


def test_trailer_of_exactly_one_clip_makes_one():
    assert len(cut(np.arange(24), FILM)[0]) == 1


@pytest.mark.parametrize("pts", [range(5), [7], range(23)])
def test_trailer_too_short_for_a_clip_makes_none(pts):
    clips, cutter = cut(pts, FILM)
    assert clips == []
    assert cutter.n_shots_without == 1


def test_no_frame_is_no_shot():
    clips, cutter = cut([], FILM)
    assert (clips, cutter.n_shots, cutter.n_shots_without) == ([], 0, 0)


@pytest.mark.parametrize("start", range(24))
def test_timestamps_in_milliseconds_lose_no_frame(start):
    pts = [round(i * 1000 / 24) for i in range(96)]
    clips, _ = cut(pts, MS, {pts[start], pts[start + 48]})
    within = [clip.pts for clip in clips if pts[start] <= clip.pts[0] < pts[start + 48]]
    assert within == [tuple(pts[start : start + 24]), tuple(pts[start + 24 : start + 48])]


@pytest.mark.parametrize("start", range(1, 24))
def test_shot_one_frame_short_of_a_clip_makes_none_in_milliseconds(start):
    pts = [round(i * 1000 / 24) for i in range(96)]
    clips, _ = cut(pts, MS, {pts[start], pts[start + 23]})
    assert 1 not in [clip.shot for clip in clips]


def test_faster_video_gives_24_of_its_frames_a_second():
    clips, _ = cut(np.arange(120), Fraction(1, 48))
    assert [clip.pts[:3] for clip in clips] == [(0, 2, 4), (48, 50, 52)]


def test_slower_video_repeats_frames():
    clips, _ = cut(np.arange(30), Fraction(1, 12))
    assert len(clips) == 2
    assert len(set(clips[0].pts)) in (12, 13)
    assert list(clips[0].pts) == sorted(clips[0].pts)


def test_variable_frame_rate_shows_what_a_player_would():
    pts = np.array([0, 10, 500, 510, 990, 1000])
    clips, _ = cut(pts, MS, {1000})
    assert list(clips[0].pts) == [int(pts[pts <= k * 1000 / 24 + 1][-1]) for k in range(24)]


def test_a_clock_that_jumps_ends_the_shot_and_makes_no_endless_still():
    pts = [*range(24), 10**15, *range(10**15 + 1, 10**15 + 24)]
    clips, cutter = cut(pts, FILM)
    assert cutter.n_shots == 2
    assert len(clips) == 1 + LONGEST_STILL_S  # the last frame before the jump stands so long
    assert clips[-1].pts == tuple(range(10**15, 10**15 + 24))


@pytest.mark.parametrize("time_base", [Fraction(10**6), Fraction(1, 2**40)])
def test_a_clock_of_absurd_units_makes_no_endless_stills(time_base):
    clips, _ = cut(range(48), time_base)
    assert len(clips) <= 48 * LONGEST_STILL_S


def test_no_more_frames_are_held_than_a_clip_has():
    cutter = ClipCutter(FILM)
    for at in range(1000):
        list(cutter.add(at, at, starts_shot=False))
        assert len(cutter._shown) < 24


@pytest.mark.parametrize("wrong", [{"n_frames": 0}, {"rate": 0}])
def test_a_clip_of_nothing_is_a_mistake(wrong):
    with pytest.raises(ValueError, match="clips of frames"):
        ClipCutter(FILM, **wrong)
