"""What predictions are moved by: the franchise's past, and the years since training."""

from datetime import date, timedelta

import numpy as np
import pytest

from pipeline.core.records import MovieRecord
from pipeline.models.estimators.past_and_drift import (
    MAX_YEARS,
    Drift,
    FranchisePast,
    split_forward,
)

RNG = np.random.default_rng(1)
N = 200
FIRST = date(2000, 1, 1)


def movie(k: int, day: date | None, franchise: int) -> MovieRecord:
    return MovieRecord(k, "A", release_date=day, franchise=f"movie:{franchise}")


# of each franchise two movies, the second half a franchise's level above what is predicted
FRANCHISES = np.repeat(np.arange(N // 2), 2)
MOVIES = [movie(k, FIRST + timedelta(days=200 * (k % 2)), int(FRANCHISES[k])) for k in range(N)]
LEVEL = RNG.normal(0, 0.5, N // 2)
PREDS = RNG.normal(7, 0.3, N)
ACTUAL = PREDS + LEVEL[FRANCHISES]


@pytest.fixture(scope="module")
def past():
    return FranchisePast.fit(MOVIES, PREDS, ACTUAL)


def test_sequel_is_moved_towards_what_its_predecessor_earned(past):
    moved = past.move(MOVIES, PREDS, None)
    firsts, sequels = np.arange(0, N, 2), np.arange(1, N, 2)
    np.testing.assert_array_equal(moved[firsts], PREDS[firsts])
    before, after = (np.abs(p - ACTUAL)[sequels].mean() for p in (PREDS, moved))
    assert after < 0.8 * before


def test_stranger_an_undated_movie_and_a_near_predecessor_change_nothing(past):
    near = FIRST + timedelta(days=30)  # what the first one earns is not known yet
    asked = [movie(900, near, 10_000), movie(901, None, 0), movie(902, near, 0)]
    preds = np.full(3, 7.0)
    np.testing.assert_array_equal(past.move(asked, preds, None), preds)


def test_predecessor_counts_as_of_the_day_that_is_asked_for(past):
    sequel = [movie(900, FIRST + timedelta(days=800), 0)]
    preds = np.array([7.0])
    assert past.move(sequel, preds, None) != preds
    assert past.move(sequel, preds, [FIRST + timedelta(days=10)]) == preds


def test_few_sequels_move_nothing():
    few = FranchisePast.fit(MOVIES[:20], PREDS[:20], ACTUAL[:20])
    np.testing.assert_array_equal(few.move(MOVIES, PREDS, None), PREDS)


def test_drift_is_carried_on_after_training_and_nowhere_else():
    years = RNG.uniform(0, 5, 500)
    drift = Drift()
    drift.fit(FIRST, years, -0.03 * years + RNG.normal(0, 0.1, 500), RNG.normal(0, 0.05, 500))
    assert drift.slope.item() == pytest.approx(-0.03, abs=0.005)
    asked = [movie(k, FIRST + timedelta(days=365 * k), k) for k in (-3, 0, 2, 50)]
    moved = drift.move(asked, np.zeros(4))
    assert moved[:2].tolist() == [0, 0]
    assert moved[2] == pytest.approx(0.06, abs=0.01)
    assert moved[3] == pytest.approx(0.03 * MAX_YEARS, abs=0.03)
    wide = drift.widen(asked, np.tile([7.0, 6.0, 8.0], (4, 1)))
    assert wide[0].tolist() == [7.0, 6.0, 8.0]
    assert wide[2, 2] - wide[2, 1] > 3  # twice the usual errors
    assert drift.years_after([movie(1, None, 1)]) == 0


def test_noise_is_no_drift_and_few_movies_measure_none():
    drift = Drift()
    years = RNG.uniform(0, 5, 5000)
    noise = RNG.normal(0, 1, 5000)
    drift.fit(FIRST, years, noise - years * (years @ noise) / (years @ years), noise)
    assert drift.slope.item() == pytest.approx(0, abs=1e-9)
    drift.fit(FIRST, years[:50], -years[:50], noise[:50])
    assert drift.slope.item() == pytest.approx(0, abs=1e-9)


def test_later_movies_follow_the_earlier_ones():
    days = RNG.integers(700_000, 730_000, 600)
    days[:50] = 0
    for earlier, later, since in split_forward(days):
        assert days[earlier].min() > 0
        assert days[earlier].max() < days[later].min()
        assert (since > 0).all()
    assert len(split_forward(days)) == 2
    assert split_forward(np.zeros(300)) == []
