from dataclasses import replace

import numpy as np
import pytest
from present import present

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.class_metrics import count_confusions, report_classes
from pipeline.evaluation.metrics.split_families import (
    average_classes,
    average_scores,
    group_families,
    pool,
)
from pipeline.evaluation.metrics.split_results import SplitResult

NUMBER = Task("number", TaskKind.REGRESSION, "mae_error")


def fold(k, ids, variant="model", **facts):
    target = np.asarray(ids, dtype=float)
    return SplitResult(
        NUMBER, f"fold-{k}", variant, "model", np.asarray(ids), target + k, target, facts=facts
    )


def test_shares_are_no_numbers_of_a_family():
    assert group_families(["70-20-10", "75-15-10", "80-10-10", "by-date"]) == {}


def test_one_numbered_split_is_no_family():
    assert group_families(["fold-1"]) == {}


def test_folds_are_pooled_with_every_movie_once():
    [pooled] = pool([fold(1, [1, 2], train_s=2.0), fold(2, [3], train_s=3.0)], "fold")
    assert pooled.tmdb_ids.tolist() == [1, 2, 3]
    assert (pooled.preds - pooled.target).tolist() == [1, 1, 2]
    assert pooled.set_sizes == {"test": 3}
    assert pooled.facts == {"train_s": 5.0}


def test_franchises_are_pooled_with_their_movies():
    one = replace(fold(1, [1, 2]), franchises=np.array(["a", "a"], dtype=object))
    other = replace(fold(2, [3]), franchises=np.array(["b"], dtype=object))
    [pooled] = pool([one, other], "fold")
    assert present(pooled.franchises).tolist() == ["a", "a", "b"]
    assert pooled.bootstrap(seed=0)["mae_error"].estimate == pytest.approx(4 / 3)


def test_test_sets_that_share_a_movie_are_not_pooled():
    assert pool([fold(1, [1, 2]), fold(2, [2])], "fold") == []


def test_variant_that_is_missing_on_a_fold_is_not_pooled():
    results = [fold(1, [1]), fold(1, [1], "other"), fold(2, [2])]
    assert [result.variant for result in pool(results, "fold")] == ["model"]


def test_deviation_is_that_of_a_sample():
    scores = [{"mae_error": value} for value in (0.7, 0.8, 0.9)]
    assert average_scores(scores)["mae_error"] == {
        "mean": pytest.approx(0.8), "sd": pytest.approx(0.1), "splits": 3,
    }  # fmt: skip


def test_split_without_a_score_does_not_take_the_mean_of_the_others():
    scores = [{"auc_score": value} for value in (0.7, float("nan"), 0.9)]
    assert average_scores(scores)["auc_score"] == {
        "mean": pytest.approx(0.8), "sd": pytest.approx(2**0.5 / 10), "splits": 2,
    }  # fmt: skip
    nowhere = average_scores([{"auc_score": float("nan")}] * 2)["auc_score"]
    assert np.isnan(nowhere["mean"])
    assert nowhere["splits"] == 0


def test_means_over_folds_name_every_class_and_count_its_folds():
    names = ("low", "middle", "high", "never")
    folds = [
        report_classes(count_confusions(np.array(preds), np.array(target), 4), names)
        for preds, target in (([0, 1, 1], [0, 0, 1]), ([0, 2, 2], [0, 2, 2]))
    ]
    low, middle, high, never = average_classes(folds)
    assert [one["name"] for one in (low, middle, high, never)] == list(names)
    assert [one["movies"] for one in (low, middle, high, never)] == [3, 1, 2, 0]
    assert low["recall"] == {"mean": 0.75, "sd": pytest.approx(0.5 / 2**0.5), "splits": 2}
    assert (middle["recall"]["mean"], middle["recall"]["splits"]) == (1.0, 1)
    assert (high["f1"]["mean"], high["f1"]["splits"]) == (1.0, 1)
    assert np.isnan(never["f1"]["mean"])
    assert never["f1"]["splits"] == 0
