"""The comparison of two kinds of frames says what it says it does, on few trailers."""

import numpy as np
import pytest
from present import present

from benchmarks import frames_worth
from benchmarks.frames_worth import answer_held_out, difference_interval, r2_score

pytestmark = pytest.mark.slow


def test_answers_for_noise_explain_nothing_and_for_a_signal_nearly_all():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 10))
    signal = vectors @ rng.normal(size=10)
    assert r2_score(signal, answer_held_out(vectors, signal)) > 0.95
    # Had a model seen the movie it answers for, it would know the noise too.
    noise = rng.normal(size=60)
    assert r2_score(noise, answer_held_out(rng.normal(size=(60, 30)), noise)) < 0.2


def test_interval_holds_the_difference_and_is_nothing_for_equal_answers():
    rng = np.random.default_rng(0)
    y = rng.normal(size=80)
    good, bad = y + rng.normal(0, 0.2, 80), y + rng.normal(0, 0.8, 80)
    low, high = difference_interval(y, good, bad)
    assert 0 < low < r2_score(y, good) - r2_score(y, bad) < high
    assert difference_interval(y, good, good) == (0.0, 0.0)


def test_both_kinds_are_compared_on_the_studios_trailers():
    (row,) = frames_worth.measure(movies=8)
    assert (row.unit, row.peer, row.target, row.better) == ("R2", "random-frames", None, "higher")
    assert present(row.ours) <= 1
    assert present(row.peer_value) <= 1
    assert "random weights" in row.note
    assert "30 random-frames" in row.note
    assert "95 % from" in row.name
