import numpy as np
import pytest

from pipeline.frames.sampling import (
    choose_kept,
    choose_keyframes,
    choose_pts,
    is_steady,
    time_shown,
)


def test_same_movie_gets_the_same_frames():
    pts = np.arange(0, 512_000, 512)
    assert choose_pts(pts, 100, seed=597).tolist() == choose_pts(pts, 100, seed=597).tolist()


def test_another_movie_gets_other_frames():
    pts = np.arange(0, 512_000, 512)
    assert choose_pts(pts, 100, seed=597).tolist() != choose_pts(pts, 100, seed=598).tolist()


def test_choice_is_ascending_unique_and_of_the_wanted_size():
    chosen = choose_pts(np.arange(1000) // 2, 100, seed=1)
    assert len(chosen) == 100
    assert (np.diff(chosen) > 0).all()


def test_short_trailer_gives_all_its_frames():
    assert choose_pts(np.array([30, 10, 20, 10]), 100, seed=1).tolist() == [10, 20, 30]


def test_every_frame_can_be_chosen():
    chosen = {int(at) for seed in range(200) for at in choose_pts(np.arange(10), 3, seed)}
    assert chosen == set(range(10))


def test_wanting_no_frame_is_a_mistake():
    with pytest.raises(ValueError, match="at least 1"):
        choose_pts(np.arange(10), 0, seed=1)


def test_only_frames_that_passed_are_kept():
    mask = np.arange(100) % 3 == 0
    kept = choose_kept(mask, 30, seed=1)
    assert len(kept) == 30
    assert mask[kept].all()


def test_nothing_passed_and_nothing_is_kept():
    assert choose_kept(np.zeros(5, dtype=bool), 30, seed=1).tolist() == []


def test_keyframes_alone_are_chosen_where_there_are_enough():
    pts, keys = np.arange(1000) * 512, np.arange(0, 1000, 10) * 512
    chosen = choose_keyframes(pts, keys, 30, seed=597)
    assert len(chosen) == 30
    assert np.isin(chosen, keys).all()
    assert chosen.tolist() == choose_keyframes(pts, keys, 30, seed=597).tolist()
    assert chosen.tolist() != choose_keyframes(pts, keys, 30, seed=598).tolist()


def test_few_keyframes_are_all_chosen_and_others_added_up_to_the_fewest():
    pts, keys = np.arange(100), np.array([0, 40, 80])
    assert choose_keyframes(pts, keys, 30, seed=1).tolist() == [0, 40, 80]
    chosen = choose_keyframes(pts, keys, 30, seed=1, fewest=15)
    assert len(np.unique(chosen)) == 15
    assert np.isin(keys, chosen).all()


def test_short_trailer_without_keyframes_gives_what_it_has():
    none = np.array([], dtype=np.int64)
    assert choose_keyframes(np.arange(3), none, 30, seed=1, fewest=5).tolist() == [0, 1, 2]
    assert choose_keyframes(np.arange(3), none, 30, seed=1, fewest=0).tolist() == []


@pytest.mark.parametrize(("count", "fewest"), [(0, 0), (5, 6), (5, -1)])
def test_wanting_more_than_all_keyframes_is_a_mistake(count, fewest):
    with pytest.raises(ValueError, match="expected"):
        choose_keyframes(np.arange(10), np.arange(2), count, seed=1, fewest=fewest)


FAST = np.arange(180) * 10  # 3 s at 60 frames a second, in units of 1/600 s
SLOW = 1800 + np.arange(78) * 300  # 39 s at 2 frames a second
END_FAST = 1800


@pytest.mark.parametrize("seed", range(5))
def test_frames_of_a_variable_rate_are_drawn_in_time(seed):
    chosen = choose_pts(np.concatenate([FAST, SLOW]), 100, seed)
    assert 70 < len(chosen) <= 86
    assert (chosen < END_FAST).sum() in range(6, 10)


@pytest.mark.parametrize("turn", [1, -1])
def test_frames_of_two_usual_rates_are_drawn_in_time(turn):
    parts = [np.diff(np.arange(900) * 1000), np.diff(np.arange(360) * 2500)]
    pts = np.cumsum(np.concatenate([[0], *parts[::turn]]))
    chosen = choose_pts(pts, 100, seed=3)
    assert len(chosen) >= 95
    assert (chosen < pts[-1] / 2).sum() == pytest.approx(50, abs=4)


def test_rounded_timestamps_are_a_constant_rate():
    pts = np.round(np.arange(1000) * 1000 / 24).astype(np.int64)  # milliseconds
    expected = np.sort(np.random.default_rng(5).choice(pts, 100, replace=False))
    assert is_steady(pts)
    assert choose_pts(pts, 100, seed=5).tolist() == expected.tolist()


def test_a_still_or_a_damaged_clock_does_not_swallow_all_moments():
    pts = np.concatenate([np.arange(500), 10**9 + np.arange(500)])
    assert len(choose_pts(pts, 100, seed=1)) < 5
    assert len(choose_pts(pts, 100, seed=1, longest=48)) > 80


def test_many_keyframes_are_drawn_in_time():
    fast, slow = np.arange(0, 1000, 10), np.arange(1000, 20_000, 500)
    chosen = choose_keyframes(np.arange(0, 20_000, 5), np.concatenate([fast, slow]), 60, seed=1)
    assert (chosen < 1000).sum() <= 6
    assert (chosen >= 1000).sum() >= 25


def test_kept_frames_are_weighted_by_the_time_they_stand_for():
    pts = np.concatenate([np.linspace(0, 1000, 40, endpoint=False), np.linspace(1000, 9000, 40)])
    mask = np.ones(len(pts), dtype=bool)
    kept = [choose_kept(mask, 20, seed, weights=time_shown(pts)) for seed in range(20)]
    assert all(len(rows) == 20 for rows in kept)
    assert np.mean([(rows < 40).mean() for rows in kept]) < 0.25
    assert np.mean([(choose_kept(mask, 20, seed) < 40).mean() for seed in range(20)]) > 0.4
