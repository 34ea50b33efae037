"""Results by hand, one for each way in which scores and differences themselves were misread."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made_results import compared, content, numbers

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.significance import compare_all, correct_holm
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.report.evaluation_summary import Subject, summarise
from pipeline.evaluation.report.verdict import find_verdict, write_verdict

RMSE, F1, MEDIAN = "rmse_error", "macro_f1_score", "median"
NUMBER = Task("money", TaskKind.REGRESSION, RMSE)
EIGHT = Task("eight", TaskKind.CLASSES, F1, tuple("abcdefgh"), is_ordered=True)
SUBJECT = Subject("system", "TMDB", "text: minilm, weights: pretrained", "main")


def test_class_without_a_test_film_is_named_and_not_scored_zero():
    """Five of eight classes occur; a sixth is predicted once."""
    target = np.array([0, 0, 1, 1, 2, 2, 6, 6, 7, 7])
    preds = np.array([0, 0, 1, 1, 2, 2, 6, 6, 7, 4])
    [model] = [SplitResult(EIGHT, "s", "main", "model", np.arange(10), np.eye(8)[preds], target)]
    found = summarise([model], SUBJECT)["tasks"]["eight"]["splits"]["s"]["results"]["main"]
    assert [row["name"] for row in found["classes"]] == list("abcdefgh")
    assert [row["movies"] for row in found["classes"]] == [2, 2, 2, 0, 0, 0, 2, 2]
    assert [row["recall"] for row in found["classes"]][3:6] == [None] * 3
    scores = {name: score["estimate"] for name, score in found["scores"].items()}
    assert scores[F1] == pytest.approx((4 + 2 / 3) / 5)
    assert scores["macro_recall_score"] == scores["balanced_accuracy_score"] == 0.9
    assert scores["macro_precision_score"] == 1.0
    # one of ten is three classes off: d is 4 - 7, not the gap between neighbours that occur
    off, chance = 9 / 10, _mean_square(target, preds)
    assert scores["quadratic_kappa_score"] == pytest.approx(1 - off / chance)


def _mean_square(target, preds):
    return np.mean([(a - b) ** 2 for a in target for b in preds])


def test_fold_that_lacks_classes_names_all_eight_in_the_means():
    results = []
    for k, classes in enumerate(([0, 1, 2, 3], [0, 5, 6, 7])):
        target = np.repeat(classes, 3)
        ids = np.arange(12) + 12 * k
        results.append(
            SplitResult(EIGHT, f"fold-{k}", "main", "model", ids, np.eye(8)[target], target)
        )
    family = summarise(results, SUBJECT)["tasks"]["eight"]["families"]["fold"]
    means = {one["name"]: one for one in family["means"]["main"]["classes"]}
    assert list(means) == list("abcdefgh")
    assert [means[name]["f1"]["splits"] for name in "abcdefgh"] == [2, 1, 1, 1, 0, 1, 1, 1]
    assert means["e"]["movies"] == 0
    assert means["e"]["f1"]["mean"] is None
    assert means["a"]["f1"]["mean"] == 1
    assert family["pooled"]["results"]["main"]["scores"]["quadratic_kappa_score"]["estimate"] == 1


@pytest.mark.parametrize(("metric", "outcome"), [(RMSE, "worse"), (F1, "better")])
def test_more_is_worse_of_errors_and_better_of_scores(metric, outcome):
    """The same figures, .5 beside .3 and .4, read as an error and as a score."""
    table = content(
        numbers(metric, main=0.5, mean=0.3, median=0.4),
        compared("main", "mean", outcome), compared("main", MEDIAN, outcome),
    )  # fmt: skip
    verdict = find_verdict("main", table, metric)
    assert verdict.outcome == outcome
    assert verdict.best_baseline == ("mean" if metric == RMSE else MEDIAN)
    sentence = write_verdict("main", table, metric)
    assert ("It loses to" in sentence) == (metric == RMSE)
    assert ("lower is better" in sentence) == (metric == RMSE)


@pytest.mark.parametrize("sign", [1, -1])
def test_sign_of_a_difference_follows_the_metric(sign):
    """Of real predictions: RMSE falls and R² rises with quality."""
    rng = np.random.default_rng(0)
    target = rng.normal(7, 1, 300)
    preds = {"near": target + rng.normal(0, 0.2, 300), "far": target + rng.normal(0, 0.9, 300)}
    model, other = ("near", "far") if sign > 0 else ("far", "near")
    for metric in (RMSE, "r2_score"):
        measured = replace(NUMBER, main_metric=metric)
        pair = [
            SplitResult(measured, "s", name, kind, np.arange(300), preds[name], target)
            for name, kind in ((model, "model"), (other, "baseline"))
        ]
        [found] = compare_all(pair, {one.variant: one.bootstrap(seed=0) for one in pair})
        assert found.outcome == ("better" if sign > 0 else "worse")
        assert (found.difference.estimate > 0) == ((metric == RMSE) == (sign < 0))


def test_holm_counts_only_comparisons_that_exist():
    """A noise ceiling, a score that is undefined, and a variant without a row count nothing."""
    rng = np.random.default_rng(2)
    target = rng.normal(7, 1, 60)
    results = [
        SplitResult(NUMBER, "s", name, kind, np.arange(60), target + rng.normal(0, sd, 60), target)
        for name, kind, sd in (
            ("a", "model", 0.5), ("b", "model", 0.6), ("mean", "baseline", 0.7),
            ("ceiling", "limit", 0.1),
        )
    ]  # fmt: skip
    draws = {one.variant: one.bootstrap(seed=0) for one in results}
    both = compare_all(results, draws)
    alone = compare_all([one for one in results if one.variant != "b"], draws)
    assert [len(both), len(alone)] == [3, 1]
    assert alone[0].p_holm == alone[0].p_value
    least = min(both, key=lambda one: one.p_value)
    assert least.p_holm == pytest.approx(min(1, 3 * least.p_value))
    assert correct_holm([0.02, float("nan"), 0.03]) == pytest.approx(
        [0.04, np.nan, 0.04], nan_ok=True
    )
