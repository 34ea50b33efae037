import pytest

from pipeline.evaluation.report.evaluation_summary import Subject, summarise
from pipeline.evaluation.report.model_card import render_card
from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.revenue import REVENUE

FACTS = {
    "system": "box_office", "task": "log10_revenue", "split": "80-10-10", "variant": "main",
    "kind": "fields", "config": {"learning_rate": 0.001}, "inputs": ["text", "metadata"],
    "dates": {"train": ["1990-01-01", "2015-12-31"]}, "parameters": 1234567, "train_s": 90.0,
    "history": [{"epoch": 1}, {"epoch": 2}], "best_epoch": 1, "data_hash": "abc",
    "environment": {"python": "3.11", "torch": "2.11"},
}  # fmt: skip


@pytest.fixture(scope="module", name="summary")
def box_office(make, subject):
    return summarise(make(BOX_OFFICE.tasks[0], ("80-10-10",)), subject(BOX_OFFICE))


def test_card_holds_all_known_facts(summary):
    card = render_card(FACTS, summary)
    for text in (
        "# box_office: log10_revenue, main", "predicts a number, in log10 US dollars",
        "text, metadata", "1,234,567", "built-in studio, invented films (seed 7)",
        "weights: random", "| train | 300 | 1990-01-01 to 2015-12-31 |",
        "| val | 50 | not recorded |", "RMSE, lower",
        "gradient boosting on <metadata> (baseline)",
        "noise ceiling of one draw (Bayes-optimal reference)",
        "90 s", "2, weights of epoch 1 kept", '"learning_rate": 0.001', "| torch | 2.11 |", "`abc`",
    ):  # fmt: skip
        assert text in card, text
    assert card.endswith("\n")
    assert "other variant" not in card


def test_card_repeats_the_verdict(summary):
    verdict = summary["tasks"]["log10_revenue"]["splits"]["80-10-10"]["results"]["main"]["verdict"]
    assert f"**{verdict}**" in render_card(FACTS, summary)


def test_card_warns_of_wrong_uses(summary):
    card = render_card(FACTS, summary)
    assert "no decision about a person" in card
    assert "Films unlike the training films" in card
    assert "Real films. It was trained on synthetic films" in card
    assert "random weights" in card


def test_card_of_real_films_does_not_mention_the_simulator(make):
    subject = Subject("box_office", "TMDB", "text: minilm, weights: pretrained", "main")
    card = render_card(FACTS, summarise(make(BOX_OFFICE.tasks[0], ("80-10-10",)), subject))
    assert "synthetic films" not in card
    assert "random weights" not in card


def test_not_beating_a_baseline_is_a_limit(summary, make, subject):
    card = render_card({**FACTS, "variant": "other variant"}, summary)
    assert "- There is no significant difference from the gradient boosting on <metadata>" in card
    losing = make(BOX_OFFICE.tasks[0], ("80-10-10",), models=("a", "b", "c", "main"))
    card = render_card(FACTS, summarise(losing, subject(BOX_OFFICE)))
    assert "- The gradient boosting on <metadata> is better than this model on these films." in card


def test_coverage_of_intervals_is_written(summary):
    assert "90% predictive intervals hold" in render_card(FACTS, summary)
    assert "It has no predictive interval." in render_card(
        {**FACTS, "variant": "other variant"}, summary
    )


def test_card_needs_little(make, subject):
    summary = summarise(make(REVENUE.tasks[0], ("70-20-10",)), subject(REVENUE))
    least = {"system": "revenue", "task": "revenue_class", "split": "70-20-10", "variant": "main"}
    card = render_card({**least, "kind": "fusion"}, summary)
    assert "one of 8 classes" in card
    assert "lowest first: Disaster" in card
    assert "Not recorded." in card


def test_model_without_an_evaluation_is_refused(summary):
    with pytest.raises(KeyError):
        render_card({**FACTS, "variant": "unknown"}, summary)
