"""An evaluation beside the one before it."""

import copy

import pytest

from pipeline.evaluation.report.earlier_results import compare_with_earlier, describe_changes
from pipeline.evaluation.report.evaluation_summary import summarise
from pipeline.evaluation.report.headline_figures import headline_figures
from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.genre import GENRE
from pipeline.models.systems.revenue import REVENUE

SYSTEMS = (BOX_OFFICE, REVENUE, GENRE)  # numbers, classes, labels


def summary_of(make, subject, system):
    return summarise(make(system.tasks[0], ("80-10-10",), n=120), subject(system))


def contents(summary, system):
    return summary["tasks"][system.tasks[0].name]["splits"]["80-10-10"]


def compare(now, before, system):
    (change,) = compare_with_earlier(now, before, system.tasks, seed=42)
    return change


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_same_evaluation_is_not_worse(make, subject, system):
    summary = summary_of(make, subject, system)
    change = compare(summary, summary, system)
    assert not change.is_worse
    assert change.difference.estimate == 0
    score = contents(summary, system)["results"]["main"]["scores"][change.metric]
    assert change.now == pytest.approx(score["estimate"], abs=1e-9)  # predictions are rounded


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_model_that_became_significantly_worse_is_found(make, subject, system):
    before = summary_of(make, subject, system)
    now = copy.deepcopy(before)
    results = contents(now, system)["results"]
    results["main"] = {**results["trivial"], "kind": "model"}
    change = compare(now, before, system)
    assert change.is_worse
    assert "significantly worse" in next(describe_changes([change]))
    assert not compare(before, now, system).is_worse, "better is no warning"


@pytest.mark.parametrize("key", ["tmdb_ids", "y_true"])
def test_other_rows_are_not_compared_and_it_says_so(make, subject, key):
    before = summary_of(make, subject, REVENUE)
    now = copy.deepcopy(before)
    contents(now, REVENUE)[key][0] = (contents(now, REVENUE)[key][0] + 1) % 8
    change = compare(now, before, REVENUE)
    assert not change.is_worse
    assert "not compared; the test movies" in next(describe_changes([change]))


def test_model_that_is_new_is_not_compared(make, subject):
    now = summary_of(make, subject, REVENUE)
    before = copy.deepcopy(now)
    del contents(before, REVENUE)["results"]["main"]
    assert "no such model" in compare(now, before, REVENUE).reason
    assert "no such model" in compare(now, {**before, "tasks": {}}, REVENUE).reason


def test_pooled_folds_are_what_is_compared(make, subject):
    """A lucky first split hides nothing: the headline of both evaluations is the folds."""
    splits = ("80-10-10", "fold-1", "fold-2")
    before = summarise(make(BOX_OFFICE.tasks[0], splits, n=120), subject(BOX_OFFICE))
    now = copy.deepcopy(before)
    results = now["tasks"]["log10_revenue"]["families"]["fold"]["pooled"]["results"]
    results["main"] = {**results["trivial"], "kind": "model"}
    change = compare(now, before, BOX_OFFICE)
    assert change.split == "fold"
    assert change.is_worse
    first = copy.deepcopy(before)
    del first["tasks"]["log10_revenue"]["families"]["fold"]
    assert "no such model" in compare(now, first, BOX_OFFICE).reason


def test_headline_figures_are_those_of_the_main_model(make, subject):
    summary = summary_of(make, subject, BOX_OFFICE)
    figures, results = headline_figures(summary), contents(summary, BOX_OFFICE)["results"]
    errors = {name: one["scores"]["rmse_error"]["estimate"] for name, one in results.items()}
    assert figures["test_movies"] == 120
    assert figures["score"] == errors["main"]
    assert figures["score_low"] < figures["score"] < figures["score_high"]
    assert figures["best_baseline_score"] == min(
        errors["trivial"], errors["boosting on <metadata>"]
    )
