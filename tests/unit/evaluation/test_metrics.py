import numpy as np
import pytest
import sklearn.metrics as reference

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.metrics.task_scores import count_draws, rank_in_top, score_auc, score_draws
from pipeline.models.systems.registry import SYSTEMS

RNG = np.random.default_rng(2)
ORDERED = Task("money", TaskKind.CLASSES, "macro_f1_score", tuple("abcde"), is_ordered=True)
BINARY = Task("profit", TaskKind.CLASSES, "auc_score", ("no", "yes"))
NUMBER = Task("score", TaskKind.REGRESSION, "mae_error")


def score(task, target, preds, **more):
    everyone = np.arange(len(target))[None]
    return {k: v[0] for k, v in score_draws(task, preds, target, everyone, **more).items()}


def test_auc_of_two_classes_agrees_with_a_second_implementation_with_ties():
    target, preds = RNG.integers(0, 2, 300), np.round(RNG.random(300), 1)
    ours = score(BINARY, target, np.stack([1 - preds, preds], axis=1))
    assert ours["auc_score"] == pytest.approx(reference.roc_auc_score(target, preds), abs=1e-12)


def test_auc_of_many_classes_is_the_mean_of_one_against_the_rest():
    target, preds = RNG.integers(0, 5, 300), RNG.dirichlet(np.ones(5), 300)
    wanted = reference.roc_auc_score(target, preds, multi_class="ovr")
    assert score(ORDERED, target, preds)["auc_score"] == pytest.approx(wanted, abs=1e-12)


def test_auc_of_a_draw_with_one_class_cannot_be_had():
    preds = np.array([[0.2, 0.8], [0.6, 0.4]])
    rows = np.array([[0, 0], [0, 1]])
    drawn = score_auc(preds, np.array([1, 0]), count_draws(rows, 2))
    assert np.isnan(drawn[0])
    assert drawn[1] == 1


def test_top_three_agrees_with_a_second_implementation_without_ties():
    target, preds = RNG.integers(0, 5, 200), RNG.dirichlet(np.ones(5), 200)
    wanted = reference.top_k_accuracy_score(target, preds, k=3, labels=range(5))
    assert score(ORDERED, target, preds)["top3_accuracy_score"] == pytest.approx(wanted)


def test_classes_of_equal_probability_share_the_places_that_are_left():
    majority = np.eye(5)[[0, 0]]
    assert rank_in_top(majority, np.array([0, 1])).tolist() == [1.0, 0.5]


def test_only_ordered_classes_have_neighbours():
    target, preds = RNG.integers(0, 2, 20), RNG.dirichlet(np.ones(2), 20)
    ours = score(BINARY, target, preds)
    assert "within_one_accuracy_score" not in ours
    assert "top3_accuracy_score" not in ours
    assert {"within_one_accuracy_score", "top3_accuracy_score"} <= set(
        score(ORDERED, target, RNG.dirichlet(np.ones(5), 20))
    )


def test_errors_of_a_number_agree_with_a_second_implementation():
    target, preds = RNG.normal(7, 1, 200), RNG.normal(7, 1, 200)
    ours = score(NUMBER, target, preds)
    assert ours["mae_error"] == pytest.approx(reference.mean_absolute_error(target, preds))
    assert ours["mse_error"] == pytest.approx(reference.mean_squared_error(target, preds))
    assert ours["rmse_error"] == pytest.approx(reference.root_mean_squared_error(target, preds))
    assert ours["r2_score"] == pytest.approx(reference.r2_score(target, preds))
    assert "interval_coverage_score" not in ours


def test_errors_of_every_draw_are_those_of_the_draw_alone():
    target, preds = RNG.normal(7, 1, 50), RNG.normal(7, 1, (50, 3))
    rows = RNG.integers(0, 50, (9, 50))
    many = score_draws(NUMBER, preds, target, rows)
    for k, drawn in enumerate(rows):
        alone = score(NUMBER, target[drawn], preds[drawn])
        assert {name: many[name][k] for name in many} == pytest.approx(alone)
        assert alone["r2_score"] == pytest.approx(
            reference.r2_score(target[drawn], preds[drawn, 0])
        )


def test_coverage_is_the_share_inside_the_predictive_interval():
    preds = np.array([[1.0, 0.0, 2.0], [1.0, 0.0, 2.0], [1.0, 0.5, 1.5], [1.0, 0.5, 1.5]])
    target = np.array([0.0, 2.1, 1.0, 0.4])
    assert score(NUMBER, target, preds)["interval_coverage_score"] == 0.5


def test_equal_numbers_have_no_r2():
    assert np.isnan(score(NUMBER, np.full(5, 3.3), RNG.normal(3, 1, 5))["r2_score"])


def test_every_main_metric_of_the_table_is_a_score_of_its_kind():
    for task in (task for system in SYSTEMS for task in system.tasks):
        wide = len(task.class_names)
        target = {
            TaskKind.CLASSES: np.arange(20) % max(wide, 1),
            TaskKind.LABELS: np.eye(max(wide, 1))[np.arange(20) % max(wide, 1)],
            TaskKind.REGRESSION: np.arange(20.0),
        }[task.kind]
        preds = RNG.random((20, wide)) if wide else RNG.random(20)
        scores = score(task, target, preds)
        assert task.main_metric in scores
        assert set(scores) <= set(METRIC_WORDS)


def test_names_say_which_way_is_better():
    assert all(name.endswith(("_score", "_error")) for name in METRIC_WORDS)
    assert is_error("rmse_error")
    assert not is_error("r2_score")
