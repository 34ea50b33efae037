"""The verdict on one model, and its sentences."""

import pytest
from hand_made_results import compared, content, result

from pipeline.evaluation.report.verdict import find_verdict, write_verdict

F1, MAE = "macro_f1_score", "mae_error"


def against(outcome, metric=F1, movies=200, score=0.3, **more):
    results = {"all": result("model", metric, score), "mean": result("baseline", metric, 0.2)}
    return content(results, compared("all", "mean", outcome, **more), movies=movies)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("better", "It beats the mean (+0.100, 0.050 to 0.150)."),
        ("worse", "It loses to the mean (-0.100, -0.150 to -0.050)."),
        ("open", "There is no significant difference from the mean (+0.000,"),
    ],
)
def test_verdict_is_plain_also_when_the_model_loses(outcome, words):
    sentence = write_verdict("all", against(outcome), F1)
    assert sentence.startswith(
        "all: macro-F1 0.300 (0.250 to 0.350) on 200 test films; strongest baseline: mean, 0.200. "
    )
    assert words in sentence
    assert "chance" not in sentence
    assert find_verdict("all", against(outcome), F1).outcome == outcome


def test_lower_error_beats():
    sentence = write_verdict("all", against("better", MAE), MAE)
    assert "lower is better" in sentence
    assert "It beats the mean" in sentence


def test_difference_that_does_not_survive_many_comparisons_is_named():
    weak = against("better", undone=True)
    sentence = write_verdict("all", weak, F1)
    assert "no significant difference from the mean (+0.100, 0.050 to 0.150; not after" in sentence
    assert "beats" not in sentence
    assert find_verdict("all", weak, F1).outcome == "open"


def test_model_without_baselines_has_no_verdict():
    alone = content({"all": result("model", F1, 0.3)}, movies=7)
    assert find_verdict("all", alone, F1).outcome == ""
    assert write_verdict("all", alone, F1).endswith("on 7 test films.")


def test_undefined_score_has_a_sentence():
    assert "cannot be computed" in write_verdict("all", against("open", score=None), F1)
