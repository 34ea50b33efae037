import csv
import dataclasses
import json
import re
import struct

import numpy as np
import pytest

from pipeline.evaluation.report.evaluation_files import list_comparison, write_evaluation
from pipeline.evaluation.report.evaluation_summary import summarise
from pipeline.evaluation.report.report_page import find_best, render_report
from pipeline.evaluation.report.stored_results import find_headline
from pipeline.models.systems.box_office import BOX_OFFICE
from pipeline.models.systems.genre import GENRE
from pipeline.models.systems.poster import POSTER
from pipeline.models.systems.revenue import REVENUE

TABLES = {"evaluation_results.json", "split_comparison.csv", "report.html"}
REVENUE_FILES = TABLES | {"confusion_matrix.png", "training_curves.png"}
[REVENUE_CLASS], [NUMBER], [GENRES] = REVENUE.tasks, BOX_OFFICE.tasks, GENRE.tasks
PUBLISHED = ("70-20-10", "by-date")


@pytest.fixture(scope="module", name="revenue")
def revenue_files(tmp_path_factory, make, subject):
    folder = tmp_path_factory.mktemp("revenue") / "reports"
    return write_evaluation(folder, make(REVENUE_CLASS, ("70-20-10",)), subject(REVENUE))


@pytest.fixture(scope="module", name="box_office")
def box_office_files(tmp_path_factory, make, subject, segments):
    results = make(NUMBER, ("80-10-10", "fold-1", "fold-2"))
    folder = tmp_path_factory.mktemp("box_office")
    return write_evaluation(folder, results, subject(BOX_OFFICE), segments=segments)


@pytest.fixture(scope="module", name="poster")
def poster_files(tmp_path_factory, make, subject):
    tasks = [task for task in POSTER.tasks if task.name in ("comedy_horror", "genre_labels")]
    results = [r for task in tasks for r in make(task, ("70-10-20",), models=("main",))]
    return write_evaluation(tmp_path_factory.mktemp("poster"), results, subject(POSTER))


def test_files_of_the_reference_implementation_are_written(revenue):
    assert set(revenue) == REVENUE_FILES
    assert all(path.stat().st_size > 1000 for path in revenue.values())
    assert {path.name for path in revenue["report.html"].parent.iterdir()} == REVENUE_FILES


def test_a_number_has_its_own_plots(box_office):
    assert set(box_office) == TABLES | {"predictions.png", "residuals.png", "training_curves.png"}


def test_tasks_of_a_system_share_the_tables_and_name_their_plots(poster):
    assert set(poster) == TABLES | {
        "confusion_matrix.png", "training_curves.png", "genre_labels_precision_recall.png",
        "genre_labels_label_scores.png", "genre_labels_training_curves.png",
    }  # fmt: skip
    summary = json.loads(poster["evaluation_results.json"].read_text())
    assert list(summary["tasks"]) == ["comedy_horror", "genre_labels"]


def test_equal_results_give_equal_files(tmp_path, revenue, make, subject):
    again = write_evaluation(tmp_path, make(REVENUE_CLASS, ("70-20-10",)), subject(REVENUE))
    assert [p.read_bytes() for p in revenue.values()] == [p.read_bytes() for p in again.values()]


