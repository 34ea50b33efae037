from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_rel

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.intervals import Draws, Interval
from pipeline.evaluation.metrics.significance import (
    bootstrap_p,
    classify_difference,
    compare_all,
    correct_holm,
    mcnemar_p,
)
from pipeline.evaluation.metrics.split_results import SplitResult

TWO = Task("two", TaskKind.CLASSES, "accuracy_score", ("no", "yes"))
NUMBER = Task("number", TaskKind.REGRESSION, "mae_error")
RNG = np.random.default_rng(8)
TRUE = RNG.integers(0, 2, 300)


def classes(name, right, kind="model", **more):
    preds = np.where(right, TRUE, 1 - TRUE)
    return SplitResult(TWO, "s", name, kind, np.arange(300), np.eye(2)[preds], TRUE, **more)


RIGHT = np.arange(300) % 10 < 8
WRONG_MORE = np.arange(300) % 10 < 6


def test_mcnemar_is_exact_on_a_case_by_hand():
    better, worse = classes("a", np.arange(300) >= 2), classes("b", np.arange(300) >= 8)
    assert mcnemar_p(better, worse) == pytest.approx(2 * 0.5**6)
    assert mcnemar_p(worse, better) == pytest.approx(2 * 0.5**6)


def test_mcnemar_of_equal_answers_is_one():
    assert mcnemar_p(classes("a", RIGHT), classes("b", RIGHT)) == 1


def test_mcnemar_needs_predicted_classes():
    assert np.isnan(mcnemar_p(classes("a", RIGHT), classes("b", RIGHT, is_sampled=True)))
    number = SplitResult(NUMBER, "s", "a", "model", np.arange(3), np.zeros(3), np.ones(3))
    assert np.isnan(mcnemar_p(number, number))


def test_bootstrap_p_is_near_that_of_a_paired_t_test():
    target, near, far = RNG.normal(0, 1, (3, 400))
    one, two = target + 0.50 * near, target + 0.56 * far
    results = [
        SplitResult(NUMBER, "s", name, "model", np.arange(400), preds, target)
        for name, preds in (("one", one), ("two", two))
    ]
    draws = {result.variant: result.bootstrap(seed=0) for result in results}
    [compared] = compare_all(results, draws)
    wanted = ttest_rel(np.abs(target - one), np.abs(target - two)).pvalue
    assert compared.p_value == pytest.approx(wanted, abs=0.03)


def test_difference_that_does_not_vary_is_not_significant():
    assert bootstrap_p(Draws(0.0, np.zeros(1000)), 50) == 1
    assert np.isnan(bootstrap_p(Draws(float("nan"), np.zeros(1000)), 50))


@pytest.mark.parametrize("n", [2, 3, 5, 10, 40])
def test_few_movies_are_rarely_called_significant_by_chance(n):
    """Two models of equal error: of 300 test sets a twentieth may differ, not a third."""
    rng = np.random.default_rng(n)
    p_values = []
    for _ in range(300):
        target = rng.normal(0, 1, n)
        results = [
            SplitResult(NUMBER, "s", name, kind, np.arange(n), target + rng.normal(0, 1, n), target)
            for name, kind in (("one", "model"), ("two", "baseline"))
        ]
        draws = {one.variant: one.bootstrap(seed=0) for one in results}
        p_values += [compared.p_value for compared in compare_all(results, draws)]
    assert np.mean(np.array(p_values) < 0.05) < 0.09


def test_franchises_count_as_one_film_each():
    target = np.arange(6.0)
    result = SplitResult(NUMBER, "s", "a", "model", np.arange(6), target, target)
    assert result.n_independent == 6
    named = np.array(["a", "a", "a", "b", "b", "b"], dtype=object)
    assert replace(result, franchises=named).n_independent == 2


def test_holm_steps_on_a_case_by_hand():
    assert correct_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert correct_holm([]) == []
    assert correct_holm([0.7, 0.9]) == [1, 1]


def test_many_true_nulls_are_rarely_called_significant():
    tables = RNG.random((2000, 12))
    assert np.mean([min(correct_holm(row)) < 0.05 for row in tables]) == pytest.approx(
        0.05, abs=0.02
    )


def test_models_meet_baselines_and_each_other_once_and_no_limit():
    results = [
        classes("a", RIGHT), classes("b", WRONG_MORE), classes("prior", WRONG_MORE, "baseline"),
        classes("limit", RIGHT, "limit"),
    ]  # fmt: skip
    draws = {result.variant: result.bootstrap(seed=0) for result in results}
    pairs = compare_all(results, draws)
    assert [(c.model, c.other) for c in pairs] == [("a", "prior"), ("a", "b"), ("b", "prior")]
    assert [c.outcome for c in pairs] == ["better", "better", "open"]
    assert [c.is_significant for c in pairs] == [True, True, False]
    assert all(c.p_holm >= c.p_value for c in pairs)


def test_lower_errors_are_better_and_lower_scores_are_worse():
    below = Interval(-0.2, -0.3, -0.1)
    assert classify_difference("rmse_error", below) == "better"
    assert classify_difference("r2_score", below) == "worse"
    assert classify_difference("r2_score", Interval(0.0, -0.1, 0.1)) == "open"
