import numpy as np
import pytest

from pipeline.frames.sampling import choose_kept, choose_keyframes, choose_pts


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
