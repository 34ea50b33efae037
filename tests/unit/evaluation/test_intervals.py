import numpy as np
import pytest

from pipeline.evaluation.intervals import Interval, bootstrap_interval
from pipeline.evaluation.results import SplitResult, compare, score_result


def answers(said: np.ndarray, true: np.ndarray, name: str = "model") -> SplitResult:
    return SplitResult("s", name, "model", np.arange(len(true)), true, np.eye(8)[said])


TRUE = np.arange(400) % 8
RNG = np.random.default_rng(3)
GOOD = np.where(RNG.random(400) < 0.6, TRUE, RNG.integers(0, 8, 400))
POOR = RNG.integers(0, 8, 400)


def test_interval_of_a_mean_is_about_two_standard_errors():
    values = RNG.normal(10, 2, 400)
    interval = bootstrap_interval(lambda rows: values[rows].mean(axis=1), 400, seed=0)
    error = values.std() / 20
    assert interval.estimate == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert interval.high == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)


def test_many_movies_are_drawn_in_pieces_with_the_same_answer(monkeypatch):
    def statistic(rows):
        return rows.mean(axis=1)

    whole = bootstrap_interval(statistic, 50, seed=1)
    monkeypatch.setattr("pipeline.evaluation.intervals._DRAWS_AT_ONCE", 7 * 50)
    assert bootstrap_interval(statistic, 50, seed=1) == whole


def test_same_seed_gives_the_same_interval():
    one, two = (score_result(answers(GOOD, TRUE), seed=4) for _ in "ab")
    assert one == two


def test_difference_is_drawn_on_the_same_movies():
    gap = compare(answers(GOOD, TRUE), answers(GOOD, TRUE, "same"), seed=0)
    assert gap == Interval(0.0, 0.0, 0.0)
    assert gap.verdict == "open"


def test_better_model_is_above_and_worse_is_below():
    good, poor = answers(GOOD, TRUE), answers(POOR, TRUE)
    assert compare(good, poor, seed=0).verdict == "above"
    assert compare(poor, good, seed=0).verdict == "below"


def test_two_guessers_cannot_be_told_apart():
    other = np.random.default_rng(9).integers(0, 8, 400)
    assert compare(answers(POOR, TRUE), answers(other, TRUE), seed=0).verdict == "open"


def test_answers_about_different_movies_are_not_compared():
    with pytest.raises(ValueError, match="different movies"):
        compare(answers(GOOD, TRUE), answers(GOOD[:100], TRUE[:100]), seed=0)


def test_no_movie_has_no_interval():
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_interval(lambda rows: rows.mean(axis=1), 0, seed=0)


def test_one_movie_has_an_interval():
    scores = score_result(answers(np.array([3]), np.array([3])), seed=0)
    assert scores["accuracy_score"] == Interval(1.0, 1.0, 1.0)
