"""Scores on the test films as before release stand beside those of whole records, everywhere."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.report.evaluation_files import write_evaluation
from pipeline.evaluation.report.evaluation_summary import summarise
from pipeline.evaluation.report.leaderboard_page import write_leaderboard
from pipeline.evaluation.report.leaderboard_rows import list_leaderboard
from pipeline.evaluation.report.leaderboard_texts import tabulate_leaderboard
from pipeline.evaluation.report.model_card import render_card
from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.revenue import REVENUE

SHIFT = 0.25
FACTS = {
    "system": "box_office", "task": "log10_revenue", "split": "80-10-10", "variant": "main",
    "kind": "blend",
}  # fmt: skip


def cut(results, change):
    """Add what the main variant predicts of the same films with less."""
    return [
        replace(r, cut_preds=change(r.preds), earlier_preds={30: change(change(r.preds))})
        if r.variant == "main"
        else r
        for r in results
    ]


@pytest.fixture(scope="module", name="results")
def box_office_results(make):
    splits = ("80-10-10", "fold-1", "fold-2")
    return cut(make(BOX_OFFICE.tasks[0], splits), lambda preds: preds + SHIFT)


@pytest.fixture(scope="module", name="summary")
def box_office_summary(results, subject):
    return summarise(results, subject(BOX_OFFICE))


def test_error_bias_coverage_and_width_are_those_of_the_cut_films(results, summary):
    main = results[0]
    found = summary["tasks"]["log10_revenue"]["splits"]["80-10-10"]["results"]["main"]
    before = found["before_release"]
    error = float(np.sqrt(np.mean((main.cut_preds[:, 0] - main.target) ** 2)))
    assert before["scores"]["rmse_error"]["estimate"] == pytest.approx(error)
    assert before["numbers"]["bias"] == pytest.approx(found["numbers"]["bias"] + SHIFT)
    assert before["numbers"]["interval_width"] == pytest.approx(found["numbers"]["interval_width"])
    assert before["scores"]["interval_coverage_score"]["low"] is not None
    others = summary["tasks"]["log10_revenue"]["splits"]["80-10-10"]["results"]
    assert [name for name, result in others.items() if "before_release" in result] == ["main"]


def test_folds_are_pooled_also_as_before_release(results, summary):
    pooled = summary["tasks"]["log10_revenue"]["families"]["fold"]["pooled"]["results"]["main"]
    folds = [r for r in results if r.variant == "main" and r.split != "80-10-10"]
    assert len(pooled["before_release"]["answers"]) == sum(len(r.tmdb_ids) for r in folds)
    days = pooled["before_release"]["days"]
    assert list(days) == ["0", "30"]
    assert days["0"] == pooled["before_release"]["scores"]["rmse_error"]
    assert days["30"]["estimate"] > days["0"]["estimate"]


def test_leaderboard_names_the_score_beside_the_main_one(summary, tmp_path):
    rows = list_leaderboard([summary])
    main = next(row for row in rows if row["is_main"] and row["is_headline"])
    assert main["cut_low"] <= main["cut_estimate"] <= main["cut_high"]
    assert all(row["cut_estimate"] is None for row in rows if not row["is_main"])
    lines = [line for _, table in tabulate_leaderboard(rows) for line in table]
    place = next(k for k, line in enumerate(lines) if line[0] == "  as before release")
    assert lines[place - 1][0] == "main *"
    paths = write_leaderboard(tmp_path, [summary])
    assert "as before release" in paths["leaderboard.html"].read_text()
    frame = pd.read_parquet(paths["leaderboard.parquet"])
    assert frame["cut_estimate"].notna().to_numpy().any()


def test_report_and_card_show_both_sets_and_what_cannot_be_known(results, subject, tmp_path):
    paths = write_evaluation(tmp_path, results, subject(BOX_OFFICE))
    page = paths["report.html"].read_text()
    assert "the same films as before release" in page
    assert "was not measured" in page
    assert "RMSE as of days before release, main: 0 days" in page
    card = render_card(FACTS, summarise(results, subject(BOX_OFFICE)))
    assert "### As before release" in card
    assert "| bias (predicted minus actual) |" in card
    assert "RMSE as of days before release: 0 days" in card
    assert "How complete a record was before release" in card


def test_classes_are_scored_so_too(make, subject):
    results = cut(make(REVENUE.tasks[0], ("70-20-10",)), lambda preds: preds[:, ::-1])
    summary = summarise(results, subject(REVENUE))
    main = summary["tasks"]["revenue_class"]["splits"]["70-20-10"]["results"]["main"]
    before = main["before_release"]["scores"]["macro_f1_score"]["estimate"]
    assert before < main["scores"]["macro_f1_score"]["estimate"]


def test_predictions_of_other_films_are_refused(results):
    with pytest.raises(ValueError, match="cut_preds of shape"):
        replace(results[0], cut_preds=results[0].preds[1:])
