import csv
import json
import re
import struct

import numpy as np
import pytest

from pipeline.evaluation.intervals import Interval
from pipeline.evaluation.report import list_comparison, render_report, write_evaluation
from pipeline.evaluation.results import SplitResult
from pipeline.evaluation.summary import Subject, summarise
from pipeline.evaluation.verdict import verdict
from pipeline.systems import REVENUE_CLASSES

FILES = {
    "evaluation_results.json", "split_comparison.csv", "confusion_matrix.png",
    "training_curves.png", "report.html",
}  # fmt: skip
SUBJECT = Subject(
    "revenue", REVENUE_CLASSES, "built-in studio, generated, seed 7, size 96",
    "frames: shufflenet, weights: random", "all streams", notes={"reachable error": "0.20"},
)  # fmt: skip
HISTORY = [
    {"epoch": e, "learning_rate": 1e-4, "train_loss": 2 / e, "val_loss": 2.0, "train_accuracy": 0.2,
     "val_accuracy": 0.1, "train_macro_f1": 0.2, "val_macro_f1": 0.1}
    for e in (1, 2, 3)
]  # fmt: skip


def results(n: int = 40) -> list[SplitResult]:
    rng = np.random.default_rng(1)
    made = []
    for split in ("70-20-10", "by-date"):
        true = rng.integers(0, 8, n)
        for variant, kind in (
            ("all streams", "model"), ("majority <class>", "baseline"), ("limit", "limit"),
        ):  # fmt: skip
            made.append(
                SplitResult(
                    split,
                    variant,
                    kind,
                    np.arange(n),
                    true,
                    rng.dirichlet(np.ones(8), n),
                    history=HISTORY if kind == "model" else (),
                    best_epoch=2 if kind == "model" else 0,
                    rows={"train": 300, "val": 50, "test": n, "excluded": 0},
                    facts={"parameters": 12},
                )
            )
    return made


def test_five_files_are_written(tmp_path):
    paths = write_evaluation(tmp_path / "reports", results(), SUBJECT)
    assert set(paths) == FILES
    assert all(path.stat().st_size > 1000 for path in paths.values())
    assert {path.name for path in (tmp_path / "reports").iterdir()} == FILES


def test_equal_results_give_equal_files(tmp_path):
    one, two = (write_evaluation(tmp_path / name, results(), SUBJECT) for name in "ab")
    assert [p.read_bytes() for p in one.values()] == [p.read_bytes() for p in two.values()]


def test_tables_and_page_can_be_made_again_from_the_json(tmp_path):
    paths = write_evaluation(tmp_path, results(), SUBJECT)
    summary = json.loads(paths["evaluation_results.json"].read_text())
    with paths["split_comparison.csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{k: str(v) for k, v in row.items()} for row in list_comparison(summary)] == rows
    page = render_report(
        summary,
        confusion_png=paths["confusion_matrix.png"].read_bytes(),
        curves_png=paths["training_curves.png"].read_bytes(),
    )
    assert page == paths["report.html"].read_text()


def test_scores_can_be_computed_again_from_the_json():
    summary = summarise(results(), SUBJECT)
    split = summary["splits"]["by-date"]
    model = split["results"]["all streams"]
    true, said = np.array(split["y_true"]), np.array(model["probabilities"]).argmax(axis=1)
    assert said.tolist() == model["y_said"]
    assert (true == said).mean() == model["scores"]["accuracy_score"]["estimate"]
    assert len(split["tmdb_ids"]) == len(true)


def test_models_are_compared_with_baselines_and_not_with_limits():
    model = summarise(results(), SUBJECT)["splits"]["70-20-10"]["results"]["all streams"]
    assert list(model["versus"]) == ["majority <class>"]
    assert "majority <class>" in model["verdict"]


def test_page_names_its_source_and_weights_and_asks_for_nothing(tmp_path):
    page = write_evaluation(tmp_path, results(), SUBJECT)["report.html"].read_text()
    assert "built-in studio, generated, seed 7, size 96" in page
    assert "weights: random" in page
    assert "reachable error" in page
    assert "majority &lt;class&gt;" in page
    assert "majority <class>" not in page
    assert all(link.startswith("data:") for link in re.findall(r'(?:src|href)="([^"]*)"', page))


def test_pictures_are_png_of_a_readable_size(tmp_path):
    paths = write_evaluation(tmp_path, results(), SUBJECT)
    for name in ("confusion_matrix.png", "training_curves.png"):
        content = paths[name].read_bytes()
        assert content.startswith(b"\x89PNG")
        width_px, height_px = struct.unpack(">II", content[16:24])
        assert 800 < width_px < 4000
        assert 300 < height_px < 4000


def test_evaluation_without_any_trained_model_is_still_written(tmp_path):
    baselines = [result for result in results() if result.kind == "baseline"]
    assert set(write_evaluation(tmp_path, baselines, SUBJECT)) == FILES


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (Interval(0.2, 0.1, 0.3), "It beats the prior draw (+0.200, 0.100 to 0.300)."),
        (Interval(-0.2, -0.3, -0.1), "It loses to the prior draw (-0.200, -0.300 to -0.100)."),
        (Interval(0.1, -0.1, 0.3), "It cannot be told apart from the prior draw (+0.100,"),
        (Interval(0.0, 0.0, 0.0), "It cannot be told apart from the prior draw (+0.000,"),
    ],
)
def test_verdict_is_plain_also_when_the_model_loses(gap, words):
    said = verdict("all", "macro_f1_score", Interval(0.3, 0.2, 0.4), {"prior draw": gap}, 200)
    assert words in said
    assert "chance" not in said


def test_verdict_on_few_movies_warns():
    said = verdict("all", "macro_f1_score", Interval(0.3, 0.2, 0.4), {}, 7)
    assert said.endswith("With 7 films such differences are mostly chance.")