def test_tables_can_be_made_again_from_the_json(box_office):
    summary = json.loads(box_office["evaluation_results.json"].read_text())
    with box_office["split_comparison.csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    again = [{k: str(v) for k, v in row.items()} for row in list_comparison(summary)]
    assert [{k: v for k, v in row.items() if v} for row in rows] == [
        {k: v for k, v in row.items() if v} for row in again
    ]
    assert {row["split"] for row in rows} == {
        "80-10-10", "fold-1", "fold-2", "fold, pooled", "fold, mean of 2",
    }  # fmt: skip
    assert all(row["rmse_error_sd"] for row in rows if "mean" in row["split"])


def test_scores_can_be_computed_again_from_the_json(make, subject):
    summary = summarise(make(REVENUE_CLASS, PUBLISHED), subject(REVENUE))
    split = summary["tasks"]["revenue_class"]["splits"]["by-date"]
    model = split["results"]["main"]
    target, preds = np.array(split["y_true"]), np.array(model["answers"]).argmax(axis=1)
    assert preds.tolist() == model["y_said"]
    assert (target == preds).mean() == model["scores"]["accuracy_score"]["estimate"]
    assert len(split["tmdb_ids"]) == len(target)


def test_models_are_compared_with_baselines_and_not_with_the_noise_ceiling(make, subject):
    summary = summarise(make(REVENUE_CLASS, PUBLISHED), subject(REVENUE))
    split = summary["tasks"]["revenue_class"]["splits"]["70-20-10"]
    pairs = [(c["model"], c["other"]) for c in split["comparisons"]]
    assert pairs == [
        ("main", "boosting on <metadata>"), ("main", "trivial"), ("main", "other variant"),
        ("other variant", "boosting on <metadata>"), ("other variant", "trivial"),
    ]  # fmt: skip
    assert "boosting on <metadata>" in split["results"]["main"]["verdict"]
    assert "the other variant" not in split["results"]["main"]["verdict"]
    assert "verdict" not in split["results"]["trivial"]


def test_folds_are_pooled_and_represent_the_task(make, subject):
    summary = summarise(make(NUMBER), subject(BOX_OFFICE))
    task = summary["tasks"]["log10_revenue"]
    assert task["headline"] == "fold"
    assert len(find_headline(task)["tmdb_ids"]) == 80
    mean = task["families"]["fold"]["means"]["main"]["scores"]["rmse_error"]
    each = [
        task["splits"][f"fold-{k}"]["results"]["main"]["scores"]["rmse_error"]["estimate"]
        for k in (1, 2)
    ]
    assert mean["mean"] == pytest.approx(np.mean(each))
    assert mean["sd"] == pytest.approx(np.std(each, ddof=1))


def test_first_split_represents_a_task_without_folds(make, subject):
    task = summarise(make(GENRES, PUBLISHED), subject(GENRE))["tasks"]["genres"]
    assert task["headline"] == "70-20-10"
    assert find_headline(task) is task["splits"]["70-20-10"]


def test_undefined_score_is_null_and_shown_as_a_dash(tmp_path, make, subject):
    [profit] = [task for task in POSTER.tasks if task.name == "profit"]
    results = [
        dataclasses.replace(result, target=np.ones_like(result.target))
        for result in make(profit, ("70-10-20",))
    ]
    paths = write_evaluation(tmp_path, results, subject(POSTER))
    summary = json.loads(paths["evaluation_results.json"].read_text())
    content = find_headline(summary["tasks"]["profit"])
    assert content["results"]["main"]["scores"]["auc_score"]["estimate"] is None
    assert "cannot be computed" in content["results"]["main"]["verdict"]
    assert '<td class="">–</td>' in paths["report.html"].read_text()


def test_page_names_its_source_and_weights_and_loads_nothing(revenue):
    page = revenue["report.html"].read_text()
    assert "built-in studio, invented films (seed 7)" in page
    assert "weights: random" in page
    assert "reachable error" in page
    assert "gradient boosting on &lt;metadata&gt;" in page
    assert "<metadata>" not in page
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith(("data:", "#")) for link in links)


def test_page_renders_without_plots(make, subject):
    page = render_report(summarise(make(NUMBER), subject(BOX_OFFICE)), {})
    assert "lower is better" in page
    assert "fold, all 2 pooled" in page


def test_errors_by_segment_are_on_the_page(make, subject, segments):
    summary = summarise(make(NUMBER, ("80-10-10",)), subject(BOX_OFFICE), segments)
    shown = summary["tasks"]["log10_revenue"]["groups"]
    assert list(shown) == ["boosting on <metadata>", "trivial"]
    assert {row["grouping"] for row in shown["trivial"]} == {"budget", "decade"}
    assert "Errors by segment" in render_report(summary, {})


def test_plots_are_png_of_a_readable_size(revenue, box_office, poster):
    paths = [*revenue.values(), *box_office.values(), *poster.values()]
    for path in (path for path in paths if path.suffix == ".png"):
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG")
        width_px, height_px = struct.unpack(">II", content[16:24])
        assert 500 < width_px < 4000
        assert 300 < height_px < 4000


def test_evaluation_without_any_trained_model_is_still_written(tmp_path, make, subject):
    baselines = make(REVENUE_CLASS, PUBLISHED, models=(), limit=False)
    assert set(write_evaluation(tmp_path, baselines, subject(REVENUE))) == TABLES


def test_evaluation_of_nothing_is_refused(tmp_path, subject):
    with pytest.raises(ValueError, match="at least one result"):
        write_evaluation(tmp_path, [], subject(REVENUE))


def test_best_is_lowest_of_errors_and_never_the_noise_ceiling():
    def result(kind, error, score):
        scores = {"mae_error": {"estimate": error}, "r2_score": {"estimate": score}}
        return {"kind": kind, "scores": scores}

    results = {
        "model": result("model", 0.5, 0.2), "mean": result("baseline", 0.7, None),
        "limit": result("limit", 0.1, 0.9),
    }  # fmt: skip
    assert find_best(results, ["mae_error", "r2_score"]) == {"mae_error": 0.5, "r2_score": None}
