import time

import numpy as np
import pytest
import sklearn.metrics as reference

from pipeline.evaluation.metrics.label_metrics import LABEL_METRICS, score_labels, score_movies
from pipeline.evaluation.metrics.task_scores import count_draws

RNG = np.random.default_rng(11)


def area(target, preds) -> float:
    precision, recall, _ = reference.precision_recall_curve(target, preds)
    return reference.auc(recall, precision)


def compute_again(target, preds):
    """The paper's four scores by scikit-learn, one draw at a time."""
    there = target.any(axis=0)
    areas = np.array([area(target[:, k], preds[:, k]) for k in np.flatnonzero(there)])
    labelled = target.any(axis=1)
    return {
        "micro_ap_score": area(target.ravel(), preds.ravel()),
        "macro_ap_score": areas.mean(),
        "weighted_ap_score": np.average(areas, weights=target.sum(axis=0)[there]),
        "sample_ap_score": np.mean(
            [area(t, s) for t, s in zip(target[labelled], preds[labelled], strict=True)]
        ),
        "average_precision_score": reference.average_precision_score(
            target[:, there], preds[:, there], average="macro"
        ),
    }


def score_all(target, preds) -> dict[str, float]:
    return {
        name: s[0] for name, s in score_labels(preds, target, np.ones((1, len(target)))).items()
    }


def make(n, labels=10, decimals=16):
    target = (RNG.random((n, labels)) < RNG.uniform(0.05, 0.6, labels)).astype(float)
    target[np.arange(n), RNG.integers(0, labels, n)] = 1
    return target, np.round(0.4 * target + 0.6 * RNG.random((n, labels)), decimals)


@pytest.mark.parametrize("decimals", [16, 2, 1, 0])
def test_scores_agree_with_a_second_implementation_also_with_ties(decimals):
    target, preds = make(300, decimals=decimals)
    assert score_all(target, preds) == pytest.approx(compute_again(target, preds), abs=1e-12)


def test_trapezoids_flatter_ties_and_average_precision_does_not():
    target, preds = make(200, decimals=0)
    ours = score_all(target, preds)
    assert ours["macro_ap_score"] > ours["average_precision_score"] + 0.02


def test_every_draw_scores_as_if_it_stood_alone():
    target, preds = make(60, labels=4, decimals=1)
    rows = RNG.integers(0, 60, (8, 60))
    many = score_labels(preds, target, count_draws(rows, 60))
    for k, drawn in enumerate(rows):
        wanted = compute_again(target[drawn], preds[drawn])
        assert {name: many[name][k] for name in many} == pytest.approx(wanted, abs=1e-12)


def test_draws_in_pieces_give_the_same(monkeypatch):
    target, preds = make(40)
    weights = count_draws(RNG.integers(0, 40, (30, 40)), 40)
    whole = score_labels(preds, target, weights)
    monkeypatch.setattr("pipeline.evaluation.metrics.label_metrics._CELLS_AT_ONCE", 7 * target.size)
    pieces = score_labels(preds, target, weights)
    for name in LABEL_METRICS:
        np.testing.assert_array_equal(whole[name], pieces[name])


def test_label_without_a_movie_is_left_out_of_the_macro_mean():
    target, preds = make(50, labels=3)
    target[:, 1] = 0
    alone = score_all(target[:, [0, 2]], preds[:, [0, 2]])
    together = score_all(target, preds)
    assert together["macro_ap_score"] == pytest.approx(alone["macro_ap_score"])
    assert together["average_precision_score"] == pytest.approx(alone["average_precision_score"])


def test_movie_without_a_label_is_left_out_of_the_sample_mean():
    target, preds = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.9, 0.1], [0.5, 0.5]])
    assert np.isnan(score_movies(preds, target)).tolist() == [False, True]
    assert score_all(target, preds)["sample_ap_score"] == 1.0


def test_no_label_at_all_has_no_score():
    scores = score_all(np.zeros((3, 2)), RNG.random((3, 2)))
    assert all(np.isnan(score) for score in scores.values())


def test_perfect_answer_scores_one_and_the_prior_scores_the_share():
    target, _ = make(400)
    assert all(score == 1 for score in score_all(target, target).values())
    prior = np.tile(target.mean(axis=0), (400, 1))
    assert score_all(target, prior)["average_precision_score"] == pytest.approx(target.mean())


def test_a_thousand_draws_take_seconds():
    target, preds = make(2500)
    weights = count_draws(RNG.integers(0, 2500, (1000, 2500)), 2500)
    started = time.process_time()
    score_labels(preds, target, weights)
    assert time.process_time() - started < 10
