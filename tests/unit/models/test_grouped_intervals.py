"""Predictive intervals that hold in every group of movies."""

from datetime import date

import numpy as np
import pytest
from sklearn.linear_model import QuantileRegressor

from pipeline.core.records import MovieRecord
from pipeline.models.estimators.grouped_intervals import (
    N_GROUPS,
    GroupedIntervals,
    describe_groups,
    regress_quantile,
)

RNG = np.random.default_rng(3)
N = 3000


def movie(k: int) -> MovieRecord:
    budget = float(10 ** RNG.uniform(5, 8.5)) if RNG.random() < 0.85 else None
    day = date(int(RNG.integers(1970, 2020)), 1, 1)
    language = "en" if RNG.random() < 0.8 else "fr"
    return MovieRecord(k, "A", budget_usd=budget, release_date=day, original_language=language)


MOVIES = [movie(k) for k in range(N)]
PREDS = RNG.normal(7, 1, N)
# errors are large where little is spent, skewed, and larger in another language
SPREAD = np.array([
    0.2 + 0.6 * ((m.budget_usd or 1e5) < 1e7) + 0.4 * (m.original_language == "fr") for m in MOVIES
])  # fmt: skip
ACTUAL = PREDS + SPREAD * (RNG.exponential(1, N) - 1)
FITTED, ASKED = slice(0, 2000), slice(2000, N)


@pytest.fixture(scope="module")
def intervals():
    made = GroupedIntervals()
    made.fit(MOVIES[FITTED], PREDS[FITTED], ACTUAL[FITTED])
    return made


def test_every_group_of_new_movies_is_covered(intervals):
    found = intervals.predict(MOVIES[ASKED], PREDS[ASKED])
    inside = (found[:, 1] <= ACTUAL[ASKED]) & (ACTUAL[ASKED] <= found[:, 2])
    groups = describe_groups(MOVIES[ASKED]) > 0
    covered = [inside[groups[:, k]].mean() for k in range(N_GROUPS)]
    assert inside.mean() == pytest.approx(0.9, abs=0.03)
    assert min(covered) > 0.82
    assert max(covered) < 0.97


def test_width_follows_the_errors_of_the_group(intervals):
    cheap = MovieRecord(1, "A", budget_usd=5e5, original_language="fr")
    dear = MovieRecord(2, "B", budget_usd=5e7, original_language="en")
    widths = np.diff(intervals.predict([cheap, dear], np.array([7.0, 7.0]))[:, 1:], axis=1)
    assert widths[0] > 2 * widths[1]


def test_ends_lie_around_the_prediction_and_survive_saving(intervals):
    found = intervals.predict(MOVIES, PREDS)
    assert (found[:, 1] <= found[:, 0]).all()
    assert (found[:, 0] <= found[:, 2]).all()
    again = GroupedIntervals()
    again.load_state_dict(intervals.state_dict())
    np.testing.assert_array_equal(again.predict(MOVIES, PREDS), found)


def test_few_movies_have_wider_intervals_and_no_groups():
    made = GroupedIntervals()
    made.fit(MOVIES[:30], PREDS[:30], ACTUAL[:30])
    assert not made.ends[:, 1 : 1 + N_GROUPS].any()
    found = made.predict(MOVIES[:30], PREDS[:30])
    inside = (found[:, 1] <= ACTUAL[:30]) & (ACTUAL[:30] <= found[:, 2])
    assert inside.mean() > 0.9


def test_unknown_budget_date_and_language_are_groups_too():
    row = describe_groups([MovieRecord(1, "A")])[0]
    assert row.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert describe_groups([]).shape == (0, N_GROUPS)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_line_of_a_quantile_is_that_of_scikit_learn(share):
    rng = np.random.default_rng(2)
    columns = np.hstack([rng.random((300, 3)) < 0.3, rng.normal(size=(300, 1))]).astype(float)
    values = columns @ rng.normal(size=4) + rng.normal(size=300)
    known = QuantileRegressor(quantile=share, alpha=1e-3).fit(columns, values)
    line = regress_quantile(columns, values, share, 1e-3)
    np.testing.assert_allclose(line, [known.intercept_, *known.coef_], rtol=1e-9, atol=1e-12)
