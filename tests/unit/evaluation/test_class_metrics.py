import numpy as np
import pytest
import sklearn.metrics as reference

from pipeline.evaluation.metrics.class_metrics import (
    CONFUSION_METRICS,
    ORDERED_METRICS,
    count_confusions,
    expect_confusions,
    report_classes,
)

METRICS = CONFUSION_METRICS | ORDERED_METRICS
RNG = np.random.default_rng(5)
CASES = {
    "random": (RNG.integers(0, 8, 200), RNG.integers(0, 8, 200)),
    "good": (np.arange(80) % 8, np.clip(np.arange(80) % 8 + RNG.integers(-1, 2, 80), 0, 7)),
    "perfect": (np.arange(16) % 8, np.arange(16) % 8),
    "constant prediction": (np.arange(30) % 8, np.full(30, 2)),
    "classes absent": (np.array([0, 0, 5, 5, 5]), np.array([0, 5, 5, 1, 5])),
    "nothing right": (np.array([0, 1, 2]), np.array([3, 4, 5])),
}


def macro(function):
    """scikit-learn's macro mean over the classes that occur."""
    return lambda t, s: function(t, s, average="macro", labels=np.unique(t), zero_division=0)


REFERENCE = {
    "accuracy_score": reference.accuracy_score,
    "weighted_recall_score": lambda t, s: reference.recall_score(
        t, s, average="weighted", zero_division=0
    ),
    "macro_f1_score": macro(reference.f1_score),
    "weighted_f1_score": lambda t, s: reference.f1_score(t, s, average="weighted"),
    "macro_precision_score": macro(reference.precision_score),
    "weighted_precision_score": lambda t, s: reference.precision_score(
        t, s, average="weighted", zero_division=0
    ),
    "macro_recall_score": macro(reference.recall_score),
    "balanced_accuracy_score": lambda t, s: np.mean([(s[t == k] == k).mean() for k in set(t)]),
    "quadratic_kappa_score": lambda t, s: reference.cohen_kappa_score(
        t, s, weights="quadratic", labels=list(range(8))
    ),
    "within_one_accuracy_score": lambda t, s: (np.abs(t - s) <= 1).mean(),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", METRICS)
def test_score_agrees_with_a_second_implementation(case, name):
    target, preds = CASES[case]
    ours = METRICS[name](count_confusions(preds, target, 8))
    assert ours == pytest.approx(REFERENCE[name](target, preds), abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_scores_of_many_draws_are_those_of_each(name):
    target, preds = CASES["random"]
    rows = RNG.integers(0, len(target), (7, len(target)))
    stacked = METRICS[name](count_confusions(preds[rows], target[rows], 8))
    single = [METRICS[name](count_confusions(preds[row], target[row], 8)) for row in rows]
    np.testing.assert_array_equal(stacked, single)


def test_confusions_are_counted_with_true_classes_in_rows():
    target, preds = CASES["random"]
    wanted = reference.confusion_matrix(target, preds, labels=range(8))
    np.testing.assert_array_equal(count_confusions(preds, target, 8), wanted)


def test_kappa_of_a_single_class_is_zero_and_not_nan():
    confusion = count_confusions(np.zeros(5, int), np.zeros(5, int), 8)
    assert METRICS["quadratic_kappa_score"](confusion) == 0


def test_classes_are_reported_one_by_one():
    rows = report_classes(
        count_confusions(np.array([0, 1, 1]), np.array([0, 0, 1]), 3), ["low", "high", "none"]
    )
    assert rows[0] == {
        "name": "low", "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3),
        "movies": 2, "said": 1,
    }  # fmt: skip
    assert (rows[2]["name"], rows[2]["movies"], rows[2]["said"]) == ("none", 0, 0)
    assert all(np.isnan(rows[2][score]) for score in ("precision", "recall", "f1"))


def test_expected_counts_are_the_mean_of_many_draws():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 3, (4, 50))
    probabilities = rng.dirichlet([1, 2, 3], (4, 50))
    draws = (probabilities.cumsum(-1) > rng.random((2000, 4, 50, 1))).argmax(-1)
    mean = np.mean([count_confusions(preds, target, 3) for preds in draws], axis=0)
    assert np.abs(expect_confusions(probabilities, target) - mean).max() < 0.5


def test_expected_counts_of_certain_predictions_are_their_counts():
    target, preds = np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2])
    sure = expect_confusions(np.eye(3)[preds], target)
    assert sure.tolist() == count_confusions(preds, target, 3).tolist()
