import pytest

from pipeline.evaluation.metrics.intervals import Interval
from pipeline.evaluation.metrics.significance import Comparison
from pipeline.evaluation.report.verdict import write_verdict

SCORE = Interval(0.3, 0.2, 0.4)


def against(gap, p_holm=0.001, metric="macro_f1_score"):
    return Comparison("all", "mean", metric, gap, gap, p_holm, p_holm)


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (Interval(0.2, 0.1, 0.3), "It beats the mean (+0.200, 0.100 to 0.300)."),
        (Interval(-0.2, -0.3, -0.1), "It loses to the mean (-0.200, -0.300 to -0.100)."),
        (Interval(0.1, -0.1, 0.3), "There is no significant difference from the mean (+0.100,"),
        (Interval(0.0, 0.0, 0.0), "There is no significant difference from the mean (+0.000,"),
    ],
)
def test_verdict_is_plain_also_when_the_model_loses(gap, words):
    sentence = write_verdict("all", "macro_f1_score", SCORE, [against(gap)], 200)
    assert words in sentence
    assert "chance" not in sentence


def test_lower_error_beats():
    gap = against(Interval(-0.2, -0.3, -0.1), metric="mae_error")
    sentence = write_verdict("all", "mae_error", SCORE, [gap], 200)
    assert "lower is better" in sentence
    assert "It beats the mean" in sentence


def test_verdict_on_few_movies_warns():
    sentence = write_verdict("all", "macro_f1_score", SCORE, [], 7)
    assert sentence.endswith("With 7 films such differences are mostly chance.")


def test_difference_that_does_not_survive_many_comparisons_is_named():
    weak = against(Interval(0.2, 0.01, 0.3), p_holm=0.4)
    sentence = write_verdict("all", "macro_f1_score", SCORE, [weak], 200, 12)
    assert "Corrected for 12 comparisons (Holm), the difference from the mean is not" in sentence


def test_undefined_score_has_a_verdict():
    nothing = Interval(*[float("nan")] * 3)
    assert "cannot be computed" in write_verdict("all", "auc_score", nothing, [], 20)
