from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.intervals import Draws, Interval, bootstrap
from pipeline.evaluation.metrics.significance import compare_all
from pipeline.evaluation.metrics.split_results import SplitResult, score_result

EIGHT = Task("eight", TaskKind.CLASSES, "macro_f1_score", tuple("abcdefgh"), is_ordered=True)
NUMBER = Task("number", TaskKind.REGRESSION, "rmse_error")


def result(preds: np.ndarray, target: np.ndarray, name: str = "model") -> SplitResult:
    return SplitResult(EIGHT, "s", name, "model", np.arange(len(target)), np.eye(8)[preds], target)


def compare(model: SplitResult, other: SplitResult, *, seed: int) -> Interval:
    both = [model, replace(other, variant="other")]
    [found] = compare_all(both, {one.variant: one.bootstrap(seed=seed) for one in both})
    return found.difference


TRUE = np.arange(400) % 8
RNG = np.random.default_rng(3)
GOOD = np.where(RNG.random(400) < 0.6, TRUE, RNG.integers(0, 8, 400))
POOR = RNG.integers(0, 8, 400)


def test_interval_of_a_mean_is_about_two_standard_errors():
    values = RNG.normal(10, 2, 400)
    draws = bootstrap(lambda rows: {"mean": values[rows].mean(axis=1)}, 400, seed=0)
    interval = draws["mean"].interval()
    error = values.std() / 20
    assert interval.estimate == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert interval.high == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)


def test_films_of_one_franchise_are_one_witness():
    series = np.arange(400) // 4
    values = RNG.normal(10, 2, 100)[series]  # four films of a franchise are all alike

    def statistics(rows):
        return {"mean": values[rows].mean(axis=1)}

    single = bootstrap(statistics, 400, seed=0)["mean"].drawn.std()
    whole = bootstrap(statistics, 400, seed=0, franchises=series)["mean"].drawn
    assert whole.std() == pytest.approx(2 * single, rel=0.2)
    assert whole.mean() == pytest.approx(values.mean(), abs=0.05)


def test_franchises_are_drawn_whole_but_for_the_last():
    names = np.array(["a", "b", "a", "c", "b", "a"])
    drawn = []
    bootstrap(lambda rows: drawn.extend(rows) or {"n": rows[:, 0]}, 6, seed=0, franchises=names)
    for rows in drawn[:1000]:
        assert len(rows) == 6
        counts = np.bincount(rows, minlength=6)
        broken = [name for name in "abc" if len(set(counts[names == name])) > 1]
        assert len(broken) <= 1


def test_many_movies_are_drawn_in_pieces_with_the_same_answer(monkeypatch):
    def statistics(rows):
        return {"mean": rows.mean(axis=1)}

    whole = bootstrap(statistics, 50, seed=1)["mean"].drawn
    monkeypatch.setattr("pipeline.evaluation.metrics.intervals._DRAWS_AT_ONCE", 7 * 50)
    np.testing.assert_array_equal(bootstrap(statistics, 50, seed=1)["mean"].drawn, whole)


def test_same_seed_gives_the_same_interval():
    one, two = (score_result(result(GOOD, TRUE), seed=4) for _ in "ab")
    assert one == two


def test_difference_is_drawn_on_the_same_movies():
    gap = compare(result(GOOD, TRUE), result(GOOD, TRUE, "same"), seed=0)
    assert gap == Interval(0.0, 0.0, 0.0)
    assert gap.side == "open"


def test_better_model_is_above_and_worse_is_below():
    good, poor = result(GOOD, TRUE), result(POOR, TRUE)
    assert compare(good, poor, seed=0).side == "above"
    assert compare(poor, good, seed=0).side == "below"


def test_lower_error_is_below():
    target = RNG.normal(0, 1, 200)
    near, far = (
        SplitResult(NUMBER, "s", name, "model", np.arange(200), target + noise, target)
        for name, noise in (("near", 0.1), ("far", 0.5))
    )
    gap = compare(near, far, seed=0)
    assert gap.estimate == pytest.approx(-0.4)
    assert gap.side == "below"


def test_two_guessers_have_no_significant_difference():
    other = np.random.default_rng(9).integers(0, 8, 400)
    assert compare(result(POOR, TRUE), result(other, TRUE), seed=0).side == "open"


def test_results_about_different_movies_are_not_compared():
    with pytest.raises(ValueError, match="different movies"):
        compare(result(GOOD, TRUE), result(GOOD[:100], TRUE[:100]), seed=0)


def test_results_with_other_actual_values_are_not_compared():
    with pytest.raises(ValueError, match="different actual values"):
        compare(result(GOOD, TRUE), result(GOOD, TRUE[::-1]), seed=0)


def test_no_movie_has_no_interval():
    with pytest.raises(ValueError, match="at least one"):
        bootstrap(lambda rows: {"mean": rows.mean(axis=1)}, 0, seed=0)


def test_one_movie_has_an_interval():
    scores = score_result(result(np.array([3]), np.array([3])), seed=0)
    assert scores["accuracy_score"] == Interval(1.0, 1.0, 1.0)
    assert np.isnan(scores["auc_score"].estimate)


def test_draws_with_nothing_to_score_are_left_out():
    drawn = Draws(0.5, np.array([np.nan, *np.linspace(0, 1, 101)]))
    assert drawn.interval().low == pytest.approx(0.025)
    assert np.isnan(Draws(0.5, np.full(3, np.nan)).interval().low)


def test_share_of_another_score_is_taken_draw_by_draw():
    gap = Draws(-0.1, np.array([-0.1, -0.2])).over(Draws(0.5, np.array([0.5, 0.4])))
    assert gap.estimate == pytest.approx(-0.2)
    assert gap.drawn.tolist() == pytest.approx([-0.2, -0.5])


@pytest.mark.parametrize(
    ("target", "preds", "message"),
    [
        (np.array([0, 1]), np.ones((2, 3)), "expected target of shape"),
        (np.array([0, -1]), np.ones((2, 8)), "class is unknown"),
        (np.array([0, 1]), np.full((2, 8), np.nan), "predicted value is missing"),
    ],
)
def test_result_that_does_not_fit_its_task_is_refused(target, preds, message):
    with pytest.raises(ValueError, match=message):
        SplitResult(EIGHT, "s", "model", "model", np.arange(2), preds, target)
